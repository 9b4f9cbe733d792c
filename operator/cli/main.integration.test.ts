import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';

/** The program as a shell runs it. */
const MAIN = join(import.meta.dirname, '../main.ts');

const POD = `apiVersion: v1
kind: Pod
metadata: { name: web }
status: { phase: Succeeded }
`;

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawn(process.execPath, [MAIN, ...args], { env, stdio: 'pipe' });
}

async function tiphys(
  args: readonly string[],
  { stdin = '', env = {} }: { stdin?: string; env?: Readonly<Record<string, string>> } = {},
) {
  const child = start(args, env);
  child.stdin.end(stdin);
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

describe('the program', { concurrency: 2 }, () => {
  test('reads standard input and writes JSON', async () => {
    const { code, stdout, stderr } = await tiphys(['health', '-f', '-', '-o', 'json'], {
      stdin: POD,
    });
    assert.equal(stderr, '');
    assert.equal(code, 0);
    const [entry] = JSON.parse(stdout) as [{ status: string; file: string }];
    assert.deepEqual([entry.file, entry.status], ['-', 'Healthy']);
  });

  test('tells an error and what to do on stderr, with exit code 2', async () => {
    const { code, stdout, stderr } = await tiphys(['helth']);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^error: helth: is not a command\nhint: Did you mean tiphys health\?/);
  });

  test('names the file and the line of YAML that makes no sense', async () => {
    const { code, stderr } = await tiphys(['health', '-f', '-'], { stdin: 'a: b\nc: [' });
    assert.equal(code, 2);
    assert.match(stderr, /^error: -.*\d/);
    assert.match(stderr, /\nhint: /);
  });

  test('standard input cannot be two files', async () => {
    const { code, stderr } = await tiphys(['diff', '--desired', '-', '--live', '-'], {
      stdin: POD,
    });
    assert.equal(code, 2);
    assert.match(stderr, /^error: -: standard input was read already/);
  });

  test('ends quietly when the reader has seen enough', async () => {
    const child = start(['crds']);
    child.stdin.end();
    const errors = text(child.stderr);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.deepEqual([code, signal, await errors], [0, null, '']);
  });

  test('a pipe gets all that was written, however much', async () => {
    const { stdout } = await tiphys(['crds', '-o', 'json']);
    assert.ok(stdout.length > 100_000);
    assert.equal((JSON.parse(stdout) as { kind: string }).kind, 'List');
  });

  test('is interrupted while it waits for standard input', async () => {
    const child = start(['health', '-f', '-']);
    child.stdout.resume();
    child.stderr.resume();
    const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
    // It may not listen yet: asking again is harmless until then, and a second request ends it too.
    const asking = setInterval(() => child.kill('SIGINT'), 500);
    const [code, signal] = await exited;
    clearInterval(asking);
    assert.ok(code === 130 || signal === 'SIGINT', `${code} ${signal}`);
  });

  test('run refuses what it does not know, all at once, before it connects anywhere', async () => {
    const { code, stderr } = await tiphys(['run', '--resink', '1s', '--workers=many'], {
      env: { TIPHYS_LOG_FROMAT: 'text' },
    });
    assert.equal(code, 2);
    assert.match(stderr, /--resink: is unknown; did you mean --resync\?/);
    assert.match(stderr, /--workers: must be a whole number/);
    assert.match(stderr, /TIPHYS_LOG_FROMAT: is unknown; did you mean TIPHYS_LOG_FORMAT\?/);
  });

  test('run says what is missing when there is no cluster', async () => {
    const { code, stderr } = await tiphys(['run', '--log-level', 'error']);
    assert.equal(code, 2);
    assert.match(stderr, /error: there is no cluster: .*\nhint: Give --kubeconfig FILE/);
  });
});
