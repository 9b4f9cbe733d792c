import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createRedisFrontSide } from './redis-front-side.ts';

interface Written {
  readonly key: string;
  readonly value: Buffer;
  readonly ttlMs: number;
}

function recording() {
  const written: Written[] = [];
  const told: string[] = [];
  const redis = {
    get: async () => undefined,
    set: async (key: string, value: Buffer, ttlMs: number) =>
      void written.push({ key, value, ttlMs }),
    delete: async () => {},
    publish: async (channel: string, message: string) => void told.push(`${channel}=${message}`),
    [Symbol.asyncDispose]: async () => {},
  };
  return { redis, written, told };
}

const node = (index: number) => ({ kind: 'ConfigMap', name: `c-${index}`, namespace: 'web' });

test('an application is two entries and a message, packed, with prefix and version', async () => {
  const { redis, written, told } = recording();
  const front = createRedisFrontSide({
    ...{ redis, prefix: 'team:', compress: true, applicationTtlMs: 5_000 },
  });
  await front.application({ instance: 'apps_web', managed: [], tree: { nodes: [node(1)] } });
  assert.deepEqual(
    written.map(({ key, ttlMs }) => [key, ttlMs]),
    [
      ['team:app|managed-resources|apps_web|1.8.3.gz', 5_000],
      ['team:app|resources-tree|apps_web|1.8.3.gz', 5_000],
    ],
  );
  assert.deepEqual(
    written.map(({ value }) => JSON.parse(gunzipSync(value).toString()) as unknown),
    [[], { nodes: [node(1)], shardsCount: 1 }],
  );
  assert.deepEqual(told, ['app|managed-resources|apps_web|1.8.3=']);
});

test('a large tree is several entries, and the first, which tells how many, is written last', async () => {
  const { redis, written } = recording();
  const front = createRedisFrontSide({
    ...{ redis, prefix: '', compress: false, applicationTtlMs: 5_000 },
  });
  const nodes = Array.from({ length: 1_500 }, (_, index) => node(index));
  const orphanedNodes = Array.from({ length: 700 }, (_, index) => node(2_000 + index));
  const hosts = [{ name: 'a', systemInfo: {} }];
  await front.application({ instance: 'web', managed: [], tree: { nodes, orphanedNodes, hosts } });
  const shards = written.slice(1).map(({ key, value }) => {
    const part = JSON.parse(value.toString()) as Record<string, unknown[]>;
    const { nodes: own = [], orphanedNodes: orphans = [], ...rest } = part;
    return [key, own.length, orphans.length, rest];
  });
  assert.deepEqual(shards, [
    ['app|resources-tree|web|2|1.8.3', 0, 200, {}],
    ['app|resources-tree|web|1|1.8.3', 500, 500, {}],
    ['app|resources-tree|web|1.8.3', 1_000, 0, { hosts, shardsCount: 3 }],
  ]);
});

test('an application without objects is an entry all the same', async () => {
  const { redis, written } = recording();
  const front = createRedisFrontSide({
    ...{ redis, prefix: '', compress: false, applicationTtlMs: 5_000 },
  });
  await front.application({ instance: 'web', managed: [], tree: {} });
  assert.equal(written.at(-1)?.value.toString(), '{"shardsCount":1}');
});
