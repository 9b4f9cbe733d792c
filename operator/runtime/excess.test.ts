import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { excess, type KeptFile } from './excess.ts';

const file = (path: string, bytes: number, usedAtMs: number): KeptFile => ({
  path,
  bytes,
  usedAtMs,
});
const paths = (files: readonly KeptFile[]) => files.map(({ path }) => path);

const FILES = [file('new', 10, 100), file('old', 10, 0), file('middle', 10, 50)];

test('what was used longest ago goes first, and no more than must', () => {
  const limits = { maxBytes: 20, maxAgeMs: 1_000, now: 100 };
  assert.deepEqual(paths(excess(FILES, limits)), ['old']);
  assert.deepEqual(paths(excess(FILES, { ...limits, maxBytes: 30 })), []);
  assert.deepEqual(paths(excess(FILES, { ...limits, maxBytes: 0 })), ['old', 'middle', 'new']);
});

test('what was not used for too long goes although there is room', () => {
  const limits = { maxBytes: 1_000, maxAgeMs: 60, now: 100 };
  assert.deepEqual(paths(excess(FILES, limits)), ['old']);
});

test('what stays always fits, and nothing that goes was used later than something that stays', () => {
  const files = fc.array(fc.tuple(fc.nat(50), fc.nat(100)).map(([b, t]) => file('f', b, t)));
  fc.assert(
    fc.property(files, fc.nat(500), (all, maxBytes) => {
      const gone = excess(all, { maxBytes, maxAgeMs: 1_000, now: 100 });
      const stays = all.filter((one) => !gone.includes(one));
      assert.ok(stays.reduce((sum, one) => sum + one.bytes, 0) <= maxBytes);
      const youngest = Math.max(-1, ...gone.map((one) => one.usedAtMs));
      assert.ok(stays.every((one) => one.usedAtMs >= youngest));
    }),
  );
});
