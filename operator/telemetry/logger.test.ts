import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TiphysError } from '../core/errors.ts';
import type { Logger } from '../ports/telemetry.ts';
import { createLogger, type LoggerOptions } from './logger.ts';

function logged(
  use: (logger: Logger) => void,
  { level = 'info', format = 'json' }: Partial<LoggerOptions> = {},
): string[] {
  const lines: string[] = [];
  use(createLogger({ level, format, destination: { write: (line) => void lines.push(line) } }));
  return lines;
}

function one(use: (logger: Logger) => void, options?: Partial<LoggerOptions>) {
  const lines = logged(use, options);
  assert.equal(lines.length, 1, lines.join(''));
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

describe('the logger', () => {
  test('writes constant message, level by name, ISO time and fields', () => {
    const line = one((log) => log.warn({ app: 'argocd/web', changed: 3 }, 'sync finished'));
    const { time, ...rest } = line;
    assert.deepEqual(rest, {
      level: 'warn',
      app: 'argocd/web',
      changed: 3,
      msg: 'sync finished',
    });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('says nothing below its level', () => {
    const all = (log: Logger) => {
      log.debug({}, 'd');
      log.info({}, 'i');
      log.warn({}, 'w');
      log.error({}, 'e');
    };
    assert.equal(logged(all, { level: 'debug' }).length, 4);
    assert.equal(logged(all, { level: 'info' }).length, 3);
    assert.equal(logged(all, { level: 'error' }).length, 1);
  });

  test('a child adds its fields to every line, and the line wins', () => {
    const [line = ''] = logged((log) =>
      log.child({ app: 'a', project: 'p' }).child({ wave: 1 }).info({ app: 'b' }, 'x'),
    );
    assert.equal(line.match(/"app"/g)?.length, 1);
    const { app, project, wave } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual({ app, project, wave }, { app: 'b', project: 'p', wave: 1 });
  });

  test('a field cannot take the place of message, level or time', () => {
    const line = one((log) => log.info({ msg: 'a', level: 'b', time: 'c' }, 'real'));
    assert.equal(line['msg'], 'real');
    assert.equal(line['level'], 'info');
    assert.deepEqual([line['_msg'], line['_level'], line['_time']], ['a', 'b', 'c']);
  });

  test('our errors have code, hint, fields and cause, and no stack', () => {
    const cause = new TiphysError('KubeUnreachable', 'https://k: connection refused');
    const err = new TiphysError('RenderFailed', 'app: helm failed', {
      cause,
      fields: { path: 'charts/web', message: 'a field of that name' },
    });
    assert.deepEqual(one((log) => log.error({ err }, 'failed'), { level: 'debug' })['err'], {
      code: 'RenderFailed',
      message: 'app: helm failed',
      hint: err.hint,
      fields: { path: 'charts/web', message: 'a field of that name' },
      cause: { code: 'KubeUnreachable', message: cause.message, hint: cause.hint },
    });
  });

  test('other errors have a stack at level debug only', () => {
    const err = Object.assign(new RangeError('too far'), { code: 'ERR_FAR' });
    const shown = { type: 'RangeError', code: 'ERR_FAR', message: 'too far' };
    assert.deepEqual(one((log) => log.error({ err }, 'x'))['err'], shown);
    assert.deepEqual(one((log) => log.error({ err }, 'x'), { level: 'debug' })['err'], {
      ...shown,
      stack: err.stack,
    });
  });

  test('an error that causes itself, a cycle and odd values end', () => {
    const err = new Error('round');
    err.cause = err;
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const line = one((log) =>
      log.error({ err, cycle, big: 2n ** 70n, set: new Set(['a']), when: new Date(0) }, 'x'),
    );
    assert.equal(line['big'], String(2n ** 70n));
    assert.deepEqual(line['set'], ['a']);
    assert.equal(line['when'], '1970-01-01T00:00:00.000Z');
  });

  test('secrets never show, at any depth, in children, errors and Secret objects', () => {
    const SECRET = 'hunter2';
    const keys = fc.constantFrom(
      'password',
      'token',
      'authorization',
      'Authorization',
      'bearerToken',
      'sshPrivateKey',
      'githubAppPrivateKey',
      'ssh-private-key',
      'GITHUB_TOKEN',
      'tlsClientCertKey',
      'secret',
      'credentials',
    );
    const path = fc.array(fc.constantFrom('a', 'b', 'config'), { maxLength: 6 });
    fc.assert(
      fc.property(keys, path, fc.boolean(), (key, outer, asChild) => {
        const fields = outer.reduceRight<Record<string, unknown>>(
          (inner, name) => ({ [name]: [inner] }),
          { [key]: { value: SECRET }, user: 'me' },
        );
        const [line = ''] = logged((log) =>
          asChild ? log.child(fields).info({}, 'x') : log.info(fields, 'x'),
        );
        assert.ok(!line.includes(SECRET), line);
      }),
    );
    const secret = { kind: 'Secret', metadata: { name: 's' }, data: { any: SECRET } };
    const err = new TiphysError('Internal', 'x', { fields: { token: SECRET, app: 'web' } });
    const line = JSON.stringify(one((log) => log.info({ secret, live: secret, err }, 'x')));
    assert.ok(!line.includes(SECRET), line);
    assert.ok(line.includes('"app":"web"'));
  });

  test('whether a secret is set may be seen', () => {
    const { config } = one((log) => log.info({ config: { token: '', secret: 'x' } }, 'starting'));
    assert.deepEqual(config, { token: '', secret: '***' });
  });

  test('text is one readable line', () => {
    const [line = '', ...more] = logged(
      (log) =>
        log.info(
          { app: 'argocd/web', from: '', message: 'two\nlines', n: 1, list: ['a'] },
          'sync finished',
        ),
      { format: 'text' },
    );
    assert.equal(more.length, 0);
    assert.match(
      line,
      /^\S+Z INFO {2}sync finished app=argocd\/web from="" message="two\\nlines" n=1 list=\["a"\]\n$/,
    );
  });
});
