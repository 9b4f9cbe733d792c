import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { hasCode } from '../core/errors.ts';
import { systemClock } from './clock.ts';
import { type ProgramRun, runProgram } from './run-program.ts';

const signal = AbortSignal.timeout(60_000);

function run(script: string, changes: Partial<ProgramRun> = {}, stop: AbortSignal = signal) {
  return runProgram(
    {
      program: process.execPath,
      args: ['-e', script],
      cwd: '/',
      env: { ONLY: 'this' },
      timeoutMs: 30_000,
      killAfterMs: 200,
      maxOutputBytes: 1_000,
      clock: systemClock,
      ...changes,
    },
    stop,
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // there is no such process: the answer
  }
}

async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await systemClock.sleep(10, signal);
}

interface PidFile extends AsyncDisposable {
  readonly path: string;
  /** Script that writes its process id and then stays. */
  readonly write: string;
  pid(): Promise<number>;
}

async function openPidFile(): Promise<PidFile> {
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-run-'));
  const path = join(dir, 'pid');
  return {
    path,
    write: `require('node:fs').writeFileSync(${JSON.stringify(path)}, process.pid + ' '); setInterval(() => {}, 1000)`,
    async pid() {
      for (;;) {
        const text = await readFile(join(dir, 'pid'), 'utf8').catch(() => '');
        if (text.endsWith(' ')) return Number(text);
        await systemClock.sleep(10, signal);
      }
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}

describe('running a program', () => {
  test('gives its exit code, its output and what it complained about', async () => {
    const result = await run('console.log("out"); console.error("err"); process.exitCode = 3');
    assert.equal(result.exitCode, 3);
    assert.equal(result.stdout.toString(), 'out\n');
    assert.equal(result.stderr, 'err\n');
  });

  test('passes input, and no environment but the one given', async () => {
    const script = 'process.stdin.pipe(process.stdout); console.log(JSON.stringify(process.env))';
    const result = await run(script, { stdin: 'in' });
    assert.equal(result.stdout.toString(), '{"ONLY":"this"}\nin');
  });

  test('a program that is not there is named', async () => {
    await assert.rejects(run('', { program: 'no-such-program' }), (error) =>
      hasCode(error, 'ToolMissing'),
    );
  });

  test('is stopped when it writes too much', async () => {
    const script = 'setInterval(() => process.stdout.write("x".repeat(999)), 1)';
    await assert.rejects(run(script), (error) => hasCode(error, 'LimitExceeded'));
  });

  const takeMemory = 'const all = []; setInterval(() => all.push(Buffer.alloc(2 ** 24, 1)), 5)';
  const hungry = [
    ['it', takeMemory],
    [
      'what it started',
      `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(takeMemory)}]);
       setInterval(() => {}, 1000)`,
    ],
  ] as const;
  for (const [what, script] of hungry) {
    test(`is killed when ${what} takes too much memory`, async () => {
      await assert.rejects(run(script, { maxMemoryBytes: 300_000_000 }), (error) => {
        assert.ok(hasCode(error, 'LimitExceeded'), String(error));
        assert.match(error.message, /^node: needs more than 300000000 bytes of memory/);
        return true;
      });
    });
  }

  test('the kernel gives it no more than its bound, however fast it asks', async () => {
    const script = `try {
      new ArrayBuffer(4_000_000_000);
      console.log('given');
    } catch {
      console.log('refused');
    }`;
    const bounded = await run(script, { maxDataBytes: 3_000_000_000 });
    assert.equal(bounded.stdout.toString(), 'refused\n');
    const free = await run(script);
    assert.equal(free.stdout.toString(), 'given\n');
  });

  test('of Go, and ended because the kernel gave it nothing more, is said so', async () => {
    const script = `console.error('runtime: out of memory: cannot allocate 4194304-byte block\\nfatal error: out of memory');
      process.exitCode = 2`;
    const limits = { maxMemoryBytes: 4e9, maxDataBytes: 5e9 };
    await assert.rejects(run(script, limits), (error) => {
      assert.ok(hasCode(error, 'LimitExceeded'), String(error));
      assert.match(error.message, /^node: needs more than 4000000000 bytes of memory$/);
      return true;
    });
  });

  test('that cannot be started is said so with a bound of the kernel too', async () => {
    await assert.rejects(run('', { program: '/etc/passwd', maxDataBytes: 5e9 }), (error) => {
      assert.ok(hasCode(error, 'ToolMissing'), String(error));
      assert.match(error.message, /^passwd: cannot be started: Permission denied$/);
      return true;
    });
  });

  test('that somebody kills is over at once, and so is what it started', async () => {
    const child = "require('child_process').spawn('sleep', ['300'], { stdio: 'inherit' })";
    const script = `${child}.on('spawn', () => process.kill(process.pid, 'SIGKILL'))`;
    await assert.rejects(
      run(script, { timeoutMs: 8_000, env: { PATH: '/usr/bin:/bin' } }),
      (error) => {
        assert.ok(hasCode(error, 'RenderFailed'), String(error));
        assert.match(error.message, /^node: ended by SIGKILL$/);
        return true;
      },
    );
  });

  test('is killed with its children when it does not heed the time limit', async () => {
    await using file = await openPidFile();
    const script = `
      process.on('SIGTERM', () => {});
      require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(
        `process.on('SIGTERM', () => {}); ${file.write}`,
      )}]);
      setInterval(() => {}, 1000)`;
    const running = run(script, { timeoutMs: 1_500 });
    const failed = assert.rejects(running, (error) => hasCode(error, 'Timeout'));
    const child = await file.pid();
    await failed;
    await untilGone(child);
  });

  test('what it leaves running in its group ends with it', async () => {
    await using file = await openPidFile();
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(file.write)}], { stdio: 'ignore' });
      child.unref();
      const wait = () => require('node:fs').existsSync(${JSON.stringify(file.path)}) || setTimeout(wait, 10);
      wait();`;
    assert.equal((await run(script)).exitCode, 0);
    await untilGone(await file.pid());
  });

  test('an abort ends it, and is the reason of the rejection', async () => {
    await using file = await openPidFile();
    const stop = new AbortController();
    const running = run(file.write, {}, stop.signal);
    const child = await file.pid();
    stop.abort(new Error('enough'));
    await assert.rejects(running, /enough/);
    await untilGone(child);
  });
});
