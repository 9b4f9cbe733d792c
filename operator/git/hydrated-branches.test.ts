import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { git, type FileChanges } from '../../e2e/controlplane/git-repository.ts';
import { type GitServer, startGitServer } from '../../e2e/controlplane/git-server.ts';
import { hasCode } from '../core/errors.ts';
import { ANONYMOUS, type RepositoryAccess } from '../core/repository/access.ts';
import type { HydratedBranch, HydratedChange } from '../ports/hydrated-branches.ts';
import { declinedPush, isMoved } from './declined-push.ts';
import { writeFastImport } from './fast-import.ts';
import { openRepositories, type OpenedRepositories } from './testing/open-repositories.ts';

const signal = AbortSignal.timeout(120_000);
const PASSWORD = 'w3-sesame';
const writer: RepositoryAccess = {
  ...ANONYMOUS,
  credential: { type: 'basic', username: 'writer', password: PASSWORD },
};

describe('branches that are written to', () => {
  let server: GitServer;
  let opened: OpenedRepositories;
  before(async () => {
    server = await startGitServer({ signal });
    opened = await openRepositories();
  });
  after(async () => {
    await opened[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const credentials = { username: 'writer', password: PASSWORD };
  async function repository(name: string, files: FileChanges['files'], branch = 'env') {
    const repoUrl = await server.createRepository(name, files, { credentials });
    const branches = opened.repositories.branches(() => writer);
    const target: HydratedBranch = { repoUrl, branch, project: '' };
    return { branches, target, folder: server.folderOf(name) };
  }
  const change = (files: Readonly<Record<string, string>>, more = {}): HydratedChange => ({
    folders: ['web'],
    files: new Map(Object.entries(files)),
    message: 'Hydrate\n\nBody\n',
    author: 'Bot <bot@example.com>',
    isWorthwhile: (changed) => changed.length > 0,
    ...more,
  });
  const filesAt = async (folder: string, revision: string) =>
    (await git(folder, ['ls-tree', '-r', '--name-only', revision])).trim().split('\n');

  test('a branch that does not exist begins with a commit of its own', async () => {
    const { branches, target, folder } = await repository('fresh', { 'dry.yaml': 'a: 1' });
    const made = await branches.prepare(target, change({ 'web/a.yaml': 'ä' }), signal);
    assert.equal(made.type, 'changed');
    assert.equal((await git(folder, ['branch'])).includes('env'), false);
    assert.equal(await branches.push(target, made.commit, signal), 'pushed');
    assert.equal(await server.revision('fresh', 'env'), made.commit);
    assert.deepEqual(await filesAt(folder, 'env'), ['web/a.yaml']);
    assert.equal(await git(folder, ['show', 'env:web/a.yaml']), 'ä');
    const about = await git(folder, ['log', '--format=%an <%ae>|%cn|%P|%B', 'env']);
    assert.equal(about.trim(), 'Bot <bot@example.com>|Bot||Hydrate\n\nBody');
  });

  test('a repository without any commit takes the first', async () => {
    const { branches, target } = await repository('empty', undefined);
    const made = await branches.prepare(target, change({ 'web/a.yaml': 'a' }), signal);
    assert.equal(await branches.push(target, made.commit, signal), 'pushed');
  });

  test('folders are replaced, and everything else stays', async () => {
    const { branches, target, folder } = await repository(
      'replaced',
      { 'web/old.yaml': '1', 'web/deep/old': '2', 'web2/kept': '3', top: '4', file: '5' },
      'main',
    );
    const tip = await server.revision('replaced');
    const wanted = change({ 'web/new.yaml': '6', 'file/x': '7' });
    const made = await branches.prepare(target, wanted, signal);
    assert.ok(made.type === 'changed' && made.tip === tip);
    await branches.push(target, made.commit, signal);
    assert.deepEqual(await filesAt(folder, 'main'), ['file/x', 'top', 'web/new.yaml', 'web2/kept']);
    assert.equal(await server.revision('replaced', 'main^'), tip);
    assert.deepEqual(await branches.prepare(target, wanted, signal), {
      type: 'unchanged',
      commit: made.commit,
    });
    const { texts } = await branches.read(target, ['web/new.yaml', 'none', 'web'], signal);
    assert.deepEqual(texts, ['6', undefined, undefined]);
  });

  test('a difference that is not worth it leaves the branch as it is', async () => {
    const { branches, target } = await repository('same', { 'web/a': '1' }, 'main');
    const tip = await server.revision('same');
    let seen: readonly string[] = [];
    const isWorthwhile = (changed: readonly string[]) => {
      seen = changed;
      return false;
    };
    const made = await branches.prepare(target, change({ 'web/b': '1' }, { isWorthwhile }), signal);
    assert.deepEqual(made, { type: 'unchanged', commit: tip });
    assert.deepEqual([...seen].sort(), ['web/a', 'web/b']);
  });

  test('a branch to stage begins where the other one is, also when nothing differs', async () => {
    const { branches, target } = await repository('staged', { 'web/a': '1' }, 'next');
    const staged = { ...target, beginsAt: 'main' };
    const tip = await server.revision('staged');
    const same = await branches.prepare(staged, change({ 'web/a': '1' }), signal);
    assert.deepEqual(same, { type: 'changed', commit: tip, tip: undefined });
    const other = await branches.prepare(staged, change({ 'web/a': '2' }), signal);
    await branches.push(staged, other.commit, signal);
    assert.equal(await server.revision('staged', 'next^'), tip);
    assert.equal(await server.revision('staged'), tip);
  });

  test('who pushed first wins; nothing is forced', async () => {
    const { branches, target } = await repository('raced', { 'web/a': '1' }, 'main');
    const made = await branches.prepare(target, change({ 'web/a': '2' }), signal);
    const theirs = await server.commit('raced', { files: { other: 'x' } });
    assert.equal(await branches.push(target, made.commit, signal), 'moved');
    assert.equal(await server.revision('raced'), theirs);
    const again = await branches.prepare(target, change({ 'web/a': '2' }), signal);
    assert.equal(await branches.push(target, again.commit, signal), 'pushed');
    assert.equal(await server.revision('raced', 'main^'), theirs);
  });

  test('a server that declines says why', async () => {
    const { branches, target, folder } = await repository('guarded', { a: '1' }, 'main');
    const hook = join(folder, 'hooks', 'pre-receive');
    await writeFile(hook, '#!/bin/sh\necho "main is protected" >&2\nexit 1\n');
    await chmod(hook, 0o755);
    const made = await branches.prepare(target, change({ 'web/a': '2' }), signal);
    await assert.rejects(branches.push(target, made.commit, signal), (error) => {
      assert.ok(hasCode(error, 'GitAuthFailed'));
      assert.match(
        error.message,
        /guarded\.git: push to main: the server declined: pre-receive hook declined: main is protected$/,
      );
      assert.match(error.hint, /repository-write/);
      return true;
    });
  });

  test('only what is registered for writing counts, and it is shown nowhere', async () => {
    const { target } = await repository('private', { a: '1' }, 'main');
    const none = opened.repositories.branches(() => undefined);
    await assert.rejects(
      none.prepare(target, change({}), signal),
      (error) => hasCode(error, 'InvalidConfig') && /registered for writing/.test(error.message),
    );
    const wrong = opened.repositories.branches(() => ({
      ...writer,
      scope: 'other',
      credential: { type: 'basic', username: 'writer', password: 'wr0ng' },
    }));
    await assert.rejects(
      wrong.prepare(target, change({}), signal),
      (error) =>
        hasCode(error, 'GitAuthFailed') &&
        /server refused the credentials/.test(error.message) &&
        /repository-write/.test(error.hint),
    );
    assert.equal(await opened.reveals(PASSWORD), false);
    assert.equal(await opened.reveals('wr0ng'), false);
  });
});

describe('what git says of a push', () => {
  const branch = { repoUrl: 'https://me:pw@g/r', branch: 'env' };
  for (const line of [
    ' ! [rejected]        abc -> env (fetch first)',
    ' ! [rejected]        abc -> env (non-fast-forward)',
    " ! [remote rejected] abc -> env (cannot lock ref 'refs/heads/env': is at a but expected b)",
    ' ! [remote rejected] abc -> env (failed to update ref)',
  ])
    test(`moved: ${line.slice(3, 60)}`, () =>
      assert.equal(isMoved(declinedPush(branch, line)), true));

  test('declined, with what the server said and without credentials', () => {
    const words =
      'remote: GH006: Protected branch\nremote: see https://x:y@g/help\n ! [remote rejected] a -> env (protected branch hook declined)';
    const error = declinedPush(branch, words);
    assert.equal(isMoved(error), false);
    assert.equal(
      error?.message,
      'repository https://g/r: push to env: the server declined: protected branch hook declined: GH006: Protected branch; see https://g/help',
    );
  });
  test('anything else is not about the push', () =>
    assert.equal(declinedPush(branch, 'fatal: unable to access'), undefined));
});

test('a path cannot say anything but where a file is', () => {
  const script = writeFastImport({
    ...{ ref: 'refs/x', base: 'b', author: 'A <a>', seconds: 1, message: 'm' },
    folders: ['a"b'],
    files: new Map([['c\nD "d"', 'ä']]),
  });
  assert.equal(
    script,
    'reset refs/x\ncommit refs/x\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\ndata 1\nm\nfrom b\nD "a\\"b"\nM 100644 inline "c\\nD \\"d\\""\ndata 2\nä\n',
  );
});
