import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { TiphysError } from '../../core/errors.ts';
import type { Provider } from './provider.ts';
import type { ProviderSessions } from './provider-session.ts';
import { baseOf, safeReturnUrl } from './return-url.ts';
import type { Seal } from './seal.ts';
import type { LoginAnswer, LoginStart } from '../../ports/browser-sign-in.ts';

export interface BrowserLoginOptions {
  readonly provider: Provider;
  readonly sessions: Pick<ProviderSessions, 'keep'>;
  readonly seal: Seal;
}

const STATE_SECONDS = 300;

/** Sends a browser to the provider, bound to a cookie that only it and we can use. Errors: `InvalidRequest`, `RequestFailed`. */
export async function beginLogin(
  { returnUrl, host }: { readonly returnUrl: string; readonly host: string | undefined },
  { provider, seal }: Omit<BrowserLoginOptions, 'sessions'>,
): Promise<LoginStart> {
  const { settings } = provider;
  const base = baseOf(host, settings.urls);
  if (base === undefined)
    throw new TiphysError('NotPossibleNow', 'url of argocd-cm is missing', {
      hint: 'Set url in argocd-cm to the address that people use.',
    });
  const target = returnUrl === '' ? `${base}/` : safeReturnUrl(returnUrl, settings.urls);
  if (target === undefined)
    throw new TiphysError('InvalidRequest', 'return_url: is not below url of argocd-cm');
  const client = await provider.client();
  const metadata = client.serverMetadata();
  const state = randomState();
  const nonce = randomNonce();
  const usesPkce =
    settings.pkce || (metadata.code_challenge_methods_supported ?? []).includes('S256');
  const verifier = usesPkce ? randomPKCECodeVerifier() : '';
  const url = buildAuthorizationUrl(client, {
    redirect_uri: `${base}/auth/callback`,
    scope: settings.scopes.join(' '),
    ...{ state, nonce },
    ...(usesPkce && {
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }),
    ...(settings.idTokenClaims !== undefined && {
      claims: JSON.stringify({ id_token: settings.idTokenClaims }),
    }),
    ...(settings.domainHint !== '' && { domain_hint: settings.domainHint }),
    ...(settings.connectorId !== '' && { connector_id: settings.connectorId }),
  });
  return {
    redirect: url.href,
    state: seal.seal([state, target, verifier, nonce].join('\n')),
    stateSeconds: STATE_SECONDS,
    secure: base.startsWith('https:'),
  };
}

/**
 * Takes what the provider sends a browser back with. Errors: `InvalidRequest` when it is not the answer to
 * what this browser asked, or says no; `RequestFailed` when the provider then gives no token that counts.
 */
export async function finishLogin(
  {
    search,
    host,
    state: sealed,
  }: {
    readonly search: URLSearchParams;
    readonly host: string | undefined;
    readonly state: string;
  },
  { provider, sessions, seal }: BrowserLoginOptions,
  signal: AbortSignal,
): Promise<LoginAnswer> {
  const { settings } = provider;
  const [state = '', target = '', verifier = '', nonce = ''] = (seal.open(sealed) ?? '').split(
    '\n',
  );
  if (state === '' || search.get('state') !== state)
    throw new TiphysError('InvalidRequest', 'state: this browser did not ask to sign in', {
      hint: 'Cookies may be off, or more than five minutes went by: sign in again.',
    });
  const refusal = search.get('error');
  if (refusal !== null) {
    const words = search.get('error_description') ?? '';
    throw new TiphysError(
      'InvalidRequest',
      `${refusal}${words === '' ? '' : `: ${words}`}`.slice(0, 500),
    );
  }
  if ((search.get('code') ?? '') === '')
    throw new TiphysError('InvalidRequest', 'code: the provider sent none');
  const returnUrl = safeReturnUrl(target, settings.urls);
  const base = baseOf(host, settings.urls);
  if (returnUrl === undefined || base === undefined)
    throw new TiphysError('InvalidRequest', 'return_url: is not below url of argocd-cm');
  const current = new URL(`${base}/auth/callback`);
  current.search = search.toString();
  const checks = { expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  try {
    const answer = await authorizationCodeGrant(await provider.client(), current, {
      ...checks,
      ...(verifier !== '' && { pkceCodeVerifier: verifier }),
    });
    const { id_token: idToken = '', access_token: accessToken, refresh_token } = answer;
    const claims = await provider.verify(idToken);
    await sessions.keep(
      claims,
      { idToken, accessToken, refreshToken: refresh_token ?? '' },
      signal,
    );
    return { token: idToken, returnUrl, secure: base.startsWith('https:') };
  } catch (cause) {
    signal.throwIfAborted();
    throw new TiphysError('RequestFailed', 'the provider gave no token that counts', {
      cause,
      hint: 'The log of the server has the reason.',
    });
  }
}
