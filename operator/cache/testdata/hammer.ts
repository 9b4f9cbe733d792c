import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../telemetry/silent.ts';
import { createDiskCache } from '../disk-cache.ts';

// One of several processes that use a cache at once: `node hammer.ts FOLDER SEED`. Prints how often
// it found a value; ends with an error when one was wrong, or the cache had trouble.

const [, , dir = '', seed = '1'] = process.argv;
const signal = AbortSignal.timeout(60_000);
const logger = {
  ...silentLogger,
  warn(fields: object, text: string): never {
    throw new Error(
      `${text}: ${JSON.stringify(fields)} ${String((fields as { err?: unknown }).err)}`,
    );
  },
};
// So small that things are removed all the time.
const limits = { maxBytes: 40_000, maxAgeMs: 3_600_000 };
const cache = createDiskCache({ dir, ...limits, clock: systemClock, logger });
let state = Number(seed);
let hits = 0;
for (let round = 0; round < 400; round += 1) {
  state = (state * 48_271) % 2_147_483_647;
  const key = `key ${state % 20}`;
  const found = await cache.get(key, signal);
  if (found !== undefined && !found.startsWith(`${key} of `)) throw new Error(`wrong: ${found}`);
  if (found !== undefined) hits += 1;
  await cache.set(key, `${key} of ${seed} ${String(state).repeat(300)}`, signal);
}
process.stdout.write(String(hits));
