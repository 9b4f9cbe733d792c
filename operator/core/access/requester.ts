import type { Caller } from './decide-access.ts';

/** Who sends a request, as a checked token tells it. */
export interface Requester {
  /** Absent for nobody in particular, who may do what everybody may. */
  readonly caller: Caller | undefined;
  /** What is shown and recorded: the e-mail address, else the subject; empty for nobody. */
  readonly username: string;
  /** Who made the token: `argocd` for ours, the URL of an identity provider; empty for nobody. */
  readonly issuer: string;
  /** When it was made, in seconds since 1970. */
  readonly issuedAt: number | undefined;
  /** All that the token says. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Somebody without a token. */
export const NOBODY: Requester = {
  caller: undefined,
  username: '',
  issuer: '',
  issuedAt: undefined,
  claims: {},
};
