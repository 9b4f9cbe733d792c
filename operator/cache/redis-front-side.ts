import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { TreeNode } from '../core/tree/resource-tree.ts';
import type { FrontSide, PublishedApplication } from '../ports/front-side.ts';
import type { RedisConnection } from './redis-connection.ts';

export interface RedisFrontSideOptions {
  readonly redis: Pick<RedisConnection, 'set' | 'publish' | typeof Symbol.asyncDispose>;
  /** Stands before every key, but not before channels. */
  readonly prefix: string;
  /** Whether values are packed with gzip; then keys end in `.gz`. */
  readonly compress: boolean;
  readonly applicationTtlMs: number;
}

/** Argo CD writes its caches under this, and passes over others. */
const VERSION = '1.8.3';
const CLUSTER_TTL_MS = 600_000;
/** So many nodes and no more are one entry. */
const SHARD_NODES = 1_000;
const pack = promisify(gzip);

/**
 * Redis as the controller of Argo CD fills it: the keys, the packing and the message of
 * `spec/interop.md`. The shards of a tree are written before its first part, which tells how many there are.
 */
export function createRedisFrontSide(options: RedisFrontSideOptions): FrontSide {
  const { redis, prefix, compress, applicationTtlMs } = options;

  const keyOf = (name: string): string => `${prefix}${name}|${VERSION}${compress ? '.gz' : ''}`;

  async function write(name: string, value: unknown, ttlMs: number): Promise<void> {
    const text = Buffer.from(JSON.stringify(value));
    await redis.set(keyOf(name), compress ? await pack(text) : text, ttlMs);
  }

  return {
    applicationTtlMs,
    async application({ instance, managed, tree }) {
      const managedName = `app|managed-resources|${instance}`;
      await write(managedName, managed, applicationTtlMs);
      const name = `app|resources-tree|${instance}`;
      for (const [index, shard] of shardsOf(tree).entries().toArray().reverse())
        await write(index === 0 ? name : `${name}|${index}`, shard, applicationTtlMs);
      await redis.publish(`${managedName}|${VERSION}`, '');
    },
    async cluster(server, published) {
      await write(`cluster|info|${server}`, published, CLUSTER_TTL_MS);
    },
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

/** A tree in parts; the first tells how many there are, and has the hosts. */
function shardsOf({
  nodes = [],
  orphanedNodes = [],
  hosts,
}: PublishedApplication['tree']): object[] {
  const parts: { nodes?: TreeNode[]; orphanedNodes?: TreeNode[] }[] = [{}];
  let room = SHARD_NODES;
  const add = (list: 'nodes' | 'orphanedNodes', node: TreeNode): void => {
    if (room === 0) {
      parts.push({});
      room = SHARD_NODES;
    }
    room -= 1;
    (parts[parts.length - 1] ??= {})[list] ??= [];
    parts.at(-1)?.[list]?.push(node);
  };
  for (const node of nodes) add('nodes', node);
  for (const node of orphanedNodes) add('orphanedNodes', node);
  return parts.map((part, index) =>
    index === 0
      ? { ...part, ...(hosts !== undefined && { hosts }), shardsCount: parts.length }
      : part,
  );
}
