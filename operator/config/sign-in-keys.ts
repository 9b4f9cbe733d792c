import { type ConfigKey, duration, key, text, truth, whole } from './key.ts';

/** The settings of signing in. */
export interface SignInConfig {
  readonly loginMaxFailures: number;
  readonly loginMaxFailuresPerAddress: number;
  readonly loginFailureWindow: number;
  readonly loginMaxTracked: number;
  readonly loginMaxAtOnce: number;
  readonly apiReplicas: number;
  readonly dex: string;
  readonly dexServer: string;
  readonly dexServerPlaintext: boolean;
  readonly dexServerCa: string;
}

/** Every setting of signing in by its name in `SignInConfig`. */
export const SIGN_IN_KEYS: { readonly [K in keyof SignInConfig]: ConfigKey<SignInConfig[K]> } = {
  loginMaxFailures: key('login-max-failures', {
    schema: whole(0, 1_000_000),
    fallback: '5',
    description: 'After so many wrong passwords an account lets nobody in for a while; 0 is never.',
    alias: ['ARGOCD_SESSION_FAILURE_MAX_FAIL_COUNT'],
  }),
  loginMaxFailuresPerAddress: key('login-max-failures-per-address', {
    schema: whole(0, 1_000_000),
    fallback: '50',
    description:
      'The same for an address; behind a proxy everybody may have the same one. 0 is never.',
  }),
  loginFailureWindow: key('login-failure-window', {
    schema: duration,
    fallback: '300s',
    description: 'Wrong passwords are forgotten so long after the last one; 0 is never.',
    alias: ['ARGOCD_SESSION_FAILURE_WINDOW_SECONDS'],
  }),
  loginMaxTracked: key('login-max-tracked', {
    schema: whole(1, 10_000_000),
    fallback: '10000',
    description: 'Accounts and addresses whose wrong passwords are remembered at most.',
    alias: ['ARGOCD_SESSION_MAX_CACHE_SIZE'],
  }),
  loginMaxAtOnce: key('login-max-at-once', {
    schema: whole(0, 1_000_000),
    fallback: '50',
    description: 'Passwords that are looked at at once by all servers together; 0 is no bound.',
    alias: ['ARGOCD_MAX_CONCURRENT_LOGIN_REQUESTS_COUNT'],
  }),
  apiReplicas: key('api-replicas', {
    schema: whole(1, 10_000),
    fallback: '1',
    description: 'Servers of this control plane.',
    alias: ['ARGOCD_API_SERVER_REPLICAS'],
  }),
  dex: key('dex', {
    schema: text,
    fallback: '',
    description:
      'Dex, as an absolute path, to run it beside the API while dex.config of argocd-cm wants it; empty: it runs elsewhere.',
  }),
  dexServer: key('dex-server', {
    schema: text,
    fallback: '',
    description:
      'Where Dex is, as HOST:PORT; empty means argocd-dex-server:5556, or 127.0.0.1:5556 with --dex.',
    alias: ['ARGOCD_SERVER_DEX_SERVER'],
  }),
  dexServerPlaintext: key('dex-server-plaintext', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description: 'Speak HTTP with Dex; with --dex that is always so.',
    alias: ['ARGOCD_SERVER_DEX_SERVER_PLAINTEXT'],
  }),
  dexServerCa: key('dex-server-ca', {
    schema: text,
    fallback: '',
    description:
      'File with the authorities that are trusted for Dex; empty: no certificate is checked, for Dex makes its own.',
  }),
};
