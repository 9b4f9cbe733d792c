import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  digestOf,
  MEDIA,
  type Registry,
  startRegistry,
  type TarEntry,
  tarOf,
} from '../../../e2e/controlplane/registry.ts';
import { type ErrorCode, hasCode } from '../../core/errors.ts';
import { ANONYMOUS, type RepositoryAccess } from '../../core/repository/access.ts';
import { type OpenedRepositories, openRepositories } from '../testing/open-repositories.ts';

const signal = AbortSignal.timeout(120_000);
const MAX_BYTES = 100_000;
const PASSWORD = 'canary-of-the-registry';
const SIGN_IN = `Basic ${Buffer.from(`jane:${PASSWORD}`).toString('base64')}`;
const credential = { type: 'basic', username: 'jane', password: PASSWORD } as const;

describe('artifacts of a registry', () => {
  let registry: Registry;
  let opened: OpenedRepositories;
  /** What every test may change for itself. */
  let access: RepositoryAccess;

  const open = (dir?: string) =>
    openRepositories(
      {},
      {
        access: () => access,
        artifacts: { maxBytes: MAX_BYTES },
        ...(dir !== undefined && { dir }),
      },
    );
  before(async () => {
    registry = await startRegistry();
    opened = await open();
  });
  beforeEach(() => {
    access = { ...ANONYMOUS, plainHttp: true, insecure: true };
    registry.signIn = '';
    registry.blobsAt = '';
  });
  after(async () => {
    await opened[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  const push = async (name: string, tag: string, files: Parameters<typeof tarOf>[0]) =>
    registry.push(name, tag, [{ content: await tarOf(files) }]);
  const resolve = (url: string, revision: string, fresh = true) =>
    opened.repositories.resolve(url, revision, { fresh }, signal);
  const read = async (url: string, digest: string, path: string) => {
    const tree = await opened.repositories.tree(url, digest, {}, signal);
    return (await tree.read(path, { maxBytes: 1_000 }, signal)).toString('utf8');
  };
  const refuses = (work: Promise<unknown>, code: ErrorCode, message: RegExp) =>
    assert.rejects(
      work,
      (error) =>
        (hasCode(error, code) &&
          message.test(error.message) &&
          !error.message.includes(PASSWORD)) ||
        assert.fail(String(error)),
    );

  test('tags, digests and ranges are the digest of what was pushed', async () => {
    const url = registry.urlOf('a/resolve');
    const first = await push('a/resolve', '1.0.0', { a: '1' });
    const second = await push('a/resolve', '1.1.0_b', { a: '2' });
    const named = await push('a/resolve', 'main', { a: '3' });
    assert.equal(await resolve(url, '1.0.0'), first);
    assert.equal(await resolve(url, '1.x'), second);
    assert.equal(await resolve(url, '1.1.0+b'), second);
    assert.equal(await resolve(url, 'main'), named);
    assert.equal(await resolve(url, first), first);
    for (const missing of ['2.x', '1.0.1', 'other', '../../x', `sha256:${'A'.repeat(64)}`])
      await refuses(resolve(url, missing), 'RevisionNotFound', /unable to resolve/);
    await refuses(resolve(url, ''), 'InvalidSpec', /targetRevision is required/);
    assert.equal(await read(url, first, 'a'), '1');
  });

  test('one question serves all who ask for a tag, until somebody wants it fresh', async () => {
    const url = registry.urlOf('a/polled');
    const first = await push('a/polled', 'main', { a: '1' });
    const told: string[] = [];
    using _listener = opened.repositories.onMoved((moved) => told.push(moved));
    const asked = registry.requests.length;
    const answers = await Promise.all([1, 2, 3].map(() => resolve(url, 'main', false)));
    assert.deepEqual(answers, [first, first, first]);
    assert.equal(registry.requests.length, asked + 1);
    const second = await push('a/polled', 'main', { a: '2' });
    assert.equal(await resolve(url, 'main', false), first);
    assert.deepEqual(told, []);
    await opened.repositories.refresh(url, {}, signal);
    assert.equal(await resolve(url, 'main', false), second);
    assert.deepEqual(told, [url]);
  });

  test('an artifact is fetched once, found by the next process, and fetched anew when it was changed', async () => {
    const url = registry.urlOf('a/kept');
    const digest = await push('a/kept', '1', { 'a/b': 'kept' });
    const blobs = () => registry.requests.filter((line) => /kept\/blobs/.test(line)).length;
    await using first = await open();
    const content = async ({ repositories }: OpenedRepositories) => {
      const tree = await repositories.tree(url, digest, {}, signal);
      assert.equal(tree.revision, digest);
      return (await tree.read('a/b', { maxBytes: 100 }, signal)).toString();
    };
    assert.deepEqual(await Promise.all([content(first), content(first)]), ['kept', 'kept']);
    assert.equal(blobs(), 1);
    {
      await using second = await open(first.dir);
      assert.equal(await content(second), 'kept');
      assert.equal(blobs(), 1);
    }
    const mirrors = join(first.dir, 'mirrors');
    const [folder = ''] = (await readdir(mirrors)).filter((name) => name.endsWith('.oci'));
    await writeFile(join(mirrors, folder, 'files/a/b'), 'changed');
    await using third = await open(first.dir);
    assert.equal(await content(third), 'kept');
    assert.equal(blobs(), 2);
    assert.deepEqual(await readdir(join(first.dir, 'work')), []);
  });

  test('what is not in use goes when all takes more than it may', async () => {
    const url = registry.urlOf('a/room');
    const digest = await push('a/room', '1', { a: 'x'.repeat(50_000) });
    await using before = await open();
    await before.repositories.tree(url, digest, {}, signal);
    const folders = async () =>
      (await readdir(join(before.dir, 'mirrors'))).filter((name) => name.endsWith('.oci'));
    assert.equal((await folders()).length, 1);
    await using next = await openRepositories({}, { dir: before.dir, maxMirrorBytes: 10_000 });
    await assert.rejects(next.repositories.resolve('file:///none', 'x', { fresh: true }, signal));
    assert.deepEqual(await folders(), []);
  });

  test('a chart is its folder, and a layer may be plain', async () => {
    const config = { mediaType: MEDIA.helmConfig, digest: digestOf(Buffer.from('{}')), size: 2 };
    const chart = await tarOf({ 'web/Chart.yaml': 'name: web' });
    const layers = [
      { mediaType: MEDIA.helmProvenance, content: Buffer.from('signed') },
      { mediaType: MEDIA.helmLayer, content: chart },
    ];
    const packed = registry.push('a/chart', '1', layers, { config });
    assert.equal(await read(registry.urlOf('a/chart'), packed, 'Chart.yaml'), 'name: web');
    const content = await tarOf({ 'web/a': 'plain' }, { plain: true });
    const plain = registry.push('a/plain', '1', [{ mediaType: MEDIA.plainLayer, content }]);
    assert.equal(await read(registry.urlOf('a/plain'), plain, 'web/a'), 'plain');
    const entries = [{ name: 'Chart.yaml', content: 'x' }];
    const flat = [{ mediaType: MEDIA.helmLayer, content: await tarOf(entries) }];
    const loose = registry.push('a/loose', '1', flat, { config });
    const tree = opened.repositories.tree(registry.urlOf('a/loose'), loose, {}, signal);
    await refuses(tree, 'InvalidManifest', /a\/loose@sha256:.*not just one folder/);
  });

  const hostile: readonly (readonly [string, readonly TarEntry[], ErrorCode, RegExp])[] = [
    [
      'a path that leads upwards',
      [{ name: '../../x', content: 'x' }],
      'UnsafePath',
      /leads upwards/,
    ],
    ['an absolute path', [{ name: '/etc/x', content: 'x' }], 'UnsafePath', /absolute/],
    [
      'a link that leads outside',
      [{ name: 'a/l', type: 'symlink', linkname: '../../x' }],
      'UnsafePath',
      /oci image contains out-of-bounds symlinks\. file: a\/l/,
    ],
    [
      'an absolute link',
      [{ name: 'l', type: 'symlink', linkname: '/etc/passwd' }],
      'UnsafePath',
      /oci image contains out-of-bounds symlinks\. file: l/,
    ],
    [
      'a file written through a link',
      [
        { name: 'l', type: 'symlink', linkname: 'd' },
        { name: 'l/x', content: 'x' },
      ],
      'UnsafePath',
      /below the link/,
    ],
    [
      'a hard link',
      [{ name: 'l', type: 'link', linkname: '/etc/passwd' }],
      'UnsafePath',
      /is a link/,
    ],
    ['a device', [{ name: 'd', type: 'character-device' }], 'UnsafePath', /is a character-device/],
    ['a pipe', [{ name: 'p', type: 'fifo' }], 'UnsafePath', /is a fifo/],
    [
      'a bomb',
      [{ name: 'b', content: Buffer.alloc(2 * MAX_BYTES) }],
      'LimitExceeded',
      /more than 100000 bytes/,
    ],
  ];
  for (const [name, entries, code, message] of hostile)
    test(`${name} is refused, and nothing of it stays (CVE-2022-24877, CVE-2023-40584)`, async () => {
      const digest = await push('a/hostile', 'x', entries);
      await using own = await open();
      const url = registry.urlOf('a/hostile');
      await refuses(own.repositories.tree(url, digest, {}, signal), code, message);
      const left = await readdir(join(own.dir, 'mirrors')).catch(() => []);
      assert.deepEqual(left, []);
      assert.deepEqual(await readdir(join(own.dir, 'work')), []);
    });

  test('what the registry changes, or lets grow, is refused', async () => {
    const url = registry.urlOf('a/changed');
    const content = await tarOf({ a: '1' });
    const other = registry.push('a/changed', '1', [{ content }]);
    registry.blobs.set(digestOf(content), Buffer.alloc(content.length)); // as long, since length is another test
    const tree = (digest: string) => opened.repositories.tree(url, digest, {}, signal);
    await refuses(tree(other), 'GitUnreachable', /asked for sha256:\S+ the registry sent sha256:/);
    registry.blobs.set(digestOf(content), Buffer.concat([content, content]));
    await refuses(tree(other), 'LimitExceeded', /longer than the \d+ bytes/);
    const lying = `sha256:${'1'.repeat(64)}`;
    registry.blobs.set(lying, registry.blobs.get(other) ?? Buffer.alloc(0));
    await refuses(tree(lying), 'GitUnreachable', /asked for sha256:1+ the registry sent sha256:/);
    const large = registry.push('a/changed', '2', [{ content: Buffer.alloc(MAX_BYTES + 1) }]);
    const asked = registry.requests.length;
    await refuses(tree(large), 'LimitExceeded', /100001 bytes, more than 100000/);
    assert.equal(registry.requests.slice(asked).filter((line) => /blobs/.test(line)).length, 0);
    const noArchive = registry.push('a/changed', '3', [{ content: Buffer.from('no archive') }]);
    await refuses(tree(noArchive), 'InvalidManifest', /cannot be unpacked/);
  });

  test('who we are is told to the registry alone, and to nobody who reads errors or files', async () => {
    const url = registry.urlOf('a/private');
    const digest = await push('a/private', '1', { a: 'private' });
    registry.signIn = SIGN_IN;
    await using own = await open();
    const tree = () => own.repositories.tree(url, digest, {}, signal);
    await refuses(
      own.repositories.resolve(url, '1', { fresh: true }, signal),
      'GitAuthFailed',
      /401/,
    );
    access = { ...access, credential: { ...credential, password: `${PASSWORD}-wrong` } };
    await refuses(tree(), 'GitAuthFailed', /401/);
    access = { ...access, credential: { type: 'bearer', token: PASSWORD } };
    await refuses(tree(), 'InvalidConfig', /username and password, not with bearer/);
    access = { ...access, credential, problem: 'Secret x: insecure is "maybe"' };
    await refuses(tree(), 'InvalidConfig', /Secret x/);
    access = { ...ANONYMOUS, plainHttp: true, insecure: true, credential };
    await using elsewhere = await startRegistry();
    registry.blobsAt = `http://${elsewhere.host}/blobs`;
    await refuses(tree(), 'GitUnreachable', /sent elsewhere.*without TLS/);
    assert.deepEqual(elsewhere.requests, []);
    registry.blobsAt = '';
    assert.equal((await tree()).revision, digest);
    assert.equal(await own.reveals(PASSWORD), false);
    assert.equal(await own.reveals('private'), true);
  });

  test('registrations of different scopes share nothing', async () => {
    const url = registry.urlOf('a/scoped');
    const digest = await push('a/scoped', '1', { a: 'scoped' });
    registry.signIn = SIGN_IN;
    const anonymous = { ...access };
    await using own = await openRepositories(
      {},
      {
        access: (_url, project) =>
          project === 'mine' ? { ...anonymous, credential, scope: 'mine' } : anonymous,
      },
    );
    const mine = await own.repositories.tree(url, digest, { project: 'mine' }, signal);
    assert.equal((await mine.read('a', { maxBytes: 10 }, signal)).toString(), 'scoped');
    const theirs = own.repositories.tree(url, digest, { project: 'theirs' }, signal);
    await refuses(theirs, 'GitAuthFailed', /401/);
  });

  test('its annotations are told, and git is not asked about it', async () => {
    const url = registry.urlOf('a/told');
    const annotations = { 'org.opencontainers.image.description': 'of the shop' };
    const layers = [{ content: await tarOf({ a: '1' }) }];
    const digest = registry.push('a/told', '1', layers, { annotations });
    const info = await opened.repositories.artifact(url, digest, {}, signal);
    assert.equal(info.description, 'of the shop');
    const criteria = { type: 'check', mode: 'head', keys: [] } as const;
    const question = { commit: digest, revisions: ['1'], criteria };
    assert.deepEqual(await opened.repositories.verify(url, question, {}, signal), []);
    await using session = await opened.repositories.signInVariables(url, {}, signal);
    assert.deepEqual(session.env, {});
  });
});
