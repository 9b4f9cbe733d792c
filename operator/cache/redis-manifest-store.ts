import { createHmac, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import type { ManifestStore, RenderName } from '../ports/manifest-store.ts';
import { untilAborted } from '../runtime/keyed-lock.ts';
import { manifestKey, type ManifestKeyOptions } from './manifest-key.ts';
import type { RedisConnection } from './redis-connection.ts';

export interface RedisManifestStoreOptions extends ManifestKeyOptions {
  readonly redis: RedisConnection;
  readonly maxAgeMs: number;
  /** Signs entries, for whoever can write to Redis must not decide what is deployed; none: nothing is kept there. */
  readonly signingKey: () => string | undefined;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What stands under a key. */
interface Entry {
  /** Format. */
  readonly tiphys: 1;
  /** Of everything else here and the key, by the signing key. */
  readonly mac: string;
  /** What the key does not say, such as the settings of the tools. */
  readonly parameters: string;
  readonly render: string;
}

const MAX_ENTRY_BYTES = 512 * 2 ** 20;
const pack = promisify(gzip);
const unpack = promisify(gunzip);

/**
 * Renders in Redis, for all who use it, under the keys that Argo CD documents. Renders with Secrets are
 * not put there. An entry that was not signed by us is a miss and is deleted; a Redis that does not
 * answer is a miss, told by a metric, and by one line of the log until it answers again.
 */
export function createRedisManifestStore(options: RedisManifestStoreOptions): ManifestStore {
  const { redis, logger, metrics } = options;
  let failing = false;

  async function harmless<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    try {
      const result = await untilAborted(work(), signal);
      failing = false;
      return result;
    } catch (error) {
      signal.throwIfAborted();
      metrics.count('tiphys_cache_errors_total', { cache: 'redis', reason: 'failed' });
      if (!failing)
        logger.warn({ err: error }, 'Redis does not answer; renders are made without it');
      failing = true;
      return undefined;
    }
  }

  async function load(name: RenderName, key: string): Promise<string | undefined> {
    const found = await redis.get(key);
    if (found === undefined) return undefined;
    const signing = options.signingKey();
    const entry = signing === undefined ? undefined : await open(found, key, signing);
    if (entry !== undefined) return entry.parameters === name.key ? entry.render : undefined;
    metrics.count('tiphys_cache_errors_total', { cache: 'redis', reason: 'damaged' });
    logger.warn({ app: name.instance }, 'an entry of Redis that we did not write was deleted');
    await redis.delete(key);
    return undefined;
  }

  async function open(
    found: Buffer,
    key: string,
    signing: string,
  ): Promise<Pick<Entry, 'render' | 'parameters'> | undefined> {
    try {
      const text = options.compress
        ? await unpack(found, { maxOutputLength: MAX_ENTRY_BYTES })
        : found;
      const entry = JSON.parse(text.toString('utf8')) as Partial<Entry>;
      if (entry.tiphys !== 1 || typeof entry.render !== 'string') return undefined;
      const { render, parameters = '' } = entry;
      const mac = Buffer.from(String(entry.mac), 'hex');
      const expected = Buffer.from(macOf({ render, parameters }, key, signing), 'hex');
      if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return undefined;
      return { render, parameters };
    } catch {
      return undefined; // damaged, which is told where this is asked
    }
  }

  return {
    async load(name, signal) {
      if (options.signingKey() === undefined) return undefined;
      return await harmless(() => load(name, manifestKey(name, options)), signal);
    },
    async save(name, render, { secret }, signal) {
      const signing = options.signingKey();
      if (secret || signing === undefined) return;
      await harmless(async () => {
        const key = manifestKey(name, options);
        const content = { render, parameters: name.key };
        const entry: Entry = { tiphys: 1, mac: macOf(content, key, signing), ...content };
        const text = JSON.stringify(entry);
        const value = options.compress ? await pack(text) : Buffer.from(text);
        await redis.set(key, value, options.maxAgeMs);
      }, signal);
    },
  };
}

function macOf(
  { render, parameters }: Pick<Entry, 'render' | 'parameters'>,
  key: string,
  signing: string,
): string {
  const derived = createHmac('sha256', signing).update('tiphys manifests').digest();
  return createHmac('sha256', derived)
    .update(JSON.stringify([key, parameters, render]))
    .digest('hex');
}
