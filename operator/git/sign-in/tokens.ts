import { createPrivateKey, type KeyObject } from 'node:crypto';
import { TiphysError } from '../../core/errors.ts';
import { type Answer, type AskOptions, askJson, refusalOf, type Question } from './ask-json.ts';

/** A token that stands for a credential for a while. */
export interface Token {
  readonly value: string;
  /** How long it is good for, from now. */
  readonly lifetimeMs: number;
}

export type Ask = (question: Omit<Question, 'who' | 'access'>) => Promise<Answer>;

/** An `Ask` whose questions are all about one credential. */
export function asking(
  who: string,
  access: Question['access'],
  options: AskOptions,
  signal: AbortSignal,
): Ask {
  return (question) => askJson({ ...question, who, access }, options, signal);
}

/** A refusal of whoever hands out tokens. */
export function refused(who: string, answer: Answer): TiphysError {
  const code = answer.status >= 500 ? 'GitUnreachable' : 'GitAuthFailed';
  return new TiphysError(code, `${who}: no token: ${refusalOf(answer)}`);
}

/** Reads an answer of OAuth 2; errors as `refused`. */
export function oauthToken(who: string, answer: Answer): Token {
  const { access_token: value, expires_in: seconds } = answer.body;
  if (answer.status !== 200 || typeof value !== 'string' || value === '')
    throw refused(who, answer);
  return { value, lifetimeMs: typeof seconds === 'number' ? seconds * 1_000 : 300_000 };
}

export function form(fields: Readonly<Record<string, string>>): {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
} {
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
}

/** A private key in PEM. Errors: `GitAuthFailed`, which says nothing of the text. */
export function readPrivateKey(who: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new TiphysError('GitAuthFailed', `${who}: the private key is no PEM of a private key`);
  }
}

/** A statement about ourselves, signed with RSA and SHA-256, for ten minutes at most. */
export async function signedClaim(
  claim: { readonly issuer: string; readonly audience?: string; readonly scope?: string },
  key: KeyObject,
  nowMs: number,
): Promise<string> {
  const { SignJWT } = await import('jose'); // most operators never need it
  const seconds = Math.floor(nowMs / 1_000);
  const jwt = new SignJWT(claim.scope === undefined ? {} : { scope: claim.scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(claim.issuer)
    .setIssuedAt(seconds - 30) // the other clock may be behind ours
    .setExpirationTime(seconds + 300);
  if (claim.audience !== undefined) jwt.setAudience(claim.audience);
  return await jwt.sign(key);
}
