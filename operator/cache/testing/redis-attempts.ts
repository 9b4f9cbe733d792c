import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConnection } from '../redis-connection.ts';

const ATTEMPTS = 40;

/** It has tried for a while, and was not let in. */
export async function never(redis: RedisConnection): Promise<void> {
  for (let time = 0; time < ATTEMPTS; time += 1) {
    await assert.rejects(redis.get('a'));
    await sleep(20);
  }
}

/** Asked again until it goes without an error, or `signal` is aborted. */
export async function untilDone(work: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  for (;;)
    try {
      await work();
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      await sleep(50);
    }
}
