import { TiphysError } from '../../core/errors.ts';
import { type Ask, form, oauthToken, readPrivateKey, signedClaim, type Token } from './tokens.ts';

const WHO = 'Google service account';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const TOKEN_URL = 'https://oauth2.googleapis.com/token';

interface Key {
  readonly email: string;
  readonly privateKey: string;
  readonly tokenUrl: string;
}

/** A token of a service account and the user name that goes with it. Errors: `GitAuthFailed`, `GitUnreachable`. */
export async function googleToken(
  json: string,
  nowMs: number,
  ask: Ask,
): Promise<Token & { readonly username: string }> {
  const { email, privateKey, tokenUrl } = parseKey(json);
  const assertion = await signedClaim(
    { issuer: email, audience: tokenUrl, scope: SCOPE },
    readPrivateKey(WHO, privateKey),
    nowMs,
  );
  const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
  const answer = await ask({ method: 'POST', url: tokenUrl, ...form(grant) });
  return { ...oauthToken(WHO, answer), username: email };
}

function parseKey(json: string): Key {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(json) as Record<string, unknown>;
  } catch {
    throw new TiphysError('GitAuthFailed', `${WHO}: gcpServiceAccountKey is no JSON`);
  }
  const { client_email: email, private_key: privateKey, token_uri: uri } = parsed ?? {};
  if (typeof email !== 'string' || typeof privateKey !== 'string')
    throw new TiphysError('GitAuthFailed', `${WHO}: client_email or private_key is missing`);
  const tokenUrl = typeof uri === 'string' && uri !== '' ? uri : TOKEN_URL;
  if (!tokenUrl.startsWith('https://'))
    throw new TiphysError('GitAuthFailed', `${WHO}: token_uri is no https URL`);
  return { email, privateKey, tokenUrl };
}
