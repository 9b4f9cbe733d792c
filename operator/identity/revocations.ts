import type { Clock } from '../ports/clock.ts';
import type { StateCache } from '../ports/state-cache.ts';

export interface RevocationsOptions {
  readonly states: StateCache;
  readonly clock: Clock;
}

/** Tokens that count no more although nothing else is wrong with them (`spec/api.md` 4.8). */
export interface Revocations extends Disposable {
  isRevoked(id: string, signal: AbortSignal): Promise<boolean>;
  revoke(id: string, forMs: number, signal: AbortSignal): Promise<void>;
}

const CHANNEL = 'new-revoked-token';
const keyOf = (id: string): string => `revoked-token|${id}`;
/** What others revoke is known here for so long, should the shared state be away. */
const HEARD_MS = 24 * 3_600_000;
/** Of an identifier; ours have 36 characters. */
const MAX_ID_LENGTH = 1_000;

/** What is revoked is remembered here too, so that nothing counts again while the shared state is away. */
export function createRevocations({ states, clock }: RevocationsOptions): Revocations {
  const known = new Map<string, number>();
  const remember = (id: string, forMs: number): void => {
    const now = clock.now();
    for (const [other, untilMs] of known) if (untilMs <= now) known.delete(other);
    known.set(id, Math.max(known.get(id) ?? 0, now + forMs));
  };
  const subscription = states.subscribe(CHANNEL, (id) => {
    if (id !== '' && id.length <= MAX_ID_LENGTH) remember(id, HEARD_MS);
  });
  return {
    async isRevoked(id, signal) {
      if ((known.get(id) ?? 0) > clock.now()) return true;
      return (await states.get(keyOf(id), signal)) !== undefined;
    },
    async revoke(id, forMs, signal) {
      remember(id, forMs);
      await states.set(keyOf(id), '1', forMs, signal);
      states.publish(CHANNEL, id);
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}
