import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { filesOf, git } from './git-repository.ts';
import { type GitServer, startGitServer } from './git-server.ts';

const signal = AbortSignal.timeout(60_000);

describe('the Git server', () => {
  let server: GitServer;
  let folder: string;
  before(async () => {
    server = await startGitServer({ signal });
    folder = await mkdtemp(join(tmpdir(), 'tiphys-clone-'));
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  test('is cloned, follows commits, and takes pushes', async () => {
    const url = await server.createRepository('apps', { 'web/a.yaml': 'a: 1\n', 'b.yaml': 'b: 1' });
    await git(folder, ['clone', '--quiet', url, 'apps']);
    const clone = join(folder, 'apps');
    assert.equal(await readFile(join(clone, 'web/a.yaml'), 'utf8'), 'a: 1\n');

    const second = await server.commit('apps', { files: { 'c.yaml': '' }, remove: ['web'] });
    await git(clone, ['pull', '--quiet']);
    assert.equal((await git(clone, ['rev-parse', 'HEAD'])).trim(), second);
    assert.deepEqual(
      Object.keys(await filesOf(clone)).filter((path) => !path.startsWith('.git/')),
      ['b.yaml', 'c.yaml'],
    );

    await writeFile(join(clone, 'd.yaml'), 'd: 1');
    await git(clone, ['add', '.']);
    await git(clone, ['commit', '--quiet', '-m', 'From a clone']);
    await git(clone, ['push', '--quiet']);
    assert.equal(await server.revision('apps'), (await git(clone, ['rev-parse', 'HEAD'])).trim());
    assert.equal(server.requests('apps', 'push'), 1);
  });

  test('counts what was asked for', async () => {
    const url = await server.createRepository('counted', { a: '1' });
    await git(folder, ['ls-remote', url]);
    assert.equal(server.requests('counted', 'ls-refs'), 1);
    assert.equal(server.requests('counted', 'fetch'), 0);
    await git(folder, ['clone', '--quiet', url, 'counted']);
    assert.equal(server.requests('counted', 'fetch'), 1);
  });

  test('has branches, tags and links', async () => {
    const url = await server.createRepository('refs', { a: '1', link: { linkTo: '../outside' } });
    const first = await server.revision('refs');
    const next = await server.commit('refs', { files: { a: '2' }, branch: 'next' });
    await server.tag('refs', 'v1.0.0');
    await server.tag('refs', 'v1.1.0', { commit: 'next', message: 'annotated' });
    const refs = await git(folder, ['ls-remote', url]);
    assert.match(refs, new RegExp(`${first}\\s+refs/tags/v1.0.0\\n`));
    assert.match(refs, new RegExp(`${next}\\s+refs/heads/next\\n`));
    assert.match(refs, new RegExp(`${next}\\s+refs/tags/v1.1.0\\^\\{\\}\\n`));
    await git(folder, ['clone', '--quiet', url, 'refs']);
    assert.deepEqual((await filesOf(join(folder, 'refs')))['link'], { linkTo: '../outside' });
  });

  test('asks for credentials where it should', async () => {
    const credentials = { username: 'jane', password: 's3cret' };
    const url = await server.createRepository('private', { a: '1' }, { credentials });
    await assert.rejects(
      git(folder, ['ls-remote', url]),
      /could not read Username|terminal prompts/,
    );
    const withPassword = url.replace('http://', 'http://jane:s3cret@');
    assert.match(await git(folder, ['ls-remote', withPassword]), /refs\/heads\/main/);
    await assert.rejects(git(folder, ['ls-remote', url.replace('//', '//jane:wrong@')]));
  });

  test('refuses, fails and hangs when told to', async () => {
    const url = await server.createRepository('moody', { a: '1' });
    server.behave('fail', 'moody');
    await assert.rejects(git(folder, ['ls-remote', url]), /503/);
    server.behave('refuse', 'moody');
    await assert.rejects(git(folder, ['ls-remote', url]), /Empty reply|unexpectedly|reset/i);
    server.behave('hang', 'moody');
    const asked = server.requests('moody', 'advertisement');
    const answer = git(folder, ['ls-remote', url]);
    while (server.requests('moody', 'advertisement') === asked) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    server.behave('serve', 'moody');
    assert.match(await answer, /refs\/heads\/main/);
  });
});

test('disposing ends hanging requests and removes the repositories', async () => {
  const server = await startGitServer({ signal });
  const url = await server.createRepository('gone', { a: '1' });
  server.behave('hang');
  const asking = assert.rejects(git(tmpdir(), ['ls-remote', url]));
  while (server.requests('gone', 'advertisement') === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await server[Symbol.asyncDispose]();
  await asking;
  await assert.rejects(fetch(url));
});
