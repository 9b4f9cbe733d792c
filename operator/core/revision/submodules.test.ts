import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSubmodules, sameServer, submoduleUrl } from './submodules.ts';

describe('the address of a submodule', () => {
  for (const [repository, url, expected] of [
    ['https://h/a/b.git', 'https://x/y', 'https://x/y'],
    ['https://h/a/b.git', '../c.git', 'https://h/a/c.git'],
    ['https://h/a/b.git', './c', 'https://h/a/b.git/c'],
    ['https://h/a/b.git/', '../../c/./d', 'https://h/c/d'],
    ['https://h/a', '../../c', undefined],
    ['https://h/a', '../', undefined],
    ['git@h:a/b.git', '../c.git', 'git@h:a/c.git'],
    ['ssh://git@h:22/a/b', '../c', 'ssh://git@h:22/a/c'],
    ['git@h:a', '../../../etc', undefined],
    ['/srv/a', '../b', '/srv/b'],
    ['https://h/a', '-u/x', '-u/x'],
  ] as const) {
    test(`${url} in ${repository} is ${expected ?? 'nowhere'}`, () => {
      assert.equal(submoduleUrl(repository, url), expected);
    });
  }

  test('two are on one server by scheme, host and port', () => {
    assert.ok(sameServer('https://h/a', 'https://H:443/b'));
    assert.ok(sameServer('git@h:a', 'ssh://x@h/b'));
    assert.ok(!sameServer('https://h/a', 'http://h/a'));
    assert.ok(!sameServer('https://h/a', 'https://h:8443/a'));
    assert.ok(!sameServer('https://h/a', 'https://h.evil/a'));
    assert.ok(!sameServer('https://h/a', 'https://h@evil/a'));
    assert.ok(!sameServer('nonsense', 'nonsense'));
  });
});

test('entries of .gitmodules without a path or an address are left out, names may hold dots', () => {
  const listing =
    'submodule.a.b.path\nx/y/\0submodule.a.b.url\n../c\0submodule.z.path\nz\0core.x\ny\0';
  assert.deepEqual(parseSubmodules(listing), [{ path: 'x/y', url: '../c' }]);
});
