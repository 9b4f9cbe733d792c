import { gunzipSync } from 'node:zlib';
import { Redis } from 'ioredis';

export interface FrontTree {
  readonly nodes?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly health?: { readonly status: string };
    readonly parentRefs?: readonly { readonly name: string }[];
  }[];
  readonly orphanedNodes?: readonly object[];
  readonly hosts?: readonly { readonly name: string }[];
  readonly shardsCount?: number;
}

/**
 * Reads Redis as the API server of Argo CD does: by its keys, its packing and its messages
 * (nothing here knows how they are written).
 */
export interface FrontReader extends AsyncDisposable {
  managed(app: string): Promise<readonly Record<string, unknown>[] | undefined>;
  /** All shards of it together. */
  tree(app: string): Promise<FrontTree | undefined>;
  cluster(server: string): Promise<Record<string, unknown> | undefined>;
  /** How long an entry still stays, in milliseconds; negative: it is not there, or stays for ever. */
  ttlOf(name: string): Promise<number>;
  /** Takes what is known of an application away, as a Redis that was restarted does. */
  forget(app: string): Promise<void>;
  /** How often somebody was told that this application has news. */
  wakeUps(app: string): number;
}

const VERSION = '1.8.3';

export async function readFrontSide(port: number, prefix: string): Promise<FrontReader> {
  const redis = new Redis({ port, host: '127.0.0.1' });
  const listener = new Redis({ port, host: '127.0.0.1' });
  // Redis comes and goes in these tests; each command tells for itself.
  for (const client of [redis, listener]) client.on('error', () => {});
  const heard = new Map<string, number>();
  listener.on('pmessage', (_pattern: string, channel: string, message: string) => {
    if (message === '') heard.set(channel, (heard.get(channel) ?? 0) + 1);
  });
  await listener.psubscribe('*');
  const keyOf = (name: string): string => `${prefix}${name}|${VERSION}.gz`;

  async function read(name: string): Promise<unknown> {
    const packed = await redis.getBuffer(keyOf(name));
    return packed === null ? undefined : JSON.parse(gunzipSync(packed).toString('utf8'));
  }

  return {
    managed: async (app) =>
      (await read(`app|managed-resources|${app}`)) as Record<string, unknown>[] | undefined,
    async tree(app) {
      const first = (await read(`app|resources-tree|${app}`)) as FrontTree | undefined;
      if (first === undefined) return undefined;
      const shards = [first];
      for (let index = 1; index < (first.shardsCount ?? 1); index += 1)
        shards.push((await read(`app|resources-tree|${app}|${index}`)) as FrontTree);
      return {
        ...first,
        nodes: shards.flatMap(({ nodes = [] }) => nodes),
        orphanedNodes: shards.flatMap(({ orphanedNodes = [] }) => orphanedNodes),
      };
    },
    cluster: async (server) =>
      (await read(`cluster|info|${server}`)) as Record<string, unknown> | undefined,
    ttlOf: (name) => redis.pttl(keyOf(name)),
    async forget(app) {
      await redis.del(keyOf(`app|managed-resources|${app}`), keyOf(`app|resources-tree|${app}`));
    },
    wakeUps: (app) => heard.get(`app|managed-resources|${app}|${VERSION}`) ?? 0,
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      listener.disconnect();
    },
  };
}
