import type { AppKey } from '../core/app/app-key.ts';
import type { RefreshSpread } from '../core/webhook/refresh-spread.ts';
import type { Clock } from '../ports/clock.ts';

/** Remembers who waits, so that neither the webhook nor the listing of refs that it causes goes before. */
export interface WebhookSpread {
  /** Decides for the Applications that one webhook concerns by one repository; by key, in milliseconds. */
  plan(keys: readonly AppKey[]): ReadonlyMap<AppKey, number>;
  /** Milliseconds that an Application is still to wait; 0 for most. */
  leftFor(key: AppKey): number;
}

export interface WebhookSpreadOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly settings: () => RefreshSpread;
}

export function createWebhookSpread({
  clock,
  random,
  settings,
}: WebhookSpreadOptions): WebhookSpread {
  const until = new Map<AppKey, number>();

  function leftFor(key: AppKey): number {
    const left = (until.get(key) ?? 0) - clock.monotonic();
    if (left > 0) return left;
    until.delete(key);
    return 0;
  }

  return {
    leftFor,
    plan(keys) {
      const { jitterMs, threshold } = settings();
      for (const key of until.keys()) leftFor(key); // forgets those whose time has come
      const delays = new Map<AppKey, number>();
      for (const [index, key] of keys.entries()) {
        const delay = index < threshold ? 0 : Math.floor(random() * jitterMs);
        delays.set(key, delay);
        if (delay > 0) until.set(key, clock.monotonic() + delay);
        else until.delete(key);
      }
      return delays;
    },
  };
}
