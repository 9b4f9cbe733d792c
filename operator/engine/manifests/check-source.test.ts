import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chartOf, folderOf, rendersNothing } from './check-source.ts';

const artifact = { repoURL: 'oci://registry.example/web', targetRevision: '1' };

describe('an artifact as a source', () => {
  for (const [name, source, isOnly, expected] of [
    ['alone', artifact, true, false],
    [
      'alone, in other letters',
      { ...artifact, repoURL: 'OCI://registry.example/web' },
      true,
      false,
    ],
    ['among several', artifact, false, true],
    ['among several with a path', { ...artifact, path: '.' }, false, false],
    [
      'among several with a chart, which does not count',
      { ...artifact, chart: 'web' },
      false,
      true,
    ],
    ['a repository of Git', { repoURL: 'https://git.example/web' }, true, true],
    ['a chart', { repoURL: 'registry.example', chart: 'web' }, false, false],
  ] as const)
    test(`${name} renders ${expected ? 'nothing' : 'something'}`, () =>
      assert.equal(rendersNothing(source, isOnly), expected));

  test('a chart beside it is not looked at, its path is', () => {
    const source = { ...artifact, chart: 'web', path: './prod' };
    assert.equal(chartOf(source), undefined);
    assert.equal(folderOf(source), 'prod');
  });
});
