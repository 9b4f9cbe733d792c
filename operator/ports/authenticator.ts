import type { Requester } from '../core/access/requester.ts';

/** Somebody who has shown a token that counts. */
export interface Authenticated {
  readonly requester: Requester;
  /** A token that takes the place of one that is about to expire. */
  readonly renewed?: string;
}

/** Checks tokens: our own, and those of the identity provider. */
export interface Authenticator {
  /** Errors: `Unauthenticated`, with nothing in its message that only the owner of the token may know. */
  authenticate(token: string, signal: AbortSignal): Promise<Authenticated>;
}
