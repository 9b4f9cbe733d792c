import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { createDownloads } from './download-folder.ts';

describe('a folder with programs to hand out', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiphys-downloads-'));
    await writeFile(join(folder, 'secret'), 'not for them');
    const offered = join(folder, 'offered');
    await mkdir(join(offered, 'folder'), { recursive: true });
    await writeFile(join(offered, 'program'), 'its bytes');
    await symlink('../secret', join(offered, 'link'));
    execFileSync('mkfifo', [join(offered, 'pipe')]);
  });
  after(() => rm(folder, { recursive: true }));

  test('has its files, and they are read whole', async () => {
    const found = await createDownloads(join(folder, 'offered')).open('program');
    assert.equal(found?.bytes, 9);
    assert.equal(await text(found.body as never), 'its bytes');
  });

  for (const file of ['nothing', 'link', 'folder', 'pipe', '../secret', '..', '.', ''])
    test(`has no "${file}"`, { timeout: 10_000 }, async () => {
      assert.equal(await createDownloads(join(folder, 'offered')).open(file), undefined);
    });

  test('is none when none is named', async () => {
    assert.equal(await createDownloads('').open('etc'), undefined);
  });
});
