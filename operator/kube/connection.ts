/** What one TLS connection is made with. PEM texts. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * How to reach and sign in to one API server. Plain data and functions; building one opens nothing.
 * The values are secrets: a connection is never logged.
 */
export interface KubeConnection extends TlsMaterial {
  /** URL of the API server, with the path prefix it may have, without a trailing slash. */
  readonly server: string;
  /** Skips the check of the server's certificate. */
  readonly insecure?: boolean;
  /** Name that the server's certificate is checked against, and sent as SNI, instead of the host. */
  readonly serverName?: string;
  /** Bearer token, asked for before every request; the function caches. */
  readonly token?: string | (() => Promise<string | undefined> | string | undefined);
  /** The whole `Authorization` header, asked for before every request; the function caches. Used when there is no token. */
  readonly authorization?: () => Promise<string | undefined>;
  /** HTTP basic authentication, as some proxies in front of API servers want it. */
  readonly basic?: { readonly username: string; readonly password: string };
  /** Called when the API server refused the credentials (401): forget what is cached. */
  readonly forgetCredentials?: () => void;
  /** Asked for every new TCP connection, where certificates are renewed; overrides ca, cert and key. */
  readonly renewTls?: () => Promise<TlsMaterial>;
  /** `http://` or `https://` proxy that requests are tunnelled through. */
  readonly proxyUrl?: string;
  /** Asks for gzip on lists. Saves network for distant clusters and costs CPU on both sides. Default false. */
  readonly compressLists?: boolean;
}
