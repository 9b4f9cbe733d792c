import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { highestTag, isDigest, tagOf } from './artifact-revision.ts';

describe('a revision of an artifact', () => {
  for (const [text, expected] of [
    [`sha256:${'a'.repeat(64)}`, true],
    [`sha512:${'0'.repeat(128)}`, true],
    [`sha256:${'a'.repeat(63)}`, false],
    [`sha256:${'A'.repeat(64)}`, false],
    [`sha512:${'0'.repeat(64)}`, false],
    [`md5:${'a'.repeat(32)}`, false],
    ['a'.repeat(64), false],
  ] as const)
    test(`${text.slice(0, 20)}… is ${expected ? '' : 'not '}a digest`, () =>
      assert.equal(isDigest(text), expected));

  for (const [revision, expected] of [
    ['main', 'main'],
    ['1.0.0+build.1', '1.0.0_build.1'],
    ['1.x', '1.x'],
    ['^1.0', undefined],
    ['>=1 <2', undefined],
    ['a/../b', undefined],
    ['a?n=1', undefined],
    ['.hidden', undefined],
    ['', undefined],
    ['a'.repeat(129), undefined],
  ] as const)
    test(`${revision.slice(0, 20)} is the tag ${expected}`, () =>
      assert.equal(tagOf(revision), expected));

  const tags = ['latest', '1.0.0', 'v1.2.0', '1.10.0_build', '2.0.0-rc.1', '1.3', 'x.y'];
  for (const [range, expected] of [
    ['1.x', '1.10.0_build'],
    ['~1.2', 'v1.2.0'],
    ['1.3.x', '1.3'],
    ['>=2.0.0-0', '2.0.0-rc.1'],
    ['>=2', undefined],
    ['*', '1.10.0_build'],
    ['1.4', undefined],
    ['1.3', undefined],
    ['main', undefined],
  ] as const)
    test(`of the range ${range} the highest tag is ${expected}`, () =>
      assert.equal(highestTag(tags, range), expected));
});
