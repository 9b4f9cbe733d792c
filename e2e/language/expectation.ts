import { monotonicMs, sleep } from '../controlplane/waiting.ts';

/**
 * What an expectation answers when it looks at the world once.
 * - `pending`: not yet; look again. `seen` is what a person reads when time runs out.
 * - `met`: done.
 * - `violated`: it can never be met any more; the test fails at once.
 */
export type Answer =
  | { readonly type: 'pending'; readonly seen: string }
  | { readonly type: 'met'; readonly seen: string }
  | { readonly type: 'violated'; readonly seen: string };

/** Looks at the world once. What it throws counts as pending: the world may be restarting. */
export type Expectation = (signal: AbortSignal) => Answer | Promise<Answer>;

/** It is so. `seen` tells why, for `consistently` and for messages. */
export const met = (seen = 'as expected'): Answer => ({ type: 'met', seen });
/** It is not so yet; `seen` is shown when time runs out. */
export const pending = (seen: string): Answer => ({ type: 'pending', seen });
/** It never will be; `seen` is the message of the failure. */
export const violated = (seen: string): Answer => ({ type: 'violated', seen });

interface Waiting {
  readonly signal: AbortSignal;
  /** Between two looks. Default 100. */
  readonly everyMs?: number;
}

/**
 * Resolves as soon as the expectation is met.
 *
 * Errors: an `ExpectationError` at once when it is violated, or after `withinMs` with what was seen
 * last. Cancellation: rejects with `signal.reason`.
 */
export async function eventually(
  expectation: Expectation,
  { withinMs, signal, everyMs = 100 }: Waiting & { readonly withinMs: number },
): Promise<void> {
  const startedMs = monotonicMs();
  for (;;) {
    const answer = await look(expectation, signal);
    if (answer.type === 'met') return;
    if (answer.type === 'violated') throw new ExpectationError(`violated: ${answer.seen}`);
    if (monotonicMs() - startedMs >= withinMs) {
      throw new ExpectationError(`not met within ${withinMs} ms; last seen: ${answer.seen}`);
    }
    await sleep(everyMs, signal);
  }
}

/**
 * Resolves when the expectation was met at every look for `forMs`. First wait for it with
 * `eventually` when it takes time to become so.
 *
 * Errors: an `ExpectationError` at the first look that does not meet it.
 */
export async function consistently(
  expectation: Expectation,
  { forMs, signal, everyMs = 100 }: Waiting & { readonly forMs: number },
): Promise<void> {
  const startedMs = monotonicMs();
  for (;;) {
    const answer = await look(expectation, signal);
    const elapsedMs = Math.round(monotonicMs() - startedMs);
    if (answer.type !== 'met') {
      throw new ExpectationError(`no longer met after ${elapsedMs} ms: ${answer.seen}`);
    }
    if (elapsedMs >= forMs) return;
    await sleep(everyMs, signal);
  }
}

/** Met when each of them is; violated when one is. */
export function all(...expectations: readonly Expectation[]): Expectation {
  return async (signal) => {
    const answers = await Promise.all(expectations.map((ask) => look(ask, signal)));
    const open = answers.filter((answer) => answer.type !== 'met');
    const seen = (open.length > 0 ? open : answers).map((answer) => answer.seen).join('; ');
    if (open.some((answer) => answer.type === 'violated')) return violated(seen);
    return open.length > 0 ? pending(seen) : met(seen);
  };
}

/** What a test that waited in vain reports. */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError';
}

async function look(expectation: Expectation, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  try {
    return await expectation(signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return pending(error instanceof Error ? error.message : String(error));
  }
}
