import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { encodeText } from '../../core/objects/object-texts.ts';
import { silentLogger } from '../../live/testing/silent-logger.ts';
import { createVirtualClock } from '../../runtime/clock.ts';
import { runDex } from './run-dex.ts';

const signal = AbortSignal.timeout(30_000);

/** Writes down that it was started, and then does what `logger.level` of its configuration says. */
const STAND_IN = `
const { appendFileSync, readFileSync } = require('node:fs');
const [verb, file] = process.argv.slice(2);
const { logger, connectors } = JSON.parse(readFileSync(file, 'utf8'));
const say = (what) => appendFileSync(process.env.HOME + '/../seen', JSON.stringify(what) + '\\n');
if (logger.level === 'stubborn') process.on('SIGTERM', () => say({ asked: 'to end' }));
say({ verb, file, pid: process.pid, level: logger.level, connectors, env: Object.keys(process.env).sort() });
if (logger.level === 'crash') process.exit(3);
setInterval(() => {}, 1000);
`;

interface Line {
  readonly pid?: number;
  readonly level?: string;
  readonly file?: string;
  readonly asked?: string;
  readonly env?: readonly string[];
  readonly connectors?: unknown;
}

describe('Dex as a process of its own', () => {
  let dir: string;
  let program: string;
  const temporary = process.env['TMPDIR'];
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiphys-run-dex-'));
    process.env['TMPDIR'] = dir; // where it keeps its configuration
    program = join(dir, 'dex');
    await writeFile(join(dir, 'stand-in.cjs'), STAND_IN);
    await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${dir}/stand-in.cjs' "$@"\n`);
    await chmod(program, 0o700);
  });
  after(async () => {
    if (temporary === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = temporary;
    await rm(dir, { recursive: true, force: true });
  });

  const lines = async (): Promise<readonly Line[]> => {
    const text = await readFile(join(dir, 'seen'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  };
  async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  const isAlive = (pid = 0): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  async function start(level: string, path = program) {
    await rm(join(dir, 'seen'), { force: true });
    const clock = createVirtualClock();
    const listeners = new Set<(object: KubeObject) => void>();
    const object = (kind: string, data: Readonly<Record<string, string>>): KubeObject => ({
      ...{ apiVersion: 'v1', kind, metadata: { name: 'x' }, data },
    });
    const connectors = '[{type: ldap, config: {bindPW: $dex.pw}}]';
    const mapOf = (wanted: string) =>
      object('ConfigMap', {
        url: 'https://argo.test',
        'dex.config': wanted && `connectors: ${connectors}\nlogger: {level: ${wanted}}`,
      });
    let map = mapOf(level);
    let looks = 0;
    const secret = object('Secret', {
      'server.secretkey': encodeText('the key'),
      'dex.pw': encodeText('s3cret'),
    });
    const said: Readonly<Record<string, unknown>>[] = [];
    const log = (fields: Readonly<Record<string, unknown>>) => void said.push(fields);
    const dex = await runDex({
      ...{ program: path, listen: '127.0.0.1:5556', clock, random: () => 0 },
      config: {
        configMap() {
          looks += 1;
          return map;
        },
        secret: () => secret,
        onChange(listener) {
          listeners.add(listener);
          return { [Symbol.dispose]: () => void listeners.delete(listener) };
        },
      },
      logger: { ...silentLogger, info: log, warn: log },
    });
    const starts = async () => (await lines()).filter(({ pid }) => pid !== undefined);
    return {
      ...{ clock, said, starts, [Symbol.asyncDispose]: () => dex[Symbol.asyncDispose]() },
      nth: (count: number) =>
        until(async () => {
          const found = await starts();
          return found.length >= count ? found[count - 1] : undefined;
        }),
      change(wanted: string) {
        map = mapOf(wanted);
        for (const listener of listeners) listener(map);
      },
      /** Something else changed; waits until that was looked at. */
      async touch() {
        const before = looks;
        for (const listener of listeners) listener(secret);
        await until(async () => (looks > before ? true : undefined));
      },
    };
  }

  test('gets a configuration that nobody else can read, and nothing of our environment', async () => {
    process.env['CANARY_OF_OURS'] = 'secret';
    let file = '';
    {
      await using dex = await start('info');
      const line = await dex.nth(1);
      ({ file = '' } = line);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.equal((await stat(dirname(file))).mode & 0o777, 0o700);
      const own = line.env?.filter((name) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name));
      assert.deepEqual(own, ['DEX_EXPAND_ENV', 'HOME']);
      assert.deepEqual(line.connectors, [{ type: 'ldap', config: { bindPW: 's3cret' } }]);
      assert.ok(!JSON.stringify(dex.said).includes('s3cret'));
    }
    await assert.rejects(stat(file), { code: 'ENOENT' });
    delete process.env['CANARY_OF_OURS'];
  });

  test('is started again when it ends, after longer and longer pauses, and short ones once it ran', async () => {
    await using dex = await start('crash');
    const pauses = () => dex.said.flatMap(({ waitMs }) => (waitMs === undefined ? [] : [waitMs]));
    const paused = (count: number) =>
      until(async () => (pauses().length >= count && dex.clock.pending > 0 ? true : undefined));
    for (const [nth, wait] of [500, 1_000, 2_000].entries()) {
      await paused(nth + 1);
      assert.equal(pauses()[nth], wait);
      assert.equal((await dex.starts()).length, nth + 1, 'not before its time');
      await dex.clock.advance(wait);
    }
    await paused(4);
    dex.change('info');
    const { pid = 0 } = await dex.nth(5);
    await dex.clock.advance(60_000);
    process.kill(pid, 'SIGKILL');
    await paused(5);
    assert.deepEqual(pauses().slice(3), [4_000, 500]);
    assert.deepEqual(dex.said.flatMap(({ reason }) => reason ?? []).slice(-2), [
      'exit code 3',
      'signal SIGKILL',
    ]);
    await dex.clock.advance(500);
    await dex.nth(6);
  });

  test('is another one when its settings change, none without them, and the same when others do', async () => {
    await using dex = await start('info');
    const first = await dex.nth(1);
    await dex.touch();
    assert.equal(isAlive(first.pid), true);
    dex.change('debug');
    const second = await dex.nth(2);
    assert.deepEqual([first.level, second.level], ['info', 'debug']);
    assert.equal(isAlive(first.pid), false);
    dex.change('');
    await until(async () => (isAlive(second.pid) ? undefined : true));
    dex.change('warn');
    assert.equal((await dex.nth(3)).level, 'warn');
    assert.equal((await dex.starts()).length, 3);
  });

  test('is killed when it does not end by itself', async () => {
    const dex = await start('stubborn');
    const { pid } = await dex.nth(1);
    const stopped = dex[Symbol.asyncDispose]();
    await until(async () => (await lines()).find(({ asked }) => asked !== undefined));
    assert.equal(isAlive(pid), true);
    await dex.clock.advance(5_000);
    await stopped;
    assert.equal(isAlive(pid), false);
  });

  test('that cannot be started is told in the log, and tried again', async () => {
    await using dex = await start('info', join(dir, 'nowhere'));
    await until(async () => (dex.clock.pending > 0 ? true : undefined));
    assert.match(String(dex.said.at(-1)?.['reason']), /ENOENT/);
    await dex.clock.advance(500);
    await until(async () =>
      dex.said.filter(({ reason }) => reason !== undefined).length > 1 ? true : undefined,
    );
  });
});
