import { hasCode, type ErrorCode, TiphysError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { createLruCache } from '../../runtime/lru-cache.ts';
import { afterFailure, type Failures, type PauseRule, whenWanted } from './pause.ts';

export interface FailingRendersOptions {
  readonly pause: PauseRule;
  /** A render that failed by its content is not tried again for so long. */
  readonly failureMs: number;
  readonly clock: Clock;
}

/** Renders that failed, so that they are not tried again and again. Lost with the process. */
export interface FailingRenders {
  /** Throws the known failure instead of a try; `insists` tries anyway. */
  check(render: string, insists: boolean): void;
  failed(render: string, error: unknown): void;
  succeeded(render: string): void;
}

const KEPT = 1_000;

/** They say nothing about what was to be rendered. */
const SURROUNDINGS: readonly ErrorCode[] = [
  'GitUnreachable',
  'GitAuthFailed',
  'RevisionNotFound',
  'ToolMissing',
];

export function createFailingRenders(options: FailingRendersOptions): FailingRenders {
  const { clock, pause } = options;
  const known = createLruCache<string, Failures>(KEPT);
  return {
    check(render, insists) {
      if (insists) return;
      const answer = whenWanted(known.get(render), pause, clock.monotonic());
      switch (answer.type) {
        case 'held':
          throw answer.error;
        case 'paused':
          known.set(render, answer.failures, 1);
          throw paused(answer.failures.error, answer.untilMs, clock);
        case 'try':
          if (answer.failures === undefined) known.delete(render);
      }
    },
    failed(render, error) {
      if (SURROUNDINGS.some((code) => hasCode(error, code))) return;
      const isFinal = error instanceof TiphysError && error.retry === 'never';
      const heldMs = isFinal ? options.failureMs : 0;
      known.set(render, afterFailure(known.get(render), error, clock.monotonic(), heldMs), 1);
    },
    succeeded: (render) => known.delete(render),
  };
}

function paused(error: unknown, untilMs: number | undefined, clock: Clock): unknown {
  if (!(error instanceof TiphysError)) return error;
  const wait = untilMs === undefined ? undefined : untilMs - clock.monotonic();
  const until = wait === undefined ? '' : new Date(clock.now() + wait).toISOString();
  const next = until === '' ? '' : `, or wait until ${until}`;
  return new TiphysError(error.code, `Manifest generation error (cached): ${error.message}`, {
    cause: error,
    hint: `${error.hint} It failed several times and is paused: push a correction or ask for a hard refresh to try at once${next}.`,
    retry: error.retry,
    fields: error.fields,
  });
}
