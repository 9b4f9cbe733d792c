import type { PushDetails } from '../core/webhook/bitbucket.ts';
import type { PushedRange } from '../core/webhook/event.ts';

/** A webhook as it comes. */
export interface SentWebhook {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Takes in a webhook, and says what to answer. Never throws for what was sent. */
export type ReceiveWebhook = (
  request: SentWebhook,
) => Promise<{ readonly status: number; readonly message: string }>;

/** Somebody who reads a repository that was pushed to. */
export interface PushReader {
  readonly repoUrl: string;
  /** Its registrations count, besides those for all. */
  readonly project: string;
}

/**
 * Asks the server of a repository which branch is its HEAD and what a push changed, as one of those who read it.
 * `undefined`: it cannot be asked. Errors: `GitUnreachable`, `GitAuthFailed`.
 */
export type AskAboutPush = (
  readers: readonly PushReader[],
  range: PushedRange,
  signal: AbortSignal,
) => Promise<PushDetails | undefined>;
