import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normaliseRepoUrl } from './repo-url.ts';

const cases: readonly (readonly [url: string, normalised: string])[] = [
  ['git@GITHUB.com:O/r.git', 'git@github.com/o/r'],
  ['ssh://git@github.com/o/r', 'git@github.com/o/r'],
  ['ssh://git@host:2222/o/r.git', 'git@host:2222/o/r'],
  ['me@corp@host:o/r', 'me@corp@host/o/r'],
  [' https://GitHub.com/O/R.git\n', 'https://github.com/o/r'],
  ['https://x/y.git.git', 'https://x/y.git'],
  ['https://x/y/', 'https://x/y/'],
  ['https://x:8443/y', 'https://x:8443/y'],
  ['https://user:secret@x/y', 'https://user:secret@x/y'],
  ['https://[::1]:8443/y', 'https://[::1]:8443/y'],
  ['oci://registry/charts', 'oci://registry/charts'],
  ['registry.example/charts', 'registry.example/charts'],
  ['/srv/My Repo', '/srv/my%20repo'],
  ['https://x/team/**', 'https://x/team/**'],
  ['https://{a,b}.x:*/team', 'https://{a,b}.x:*/team'],
  ['*', '*'],
  ['', ''],
  ['https://a host/y', ''],
  ['https://x:port/y', ''],
  ['https://x/%zz', ''],
  ['https://x/a\u0000b', ''],
  ['host:8080/y', 'host:8080/y'],
  ['1host:o/r', ''],
];

for (const [url, normalised] of cases)
  test(`${JSON.stringify(url)} is ${normalised || 'no URL'}`, () => {
    assert.equal(normaliseRepoUrl(url), normalised);
  });

const segment = fc.stringMatching(/^[a-zA-Z0-9_-]{1,8}$/);

test('all spellings of one repository are one', () => {
  fc.assert(
    fc.property(segment, segment, segment, (host, owner, name) => {
      const spellings = [
        `git@${host}:${owner}/${name}`,
        `git@${host}:${owner}/${name}.git`,
        `ssh://git@${host}/${owner}/${name}.git`,
        ` GIT@${host.toUpperCase()}:${owner}/${name} `,
      ];
      assert.equal(new Set(spellings.map(normaliseRepoUrl)).size, 1);
      assert.notEqual(
        normaliseRepoUrl(`https://${host}/${owner}/${name}`),
        normaliseRepoUrl(spellings[0] ?? ''),
      );
    }),
  );
});

test('no text is too strange', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(normaliseRepoUrl(text), normaliseRepoUrl(` ${text.toLowerCase()} `));
    }),
  );
});
