import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../objects/json.ts';
import { bitbucketRepository, diffstatFiles, mainBranchOf, nextPage } from './bitbucket.ts';

const API = 'https://api.bitbucket.org/2.0';

describe('the repository that the API is asked about', () => {
  for (const [url, api, expected] of [
    ['https://bitbucket.org/Team/web.git', API, 'Team/web'],
    ['https://me@bitbucket.org/team/web', API, 'team/web'],
    ['git@bitbucket.org:team/web.git', API, 'team/web'],
    ['ssh://git@altssh.bitbucket.org:443/team/web.git', API, 'team/web'],
    ['https://bitbucket.org/{a-b}/{c}', API, '%7Ba-b%7D/%7Bc%7D'],
    ['http://127.0.0.1:1234/team/web.git', 'http://127.0.0.1:99/2.0', 'team/web'],
    ['https://bitbucket.org/team/web', 'https://proxy.example/2.0', 'team/web'],
    ['https://git.example/team/web', API, undefined],
    ['https://bitbucket.org.evil/team/web', API, undefined],
    ['https://evil@bitbucket.org.evil/team/web', API, undefined],
    ['https://bitbucket.org/team/../web', API, undefined],
    ['https://bitbucket.org/../user', API, undefined],
    ['https://bitbucket.org/team/..', API, undefined],
    ['https://bitbucket.org/team/web?x=', API, undefined],
    ['https://bitbucket.org/team%2f..%2f/x', API, undefined],
    ['https://bitbucket.org/team', API, undefined],
    ['', API, undefined],
  ] as const)
    test(`${url}: ${expected ?? 'none'}`, () =>
      assert.equal(bitbucketRepository(url, api), expected));
});

describe('what the API answers', () => {
  test('a file that was renamed counts by both names', () => {
    const file = (path: string) => ({ path, type: 'commit_file' });
    const values: JsonValue[] = [
      { status: 'modified', old: file('a'), new: file('a') },
      { status: 'added', old: null, new: file('b') },
      { status: 'removed', old: file('c'), new: null },
      { status: 'renamed', old: file('d/old'), new: file('e/new') },
    ];
    assert.deepEqual(diffstatFiles({ values }), ['a', 'a', 'b', 'c', 'd/old', 'e/new']);
    assert.deepEqual(diffstatFiles({ values: [] }), []);
  });

  test('a change without any path is not passed over', () => {
    for (const values of [[{}], [null], [{ old: { path: '' }, new: null }], 'x', undefined])
      assert.equal(
        diffstatFiles({ ...(values !== undefined && { values }) } as JsonObject),
        undefined,
      );
  });

  test('the main branch', () => {
    assert.equal(mainBranchOf({ mainbranch: { type: 'branch', name: 'trunk' } }), 'trunk');
    for (const mainbranch of [null, {}, { name: '' }, 'main'])
      assert.equal(mainBranchOf({ mainbranch }), undefined);
  });

  test('of the address of the next page only its query counts', () => {
    const query = (next: JsonValue) => nextPage({ next });
    assert.equal(
      query('https://evil.example/x?page=2&pagelen=500'),
      'topic=false&page=2&pagelen=500',
    );
    assert.equal(query('?page=a%26b&topic=true#?page=9'), 'topic=false&page=a%26b');
    assert.deepEqual([nextPage({}), query(''), query(7), query(null)], Array(4).fill(undefined));
  });

  test('is read from anything without failing', () => {
    const anything = fc.dictionary(
      fc.constantFrom('values', 'next', 'mainbranch'),
      fc.jsonValue({ maxDepth: 4 }),
    ) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(anything, (answer) => {
        for (const read of [diffstatFiles, nextPage, mainBranchOf]) read(answer);
      }),
    );
  });
});
