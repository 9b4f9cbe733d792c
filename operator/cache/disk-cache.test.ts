import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLogger, silentMetrics } from '../telemetry/silent.ts';
import { createDiskCache, type DiskCacheOptions } from './disk-cache.ts';

const signal = AbortSignal.timeout(60_000);
const HOUR = 3_600_000;

describe('the cache on disk', () => {
  let folder: string;
  let warnings: string[];
  let counted: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiphys-cache-'));
    warnings = [];
    counted = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const dir = () => join(folder, 'cache');
  function open(options: Partial<DiskCacheOptions> = {}) {
    const logger: Logger = { ...silentLogger, warn: (_fields, text) => void warnings.push(text) };
    const metrics: Metrics = {
      ...silentMetrics,
      count: (_name, labels) => void counted.push(String(labels['reason'])),
    };
    const limits = { maxBytes: 10_000_000, maxAgeMs: HOUR };
    return createDiskCache({
      dir: dir(),
      ...limits,
      clock: systemClock,
      logger,
      metrics,
      ...options,
    });
  }

  async function files(): Promise<readonly string[]> {
    const entries = await readdir(dir(), { recursive: true, withFileTypes: true });
    return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  }

  const theFile = async () => (await files())[0] ?? assert.fail('there is no file');

  test('a value is found again by another process, and only its own key finds it', async () => {
    await open().set('a', 'the value', signal);
    assert.equal(await open().get('a', signal), 'the value');
    assert.equal(await open().get('b', signal), undefined);
    await open().set('a', 'another', signal);
    assert.equal(await open().get('a', signal), 'another');
    assert.equal((await files()).length, 1);
  });

  test('nobody else can read it: folders 0700, files 0600, whatever the umask', async () => {
    await open().set('a', 'password: hunter2', signal);
    for (const entry of ['', ...(await readdir(dir(), { recursive: true }))]) {
      const { mode } = await stat(join(dir(), entry));
      assert.equal(mode & 0o077, 0, `${entry} is for its owner alone`);
    }
  });

  const damages: readonly [string, (content: Buffer) => Buffer][] = [
    ['cut short', (content) => content.subarray(0, content.length - 3)],
    ['empty', () => Buffer.alloc(0)],
    [
      'one bit is another',
      (content) => (content.writeUInt8((content.at(-5) ?? 0) ^ 1, content.length - 5), content),
    ],
    ['not by us', () => Buffer.from('hello')],
  ];
  for (const [name, damage] of damages)
    test(`a damaged entry is a miss, removed and told: ${name}`, async () => {
      const cache = open();
      await cache.set('a', 'the value', signal);
      const file = await theFile();
      await writeFile(file, damage(await readFile(file)));
      assert.equal(await cache.get('a', signal), undefined);
      assert.deepEqual([await files(), counted, warnings.length], [[], ['damaged'], 1]);
      await cache.set('a', 'again', signal);
      assert.equal(await cache.get('a', signal), 'again');
    });

  test('an entry under the name of another is a miss', async () => {
    const cache = open();
    await cache.set('a', 'of a', signal);
    const file = await theFile();
    const content = await readFile(file);
    await cache.set('b', 'of b', signal);
    const other = (await files()).find((one) => one !== file) ?? assert.fail('no second file');
    await writeFile(other, content);
    assert.equal(await cache.get('b', signal), undefined);
  });

  test('stays within its size: what was used longest ago goes', async () => {
    const cache = open({ maxBytes: 20_000 });
    const value = (number: number) => randomText(2_000, number);
    for (let number = 0; number < 30; number += 1) {
      await cache.set(`key ${number}`, value(number), signal);
      await cache.get('key 0', signal);
    }
    const sizes = await Promise.all((await files()).map(async (one) => (await stat(one)).size));
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 22_000);
    assert.ok(sizes.length > 2, 'it does hold something');
    assert.equal(await cache.get('key 29', signal), value(29));
    assert.equal(await cache.get('key 0', signal), value(0), 'it was used all the time');
    assert.equal(await cache.get('key 5', signal), undefined);
  });

  test('what nobody used for too long goes, and what a dying process left', async () => {
    const cache = open();
    await cache.set('old', 'value', signal);
    const old = await theFile();
    const left = join(old, '..', '.half-written');
    await writeFile(left, 'half');
    const before = new Date(Date.now() - 2 * HOUR);
    for (const path of [old, left]) await utimes(path, before, before);
    await open().set('new', 'value', signal); // a fresh process counts at its first write
    assert.equal(await cache.get('old', signal), undefined);
    assert.equal((await files()).length, 1);
  });

  test('trouble with the disk is a miss, told once', async () => {
    await writeFile(dir(), 'a file where the folder should be');
    const cache = open();
    for (const key of ['a', 'b', 'c']) {
      await cache.set(key, 'value', signal);
      assert.equal(await cache.get(key, signal), undefined);
    }
    assert.deepEqual([warnings.length, counted.length], [1, 6]);
  });

  test('an abort is no trouble', async () => {
    const stop = AbortSignal.abort(new Error('shutdown'));
    await assert.rejects(open().set('a', 'value', stop), /shutdown/);
    assert.deepEqual(warnings, []);
  });

  test('several processes may write and read at once: whole values or none', async () => {
    const program = join(import.meta.dirname, 'testdata/hammer.ts');
    const run = promisify(execFile);
    const outputs = await Promise.all(
      ['1', '2', '3'].map((seed) => run(process.execPath, [program, dir(), seed])),
    );
    const hits = outputs.map(({ stdout }) => Number(stdout));
    assert.ok(
      hits.every((hit) => hit > 0),
      `every process found values: ${hits.join(', ')}`,
    );
  });
});

/** Compresses badly. */
function randomText(length: number, seed: number): string {
  let state = seed + 1;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode(33 + (state % 90));
  }).join('');
}
