import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type GitServer, startGitServer } from '../../e2e/controlplane/git-server.ts';
import { createVirtualClock, systemClock } from '../runtime/clock.ts';
import type { SourceTree } from '../ports/source-tree.ts';
import { openRepositories, type OpenedRepositories } from './testing/open-repositories.ts';

const signal = AbortSignal.timeout(180_000);
const run = promisify(execFile);

/** So many that git keeps them as one pack, of several megabytes that cannot be compressed. */
function heavyFiles(count: number, bytes: number): Record<string, Buffer> {
  let state = 1;
  const noise = (length: number) =>
    Buffer.from(Array.from({ length }, () => (state = (state * 48_271) % 2_147_483_647) & 255));
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`data/${i}`, noise(bytes)]));
}

describe('a mirror repairs itself', () => {
  let server: GitServer;
  before(async () => {
    server = await startGitServer({ signal });
  });
  after(() => server[Symbol.asyncDispose]());

  async function mirrorIn({ dir }: OpenedRepositories): Promise<string> {
    const [name = ''] = await readdir(join(dir, 'mirrors'));
    return join(dir, 'mirrors', name);
  }

  const read = async (tree: SourceTree, path: string) =>
    (await tree.read(path, { maxBytes: 10_000_000 }, signal)).toString();

  const filesBelow = async (dir: string) =>
    (await readdir(dir, { recursive: true, withFileTypes: true }))
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name));

  const packs = async (mirror: string) =>
    (await filesBelow(mirror)).filter((path) => /\.(?:pack|idx)$/.test(path));

  async function overwrite(path: string, content: string | Buffer): Promise<void> {
    await chmod(path, 0o600);
    await writeFile(path, content);
  }

  const damages: readonly [string, (mirror: string) => Promise<unknown>][] = [
    [
      'its packs are cut short',
      async (mirror) => {
        for (const path of await packs(mirror)) {
          await chmod(path, 0o600);
          await truncate(path, 100);
        }
      },
    ],
    [
      'its packs are overwritten',
      async (mirror) => {
        for (const path of await packs(mirror))
          await overwrite(path, Buffer.alloc((await stat(path)).size, 7));
      },
    ],
    ['its objects are gone', (mirror) => rm(join(mirror, 'objects'), { recursive: true })],
    ['its packs are gone', (mirror) => rm(join(mirror, 'objects/pack'), { recursive: true })],
    ['its HEAD is gone', (mirror) => rm(join(mirror, 'HEAD'))],
    ['its HEAD is nonsense', (mirror) => overwrite(join(mirror, 'HEAD'), 'nonsense')],
    ['its configuration is nonsense', (mirror) => overwrite(join(mirror, 'config'), '[[[')],
    [
      'a branch names a commit that is not there',
      async (mirror) => {
        await mkdir(join(mirror, 'refs/heads'), { recursive: true });
        await writeFile(join(mirror, 'refs/heads/main'), `${'1'.repeat(40)}\n`);
      },
    ],
    ['the folder is gone', (mirror) => rm(mirror, { recursive: true })],
    [
      'locks stand everywhere',
      async (mirror) => {
        for (const name of [
          'shallow.lock',
          'packed-refs.lock',
          'refs/heads/main.lock',
          'HEAD.lock',
        ])
          await writeFile(join(mirror, name), '');
      },
    ],
  ];
  const heavy = heavyFiles(150, 2_000);
  for (const [what, damage] of damages)
    for (const restarted of [true, false])
      test(`${what}, ${restarted ? 'found at the start' : 'while it is in use'}`, async () => {
        const name = `broken-${damages.findIndex(([one]) => one === what)}-${restarted}`;
        const url = await server.createRepository(name, { ...heavy, 'app/a': 'one', 'app/b': 'b' });
        await using before = await openRepositories();
        const commit = await before.repositories.resolve(url, 'main', { fresh: false }, signal);
        const tree = await before.repositories.tree(url, commit, {}, signal);
        assert.equal(await read(tree, 'app/a'), 'one');
        await damage(await mirrorIn(before));
        if (restarted) await before.repositories[Symbol.asyncDispose]();
        await using again = restarted ? await openRepositories({}, { dir: before.dir }) : undefined;
        const { repositories } = again ?? before;
        const known = await repositories.tree(url, commit, {}, signal);
        assert.equal(await read(known, 'app/b'), 'b', 'the commit that was there');
        const next = await server.commit(name, { files: { 'app/a': 'two' } });
        const later = await repositories.resolve(url, 'main', { fresh: true }, signal);
        assert.equal(later, next);
        const moved = await repositories.tree(url, later, {}, signal);
        assert.equal(await read(moved, 'app/a'), 'two', 'and the next one');
        assert.deepEqual(await read(moved, 'data/149'), heavy['data/149']?.toString());
      });

  test('a commit that is nowhere is told as such, without fetching all anew each time', async () => {
    const url = await server.createRepository('nowhere', { a: 'one' });
    await using opened = await openRepositories();
    const commit = await opened.repositories.resolve(url, 'main', { fresh: false }, signal);
    await opened.repositories.tree(url, commit, {}, signal);
    const nowhere = opened.repositories.tree(url, '2'.repeat(40), {}, signal);
    await assert.rejects(nowhere, /revision not found/);
    assert.ok(!opened.logged.some((line) => line.includes('made anew')), opened.logged.join('\n'));
  });

  test('git is killed in the middle of a fetch', async () => {
    const url = await server.createRepository('killed', { ...heavyFiles(200, 60_000), a: 'one' });
    const dir = await mkdtemp(join(tmpdir(), 'tiphys-kill-'));
    const program = join(dir, 'git');
    await writeFile(program, KILLING_GIT, { mode: 0o700 });
    await using opened = await openRepositories({}, { program });
    const commit = await opened.repositories.resolve(url, 'main', { fresh: false }, signal);
    await assert.rejects(opened.repositories.tree(url, commit, {}, signal), /fetch/);
    const { stdout } = await run('cat', [join(dir, 'killed')]);
    assert.match(stdout, /tmp_pack/, 'it was in the middle');
    await writeFile(program, '#!/bin/sh\nexec git "$@"\n', { mode: 0o700 });
    const tree = await opened.repositories.tree(url, commit, {}, signal);
    assert.equal(await read(tree, 'a'), 'one');
    const left = (await filesBelow(await mirrorIn(opened))).filter((path) =>
      /tmp_|\.lock$/.test(path),
    );
    assert.deepEqual(left, []);
    await rm(dir, { recursive: true });
  });

  test('the disk is full, and then it is not', async (t) => {
    const flags = await mountFlags();
    if (flags === undefined)
      return t.skip(
        'this machine lets nobody mount a disk of 4 MiB: neither root nor user namespaces',
      );
    const big = await server.createRepository('big', heavyFiles(150, 60_000));
    const small = await server.createRepository('small', { a: 'one' });
    const program = join(import.meta.dirname, 'testdata/full-disk.ts');
    const dir = await mkdtemp(join(tmpdir(), 'tiphys-disk-'));
    const mount = `mount -t tmpfs -o size=4m none ${dir} && exec "$@"`;
    const args = [flags, 'sh', '-c', mount, 'sh', process.execPath, program, dir, big, small];
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    for await (const chunk of child.stdout) output += String(chunk);
    const seen = JSON.parse(output) as Record<string, string>;
    assert.match(seen['failure'] ?? '', /No space left on device/);
    assert.match(seen['hint'] ?? '', /--data-dir/);
    assert.deepEqual([seen['left'], seen['small'], seen['repaired']], ['', 'one', 'no']);
    await rm(dir, { recursive: true });
  });

  test('mirrors that are not in use go when there are too many, and come back when they are', async () => {
    const urls: string[] = [];
    for (const name of ['one', 'two', 'three'])
      urls.push(await server.createRepository(`space-${name}`, { ...heavy, a: name }));
    await using opened = await openRepositories();
    const commits: string[] = [];
    for (const url of urls) {
      const commit = await opened.repositories.resolve(url, 'main', { fresh: false }, signal);
      await read(await opened.repositories.tree(url, commit, {}, signal), 'a');
      commits.push(commit);
    }
    await opened.repositories[Symbol.asyncDispose]();
    const folder = join(opened.dir, 'mirrors');
    const names = await readdir(folder);
    const times = names.map(
      (name, i) => [join(folder, name), new Date(1_000_000 * (i + 1))] as const,
    );
    for (const [path, time] of times) await utimes(path, time, time);
    const { size } = { size: 700_000 }; // two of them fit, with what a bare repository begins with
    const clock = { ...systemClock, ...schedulesOf(createVirtualClock()) };
    await using again = await openRepositories(
      {},
      { dir: opened.dir, maxMirrorBytes: size, clock },
    );
    for (const [i, url] of urls.entries()) {
      const commit = commits[i] ?? '';
      const tree = await again.repositories.tree(url, commit, {}, signal);
      assert.equal(await read(tree, 'a'), ['one', 'two', 'three'][i]);
    }
    const removed = again.logged.filter((line) => line.includes('to make room'));
    assert.equal(removed.length, 1, again.logged.join('\n'));
    assert.ok(removed[0]?.includes(names[0] ?? '-'), 'the one that was used longest ago');
  });
});

const schedulesOf = ({ schedule }: ReturnType<typeof createVirtualClock>) => ({ schedule });

/** How `unshare` gives one process mounts of its own: as root, else where user namespaces are allowed. */
async function mountFlags(): Promise<string | undefined> {
  for (const flags of ['-m', '-Urm']) {
    const tried = run('unshare', [flags, 'mount', '-t', 'tmpfs', 'none', '/mnt']);
    if (
      await tried.then(
        () => true,
        () => false,
      )
    )
      return flags;
  }
  return undefined;
}

/** Kills a fetch with everything it started as soon as a part of the pack is on disk. */
const KILLING_GIT = `#!/bin/sh
case "$1" in fetch) ;; *) exec git "$@" ;; esac
setsid git "$@" &
child=$!
while kill -0 $child 2>/dev/null; do
  found=$(ls objects/pack 2>/dev/null | grep tmp_pack)
  if [ -n "$found" ]; then
    kill -9 -$child
    echo "$found" > "$(dirname "$0")/killed"
    exit 137
  fi
done
echo "the fetch ended before it could be killed" > "$(dirname "$0")/killed"
exit 99
`;
