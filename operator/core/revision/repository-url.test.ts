import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  normaliseRepositoryUrl,
  repositoryIdentity,
  transportOf,
  withoutCredentials,
} from './repository-url.ts';

const same: readonly (readonly [string, string])[] = [
  ['git@GITHUB.com:o/r.git', 'ssh://git@github.com/o/r'],
  [' https://github.com/O/R.git ', 'https://github.com/o/r'],
  ['me@corp@host:o/r', 'ssh://me@corp@host/o/r.git'],
];
const different: readonly (readonly [string, string])[] = [
  ['https://x/y', 'git@x:y'],
  ['https://x/y', 'https://x/y/'],
  ['https://x:8443/y', 'https://x/y'],
];

for (const [left, right] of same) {
  test(`${left} is ${right}`, () => {
    assert.equal(normaliseRepositoryUrl(left), normaliseRepositoryUrl(right));
  });
}
for (const [left, right] of different) {
  test(`${left} is not ${right}`, () => {
    assert.notEqual(normaliseRepositoryUrl(left), normaliseRepositoryUrl(right));
  });
}

test('a mirror keeps apart what a server may keep apart', () => {
  assert.notEqual(repositoryIdentity('https://h/A'), repositoryIdentity('https://h/a'));
  assert.equal(repositoryIdentity('HTTPS://H/A.git'), repositoryIdentity('https://h/A'));
  assert.equal(repositoryIdentity('git@H:o/R.git'), repositoryIdentity('ssh://git@h/o/R'));
});

test('addresses with spaces name repositories of their own', () => {
  assert.notEqual(repositoryIdentity('/srv/a b'), repositoryIdentity('/srv/c d'));
});

test('user information is not shown', () => {
  assert.equal(withoutCredentials('https://u:p@h/x'), 'https://h/x');
  assert.equal(withoutCredentials('https://h/x@y'), 'https://h/x@y');
});

test('only transports of our own choice are known', () => {
  assert.equal(transportOf('git@host:o/r'), 'ssh');
  assert.equal(transportOf('https://host/x'), 'https');
  assert.equal(transportOf('/srv/git'), 'file');
  for (const url of ['ext::sh -c id', 'foo::bar', '-oProxyCommand=x', 'x', '--upload-pack=x']) {
    assert.equal(transportOf(url), undefined, url);
  }
});
