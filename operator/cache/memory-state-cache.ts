import type { Clock } from '../ports/clock.ts';
import type { StateCache } from '../ports/state-cache.ts';
import { createLruCache } from '../runtime/lru-cache.ts';

/** How much is kept: what was used last goes last. Anybody can make entries, by failing to sign in. */
const MAX_CHARACTERS = 32 * 2 ** 20;

/** State for one process, which goes with it. */
export function createMemoryStateCache({ clock }: { readonly clock: Clock }): StateCache {
  const entries = createLruCache<string, { readonly value: string; readonly untilMs: number }>(
    MAX_CHARACTERS,
  );
  const listeners = new Map<string, Set<(message: string) => void>>();
  return {
    async get(key, signal) {
      signal.throwIfAborted();
      const entry = entries.get(key);
      if (entry !== undefined && entry.untilMs > clock.now()) return entry.value;
      entries.delete(key);
      return undefined;
    },
    async set(key, value, ttlMs, signal) {
      signal.throwIfAborted();
      entries.set(key, { value, untilMs: clock.now() + ttlMs }, key.length + value.length);
      return true;
    },
    async delete(key, signal) {
      signal.throwIfAborted();
      entries.delete(key);
    },
    publish(channel, message) {
      for (const listener of listeners.get(channel) ?? []) listener(message);
    },
    subscribe(channel, listener) {
      const there = listeners.get(channel) ?? new Set();
      listeners.set(channel, there.add(listener));
      return {
        [Symbol.dispose]() {
          there.delete(listener);
          if (there.size === 0) listeners.delete(channel);
        },
      };
    },
  };
}
