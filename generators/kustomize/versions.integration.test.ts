import assert from 'node:assert/strict';
import { chmod, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { goProgram, KUSTOMIZE_BEFORE } from '../../e2e/controlplane/go-build.ts';
import { progressToStderr as log, toolCacheFolder } from '../../e2e/controlplane/tool-cache.ts';
import type { ApplicationSource } from '../../operator/core/app/types.ts';
import { hasCode, type TiphysError } from '../../operator/core/errors.ts';
import type { JsonObject } from '../../operator/core/objects/json.ts';
import type { Generator } from '../../operator/ports/generator.ts';
import { object } from '../testing/renderer.ts';
import { openWorkshop, type Workshop } from '../testing/workshop.ts';
import { createKustomizeGenerator } from './index.ts';

// Two real programs; the label that `managedByLabel` adds says which of them has built.

const signal = AbortSignal.timeout(600_000);
const FILES = {
  'app/kustomization.yaml': 'resources: [map.yaml]\nbuildMetadata: [managedByLabel]\n',
  'app/map.yaml': object('map'),
};

describe('several versions of kustomize', () => {
  let workshop: Workshop;
  let generator: Generator;
  let [dir, usual, before571] = ['', '', ''];

  before(async () => {
    workshop = await openWorkshop();
    dir = await workshop.folder({});
    usual = await workshop.program('kustomize', signal);
    before571 = await goProgram(
      KUSTOMIZE_BEFORE,
      { cacheDir: toolCacheFolder(process.env), log },
      signal,
    );
    generator = createKustomizeGenerator({ ...workshop.tool, program: usual });
  });
  after(async () => {
    const left = await workshop.left();
    await workshop[Symbol.asyncDispose]();
    assert.deepEqual(left, [], 'every private folder is removed');
  });

  async function builtBy(
    kustomize: ApplicationSource['kustomize'],
    settings: JsonObject,
    by: Generator = generator,
  ): Promise<string | undefined> {
    const source = { path: 'app', ...(kustomize === undefined ? {} : { kustomize }) };
    const { objects } = await workshop.generate(by, FILES, source, { settings }, signal);
    return objects[0]?.metadata.labels?.['app.kubernetes.io/managed-by'];
  }
  const refuses = (promise: Promise<unknown>, code: TiphysError['code'], text: RegExp) =>
    assert.rejects(promise, (error) => {
      assert.ok(hasCode(error, code), String(error));
      assert.match(`${error.message}. ${error.hint}`, text);
      return true;
    });

  test('each source is built by the one that it asks for', async () => {
    const settings = { versions: { old: before571 } };
    assert.equal(await builtBy(undefined, settings), 'kustomize-v5.8.1');
    assert.equal(await builtBy({ version: 'old' }, settings), 'kustomize-v5.7.1');
    const configured = createKustomizeGenerator({
      ...workshop.tool,
      program: usual,
      versions: { 'v5.7': before571 },
    });
    assert.equal(await builtBy({ version: 'v5.7' }, {}, configured), 'kustomize-v5.7.1');
  });

  test('each has build options of its own, which take the place of the others', async () => {
    const settings = {
      versions: { old: before571 },
      buildOptions: '--no-such-flag',
      versionOptions: { old: '--load-restrictor LoadRestrictionsNone' },
    };
    assert.equal(await builtBy({ version: 'old' }, settings), 'kustomize-v5.7.1');
    await refuses(builtBy(undefined, settings), 'RenderFailed', /unknown flag: --no-such-flag/);
  });

  test('only what is registered can be asked for', async () => {
    const versions = { old: before571, older: before571 };
    for (const version of ['v9', before571, '../old', 'constructor'])
      await refuses(
        builtBy({ version }, { versions }),
        'InvalidSpec',
        /^kustomize version \S+ is not registered\. Ask for one of old, older, or have an administrator set kustomize\.path\./,
      );
    await refuses(
      builtBy({ version: 'v9' }, {}),
      'InvalidSpec',
      /is not registered\. Leave source\.kustomize\.version out, or have an administrator/,
    );
  });

  test('a path is absolute and a program', async () => {
    for (const path of ['kustomize', './kustomize', 'bin/kustomize', ''])
      await refuses(
        builtBy({ version: 'old' }, { versions: { old: path } }),
        'InvalidConfig',
        /^kustomize version old: the path \S* ?of kustomize\.path\.old in argocd-cm is not absolute/,
      );
    const plain = join(dir, 'plain');
    await writeFile(plain, '#!/bin/sh\n');
    const fails = join(dir, 'fails');
    await writeFile(fails, '#!/bin/sh\nexit 3\n');
    await chmod(fails, 0o755);
    for (const path of ['/nowhere/kustomize', plain, dir, fails])
      await refuses(
        builtBy({ version: 'old' }, { versions: { old: path } }),
        'ToolMissing',
        /^kustomize version old: .*\. Correct kustomize\.path\.old in argocd-cm: an absolute path of a program\.$/,
      );
  });

  test('another program under the same path is another version of the generator', async () => {
    const path = join(dir, 'chosen');
    const settings = { versions: { old: path } };
    assert.equal(await generator.version(signal), 'kustomize v5.8.1');
    assert.equal(
      await generator.version(signal, settings),
      'kustomize v5.8.1, old is missing',
      'who asks for it is told, nobody else',
    );
    await symlink(before571, path);
    assert.equal(await generator.version(signal, settings), 'kustomize v5.8.1, old is v5.7.1');
    await unlink(path);
    await symlink(usual, path);
    assert.equal(await generator.version(signal, settings), 'kustomize v5.8.1, old is v5.8.1');
  });

  test('whoever names a version needs no other', async () => {
    const nowhere = { program: '/nowhere/kustomize', kubectl: '/nowhere/kubectl' };
    const lonely = createKustomizeGenerator({ ...workshop.tool, ...nowhere });
    const settings = { versions: { old: before571 } };
    assert.equal(await lonely.version(signal, settings), 'kustomize -, old is v5.7.1');
    assert.equal(await builtBy({ version: 'old' }, settings, lonely), 'kustomize-v5.7.1');
    await refuses(builtBy(undefined, settings, lonely), 'ToolMissing', /no such program/);
    await refuses(lonely.version(signal), 'ToolMissing', /no such program/);
  });
});
