import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { runCli } from './run-cli.ts';

const PLUGIN = `apiVersion: argoproj.io/v1alpha1
kind: ConfigManagementPlugin
metadata: { name: p }
spec: { version: v2, generate: { command: [true] }, lockRepo: true }
`;

describe('tiphys cmp-server', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiphys-cmp-cli-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  async function cli(args: readonly string[], signal = new AbortController().signal) {
    let stderr = '';
    const exitCode = await runCli(['cmp-server', ...args], {
      stdout: { write: () => {} },
      stderr: { write: (text) => void (stderr += text) },
      stdin: Readable.from([]),
      env: {},
      cwd: dir,
      signal,
    });
    return { exitCode, stderr };
  }

  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['--timeout', 'soon'], /--timeout: "soon" is no duration/],
    [['--timeout', '0'], /--timeout/],
    [['--parallelism', '-1'], /--parallelism/],
    [['--max-source-bytes', '1G'], /--max-source-bytes: "1G" is no whole number/],
    [['--loglevel', 'loud'], /--loglevel: "loud" is none of debug/],
    [['--socket-dri', 'x'], /--socket-dri: is unknown; did you mean --socket-dir/],
    [['x'], /x: is not expected/],
    [['--config-dir-path', '/nonexistent'], /\/nonexistent\/plugin\.yaml: cannot be read: ENOENT/],
  ];
  for (const [args, message] of refused) {
    test(`refuses ${args.join(' ')}`, async () => {
      const { exitCode, stderr } = await cli(args);
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
      assert.match(stderr, /\nhint: /);
    });
  }

  test('serves on a socket of the name and version until it is stopped, and takes the socket away', async () => {
    await writeFile(join(dir, 'plugin.yaml'), PLUGIN.replace('[true]', "['true']"));
    const stop = new AbortController();
    const flags = ['--config-dir-path', dir, '--socket-dir', dir, '--work-dir', join(dir, 'work')];
    const running = cli(flags, stop.signal);
    while (!(await readdir(dir)).includes('p-v2.sock')) {
      await systemClock.sleep(10, AbortSignal.timeout(30_000));
    }
    stop.abort(new Error('stopped'));
    const { exitCode, stderr } = await running;
    assert.equal(exitCode, 0);
    assert.match(stderr, /"key":"spec\.lockRepo".*this key of the plugin has no effect/);
    assert.ok(!(await readdir(dir)).includes('p-v2.sock'));
  });

  test('a folder that is not there, and a path that is too long, are told', async () => {
    await writeFile(join(dir, 'plugin.yaml'), PLUGIN.replace('[true]', "['true']"));
    const flags = ['--config-dir-path', dir, '--work-dir', join(dir, 'work'), '--socket-dir'];
    for (const socketDir of [join(dir, 'none'), join(dir, 'x'.repeat(100))]) {
      const { exitCode, stderr } = await cli([...flags, socketDir]);
      assert.equal(exitCode, 2);
      assert.match(stderr, /p-v2\.sock: cannot be listened on/);
      assert.match(stderr, /hint: Its folder must exist/);
    }
  });
});
