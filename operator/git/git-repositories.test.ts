import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type GitServer, startGitServer } from '../../e2e/controlplane/git-server.ts';
import { hasCode } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { ANONYMOUS } from '../core/repository/access.ts';
import type { Logger } from '../ports/telemetry.ts';
import { createVirtualClock, systemClock } from '../runtime/clock.ts';
import { createGitRepositories } from './git-repositories.ts';
import type { GitRepositories } from './opened-repositories.ts';

const signal = AbortSignal.timeout(120_000);
const lines: unknown[] = [];
const write = (fields: unknown, message: string) => void lines.push([fields, message]);
const logger: Logger = {
  debug: write,
  info: write,
  warn: write,
  error: write,
  child: () => logger,
};

interface Opened extends AsyncDisposable {
  readonly repositories: GitRepositories;
  readonly dir: string;
}

async function open(
  options: {
    readonly clock?: Clock;
    readonly credentials?: { readonly username: string; readonly password: string };
    readonly failureMs?: number;
    readonly pollIntervalMs?: number;
    readonly pollJitterMs?: number;
    readonly pollIdleMs?: number;
    readonly idleAfterMs?: number;
  } = {},
): Promise<Opened> {
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-mirrors-'));
  const repositories = createGitRepositories({
    dir,
    clock: options.clock ?? systemClock,
    random: () => 0.5,
    logger,
    access: () =>
      options.credentials === undefined
        ? ANONYMOUS
        : { ...ANONYMOUS, credential: { type: 'basic', ...options.credentials } },
    pollIntervalMs: options.pollIntervalMs ?? 60_000,
    pollIdleMs: options.pollIdleMs ?? 600_000,
    pollJitterMs: options.pollJitterMs ?? 10_000,
    idleAfterMs: options.idleAfterMs ?? 600_000,
    timeoutMs: 20_000,
    maxConcurrent: 4,
    failureMs: options.failureMs ?? 10_000,
  });
  return {
    repositories,
    dir,
    async [Symbol.asyncDispose]() {
      await repositories[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

describe('git repositories', () => {
  let server: GitServer;
  before(async () => {
    server = await startGitServer({ signal });
  });
  after(() => server[Symbol.asyncDispose]());

  test('resolves branches, tags, ranges and commits, short ones too', async () => {
    const url = await server.createRepository('names', { a: '1' });
    const first = await server.revision('names');
    await server.tag('names', 'v1.0.0', { message: 'annotated' });
    const second = await server.commit('names', { files: { a: '2' }, branch: 'next' });
    await using opened = await open();
    const resolve = (revision: string) =>
      opened.repositories.resolve(url, revision, { fresh: false }, signal);
    assert.equal(await resolve(''), first);
    assert.equal(await resolve('main'), first);
    assert.equal(await resolve('v1.0.0'), first);
    assert.equal(await resolve('1.x'), first);
    assert.equal(await resolve('next'), second);
    assert.equal(await resolve(second.slice(0, 8)), second);
    assert.equal(await resolve(second), second);
    await assert.rejects(resolve('gone'), (error) => hasCode(error, 'RevisionNotFound'));
    assert.equal(server.requests('names', 'ls-refs') <= 2, true);
  });

  test('tells what a commit says of itself, and its tags', async () => {
    const url = await server.createRepository('told', { a: '1' });
    const first = await server.revision('told');
    await server.tag('told', 'v1.0.0', { message: 'annotated' });
    await server.tag('told', 'latest');
    await server.commit('told', { files: { a: '2' }, message: 'Two\n\nwith a body' });
    const second = await server.revision('told');
    await using opened = await open();
    const told = await opened.repositories.commit(url, first, {}, signal);
    assert.equal(told.author, 'Tess Test <tess@example.com>');
    assert.deepEqual([...told.tags].sort(), ['latest', 'v1.0.0']);
    assert.match(told.date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const { message, tags } = await opened.repositories.commit(url, second, {}, signal);
    assert.deepEqual([message, tags], ['Two\n\nwith a body', []]);
    await assert.rejects(opened.repositories.commit(url, '0'.repeat(40), {}, signal), {
      code: 'RevisionNotFound',
    });
  });

  test('asks the server once for many, and again for those who insist', async () => {
    const url = await server.createRepository('shared', { a: '1' });
    await using opened = await open();
    const many = Array.from({ length: 50 }, () =>
      opened.repositories.resolve(url, 'main', { fresh: false }, signal),
    );
    await Promise.all(many);
    assert.equal(server.requests('shared', 'ls-refs'), 1);
    const commit = await server.commit('shared', { files: { a: '2' } });
    assert.notEqual(
      await opened.repositories.resolve(url, 'main', { fresh: false }, signal),
      commit,
    );
    const insisting = Array.from({ length: 50 }, () =>
      opened.repositories.resolve(url, 'main', { fresh: true }, signal),
    );
    for (const one of await Promise.all(insisting)) assert.equal(one, commit);
    assert.ok(server.requests('shared', 'ls-refs') <= 3);
  });

  test('who insists while a listing is under way gets one that began later', async () => {
    const url = await server.createRepository('race', { a: '1' });
    await using opened = await open();
    await opened.repositories.resolve(url, 'main', { fresh: false }, signal);
    server.behave('hang', 'race');
    const early = opened.repositories.resolve(url, 'main', { fresh: true }, signal);
    while (server.requests('race', 'advertisement') < 2) await systemClock.sleep(5, signal);
    const late = opened.repositories.resolve(url, 'main', { fresh: true }, signal);
    server.behave('serve', 'race');
    await early;
    const before = server.requests('race', 'advertisement');
    await late;
    assert.equal(before <= 3 && server.requests('race', 'advertisement') === 3, true);
  });

  test('fetches once for all who want a commit, and reads it afterwards without the server', async () => {
    const url = await server.createRepository('once', { 'apps/a.yaml': 'a: 1\n' });
    const commit = await server.revision('once');
    await using opened = await open();
    const wanted = Array.from({ length: 20 }, () =>
      opened.repositories.tree(url, commit, {}, signal),
    );
    const [tree] = await Promise.all(wanted);
    assert.equal(server.requests('once', 'fetch'), 1);
    server.behave('refuse', 'once');
    const content = await tree?.read('apps/a.yaml', { maxBytes: 100 }, signal);
    assert.equal(content?.toString(), 'a: 1\n');
    await assert.rejects(opened.repositories.tree(url, 'b'.repeat(40), {}, signal), (error) =>
      hasCode(error, 'GitUnreachable'),
    );
    server.behave('serve', 'once');
    await assert.rejects(opened.repositories.tree(url, 'b'.repeat(40), {}, signal), (error) =>
      hasCode(error, 'RevisionNotFound'),
    );
  });

  test('reads a commit that no branch holds any more', async () => {
    const url = await server.createRepository('lost', { a: '1' });
    const lost = await server.commit('lost', { files: { a: '2' }, branch: 'short-lived' });
    await using opened = await open();
    const tree = await opened.repositories.tree(url, lost, {}, signal);
    assert.equal(tree.revision, lost);
  });

  test('polls what is in use and tells who listens, then stops', async () => {
    const clock = createVirtualClock();
    const url = await server.createRepository('polled', { a: '1' });
    await using opened = await open({ clock });
    const moved: string[] = [];
    using _listener = opened.repositories.onMoved((repoUrl) => moved.push(repoUrl));
    await opened.repositories.resolve(url, '', { fresh: false }, signal);
    const listings = () => server.requests('polled', 'ls-refs');
    const until = async (done: () => boolean) => {
      while (!done()) await systemClock.sleep(5, signal);
    };
    await clock.advance(65_000);
    await until(() => listings() === 2);
    await systemClock.sleep(50, signal);
    assert.deepEqual(moved, []);
    const commit = await server.commit('polled', { files: { a: '2' } });
    await clock.advance(65_000);
    await until(() => moved.length > 0);
    assert.deepEqual(moved, [url]);
    assert.equal(await opened.repositories.resolve(url, '', { fresh: false }, signal), commit);
    await systemClock.sleep(50, signal);
    await clock.advance(900_000);
    await systemClock.sleep(100, signal);
    const quiet = listings();
    await clock.advance(900_000);
    await systemClock.sleep(100, signal);
    assert.equal(listings(), quiet);
  });

  test('with an interval of 0 asks again only who insists', async () => {
    const clock = createVirtualClock();
    const url = await server.createRepository('unpolled', { a: '1' });
    await using opened = await open({ clock, pollIntervalMs: 0 });
    const resolve = (fresh: boolean) => opened.repositories.resolve(url, '', { fresh }, signal);
    const first = await resolve(false);
    const pushed = await server.commit('unpolled', { files: { a: '2' } });
    await clock.advance(86_400_000);
    assert.equal(await resolve(false), first);
    assert.equal(server.requests('unpolled', 'ls-refs'), 1);
    assert.equal(await resolve(true), pushed);
    assert.equal(await resolve(false), pushed);
    assert.equal(server.requests('unpolled', 'ls-refs'), 2);
  });

  test('goes on polling what is used seldom when that is said', async () => {
    const url = await server.createRepository('seldom', { a: '1' });
    const often = { pollIntervalMs: 1, pollJitterMs: 0, idleAfterMs: 1 };
    await using opened = await open({ ...often, pollIdleMs: Infinity });
    await opened.repositories.resolve(url, '', { fresh: false }, signal);
    while (server.requests('seldom', 'ls-refs') < 4) await systemClock.sleep(5, signal);
  });

  test('polls of one host keep a distance, whoever asks does not wait', async () => {
    const clock = createVirtualClock();
    const names = ['near-1', 'near-2', 'near-3'];
    await using opened = await open({ clock });
    for (const name of names) {
      const url = await server.createRepository(name, { a: '1' });
      await opened.repositories.resolve(url, '', { fresh: false }, signal);
    }
    const polled = () =>
      names.reduce((sum, name) => sum + server.requests(name, 'ls-refs'), 0) - names.length;
    assert.equal(polled(), 0);
    for (const expected of [1, 2, 3]) {
      await clock.advance(expected === 1 ? 65_000 : 100);
      while (polled() < expected) await systemClock.sleep(5, signal);
      await systemClock.sleep(50, signal);
      assert.equal(polled(), expected);
    }
  });

  test('tells how the last try with each repository ended', async () => {
    const good = await server.createRepository('connected', { a: '1' });
    const bad = await server.createRepository('unwell', { a: '1' });
    server.behave('fail', 'unwell');
    await using opened = await open();
    assert.deepEqual(opened.repositories.connections(), []);
    await opened.repositories.resolve(good, '', { fresh: false }, signal);
    const withUser = bad.replace('http://', 'http://bob:secret-3@');
    const failing = opened.repositories.resolve(withUser, '', { fresh: false }, signal);
    await assert.rejects(failing);
    const [first, second] = opened.repositories.connections();
    assert.deepEqual([first?.url, first?.status, first?.message], [good, 'Successful', '']);
    assert.deepEqual([second?.url, second?.status], [bad, 'Failed']);
    assert.match(second?.message ?? '', /unwell\.git: list refs: .*503/);
    assert.doesNotMatch(JSON.stringify(second), /secret-3/);
  });

  test('signs in, and neither disk nor error nor log holds the password', async () => {
    const credentials = { username: 'bob', password: 'pa$$ w0rd' };
    const url = await server.createRepository('private', { a: '1' }, { credentials });
    {
      await using opened = await open({ credentials });
      const commit = await opened.repositories.resolve(url, '', { fresh: false }, signal);
      await opened.repositories.tree(url, commit, {}, signal);
      assert.equal(await contains(opened.dir, 'pa$$'), false);
      const basic = Buffer.from('bob:pa$$ w0rd').toString('base64');
      assert.equal(await contains(opened.dir, basic), false);
    }
    await using wrong = await open({ credentials: { username: 'bob', password: 'secret-1' } });
    await assert.rejects(
      wrong.repositories.resolve(url, '', { fresh: false }, signal),
      (error) => hasCode(error, 'GitAuthFailed') && error.message.includes('/private.git'),
    );
    await using inUrl = await open();
    const withUser = url.replace('http://', 'http://bob:secret-2@');
    const failure = await inUrl.repositories
      .resolve(withUser, '', { fresh: false }, signal)
      .catch((error: unknown) => error);
    assert.ok(hasCode(failure, 'GitAuthFailed'));
    assert.doesNotMatch(JSON.stringify([failure, String(failure), lines]), /secret-/);
  });

  test('an unreachable server is named, and not asked again at once', async () => {
    const url = await server.createRepository('down', { a: '1' });
    server.behave('fail', 'down');
    await using opened = await open();
    const ask = () => opened.repositories.resolve(url, '', { fresh: false }, signal);
    const unreachable = (error: unknown) =>
      hasCode(error, 'GitUnreachable') && error.message.includes('/down.git');
    await assert.rejects(ask(), unreachable);
    const asked = server.requests('down', 'advertisement');
    await assert.rejects(ask(), unreachable);
    assert.equal(server.requests('down', 'advertisement'), asked);
  });

  test('a caller who gives up leaves no process behind', async () => {
    const url = await server.createRepository('slow', { a: '1' });
    server.behave('hang', 'slow');
    await using opened = await open();
    const stop = new AbortController();
    const asking = opened.repositories.resolve(url, '', { fresh: false }, stop.signal);
    while (server.requests('slow', 'advertisement') === 0) await systemClock.sleep(5, signal);
    stop.abort(new Error('enough'));
    await assert.rejects(asking, /enough/);
    server.behave('serve', 'slow');
  });

  test('local paths and remote helpers are refused', async () => {
    await using opened = await open();
    for (const url of ['/etc', 'file:///etc', 'ext::sh -c id', '--upload-pack=touch /tmp/x']) {
      await assert.rejects(
        opened.repositories.resolve(url, '', { fresh: false }, signal),
        (error) => hasCode(error, 'GitUnreachable') && error.retry === 'never',
        url,
      );
    }
  });

  test('links are followed inside the repository and nowhere else', async () => {
    const url = await server.createRepository('links', {
      'apps/real.yaml': 'real',
      'apps/link.yaml': { linkTo: 'real.yaml' },
      'apps/up.yaml': { linkTo: '../shared/x.yaml' },
      'shared/x.yaml': 'shared',
      'apps/folder': { linkTo: '../shared' },
      'bad/out.yaml': { linkTo: '../../etc/passwd' },
      'bad/absolute.yaml': { linkTo: '/etc/passwd' },
      'bad/circle': { linkTo: 'circle' },
      'bad/nowhere': { linkTo: 'missing' },
    });
    await using opened = await open();
    const commit = await opened.repositories.resolve(url, '', { fresh: false }, signal);
    const tree = await opened.repositories.tree(url, commit, {}, signal);
    const read = async (path: string) =>
      (await tree.read(path, { maxBytes: 99 }, signal)).toString();
    assert.equal(await read('apps/link.yaml'), 'real');
    assert.equal(await read('apps/up.yaml'), 'shared');
    assert.equal(await read('apps/folder/x.yaml'), 'shared');
    assert.equal((await tree.entry('apps/link.yaml', signal))?.type, 'symlink');
    assert.equal(await tree.resolve('bad/nowhere', signal), undefined);
    for (const path of ['bad/out.yaml', 'bad/absolute.yaml', 'bad/circle', '../x', '/etc/passwd']) {
      await assert.rejects(read(path), (error) => hasCode(error, 'UnsafePath'), path);
    }
    await assert.rejects(tree.materialise(['bad'], signal), (error) =>
      hasCode(error, 'UnsafePath'),
    );
    await using written = await tree.materialise(['apps'], signal);
    assert.equal(await readFile(join(written.root, 'apps/folder/x.yaml'), 'utf8'), 'shared');
    const link = await stat(join(written.root, 'apps/link.yaml'));
    assert.equal(link.isFile(), true);

    await assert.rejects(tree.copy([''], signal), (error) => hasCode(error, 'UnsafePath'));
    await using copied = await tree.copy(['apps', 'shared'], signal);
    assert.equal(await readlink(join(copied.root, 'apps/folder')), '../shared');
    assert.equal(await readFile(join(copied.root, 'apps/folder/x.yaml'), 'utf8'), 'shared');
    await using single = await tree.copy(['apps/folder'], signal);
    assert.equal(await readlink(join(single.root, 'apps/folder')), '../shared');
  });

  test('a file larger than asked for is refused, and the next read is right', async () => {
    const url = await server.createRepository('large', { big: 'x'.repeat(3_000_000), small: 's' });
    await using opened = await open();
    const commit = await opened.repositories.resolve(url, '', { fresh: false }, signal);
    const tree = await opened.repositories.tree(url, commit, {}, signal);
    const big = tree.read('big', { maxBytes: 1_000 }, signal);
    const small = tree.read('small', { maxBytes: 1_000 }, signal);
    await assert.rejects(big, (error) => hasCode(error, 'LimitExceeded'));
    assert.equal((await small).toString(), 's');
  });

  test('mirrors are used again by the next process', async () => {
    const url = await server.createRepository('kept', { a: '1' });
    const commit = await server.revision('kept');
    await using opened = await open();
    await opened.repositories.tree(url, commit, {}, signal);
    const fetches = server.requests('kept', 'fetch');
    await using second = createGitRepositories({
      dir: opened.dir,
      clock: systemClock,
      random: Math.random,
      logger,
      access: () => ANONYMOUS,
      pollIntervalMs: 60_000,
      pollJitterMs: 0,
      timeoutMs: 20_000,
      maxConcurrent: 1,
    });
    await second.tree(url, commit, {}, signal);
    assert.equal(server.requests('kept', 'fetch'), fetches);
  });
});

async function contains(dir: string, text: string): Promise<boolean> {
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = await readFile(join(entry.parentPath, entry.name));
    if (content.includes(text)) return true;
  }
  return false;
}
