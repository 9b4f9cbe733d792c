import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pid } from 'node:process';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { hasCode } from '../core/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLogger } from '../telemetry/silent.ts';
import { openWorkingArea } from './working-area.ts';

const signal = AbortSignal.timeout(60_000);

describe('a working area', () => {
  let dir: string;
  beforeEach(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'tiphys-area-')), 'data');
  });
  afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }));

  const open = (owner = { host: hostname(), pid }) =>
    openWorkingArea(
      { dir, temporary: ['work', 'git/home'], owner, clock: systemClock, logger: silentLogger },
      signal,
    );

  test('two may be given one folder: each has an area of its own, and they share one', async () => {
    await using first = await open();
    await using second = await open();
    assert.deepEqual([first.dir, second.dir], [join(dir, '1'), join(dir, '2')]);
    assert.equal(first.shared, second.shared);
    for (const path of [dir, first.dir]) assert.equal((await stat(path)).mode & 0o077, 0, path);
  });

  test('one that was given back is taken again, with what is worth keeping', async () => {
    const first = await open();
    await mkdir(join(first.dir, 'git/mirrors'), { recursive: true });
    await first[Symbol.asyncDispose]();
    await using again = await open();
    assert.equal(again.dir, first.dir);
    assert.deepEqual(await readdir(join(again.dir, 'git')), ['mirrors']);
  });

  test('the area of a killed process is taken at once, without what it left behind', async () => {
    const child = await startHolder(dir);
    await using beside = await open();
    assert.equal(beside.dir, join(dir, '2'), 'it is held while the process lives');
    for (const path of ['1/work/tree-1', '1/git/home/session-1', '1/git/mirrors/a.git'])
      await mkdir(join(dir, path), { recursive: true });
    await writeFile(join(dir, '1/git/home/session-1/id'), 'a private key');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await using taken = await open();
    assert.equal(taken.dir, join(dir, '1'));
    const left = await readdir(taken.dir, { recursive: true });
    assert.deepEqual(left.sort(), ['git', 'git/mirrors', 'git/mirrors/a.git']);
  });

  test('a mark from another machine counts until it is old', async () => {
    const there = await open({ host: 'elsewhere', pid: 1 });
    await there[Symbol.asyncDispose]();
    const lock = join(dir, '1.lock');
    const mark = { host: 'elsewhere', pid: 1, started: '1', token: 'theirs' };
    await writeFile(lock, JSON.stringify(mark));
    await using beside = await open();
    assert.equal(beside.dir, join(dir, '2'));
    const longAgo = new Date(Date.now() - 120_000);
    await utimes(lock, longAgo, longAgo);
    await using taken = await open();
    assert.equal(taken.dir, join(dir, '1'));
  });

  test('of many that find a dead mark, one takes it', async () => {
    await mkdir(dir);
    const dead = { host: hostname(), pid: 2 ** 22 + 1, started: '5', token: 'dead' };
    await writeFile(join(dir, '1.lock'), JSON.stringify(dead));
    await using stack = new AsyncDisposableStack();
    const areas = await Promise.all(Array.from({ length: 12 }, () => open()));
    for (const area of areas) stack.use(area);
    assert.equal(new Set(areas.map((area) => area.dir)).size, 12);
  });

  test('when all are held it says so, and what to do', async () => {
    await using stack = new AsyncDisposableStack();
    for (let number = 1; number <= 64; number += 1) stack.use(await open());
    await assert.rejects(open(), (error) => hasCode(error, 'LimitExceeded'));
  });
});

/** A process that holds area 1. */
async function startHolder(dir: string): Promise<ChildProcess> {
  const program = join(import.meta.dirname, 'testdata/hold-area.ts');
  const child = spawn(process.execPath, [program, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}
