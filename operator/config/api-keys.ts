import { type ConfigKey, key, optional, proxies, text, truth, whole, word, words } from './key.ts';

/** The settings of the API. */
export interface ApiConfig {
  readonly apiHost: string;
  readonly apiPort: number | undefined;
  readonly apiInsecure: boolean;
  readonly apiTlsMinVersion: '1.2' | '1.3';
  readonly apiTlsMaxVersion: '1.2' | '1.3';
  readonly apiTlsCiphers: readonly string[];
  readonly apiRootPath: string;
  readonly apiBaseHref: string;
  readonly apiDisableAuth: boolean;
  readonly apiContentTypes: readonly string[];
  readonly apiGzip: boolean;
  readonly apiXFrameOptions: string;
  readonly apiContentSecurityPolicy: string;
  readonly apiMaxRequestsPerClient: number;
  readonly apiTrustedProxies: number | readonly string[];
  readonly apiSyncReplaceAllowed: boolean;
  readonly apiClusterPrograms: boolean;
  readonly apiMaxCookies: number;
  readonly apiProxyExtensions: boolean;
  readonly apiDisableSwaggerUi: boolean;
  readonly apiDownloadDir: string;
}

/** Every setting of the API by its name in `ApiConfig`. */
export const API_KEYS: { readonly [K in keyof ApiConfig]: ConfigKey<ApiConfig[K]> } = {
  apiHost: key('api-host', {
    schema: text,
    fallback: '127.0.0.1',
    description: 'Address of the API; 0.0.0.0 for every address, as a Pod needs.',
    alias: ['ARGOCD_SERVER_LISTEN_ADDRESS'],
  }),
  apiPort: key('api-port', {
    schema: optional(whole(0, 65_535)),
    fallback: '',
    description:
      'Port of the API; 0 takes a free one and logs it, empty is none for tiphys run and 8080 for tiphys server.',
  }),
  apiInsecure: key('api-insecure', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description: 'Serve the API over plain HTTP, as behind an ingress that ends TLS.',
    alias: ['ARGOCD_SERVER_INSECURE'],
  }),
  apiTlsMinVersion: key('api-tls-min-version', {
    schema: word('1.2', '1.3'),
    fallback: '1.2',
    description: 'Oldest version of TLS that the API speaks.',
    alias: ['ARGOCD_TLS_MIN_VERSION'],
  }),
  apiTlsMaxVersion: key('api-tls-max-version', {
    schema: word('1.2', '1.3'),
    fallback: '1.3',
    description: 'Newest version of TLS that the API speaks.',
    alias: ['ARGOCD_TLS_MAX_VERSION'],
  }),
  apiTlsCiphers: key('api-tls-ciphers', {
    schema: words,
    fallback: '',
    description:
      'Ciphers of TLS 1.2, by their names in the standard or in OpenSSL, with commas or colons between; empty means those of Node.',
    alias: ['ARGOCD_TLS_CIPHERS'],
  }),
  apiRootPath: key('api-root-path', {
    schema: text,
    fallback: '',
    description:
      'Path under which everything is served, such as /gitops; /healthz is also at the top.',
    alias: ['ARGOCD_SERVER_ROOTPATH'],
  }),
  apiBaseHref: key('api-base-href', {
    schema: text,
    fallback: '/',
    description:
      'Path that an ingress in front takes away; cookies are for it. The root path wins.',
    alias: ['ARGOCD_SERVER_BASEHREF'],
  }),
  apiDisableAuth: key('api-disable-auth', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description: 'Let everybody do everything. For a laptop.',
    alias: ['ARGOCD_SERVER_DISABLE_AUTH'],
  }),
  apiContentTypes: key('api-content-types', {
    schema: words,
    fallback: 'application/json',
    description:
      'What a request that changes something must say it sends, with commas or semicolons between; empty switches that guard off.',
    alias: ['ARGOCD_API_CONTENT_TYPES'],
  }),
  apiGzip: key('api-gzip', {
    schema: truth,
    fallback: 'true',
    alone: 'true',
    description: 'Compress answers for clients that ask for it.',
    alias: ['ARGOCD_SERVER_ENABLE_GZIP'],
  }),
  apiXFrameOptions: key('api-x-frame-options', {
    schema: text,
    fallback: 'sameorigin',
    description: 'The header X-Frame-Options of every answer; empty is none.',
    alias: ['ARGOCD_SERVER_X_FRAME_OPTIONS'],
  }),
  apiContentSecurityPolicy: key('api-content-security-policy', {
    schema: text,
    fallback: "frame-ancestors 'self';",
    description: 'The header Content-Security-Policy of every answer; empty is none.',
    alias: ['ARGOCD_SERVER_CONTENT_SECURITY_POLICY'],
  }),
  apiMaxRequestsPerClient: key('api-max-requests-per-client', {
    schema: whole(0, 1_000_000),
    fallback: '1000',
    description:
      'Requests and streams that one account, or one address without an account, may have open at once; 0 is no bound.',
  }),
  apiTrustedProxies: key('api-trusted-proxies', {
    schema: proxies,
    fallback: '',
    description:
      'Who may tell by X-Forwarded-For which address a client has: addresses and CIDRs of ingresses, with commas between, or how many of them stand one behind the other in front of the API; empty is nobody.',
  }),
  apiSyncReplaceAllowed: key('api-sync-replace-allowed', {
    schema: truth,
    fallback: 'true',
    alone: 'true',
    description:
      'Whether a sync that somebody asks for over the API may have the option Replace=true.',
    alias: ['ARGOCD_SYNC_WITH_REPLACE_ALLOWED'],
  }),
  apiClusterPrograms: key('api-cluster-programs', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description:
      'Whether who may register clusters over the API may name a program that the server runs for credentials (execProviderConfig).',
  }),
  apiMaxCookies: key('api-max-cookies', {
    schema: whole(1, 100),
    fallback: '20',
    description: 'Cookies that a long token may be split into.',
    alias: ['ARGOCD_MAX_COOKIE_NUMBER'],
  }),
  apiProxyExtensions: key('api-proxy-extensions', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description:
      'Ask services behind the API for clients, at /extensions/NAME, as extension.config of argocd-cm says.',
    alias: ['ARGOCD_SERVER_ENABLE_PROXY_EXTENSION'],
  }),
  apiDownloadDir: key('api-download-dir', {
    schema: text,
    fallback: '',
    description:
      'Folder with files such as argocd-linux-amd64, which the API hands to anybody at /download/; empty is none.',
  }),
  apiDisableSwaggerUi: key('api-disable-swagger-ui', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description: 'Do not serve the description of the API at /swagger.json and /swagger-ui.',
    alias: ['ARGOCD_SERVER_DISABLE_SWAGGER_UI'],
  }),
};
