import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../core/errors.ts';
import { silentLogger } from '../telemetry/silent.ts';
import type { Connected } from '../wiring/connected.ts';
import { openPublisher } from '../wiring/open-publisher.ts';
import { frontSideOf } from './front-side.ts';

const address = { host: 'a', port: 6379 };
const one = { server: { type: 'address', ...address }, db: 0 } as const;
const cluster = { server: { type: 'cluster', nodes: [address] }, db: 0 } as const;
const appStateCacheExpiration = 5_000;

test('the front side of Argo CD is told in one Redis, and not in a cluster, which is said', () => {
  const warned: string[] = [];
  const logger = { ...silentLogger, warn: (_: object, text: string) => void warned.push(text) };
  const controller = { apiPort: undefined, appStateCacheExpiration };
  assert.deepEqual(frontSideOf(one, controller, logger), { redis: one, applicationTtlMs: 5_000 });
  assert.equal(frontSideOf(undefined, controller, logger), undefined);
  assert.equal(frontSideOf(cluster, { ...controller, apiPort: 8080 }, logger), undefined);
  assert.deepEqual(warned, []);
  assert.equal(frontSideOf(cluster, controller, logger), undefined);
  assert.match(warned.join('\n'), /^nothing is published .* cannot read a Redis cluster; --redis /);
});

test('a library that asks for it in a cluster is refused', async () => {
  const connected = {} as Connected; // never looked at
  await assert.rejects(openPublisher({ redis: cluster }, connected), (error) => {
    assert.ok(hasCode(error, 'InvalidConfig'), String(error));
    assert.match(error.message, /^frontSide: .* cannot read a Redis cluster/);
    return true;
  });
});
