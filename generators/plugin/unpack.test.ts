import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, test } from 'node:test';
import { createGzip, gzipSync } from 'node:zlib';
import { extract, type Header, pack } from 'tar-stream';
import { hasCode } from '../../operator/core/errors.ts';
import { packFolder } from './archive.ts';
import { unpackArchive } from '../../operator/runtime/unpack-archive.ts';

const signal = AbortSignal.timeout(60_000);
const limits = { maxEntries: 100, maxBytes: 10_000 };

type Entry = Partial<Header> & Pick<Header, 'name'> & { readonly content?: string };

describe('an archive of a source', () => {
  let dir: string;
  let count = 0;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiphys-unpack-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  async function fresh(): Promise<string> {
    count += 1;
    const folder = join(dir, String(count));
    await mkdir(folder);
    return folder;
  }

  async function archive(entries: readonly Entry[]): Promise<string> {
    const tar = pack();
    const file = join(await fresh(), 'a.tgz');
    const writing = pipeline(tar, createGzip(), createWriteStream(file));
    for (const { content, ...header } of entries) tar.entry(header, content ?? '');
    tar.finalize();
    await writing;
    return file;
  }

  async function unpack(file: string, preserveFileMode = false): Promise<string> {
    const root = join(await fresh(), 'root');
    await mkdir(root);
    await unpackArchive(
      file,
      root,
      { extract: extract(), preserveFileMode, limits, damagedHint: '', exceededHint: '' },
      signal,
    );
    return root;
  }

  for (const preserve of [true, false]) {
    test(`files, modes and links come out as they went in, ${preserve ? 'with' : 'without'} modes`, async () => {
      const source = await fresh();
      await mkdir(join(source, 'bin/empty'), { recursive: true });
      await writeFile(join(source, 'bin/run'), '#!/bin/sh', { mode: 0o755 });
      await writeFile(join(source, 'a.txt'), 'a');
      await symlink('../a.txt', join(source, 'bin/link'));
      await symlink('bin', join(source, 'linked'));
      const packed = await packFolder(source, join(await fresh(), 'a.tgz'), signal);
      assert.equal((await readFile(packed.file)).length, packed.size);
      const again = await packFolder(source, join(await fresh(), 'b.tgz'), signal);
      assert.equal(again.checksum, packed.checksum);
      const root = await unpack(packed.file, preserve);
      assert.deepEqual((await readdir(root, { recursive: true })).sort(), [
        'a.txt',
        'bin',
        'bin/empty',
        'bin/link',
        'bin/run',
        'linked',
        'linked/empty',
        'linked/link',
        'linked/run',
      ]);
      assert.equal(await readFile(join(root, 'linked/link'), 'utf8'), 'a');
      assert.equal(await readlink(join(root, 'bin/link')), '../a.txt');
      const { mode } = await lstat(join(root, 'bin/run'));
      assert.equal(mode & 0o111, preserve ? 0o111 & ~process.umask() : 0);
    });
  }

  const link = (name: string, linkname: string): Entry => ({ name, type: 'symlink', linkname });
  const hostile: readonly (readonly [string, readonly Entry[]])[] = [
    ['a path upwards', [{ name: '../evil', content: 'x' }]],
    ['a path upwards in the middle', [{ name: 'a/../../evil', content: 'x' }]],
    ['an absolute path', [{ name: '/tmp/tiphys-evil', content: 'x' }]],
    ['a link outside', [link('l', '../..')]],
    ['an absolute link', [link('l', '/etc')]],
    ['a link outside through another', [link('a/b', '..'), link('a/c', 'b/../..')]],
    ['a link outside and back', [link('l', '../root/x')]],
    ['links in a circle', [link('a', 'b'), link('b', 'a')]],
    ['a file through a link', [link('l', '.'), { name: 'l/evil', content: 'x' }]],
    ['a file through a link that comes later', [{ name: 'd/evil', content: 'x' }, link('d', '.')]],
    ['a file in the place of a link', [link('l', 'x'), { name: 'l', content: 'x' }]],
    [
      'one file twice',
      [
        { name: 'a', content: 'x' },
        { name: 'a', content: 'y' },
      ],
    ],
    [
      'a hard link',
      [
        { name: 'a', content: 'x' },
        { name: 'h', type: 'link', linkname: '/etc/passwd' },
      ],
    ],
    ['a device', [{ name: 'd', type: 'character-device', devmajor: 1, devminor: 3 }]],
    ['a pipe', [{ name: 'p', type: 'fifo' }]],
  ];
  for (const [name, entries] of hostile) {
    test(`${name} is refused, and nothing is outside`, async () => {
      const file = await archive(entries);
      await assert.rejects(unpack(file), (error) => hasCode(error, 'UnsafePath'));
      const folder = join(dir, String(count));
      assert.deepEqual(await readdir(folder), ['root']);
      await assert.rejects(lstat('/tmp/tiphys-evil'), { code: 'ENOENT' });
    });
  }

  test('links to nothing, and into a folder beside, are let be', async () => {
    const root = await unpack(await archive([link('a/l', '../b/c'), link('m', 'missing')]));
    assert.deepEqual((await readdir(root)).sort(), ['a', 'm']);
  });

  test('what unpacks to more than is allowed is refused', async () => {
    const bomb = await archive([{ name: 'zeros', content: '0'.repeat(10_001) }]);
    await assert.rejects(unpack(bomb), (error) => hasCode(error, 'LimitExceeded'));
    const many = Array.from({ length: 101 }, (_, index) => ({ name: `f${index}` }));
    await assert.rejects(unpack(await archive(many)), (error) => hasCode(error, 'LimitExceeded'));
  });

  for (const [name, content] of [
    ['no gzip', Buffer.from('garbage')],
    ['no tar', gzipSync(Buffer.alloc(2_000, 'x'))],
    ['cut off', gzipSync(Buffer.alloc(2_000)).subarray(0, 20)],
  ] as const) {
    test(`what is ${name} is refused`, async () => {
      const file = join(await fresh(), 'bad.tgz');
      await writeFile(file, content);
      await assert.rejects(unpack(file), (error) => hasCode(error, 'InvalidManifest'));
    });
  }
});
