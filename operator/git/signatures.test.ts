import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type GitServer, startGitServer } from '../../e2e/controlplane/git-server.ts';
import { resolveSystemProgram } from '../../e2e/controlplane/system-programs.ts';
import { progressToStderr } from '../../e2e/controlplane/tool-cache.ts';
import { hasCode } from '../core/errors.ts';
import type { RepositoryAccess } from '../core/repository/access.ts';
import { openRepositories } from './testing/open-repositories.ts';

const signal = AbortSignal.timeout(180_000);

describe('signatures, with a real gpg', () => {
  let server: GitServer;
  let home: string;
  let gpg: string;
  /** Long ids by name. */
  const ids = new Map<string, string>();
  const armored: Record<string, string> = {};

  const env = () => ({
    PATH: process.env['PATH'],
    HOME: home,
    GNUPGHOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Tess',
    GIT_AUTHOR_EMAIL: 't@example.com',
    GIT_COMMITTER_NAME: 'Tess',
    GIT_COMMITTER_EMAIL: 't@example.com',
  });
  function run(program: string, args: readonly string[], input = ''): string {
    const result = spawnSync(program, args, { env: env(), input, encoding: 'utf8' });
    assert.equal(result.status, 0, `${program} ${args.join(' ')}: ${result.stderr}`);
    return result.stdout;
  }

  before(async () => {
    gpg = await resolveSystemProgram('gpg', { env: process.env, log: progressToStderr, signal });
    home = await mkdtemp(join(tmpdir(), 'tiphys-gpg-'));
    server = await startGitServer({ signal });
    for (const name of ['tess', 'other', 'stranger', 'expired']) {
      const expires = name === 'expired' ? ['--faked-system-time', '20200101T000000!'] : [];
      const until = name === 'expired' ? '1d' : 'never';
      const quick = [
        '--quick-generate-key',
        `${name} <${name}@example.com>`,
        'ed25519',
        'sign',
        until,
      ];
      run(gpg, ['--batch', '--passphrase', '', ...expires, ...quick]);
      const listing = run(gpg, ['--list-keys', '--with-colons', `${name}@example.com`]);
      ids.set(name, /^fpr:+([0-9A-F]{40}):/m.exec(listing)?.[1]?.slice(-16) ?? '');
      armored[name] = run(gpg, ['--armor', '--export', `${name}@example.com`]);
    }
    delete armored['stranger'];
  });
  after(async () => {
    spawnSync('gpgconf', ['--kill', 'all'], { env: env() });
    await server[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });
  const idOf = (name: string) => ids.get(name) ?? assert.fail(name);

  /** A commit on `main`, signed by the named key, if any. */
  async function commit(repository: string, by: string | undefined, message = 'A change') {
    const folder = server.folderOf(repository);
    const parent = spawnSync('git', ['-C', folder, 'rev-parse', '-q', '--verify', 'main'], {
      env: env(),
      encoding: 'utf8',
    });
    const tree = run('git', ['-C', folder, 'mktree']).trim();
    const parents = parent.status === 0 ? ['-p', parent.stdout.trim()] : [];
    const sign = by === undefined ? [] : [`-S${idOf(by)}!`];
    if (by === 'expired')
      run('git', ['config', '--file', join(home, '.gitconfig'), 'gpg.program', await faking()]);
    const made = run(
      'git',
      ['-C', folder, 'commit-tree', ...parents, ...sign, tree],
      message,
    ).trim();
    await rm(join(home, '.gitconfig'), { force: true });
    run('git', ['-C', folder, 'update-ref', 'refs/heads/main', made]);
    return made;
  }

  /** A gpg whose clock stands in the past. */
  async function faking(): Promise<string> {
    const path = join(home, 'faking-gpg');
    await writeFile(path, `#!/bin/sh\nexec ${gpg} --faked-system-time 20200101T120000! "$@"\n`, {
      mode: 0o700,
    });
    return path;
  }

  async function problems(
    url: string,
    revision: string,
    options: {
      readonly mode?: 'head' | 'strict';
      readonly keys?: readonly string[];
      readonly access?: Partial<RepositoryAccess>;
      readonly signingKeys?: Readonly<Record<string, string>>;
      readonly enabled?: boolean;
      readonly tagPrefix?: string;
    } = {},
  ): Promise<readonly string[]> {
    await using opened = await openRepositories(options.access, {
      gpg,
      signingKeys: () => options.signingKeys ?? armored,
      verifySignatures: options.enabled ?? true,
    });
    const { repositories } = opened;
    const { tagPrefix = '' } = options;
    const found = await repositories.resolve(url, revision, { fresh: false, tagPrefix }, signal);
    const keys = options.keys ?? [idOf('tess')];
    const criteria = { type: 'check', mode: options.mode ?? 'head', keys } as const;
    const question = { commit: found, revisions: [revision], criteria, tagPrefix };
    return await repositories.verify(url, question, {}, signal);
  }

  test('a commit passes by an allowed key, and is refused with a reason otherwise', async () => {
    const url = await server.createRepository('commits');
    await commit('commits', 'tess');
    assert.deepEqual(await problems(url, 'main'), []);
    const [unallowed] = await problems(url, 'main', { keys: [idOf('other')] });
    assert.match(
      unallowed ?? '',
      /by 'Tess <t@example\.com>': signed with unallowed key \(key_id=/,
    );
    for (const [by, reason] of [
      [undefined, /: unsigned \(key_id=\)$/],
      ['other', /: signed with unallowed key/],
      ['stranger', /: signed with key not in keyring/],
      ['expired', /: signed with expired key/],
    ] as const) {
      const id = await commit('commits', by);
      const keys = ['tess', 'stranger', 'expired'].map(idOf);
      const [problem = '', ...more] = await problems(url, 'main', { keys });
      assert.ok(
        problem.startsWith(`Failed verifying revision ${id} by 'Tess <t@example.com>'`),
        problem,
      );
      assert.match(problem, reason);
      assert.deepEqual(more, []);
    }
  });

  test('a commit that was changed after it was signed is refused', async () => {
    const url = await server.createRepository('changed');
    const id = await commit('changed', 'tess');
    const folder = server.folderOf('changed');
    const content = run('git', ['-C', folder, 'cat-file', 'commit', id]).replace(
      'A change',
      'A lie',
    );
    const forged = run(
      'git',
      ['-C', folder, 'hash-object', '-w', '-t', 'commit', '--stdin'],
      content,
    ).trim();
    run('git', ['-C', folder, 'update-ref', 'refs/heads/main', forged]);
    const [problem] = await problems(url, 'main');
    assert.match(problem ?? '', /: bad signature/);
  });

  test('of an annotated tag its own signature counts, also by a range; not when the commit is asked for', async () => {
    const url = await server.createRepository('tags');
    const id = await commit('tags', undefined);
    const folder = server.folderOf('tags');
    run('git', ['-C', folder, 'tag', '-u', idOf('tess'), '-m', 'signed', 'v1.0.0', id]);
    run('git', ['-C', folder, 'tag', '-a', '-m', 'unsigned', 'v2.0.0', id]);
    run('git', ['-C', folder, 'tag', 'v3.0.0', id]);
    run('git', ['-C', folder, 'tag', '-u', idOf('other'), '-m', 'signed', 'web-1.5.0', id]);
    assert.deepEqual(await problems(url, 'v1.0.0'), []);
    assert.deepEqual(await problems(url, '1.x'), []);
    assert.deepEqual(await problems(url, '1.x', { access: { blobLimit: 1 } }), []);
    assert.deepEqual(await problems(url, 'refs/tags/v1.0.0'), []);
    const [unsigned] = await problems(url, 'v2.0.0');
    assert.match(
      unsigned ?? '',
      /^Failed verifying revision v2\.0\.0 by 'Tess <t@example\.com>': unsigned/,
    );
    for (const revision of ['v3.0.0', 'main', id]) {
      const [problem] = await problems(url, revision);
      assert.match(problem ?? '', new RegExp(`revision ${id} .*: unsigned`), revision);
    }
    const [unallowed] = await problems(url, 'v1.0.0', { keys: [idOf('other')] });
    assert.match(unallowed ?? '', /revision v1\.0\.0 .*signed with unallowed key/);
    const [prefixed] = await problems(url, '1.x', { tagPrefix: 'web-' });
    assert.match(prefixed ?? '', /revision web-1\.5\.0 .*signed with unallowed key/);
  });

  for (const blobLimit of [0, 1_000])
    test(`a tag counts that is made when its commit is already here${blobLimit > 0 ? ', and a large file of it is not' : ''}`, async () => {
      const name = `late-${blobLimit}`;
      const url = await server.createRepository(name, { 'a.yaml': 'a', big: 'x'.repeat(50_000) });
      const folder = server.folderOf(name);
      await using opened = await openRepositories(
        { blobLimit },
        { gpg, signingKeys: () => armored },
      );
      const { repositories } = opened;
      const verify = async (revision: string) => {
        const found = await repositories.resolve(url, revision, { fresh: true }, signal);
        const criteria = { type: 'check', mode: 'head', keys: [idOf('tess')] } as const;
        const question = { commit: found, revisions: [revision], criteria };
        return await repositories.verify(url, question, {}, signal);
      };
      assert.match((await verify('main')).join(), /: unsigned/);
      run('git', ['-C', folder, 'tag', '-u', idOf('tess'), '-m', 'signed', 'v1.0.0', 'main']);
      assert.deepEqual(await verify('1.x'), []);
      run('git', ['-C', folder, 'tag', '-u', idOf('other'), '-m', 'signed', 'v1.1.0', 'main']);
      assert.match((await verify('1.x')).join(), /revision v1\.1\.0 .*signed with unallowed key/);
      const [mirror = ''] = await readdir(join(opened.dir, 'mirrors'));
      const left = spawnSync(
        'git',
        [
          '-C',
          join(opened.dir, 'mirrors', mirror),
          'rev-list',
          '--objects',
          '--all',
          '--missing=print',
        ],
        { env: env(), encoding: 'utf8' },
      );
      assert.equal(/^\?/m.test(left.stdout), blobLimit > 0, left.stderr);
    });

  test('strict looks at the history, back to seals', async () => {
    const url = await server.createRepository('history');
    await commit('history', undefined);
    await commit('history', 'tess');
    const strict = { mode: 'strict' } as const;
    assert.equal((await problems(url, 'main', strict)).length, 1);
    assert.deepEqual(await problems(url, 'main'), []);
    const seal = 'Sealed\n\nArgocd-gpg-seal: reviewed\n';
    await commit('history', 'other', seal);
    assert.equal((await problems(url, 'main', strict)).length, 2);
    await commit('history', 'tess', seal);
    await commit('history', 'tess');
    assert.deepEqual(await problems(url, 'main', strict), []);
    await commit('history', undefined);
    assert.equal((await problems(url, 'main', strict)).length, 1);
  });

  test('strict is refused where the history is not fetched', async () => {
    const url = await server.createRepository('short');
    await commit('short', undefined);
    await commit('short', 'tess');
    const error = await problems(url, 'main', { mode: 'strict', access: { depth: 1 } }).catch(
      (failure: unknown) => failure,
    );
    assert.ok(hasCode(error, 'SignatureRefused'), String(error));
  });

  test('keys are read anew, one that is none harms no other, and the check can be off', async () => {
    const url = await server.createRepository('keys');
    await commit('keys', 'tess');
    const none = await problems(url, 'main', { signingKeys: {} });
    assert.match(none[0] ?? '', /signed with key not in keyring/);
    const mixed = { aaa: 'no key', ...armored };
    assert.deepEqual(await problems(url, 'main', { signingKeys: mixed }), []);
    assert.deepEqual(await problems(url, 'main', { signingKeys: {}, enabled: false }), []);
  });
});
