import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  type GitServer,
  type GitServerBehaviour,
  startGitServer,
} from '../../e2e/controlplane/git-server.ts';
import { hasCode } from '../core/errors.ts';
import type { RepositoryAccess } from '../core/repository/access.ts';
import { systemClock } from '../runtime/clock.ts';
import type { GitRepositoriesOptions } from './options.ts';
import { openRepositories } from './testing/open-repositories.ts';

const signal = AbortSignal.timeout(120_000);
const RETRY = { attempts: 4, delayMs: 3, factor: 2, maxDelayMs: 7 };
const PAUSES = [3, 6, 7];

describe('listing refs', () => {
  let server: GitServer;
  before(async () => {
    server = await startGitServer({ signal });
  });
  after(() => server[Symbol.asyncDispose]());

  /** How a listing ended, how often the server was asked, and how long was paused in between. */
  async function list(
    url: string,
    access: Partial<RepositoryAccess> = {},
    options: Partial<GitRepositoriesOptions> = {},
  ) {
    const pauses: number[] = [];
    const clock = {
      ...systemClock,
      sleep(ms: number, stop: AbortSignal) {
        if (PAUSES.includes(ms)) pauses.push(ms);
        return systemClock.sleep(ms, stop);
      },
    };
    const how = { clock, listRetry: RETRY, ...options };
    await using opened = await openRepositories(access, how);
    const error = await opened.repositories
      .resolve(url, 'main', { fresh: true }, signal)
      .then(() => undefined)
      .catch((caught: unknown) => caught);
    return { error, pauses };
  }

  for (const [what, behaviour, options] of [
    ['the connection is cut', 'refuse', {}],
    ['the server says that it is out of order', 'fail', {}],
    ['the server does not answer in time', 'hang', { listTimeoutMs: 300 }],
  ] as const satisfies readonly (readonly [string, GitServerBehaviour, object])[]) {
    test(`is tried again as often, and with such pauses, as is configured when ${what}`, async () => {
      const url = await server.createRepository(behaviour, { a: '' });
      server.behave(behaviour, behaviour);
      const { error, pauses } = await list(url, {}, options);
      assert.ok(hasCode(error, 'GitUnreachable'), String(error));
      assert.equal(server.requests(behaviour, 'advertisement'), 4);
      assert.deepEqual(pauses, PAUSES);
      server.behave('serve', behaviour);
    });
  }

  test('is tried again when ssh is cut off', async () => {
    const cutting = createServer((socket) => socket.on('error', () => {}).destroy());
    cutting.listen(0, '127.0.0.1');
    await once(cutting, 'listening');
    const { port } = cutting.address() as AddressInfo;
    const { error, pauses } = await list(`ssh://git@127.0.0.1:${port}/a.git`, { insecure: true });
    cutting.close();
    assert.ok(hasCode(error, 'GitUnreachable'), String(error));
    assert.deepEqual(pauses, PAUSES);
  });

  test('is not tried again unless that is configured', async () => {
    const url = await server.createRepository('once', { a: '' });
    server.behave('fail', 'once');
    const opened = await openRepositories();
    await assert.rejects(opened.repositories.resolve(url, 'main', { fresh: true }, signal));
    await opened[Symbol.asyncDispose]();
    assert.equal(server.requests('once', 'advertisement'), 1);
  });

  test('is not tried again after a no', async () => {
    const credentials = { username: 'bob', password: 'right' };
    const url = await server.createRepository('private', { a: '' }, { credentials });
    const wrong = { type: 'basic', username: 'bob', password: 'wrong' } as const;
    const refused = await list(url, { credential: wrong });
    assert.ok(hasCode(refused.error, 'GitAuthFailed'), String(refused.error));
    assert.equal(server.requests('private', 'advertisement'), 1);
    const missing = await list(server.urlOf('nowhere'));
    assert.ok(hasCode(missing.error, 'GitUnreachable'), String(missing.error));
    assert.equal(server.requests('nowhere', 'advertisement'), 1);
    const closed = await list('http://127.0.0.1:1/a.git');
    assert.ok(hasCode(closed.error, 'GitUnreachable'), String(closed.error));
    assert.deepEqual([...refused.pauses, ...missing.pauses, ...closed.pauses], []);
  });

  test('ends well when the server has come back in between', async () => {
    const url = await server.createRepository('back', { a: '' });
    server.behave('fail', 'back');
    const clock = {
      ...systemClock,
      async sleep(ms: number, stop: AbortSignal) {
        if (PAUSES.includes(ms)) server.behave('serve', 'back');
        else await systemClock.sleep(ms, stop);
      },
    };
    const { error, pauses } = await list(url, {}, { clock });
    assert.equal(error, undefined);
    assert.deepEqual(pauses, []);
    assert.equal(server.requests('back', 'advertisement'), 2);
  });

  test('happens for so many repositories at once as is configured, and no more', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tiphys-listing-'));
    const [log, program] = [join(dir, 'log'), join(dir, 'git')];
    // Ends of listings are noted before their places are given on.
    const script = [
      '#!/bin/sh',
      'case "$*" in *ls-remote*) ;; *) exec git "$@" ;; esac',
      `echo begins >> ${log}; git "$@"; status=$?; sleep 0.1; echo ends >> ${log}; exit $status`,
    ];
    await writeFile(program, `${script.join('\n')}\n`, { mode: 0o700 });
    const most = async (maxConcurrentLists: number): Promise<number> => {
      await writeFile(log, '');
      await using opened = await openRepositories({}, { program, maxConcurrentLists });
      const names = ['one', 'two', 'three'];
      const urls = names.map((name) => server.urlOf(name));
      await Promise.all(
        urls.map((url) => opened.repositories.resolve(url, 'main', { fresh: true }, signal)),
      );
      let [running, highest] = [0, 0];
      for (const line of (await readFile(log, 'utf8')).trim().split('\n')) {
        running += line === 'begins' ? 1 : -1;
        highest = Math.max(highest, running);
      }
      assert.equal(running, 0);
      return highest;
    };
    for (const name of ['one', 'two', 'three']) await server.createRepository(name, { a: '' });
    assert.equal(await most(1), 1);
    assert.ok((await most(2)) <= 2);
    await rm(dir, { recursive: true });
  });
});
