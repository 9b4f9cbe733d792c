import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  CANARY,
  FILES,
  MAP,
  openPluginBench,
  type PluginBench,
  untilGone,
} from '../testing/plugin-bench.ts';
import type { Files } from '../testing/workshop.ts';
import { hasCode } from '../../operator/core/errors.ts';
import { pluginYaml } from '../../e2e/controlplane/cmp-server.ts';
import { systemClock } from '../../operator/runtime/clock.ts';
import { readFile, rm } from 'node:fs/promises';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { join } from 'node:path';

const signal = AbortSignal.timeout(300_000);

describe('plugins that misbehave', { concurrency: 1 }, () => {
  let bench: PluginBench;
  before(async () => {
    bench = await openPluginBench(signal);
  });
  afterEach(() => bench.settle());
  after(() => bench[Symbol.asyncDispose]());

  const endless = (pidFile: string) =>
    `(trap '' TERM; echo $$ > ${pidFile}; sleep 1000) & trap '' TERM; while true; do sleep 0.1; done`;

  test('one that never ends is ended with all its processes, at the deadline', async () => {
    const pidFile = join(await bench.shop.folder({}), 'pid');
    const script = `sleep 1000 >/dev/null 2>&1 & echo $! > ${pidFile}; sleep 1000`;
    const error = await bench.failure(
      bench.generate(bench.runs(script), { options: { timeoutMs: 2_000 } }),
    );
    assert.ok(hasCode(error, 'Timeout'));
    assert.match(error.message, /plugin shell: .*not finished/);
    await untilGone(Number(await readFile(pidFile, 'utf8')), signal);
    while ((await bench.shell.copies()).length > 0) await systemClock.sleep(20, signal);
  });

  test('one that will not be told is killed', async () => {
    const pidFile = join(await bench.shop.folder({}), 'pid');
    const error = await bench.failure(
      bench.generate(bench.runs(endless(pidFile)), { options: { timeoutMs: 1_000 } }),
    );
    assert.ok(hasCode(error, 'Timeout'));
    await untilGone(Number(await readFile(pidFile, 'utf8')), signal);
    while ((await bench.shell.copies()).length > 0) await systemClock.sleep(20, signal);
  });

  test('one that leaves a process behind finds it gone', async () => {
    const pidFile = join(await bench.shop.folder({}), 'pid');
    const script = `sleep 1000 >/dev/null 2>&1 </dev/null & echo $! > ${pidFile}; echo '${MAP}'`;
    assert.equal((await bench.generate(bench.runs(script))).objects.length, 1);
    await untilGone(Number(await readFile(pidFile, 'utf8')), signal);
  });

  test('an aborted render ends its commands', async () => {
    const pidFile = join(await bench.shop.folder({}), 'pid');
    const script = `sleep 1000 & echo $! > ${pidFile}; wait`;
    const stop = new AbortController();
    const reason = new Error('superseded');
    const running = bench.generate(bench.runs(script), { stop: stop.signal });
    const settled = running.catch((error: unknown) => error);
    let pid = '';
    while (pid === '') {
      pid = (await readFile(pidFile, 'utf8').catch(() => '')).trim();
      await systemClock.sleep(20, signal);
    }
    stop.abort(reason);
    assert.equal(await settled, reason);
    await untilGone(Number(pid), signal);
  });

  test('one that floods its output is stopped', async () => {
    const error = await bench.failure(bench.generate(bench.runs('yes "x: y"')));
    assert.ok(hasCode(error, 'LimitExceeded'), error.message);
    assert.match(error.message, /generate: .*more than 100000000 bytes of output/);
  });

  test('an answer above the limit of the caller is refused', async () => {
    const script = `echo "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {x: $(head -c 200000 /dev/zero | tr '\\0' x)}}"`;
    const options = { maxOutputBytes: 100_000 };
    const error = await bench.failure(bench.generate(bench.runs(script), { options }));
    assert.ok(hasCode(error, 'LimitExceeded'));
  });

  test('one that runs here and takes all memory is stopped', async () => {
    const localDir = await bench.shop.folder({
      'p.yaml': pluginYaml('hungry', 'awk \'BEGIN { x = "x"; while (1) x = x x }\''),
    });
    const options = { localDir, maxMemoryBytes: 200_000_000 };
    const error = await bench.failure(bench.generate({ name: 'hungry' }, { options }));
    assert.ok(hasCode(error, 'LimitExceeded'), error.message);
    assert.match(error.message, /plugin hungry: generate: sh: needs more than 200000000 bytes/);
  });

  test('what one that fails has said stays in the log of its sidecar', async () => {
    const error = await bench.failure(bench.generate(bench.runs(`echo ${CANARY} >&2; exit 7`)));
    assert.ok(hasCode(error, 'RenderFailed'));
    assert.match(
      error.message,
      /plugin shell: generate: exited with code 7 \(see the log of its sidecar\)$/,
    );
    assert.match(error.hint, /log of the sidecar of shell/);
    assert.ok(bench.shell.log().includes(CANARY));
  });

  test('unless its annotation promises that there are no secrets in it', async () => {
    const config = pluginYaml('open', 'echo "chart missing" >&2; exit 7').replace(
      '{ name: open }',
      `{ name: open, annotations: { tiphys.io/show-stderr: "true" } }`,
    );
    await bench.serve('open', config);
    const error = await bench.failure(bench.generate({ name: 'open' }));
    assert.match(error.message, /generate: exited with code 7: chart missing \(see the log/);
  });

  for (const [name, script] of [
    ['no YAML', `echo "a: *${CANARY}"`],
    ['no object', `echo ${CANARY}`],
    ['an object without a kind', `echo "{data: {password: ${CANARY}}}"`],
    [
      'a number with too many digits',
      'echo "{apiVersion: v1, kind: S, metadata: {name: s}, x: 9007199254740993}"',
    ],
  ] as const) {
    test(`output that is ${name} is an error that does not quote it`, async () => {
      const error = await bench.failure(bench.generate(bench.runs(script)));
      assert.ok(hasCode(error, 'InvalidManifest'), error.message);
      assert.match(error.message, /plugin shell: output of generate: /);
      assert.ok(!/\d{6}/.test(error.message));
    });
  }

  test('a program that is not there is named', async () => {
    const config = pluginYaml('absent', 'x').replace('[sh, -c]', '[no-such-program]');
    await bench.serve('absent', config);
    const error = await bench.failure(bench.generate({ name: 'absent' }));
    assert.ok(hasCode(error, 'ToolMissing'));
    assert.match(error.message, /generate: no-such-program: cannot be started: not found/);
  });

  test('a link that leads outside of the repository is not sent', async () => {
    const files: Files = { ...FILES, 'deep/evil': { linkTo: '../../etc/passwd' } };
    const error = await bench.failure(bench.generate(bench.runs(`echo '${MAP}'`), { files }));
    assert.ok(hasCode(error, 'UnsafePath'));
    assert.match(error.message, /deep\/evil/);
  });

  test('a server that dies in the middle, and one that is gone, are told', async () => {
    const server = await bench.serve('dies', pluginYaml('dies', 'kill -9 $PPID; sleep 1'));
    const error = await bench.failure(bench.generate({ name: 'dies' }));
    assert.ok(hasCode(error, 'ToolMissing'), error.message);
    assert.match(error.message, /plugin dies: does not answer on its socket/);
    const again = await bench.failure(bench.generate({ name: 'dies' })); // its socket is still there
    assert.ok(hasCode(again, 'ToolMissing'));
    await rm(server.socket);
    const gone = await bench.failure(bench.generate({ name: 'dies' }));
    assert.match(gone.message, /could not find cmp-server plugin/);
  });

  test('something else on the socket is told, and what never answers ends in time', async () => {
    const answers: Readonly<Record<string, (server: NetServer) => void>> = {
      talks: (server) =>
        server.on('connection', (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${CANARY}`)),
      floods: (server) =>
        server.on('connection', (socket) => {
          socket.on('error', () => {});
          const more = () => {
            while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 'x')));
          };
          socket.on('drain', more);
          more();
        }),
      silent: (server) => server.on('connection', (socket) => socket.on('error', () => {})),
    };
    for (const [name, prepare] of Object.entries(answers)) {
      const server = createServer();
      prepare(server);
      const open = new Set<Socket>();
      server.on('connection', (socket) => open.add(socket));
      await new Promise<void>((resolve) =>
        server.listen(join(bench.socketDir, `${name}.sock`), resolve),
      );
      const error = await bench.failure(
        bench.generate({ name }, { options: { timeoutMs: 1_000 } }),
      );
      assert.ok(hasCode(error, 'ToolMissing', 'Timeout', 'RenderFailed'), `${name}: ${error.code}`);
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
