import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRemoteFile, parseRemoteBase } from './remote-base.ts';

describe('bases of other repositories', () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['https://github.com/o/r//base?ref=v1', 'https://github.com/o/r.git', 'v1', 'base'],
    ['https://github.com/o/r/a/b?ref=v1', 'https://github.com/o/r.git', 'v1', 'a/b'],
    ['https://github.com/o/r', 'https://github.com/o/r.git', '', ''],
    [
      'https://git.example:8443/o/r.git/a?version=1.0',
      'https://git.example:8443/o/r.git',
      '1.0',
      'a',
    ],
    ['https://git.example/group/sub/r.git//a//b', 'https://git.example/group/sub/r.git', '', 'a/b'],
    ['https://git.example/group/sub/r//a', 'https://git.example/group/sub/r.git', '', 'a'],
    ['https://dev.example/o/p/_git/r/a?ref=main', 'https://dev.example/o/p/_git/r', 'main', 'a'],
    ['github.com/o/r//a?ref=v1', 'https://github.com/o/r.git', 'v1', 'a'],
    ['git@github.com:o/r//a?ref=v1', 'git@github.com:o/r.git', 'v1', 'a'],
    ['git@github.com:o/r.git?ref=v1', 'git@github.com:o/r.git', 'v1', ''],
    ['ssh://git@git.example:2222/o/r//a', 'ssh://git@git.example:2222/o/r.git', '', 'a'],
    [
      'git::https://git.example/o/r//a?ref=v1&timeout=90s',
      'https://git.example/o/r.git',
      'v1',
      'a',
    ],
    [
      'https://github.com/o/r//base?timeout=1m&ref=feature/a',
      'https://github.com/o/r.git',
      'feature/a',
      'base',
    ],
  ];
  for (const [entry, repoUrl, revision, path] of cases) {
    test(entry, () => assert.deepEqual(parseRemoteBase(entry), { repoUrl, revision, path }));
  }
  const unread = [
    'file:///etc//x',
    'ext::sh -c x',
    'https://github.com',
    'https://github.com/o',
    'https://github.com/o/r//../../x',
    'https://github.com/o/r//a/../b',
    's3::https://b/x',
  ];
  for (const entry of unread) {
    test(`${entry} is not read`, () => assert.equal(parseRemoteBase(entry), undefined));
  }
  const files: readonly (readonly [string, boolean])[] = [
    ['https://raw.example/o/r/main/x.yaml', true],
    ['https://raw.example/x.json?token=a', true],
    ['https://github.com/o/r//x.yaml?ref=v1', false],
    ['https://github.com/o/r?ref=x.yaml', false],
    ['file:///etc/x.yaml', false],
    ['../x.yaml', false],
  ];
  for (const [entry, expected] of files) {
    test(`${entry} is ${expected ? 'a' : 'no'} file`, () =>
      assert.equal(isRemoteFile(entry), expected));
  }
});
