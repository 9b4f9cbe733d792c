/** Where a browser is sent to sign in. */
export interface LoginStart {
  readonly redirect: string;
  /** For a cookie that comes back with the answer. */
  readonly state: string;
  readonly stateSeconds: number;
  /** Whether people use TLS. */
  readonly secure: boolean;
}

export interface LoginAnswer {
  /** What the browser shows from now on. */
  readonly token: string;
  readonly returnUrl: string;
  readonly secure: boolean;
}

/** Signing in with a browser at an identity provider. */
export interface BrowserSignIn {
  /** Whether there is a provider now; the settings can change at any time. */
  isConfigured(): boolean;
  /** Errors: `NotFound` without a provider; `InvalidRequest` for a `returnUrl` that leads elsewhere; `RequestFailed`. */
  begin(
    request: { readonly returnUrl: string; readonly host: string | undefined },
    signal: AbortSignal,
  ): Promise<LoginStart>;
  /** Errors: `NotFound` without a provider; `InvalidRequest` when the browser did not ask for it; `RequestFailed`. */
  finish(
    answer: {
      readonly search: URLSearchParams;
      readonly host: string | undefined;
      /** What the cookie has. */
      readonly state: string;
    },
    signal: AbortSignal,
  ): Promise<LoginAnswer>;
  /** Ends the session of a token; where the browser goes then. A token that does not count ends nothing. */
  end(
    session: { readonly token: string; readonly host: string | undefined },
    signal: AbortSignal,
  ): Promise<string>;
}
