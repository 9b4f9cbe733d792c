import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, readdir, readFile, readlink, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { git } from '../../e2e/controlplane/git-repository.ts';
import { type GitServer, startGitServer } from '../../e2e/controlplane/git-server.ts';
import { hasCode } from '../core/errors.ts';
import type { SourceTree } from '../ports/source-tree.ts';
import { type OpenedRepositories, openRepositories } from './testing/open-repositories.ts';

const signal = AbortSignal.timeout(180_000);
const MEBIBYTE = 2 ** 20;
const run = promisify(execFile);

describe('a repository whose large files are fetched when they are read', () => {
  let server: GitServer;
  before(async () => {
    server = await startGitServer({ signal });
  });
  after(() => server[Symbol.asyncDispose]());

  const noise = (bytes: number) => randomBytes(bytes).toString('latin1').slice(0, bytes);
  const film = Buffer.from(noise(3 * MEBIBYTE), 'latin1');
  const files = {
    'app/a.yaml': 'a: 1',
    'app/b.yaml': 'b: 1',
    'app/link': { linkTo: 'a.yaml' },
    'media/film': film,
  };

  async function repository(name: string, { filter = true } = {}, content: object = files) {
    const url = await server.createRepository(name, content as typeof files);
    if (!filter) await git(server.folderOf(name), ['config', 'uploadpack.allowFilter', 'false']);
    return url;
  }

  async function head({ repositories }: OpenedRepositories, url: string): Promise<SourceTree> {
    const commit = await repositories.resolve(url, 'main', { fresh: true }, signal);
    return await repositories.tree(url, commit, {}, signal);
  }

  const read = async (tree: SourceTree, path: string) =>
    await tree.read(path, { maxBytes: 10 * MEBIBYTE }, signal);
  const text = async (tree: SourceTree, path: string) => (await read(tree, path)).toString();

  async function mirrorOf({ dir }: OpenedRepositories): Promise<string> {
    const names = await readdir(join(dir, 'mirrors'));
    assert.equal(names.length, 1);
    return join(dir, 'mirrors', names[0] ?? '');
  }

  /** Whether the mirror itself has what a path of `main` names. */
  async function has(opened: OpenedRepositories, path: string): Promise<boolean> {
    const cwd = await mirrorOf(opened);
    const shown = await run('git', ['cat-file', '-e', `main:${path}`], { cwd }).catch(() => 'no');
    return shown !== 'no';
  }

  test('leaves a large file with the server until somebody reads it', async () => {
    const url = await repository('film');
    await using opened = await openRepositories({ blobLimit: MEBIBYTE });
    const tree = await head(opened, url);
    assert.equal(await text(tree, 'app/link'), 'a: 1');
    assert.equal((await tree.list('', { recurse: true }, signal)).length, 6);
    assert.ok(server.sentBytes('film') < 20_000, `${server.sentBytes('film')} bytes`);
    assert.equal(server.requests('film', 'fetch'), 1);
    assert.ok(!(await has(opened, 'media/film')));
    assert.ok((await read(tree, 'media/film')).equals(film));
    assert.ok((await read(tree, 'media/film')).equals(film));
    assert.equal(server.requests('film', 'fetch'), 2);
    assert.deepEqual(opened.logged, []);
  });

  test('what all repositories do counts where a registration says nothing', async () => {
    const url = await repository('by-flag');
    await using opened = await openRepositories({}, { blobLimit: MEBIBYTE });
    assert.equal(await text(await head(opened, url), 'app/a.yaml'), 'a: 1');
    assert.ok(!(await has(opened, 'media/film')));
    await using whole = await openRepositories({ blobLimit: 0 }, { blobLimit: MEBIBYTE });
    assert.equal(await text(await head(whole, url), 'app/a.yaml'), 'a: 1');
    assert.ok(await has(whole, 'media/film'));
  });

  test('fetches together what is written to disk together, and what is read at once', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`app/${i}`, `f ${i}`]));
    const links = { 'app/l1': { linkTo: '1' }, 'app/l2': { linkTo: '2' } };
    const url = await repository('together', {}, { ...files, ...many, ...links });
    await using opened = await openRepositories({ blobLimit: 1 });
    const tree = await head(opened, url);
    assert.ok(!(await has(opened, 'app/1')));
    const asked = ['app/1', 'app/2', 'app/3', 'app/4'];
    const texts = await Promise.all(asked.map((path) => text(tree, path)));
    assert.deepEqual(texts, ['f 1', 'f 2', 'f 3', 'f 4']);
    const reading = server.requests('together', 'fetch') - 1;
    assert.ok(reading <= 2, `${reading} fetches for what was read at once`);
    await using written = await tree.materialise(['app'], signal);
    assert.equal((await readdir(written.root, { recursive: true })).length, 306);
    const writing = server.requests('together', 'fetch') - 1 - reading;
    assert.equal(writing, 2, 'links, then files');
    assert.ok(!(await has(opened, 'media/film')));
  });

  test('goes on with new commits, and after a start with the setting gone', async () => {
    const url = await repository('changing');
    await using first = await openRepositories({ blobLimit: MEBIBYTE });
    assert.equal(await text(await head(first, url), 'app/a.yaml'), 'a: 1');
    const change = { files: { 'app/a.yaml': 'a: 2', 'media/other': film.subarray(5) } };
    await server.commit('changing', change);
    assert.equal(await text(await head(first, url), 'app/a.yaml'), 'a: 2');
    assert.ok(!(await has(first, 'media/other')));
    await first.repositories[Symbol.asyncDispose]();
    await using second = await openRepositories({}, { dir: first.dir });
    await server.commit('changing', { files: { 'app/a.yaml': 'a: 3', big: film.subarray(9) } });
    const tree = await head(second, url);
    assert.equal(await text(tree, 'app/a.yaml'), 'a: 3');
    assert.ok(await has(second, 'big'), 'nothing more is left out');
    assert.ok((await read(tree, 'media/film')).equals(film), 'and what was is fetched');
    assert.deepEqual([...first.logged, ...second.logged], []);
  });

  test('works with a server that leaves nothing out', async () => {
    const url = await repository('plain', { filter: false });
    await using opened = await openRepositories({ blobLimit: MEBIBYTE });
    const tree = await head(opened, url);
    assert.ok((await read(tree, 'media/film')).equals(film));
    assert.equal(server.requests('plain', 'fetch'), 1);
    await server.commit('plain', { files: { 'app/a.yaml': 'a: 2' } });
    assert.equal(await text(await head(opened, url), 'app/a.yaml'), 'a: 2');
    assert.deepEqual(opened.logged, []);
  });

  test('fetches all of a repository whose server gives no files alone', async () => {
    const url = await repository('strict');
    for (const key of ['allowAnySHA1InWant', 'allowReachableSHA1InWant'])
      await git(server.folderOf('strict'), ['config', `uploadpack.${key}`, 'false']);
    await using opened = await openRepositories({ blobLimit: MEBIBYTE }, { env: PROTOCOL_0 });
    const tree = await head(opened, url);
    assert.ok(!(await has(opened, 'media/film')));
    assert.ok((await read(tree, 'media/film')).equals(film));
    assert.equal(opened.logged.length, 1, 'it says that the mirror is made anew');
    await server.commit('strict', { files: { 'media/other': film.subarray(7) } });
    assert.equal((await read(await head(opened, url), 'media/other')).length, film.length - 7);
    assert.ok(await has(opened, 'media/other'));
  });

  test('a fetch of files that is cut or refused is an error, and the next read has them', async () => {
    const url = await repository('cut');
    await using opened = await openRepositories({ blobLimit: MEBIBYTE });
    const tree = await head(opened, url);
    server.behave('fail', 'cut');
    await assert.rejects(read(tree, 'media/film'), { code: 'GitUnreachable' });
    server.behave('hang', 'cut');
    const stop = new AbortController();
    const asked = tree.read('media/film', { maxBytes: 10 * MEBIBYTE }, stop.signal);
    asked.catch(() => {});
    while (server.requests('cut', 'advertisement') < 4) await new Promise(setImmediate);
    stop.abort(new Error('enough'));
    await assert.rejects(asked, /enough/);
    server.behave('serve', 'cut');
    assert.ok((await read(tree, 'media/film')).equals(film));
    assert.deepEqual(opened.logged, []);
  });

  test('a mirror that is broken is told from one that lacks files', async () => {
    const url = await repository('broken');
    await using opened = await openRepositories({ blobLimit: MEBIBYTE });
    const tree = await head(opened, url);
    assert.equal(await text(tree, 'app/a.yaml'), 'a: 1');
    assert.ok((await read(tree, 'media/film')).equals(film));
    await opened.repositories[Symbol.asyncDispose]();
    const packs = join(await mirrorOf(opened), 'objects/pack');
    for (const name of (await readdir(packs)).filter((one) => one.endsWith('.pack'))) {
      const { size } = await stat(join(packs, name));
      if (size < MEBIBYTE) continue;
      await chmod(join(packs, name), 0o600);
      await truncate(join(packs, name), 100);
    }
    await using again = await openRepositories({ blobLimit: MEBIBYTE }, { dir: opened.dir });
    const known = await head(again, url);
    assert.equal(await text(known, 'app/b.yaml'), 'b: 1');
    assert.deepEqual(again.logged, []);
    assert.ok((await read(known, 'media/film')).equals(film));
    assert.equal(again.logged.length, 1);
    assert.match(again.logged[0] ?? '', /a broken mirror is made anew/);
  });

  test('is fetched once for all who read it', async () => {
    const url = await repository('shared');
    await using opened = await openRepositories({ blobLimit: MEBIBYTE });
    const tree = await head(opened, url);
    server.behave('hang', 'shared');
    const first = read(tree, 'media/film');
    while (server.requests('shared', 'advertisement') < 3) await new Promise(setImmediate);
    const second = read(tree, 'media/film');
    for (let i = 0; i < 50; i += 1) await tree.entry('app', signal); // time to find it missing
    await new Promise((done) => setTimeout(done, 50));
    server.behave('serve', 'shared');
    assert.ok((await first).equals(await second));
    assert.equal(server.requests('shared', 'fetch'), 2);
  });

  test('what a kill left of a fetch of files goes with the next one', async () => {
    const url = await repository('killed');
    await using opened = await openRepositories({ blobLimit: MEBIBYTE });
    const tree = await head(opened, url);
    const mirror = await mirrorOf(opened);
    await writeFile(join(mirror, 'objects/pack/tmp_pack_1234'), film);
    await writeFile(join(mirror, 'shallow.lock'), '');
    assert.ok((await read(tree, 'media/film')).equals(film));
    const left = await readdir(mirror, { recursive: true });
    assert.deepEqual(
      left.filter((name) => /tmp_|\.lock$/.test(name)),
      [],
    );
  });

  test('a git that is killed while it fetches files is an error, and the next read has them', async () => {
    const url = await repository('shot');
    await using opened = await openRepositories({ blobLimit: MEBIBYTE });
    const tree = await head(opened, url);
    const mirror = await mirrorOf(opened);
    const halves = async () =>
      (await readdir(mirror, { recursive: true })).filter((name) => name.includes('tmp_'));
    server.behave('stall', 'shot');
    const asked = read(tree, 'media/film');
    asked.catch(() => {});
    while ((await halves()).length === 0) await new Promise(setImmediate);
    const [fetching, ...others] = await fetchesIn(mirror);
    assert.ok(fetching !== undefined && others.length === 0);
    process.kill(fetching, 'SIGKILL');
    await assert.rejects(asked, (error) => {
      assert.ok(hasCode(error, 'GitUnreachable'), String(error));
      assert.match(
        error.message,
        /^repository http:\S+shot\.git: fetch files: git: ended by SIGKILL$/,
      );
      assert.match(error.hint, /short of memory/);
      return true;
    });
    assert.deepEqual(await halves(), []);
    server.behave('serve', 'shot');
    assert.ok((await read(tree, 'media/film')).equals(film));
    assert.equal(await text(tree, 'app/b.yaml'), 'b: 1');
    assert.deepEqual(opened.logged, [], 'nothing was made anew');
  });

  test('reads a short history too', async () => {
    const url = await repository('short');
    await server.commit('short', { files: { 'app/a.yaml': 'a: 2' } });
    await using opened = await openRepositories({ blobLimit: MEBIBYTE, depth: 1 });
    const tree = await head(opened, url);
    assert.equal(await text(tree, 'app/a.yaml'), 'a: 2');
    assert.ok(server.sentBytes('short') < 20_000);
    assert.ok((await read(tree, 'media/film')).equals(film));
    await server.commit('short', { files: { 'app/a.yaml': 'a: 3' } });
    assert.equal(await text(await head(opened, url), 'app/a.yaml'), 'a: 3');
  });

  test('tells of commits, and knows credentials', async () => {
    const bot = { username: 'bot', password: 'sesame' };
    const url = await server.createRepository('secret', files, { credentials: bot });
    const credential = { type: 'basic', ...bot } as const;
    await using opened = await openRepositories({ blobLimit: 1, credential });
    const tree = await head(opened, url);
    const told = await opened.repositories.commit(url, tree.revision, {}, signal);
    assert.equal(told.message, 'First commit');
    assert.equal(await text(tree, 'app/a.yaml'), 'a: 1');
    assert.ok(!(await opened.reveals('sesame')));
  });

  test('many fetches of files leave few packs, and reads go on', async () => {
    const count = 102;
    const small = Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`, `f ${i}`]));
    const url = await repository('packs', {}, small);
    await using opened = await openRepositories({ blobLimit: 1 });
    const tree = await head(opened, url);
    for (let i = 0; i < count; i += 1) assert.equal(await text(tree, `${i}`), `f ${i}`);
    const packs = await readdir(join(await mirrorOf(opened), 'objects/pack'));
    const left = packs.filter((name) => name.endsWith('.pack')).length;
    assert.ok(left < 50, `${left} packs`);
    for (let i = 0; i < count; i += 1) assert.equal(await text(tree, `${i}`), `f ${i}`);
    assert.equal(server.requests('packs', 'fetch'), count + 1);
  });
});

/** The protocol in which servers give what branches and tags name, and nothing else. */
const PROTOCOL_0 = { GIT_CONFIG_PARAMETERS: "'protocol.version=0'" };

/** The processes that fetch in a mirror, by their ids. */
async function fetchesIn(mirror: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const id of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${id}/cwd`).catch(() => undefined); // it ended, or is another's
    if (cwd !== mirror) continue;
    const args = (await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (args.includes('fetch')) found.push(Number(id));
  }
  return found;
}
