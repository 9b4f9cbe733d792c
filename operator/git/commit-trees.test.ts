import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { git, type FileContent } from '../../e2e/controlplane/git-repository.ts';
import { type GitServer, startGitServer } from '../../e2e/controlplane/git-server.ts';
import { resolveSystemProgram } from '../../e2e/controlplane/system-programs.ts';
import { progressToStderr } from '../../e2e/controlplane/tool-cache.ts';
import { hasCode } from '../core/errors.ts';
import { ANONYMOUS } from '../core/repository/access.ts';
import type { SourceTree } from '../ports/source-tree.ts';
import { type OpenedRepositories, openRepositories } from './testing/open-repositories.ts';

const signal = AbortSignal.timeout(120_000);
const bot = { username: 'bot', password: 'sesame' };
const asBot = { credential: { type: 'basic', ...bot } } as const;

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => assert.fail('it worked'),
    (error: unknown) => error,
  );

describe('the tree of a commit', () => {
  let server: GitServer;
  let other: GitServer;
  before(async () => {
    server = await startGitServer({ signal });
    other = await startGitServer({ signal });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  /** A repository with a submodule at `deps/lib`. */
  async function withSubmodule(name: string, url: string, commit: string, files = {}) {
    const modules = `[submodule "lib"]\n\tpath = deps/lib\n\turl = ${url}\n`;
    const content: Record<string, FileContent> = {
      '.gitmodules': modules,
      'own.txt': 'own',
      ...files,
    };
    const address = await server.createRepository(name, content, { credentials: bot });
    const folder = server.folderOf(name);
    await git(folder, ['read-tree', 'main']);
    await git(folder, ['update-index', '--add', '--cacheinfo', `160000,${commit},deps/lib`]);
    const tree = (await git(folder, ['write-tree'])).trim();
    const made = await git(folder, ['commit-tree', '-m', 'submodule', tree]);
    await git(folder, ['update-ref', 'refs/heads/main', made.trim()]);
    return address;
  }

  async function head({ repositories }: OpenedRepositories, url: string): Promise<SourceTree> {
    const commit = await repositories.resolve(url, '', { fresh: true }, signal);
    return await repositories.tree(url, commit, {}, signal);
  }
  const text = async (tree: SourceTree, path: string) =>
    (await tree.read(path, { maxBytes: 1_000 }, signal)).toString();

  test('holds submodules as folders, fetched when somebody looks into them', async () => {
    await server.createRepository('lib', { 'src/a.txt': 'of lib' }, { credentials: bot });
    const commit = await server.revision('lib');
    const url = await withSubmodule('super', '../lib.git', commit, {
      link: { linkTo: 'deps/lib/src/a.txt' },
    });
    await using opened = await openRepositories(asBot);
    const tree = await head(opened, url);
    assert.equal(await text(tree, 'own.txt'), 'own');
    assert.equal(server.requests('lib', 'fetch'), 0);
    const entry = await tree.entry('deps/lib', signal);
    assert.deepEqual([entry?.type, entry?.hash], ['directory', commit]);
    assert.equal(server.requests('lib', 'fetch'), 0);
    assert.equal(await text(tree, 'deps/lib/src/a.txt'), 'of lib');
    assert.equal(await text(tree, 'link'), 'of lib');
    assert.equal(server.requests('lib', 'fetch'), 1);
    await using written = await tree.materialise(['deps'], signal);
    assert.equal(await readFile(join(written.root, 'deps/lib/src/a.txt'), 'utf8'), 'of lib');
  });

  test('holds submodules whose files are fetched when they are read', async () => {
    await server.createRepository('far', { 'src/a.txt': 'of lib', 'src/b.txt': 'b' });
    const url = await withSubmodule('apart', '../far.git', await server.revision('far'), {
      link: { linkTo: 'deps/lib/src/a.txt' },
    });
    await using opened = await openRepositories({ ...asBot, blobLimit: 1 });
    const tree = await head(opened, url);
    assert.equal((await tree.list('deps/lib', { recurse: true }, signal)).length, 3);
    assert.deepEqual([server.requests('apart', 'fetch'), server.requests('far', 'fetch')], [2, 1]);
    await using written = await tree.materialise(['.'], signal);
    assert.equal(await readFile(join(written.root, 'deps/lib/src/b.txt'), 'utf8'), 'b');
    assert.equal(await readFile(join(written.root, 'link'), 'utf8'), 'of lib');
    assert.equal(server.requests('far', 'fetch'), 2);
  });

  test('leaves submodules out when they are off', async () => {
    const url = await withSubmodule('off', '../lib.git', await server.revision('lib'));
    await using opened = await openRepositories(asBot, { submodules: false });
    const tree = await head(opened, url);
    assert.equal((await tree.entry('deps/lib', signal))?.type, 'submodule');
    await using written = await tree.materialise(['.'], signal);
    assert.equal(await readFile(join(written.root, 'own.txt'), 'utf8'), 'own');
  });

  test('gives credentials to the same server only', async () => {
    const far = await other.createRepository('far', { a: 'x' }, { credentials: bot });
    const url = await withSubmodule('crossing', far, await other.revision('far'));
    await using opened = await openRepositories(asBot);
    const tree = await head(opened, url);
    const error = await failure(text(tree, 'deps/lib/a'));
    assert.ok(hasCode(error, 'GitAuthFailed'), String(error));
    assert.match(error.message, /^submodule deps\/lib: repository .*far\.git/);
  });

  test('a submodule does not read what only the registration of its address may', async () => {
    const credentials = { username: 'x', password: 'only-here' };
    const secret = await server.createRepository('secret', { a: 'secret' }, { credentials });
    const commit = await server.revision('secret');
    const url = await withSubmodule('curious', '../secret.git', commit);
    await using opened = await openRepositories(
      {},
      {
        access: (repoUrl) =>
          repoUrl === secret
            ? { ...ANONYMOUS, credential: { type: 'basic', ...credentials } }
            : { ...ANONYMOUS, ...asBot },
      },
    );
    assert.equal(await text(await head(opened, secret), 'a'), 'secret');
    const error = await failure(text(await head(opened, url), 'deps/lib/a'));
    assert.ok(hasCode(error, 'GitAuthFailed'), String(error));
  });

  for (const [name, address] of [
    ['file', 'file:///etc'],
    ['path', '/etc'],
    ['helper', 'ext::sh -c id'],
    ['option', '--upload-pack=id'],
    ['climbing', '../../../../etc'],
  ] as const) {
    test(`a submodule at ${address} is refused, and the rest can be read`, async () => {
      const url = await withSubmodule(`bad-${name}`, address, 'a'.repeat(40));
      await using opened = await openRepositories(asBot, { allowLocal: true });
      const tree = await head(opened, url);
      assert.equal(await text(tree, 'own.txt'), 'own');
      const error = await failure(text(tree, 'deps/lib/passwd'));
      assert.ok(hasCode(error, 'UnsafePath', 'GitUnreachable'), String(error));
      assert.match(error.message, /^submodule deps\/lib: /);
    });
  }

  test('submodules that hold each other have an end', async () => {
    const url = await withSubmodule('selfish', './', 'b'.repeat(40));
    const own = await server.revision('selfish');
    const folder = server.folderOf('selfish');
    const modules = '[submodule "x"]\n\tpath = x\n\turl = ../selfish.git\n';
    await server.commit('selfish', { files: { '.gitmodules': modules } });
    let inner = own;
    for (let depth = 0; depth < 10; depth += 1) {
      await git(folder, ['read-tree', 'main']);
      await git(folder, ['update-index', '--add', '--cacheinfo', `160000,${inner},x`]);
      const tree = (await git(folder, ['write-tree'])).trim();
      inner = (await git(folder, ['commit-tree', '-m', 'deeper', tree])).trim();
      await git(folder, ['update-ref', 'refs/heads/main', inner]);
    }
    await using opened = await openRepositories(asBot);
    const tree = await head(opened, url);
    assert.equal(await text(tree, `${'x/'.repeat(8)}own.txt`), 'own');
    const error = await failure(text(tree, `${'x/'.repeat(9)}own.txt`));
    assert.ok(hasCode(error, 'UnsafePath'), String(error));
  });

  test('holds LFS files in their full size when the registration says so', async () => {
    await resolveSystemProgram('git-lfs', { env: process.env, log: progressToStderr, signal });
    const url = await server.createRepository('large', {}, { credentials: bot });
    const content = 'kept elsewhere\n'.repeat(20);
    await server.commit('large', {
      files: {
        'big.yaml': server.lfs('large', content),
        'other.yaml': server.lfs('large', 'x'.repeat(5_000)),
        'gone.yaml': server.lfs('elsewhere', 'never uploaded'),
      },
    });
    await using off = await openRepositories(asBot);
    assert.match(await text(await head(off, url), 'big.yaml'), /^version https:\/\/git-lfs/);
    await using opened = await openRepositories({ ...asBot, lfs: true });
    const tree = await head(opened, url);
    assert.equal(server.requests('large', 'lfs'), 0);
    assert.equal(await text(tree, 'big.yaml'), content);
    await using partial = await openRepositories({ ...asBot, lfs: true, blobLimit: 1 });
    const known = server.requests('large', 'fetch');
    assert.equal(await text(await head(partial, url), 'big.yaml'), content);
    assert.equal(server.requests('large', 'fetch') - known, 2, 'the commit, then the pointer');
    const asked = server.requests('large', 'lfs');
    assert.equal(await text(tree, 'big.yaml'), content);
    assert.equal(server.requests('large', 'lfs'), asked);
    const large = await failure(text(tree, 'other.yaml'));
    assert.ok(hasCode(large, 'LimitExceeded'));
    assert.equal(server.requests('large', 'lfs'), asked);
    const gone = await failure(text(tree, 'gone.yaml'));
    assert.ok(hasCode(gone, 'GitUnreachable'), String(gone));
    assert.match(gone.message, /LFS file gone\.yaml/);
  });

  test('is fetched without its history when the registration has a depth', async () => {
    const url = await server.createRepository('shallow', { a: '1' });
    for (let n = 2; n < 6; n += 1) await server.commit('shallow', { files: { a: `${n}` } });
    await using opened = await openRepositories({ depth: 1 });
    assert.equal(await text(await head(opened, url), 'a'), '5');
    const commits = async (of: OpenedRepositories) => {
      const [mirror = ''] = await readdir(join(of.dir, 'mirrors'));
      const list = await git(join(of.dir, 'mirrors', mirror), [
        'cat-file',
        '--batch-all-objects',
        '--batch-check=%(objecttype)',
      ]);
      return list.split('\n').filter((type) => type === 'commit').length;
    };
    assert.equal(await commits(opened), 1);
    await server.commit('shallow', { files: { a: '6' } });
    assert.equal(await text(await head(opened, url), 'a'), '6');
    await using whole = await openRepositories();
    await head(whole, url);
    assert.equal(await commits(whole), 6);
  });

  test('is read from a repository with SHA-256, also one that had SHA-1 before', async () => {
    const url = await server.createRepository('hashes', { 'd/a': 'one' });
    await using opened = await openRepositories();
    assert.equal(await text(await head(opened, url), 'd/a'), 'one');
    await rm(server.folderOf('hashes'), { recursive: true });
    await server.createRepository('hashes', { 'd/a': 'two' }, { objectFormat: 'sha256' });
    const tree = await head(opened, url);
    assert.match(tree.revision, /^[0-9a-f]{64}$/);
    assert.equal(await text(tree, 'd/a'), 'two');
    const short = await opened.repositories.resolve(
      url,
      tree.revision.slice(0, 10),
      { fresh: false },
      signal,
    );
    assert.equal(short, tree.revision);
  });

  test('refuses names that would lead out of a folder', async () => {
    const url = await server.createRepository('dots', { a: '1' });
    const folder = server.folderOf('dots');
    const blob = (await git(folder, ['rev-parse', 'main:a'])).trim();
    const inner = Buffer.concat([Buffer.from('100644 evil\0'), Buffer.from(blob, 'hex')]);
    const make = async (content: Buffer) =>
      (
        await git(folder, ['hash-object', '-w', '-t', 'tree', '--literally', '--stdin'], [content])
      ).trim();
    const up = await make(inner);
    const tree = await make(Buffer.concat([Buffer.from('40000 ..\0'), Buffer.from(up, 'hex')]));
    const commit = (await git(folder, ['commit-tree', '-m', 'dots', tree])).trim();
    await git(folder, ['update-ref', 'refs/heads/main', commit]);
    await using opened = await openRepositories();
    const error = await failure(head(opened, url).then((one) => one.materialise(['.'], signal)));
    assert.ok(hasCode(error, 'UnsafePath'), String(error));
  });
});
