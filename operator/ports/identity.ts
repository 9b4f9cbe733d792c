/** What somebody shows to sign in, and from where. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** Network address of the client; empty when it is not known. */
  readonly address: string;
}

export interface IssuedToken {
  readonly token: string;
  readonly id: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Seconds since 1970; 0: never. */
  readonly expiresAt: number;
}

/** Makes tokens of ours. Whoever asks for one must have been allowed to. */
export interface TokenIssuer {
  /**
   * A token for `subject`: `ACCOUNT:apiKey`, `proj:PROJECT:ROLE`. Without `id` it gets a UUID, without
   * `lifetimeMs`, or with 0, it never expires. Errors: `NotPossibleNow` when there is no key to sign with.
   */
  issue(
    subject: string,
    options: { readonly id?: string; readonly lifetimeMs?: number },
  ): Promise<IssuedToken>;
}

/** Passwords as they are kept. Both take a noticeable time, and no time of this thread. */
export interface Passwords {
  hash(password: string, signal: AbortSignal): Promise<string>;
  /** False for a hash that cannot be read, too. */
  matches(password: string, hash: string, signal: AbortSignal): Promise<boolean>;
  /** Whether a new password is as `passwordPattern` wants it; never for a pattern that cannot be read. */
  isAllowed(password: string, pattern: string): boolean;
}

/** Signing in with a password, and out. */
export interface Sessions {
  /**
   * A token for whoever knows the password. Takes the same time for any answer, and the same words for
   * an unknown account, a wrong password and one attempt too many.
   *
   * Errors: `Unauthenticated`; `InvalidRequest` for a name that none can have.
   */
  signIn(credentials: Credentials, signal: AbortSignal): Promise<string>;
  /** The same for whoever is signed in and is to show it once more: it is one more guess. Errors: as above. */
  provePassword(credentials: Credentials, signal: AbortSignal): Promise<void>;
  /** The token counts no more, here and for every server that shares the state; one that does not count anyway is left. */
  signOut(token: string, signal: AbortSignal): Promise<void>;
}
