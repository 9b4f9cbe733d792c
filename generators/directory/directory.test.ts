import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DirectorySource } from '../../operator/core/app/types.ts';
import { hasCode, type TiphysError } from '../../operator/core/errors.ts';
import { openFolderTree } from '../../operator/git/index.ts';
import { type Files, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { createDirectoryGenerator } from './index.ts';

const signal = AbortSignal.timeout(60_000);
const map = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const json = (name: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

describe('a folder of manifests', () => {
  let workshop: Workshop;
  const generator = createDirectoryGenerator();

  before(async () => {
    workshop = await openWorkshop();
  });
  after(() => workshop[Symbol.asyncDispose]());

  async function names(files: Files, directory: DirectorySource = {}): Promise<readonly string[]> {
    const source = { path: 'web', directory };
    const { objects } = await workshop.generate(generator, files, source, {}, signal);
    return objects.map(({ metadata }) => metadata.name ?? `${metadata['generateName']}*`);
  }
  const fails = (files: Files, code: TiphysError['code'], message: RegExp) =>
    assert.rejects(names(files), (error) => {
      assert.ok(hasCode(error, code), String(error));
      assert.match(error.message, message);
      return true;
    });

  const link = (linkTo: string) => ({ linkTo });
  const cases: readonly (readonly [string, Files, DirectorySource, readonly string[]])[] = [
    [
      'files in byte order, those of folders in their place',
      {
        'web/b.yaml': map('b'),
        'web/B.yaml': map('B'),
        'web/a/z.yaml': map('z'),
        'web/a.yaml': map('a'),
      },
      { recurse: true },
      ['B', 'z', 'a', 'b'],
    ],
    [
      'only the endings it knows, in small letters',
      {
        'web/a.yaml': map('a'),
        'web/b.yml': map('b'),
        'web/c.json': json('c'),
        'web/d.YAML': map('d'),
        'web/e.txt': map('e'),
        'web/yaml': map('f'),
        'web/g.libsonnet': '{}',
      },
      {},
      ['a', 'b', 'c'],
    ],
    [
      'any name without the filter',
      {
        'web/a.txt': map('a'),
        'web/b': map('b'),
        'web/c.json': json('c'),
        'web/README.md': 'words',
      },
      { disableExtensionFilter: true },
      ['a', 'b', 'c'],
    ],
    [
      'links by the name of what they lead to; links to folders and to nothing not at all',
      {
        'web/a.yaml': link('../x.json'),
        'x.json': json('a'),
        'web/b.yaml': link('../folder'),
        'folder/c.yaml': map('c'),
        'web/d.yaml': link('gone.yaml'),
      },
      { recurse: true },
      ['a'],
    ],
    [
      'include over the whole path, crossing folders',
      { 'web/a.yaml': map('a'), 'web/s/b.yaml': map('b'), 'web/s/t/c.yaml': map('c') },
      { recurse: true, include: 's*c.yaml' },
      ['c'],
    ],
    [
      'alternatives in include, without what is excluded',
      { 'web/a.yaml': map('a'), 'web/b.yaml': map('b'), 'web/c.yaml': map('c') },
      { include: '{a,b}.yaml', exclude: '[!a]*' },
      ['a'],
    ],
    [
      'files of excluded names are not even read',
      { 'web/a.yaml': map('a'), 'web/bad.yaml': `${map('b')}data: [` },
      { exclude: 'bad*' },
      ['a'],
    ],
    [
      'nothing of a file with the marker',
      { 'web/a.yaml': `${map('a')}---\n# +argocd:skip-file-rendering\n`, 'web/b.yaml': map('b') },
      {},
      ['b'],
    ],
    [
      'documents, empty ones left out',
      { 'web/a.yaml': `---\n---\n# nothing\n---\n${map('a')}---\nnull\n---\n${map('b')}...\n` },
      {},
      ['a', 'b'],
    ],
    [
      'the items of lists, one level',
      {
        'web/a.yaml': `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {generateName: b}}\n`,
        'web/b.json': `{"apiVersion":"v1","kind":"ConfigMapList","items":[${json('c')}]}`,
        'web/c.yaml': 'apiVersion: v1\nkind: List\nitems: null\n',
        'web/d.yaml':
          'apiVersion: example.com/v1\nkind: X\nmetadata: {name: d}\nitems: null\nspec: {}\n',
      },
      {},
      ['a', 'b*', 'c', 'd'],
    ],
    [
      'no YAML that is for others',
      {
        'web/a.yaml': map('a'),
        'web/values.yaml': 'a: 1\n---\nb: 2\n',
        'web/broken.yaml': 'a: [\n',
        'web/list.yaml': '- 1\n',
      },
      {},
      ['a'],
    ],
  ];
  for (const [name, files, directory, expected] of cases) {
    test(`gives ${name}`, async () => assert.deepEqual(await names(files, directory), expected));
  }

  test('is read in UTF-8 and UTF-16, with byte order marks', async () => {
    const dir = await workshop.folder({ 'web/a.yaml': `\ufeff${map('a')}` });
    const little = Buffer.from(`\ufeff${map('b')}`, 'utf16le');
    await writeFile(join(dir, 'web/b.yaml'), little);
    await writeFile(join(dir, 'web/c.yaml'), Buffer.from(`\ufeff${map('c')}`, 'utf16le').swap16());
    const { workDir } = workshop.tool;
    const limits = { maxFiles: 100, maxBytes: 1_000_000 };
    const tree = await openFolderTree(dir, { workDir, limits }, signal);
    const source = { path: 'web' };
    const options = { request: { tree } };
    const { objects } = await workshop.generate(generator, {}, source, options, signal);
    assert.deepEqual(
      objects.map(({ metadata }) => metadata.name),
      ['a', 'b', 'c'],
    );
  });

  test('is refused where a manifest went wrong', async () => {
    await fails(
      { 'web/a.yaml': `${map('a')}---\nb: 2\n` },
      'InvalidManifest',
      /^web\/a\.yaml: document 2: has no/,
    );
    await fails(
      { 'web/a.yaml': 'apiVersion: v1\nkind: [\nmetadata: {}\n' },
      'InvalidManifest',
      /^web\/a\.yaml:\d/,
    );
    await fails(
      { 'web/a.json': `${json('a')}${json('b')}` },
      'InvalidManifest',
      /Found multiple objects in "web\/a\.json"/,
    );
    await fails(
      { 'web/a.yaml': 'apiVersion: v1\nkind: List\nitems: [1]\n' },
      'InvalidManifest',
      /item 1: is not an object/,
    );
    await fails(
      { 'web/a.yaml': `${map('a')}1: {}\n"1": {}\n` },
      'InvalidManifest',
      /^web\/a\.yaml:5: two different keys/,
    );
  });
});
