import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rightsForChange } from './guard-change.ts';
import { storedTokens, withTokensOf } from './project-tokens.ts';

const A = { server: 'https://a', namespace: '*' };
const B = { server: 'https://b', namespace: '*' };
const serverOf = (name: string) => (name === 'named' ? 'https://named' : undefined);

describe('what a change of a project takes beside the right to update it', () => {
  const cases = [
    [
      'nothing',
      { destinations: [A], sourceRepos: ['x'] },
      { destinations: [A], sourceRepos: ['x'] },
      [],
    ],
    ['the same in another order', { destinations: [A, B] }, { destinations: [B, A] }, []],
    ['a destination more', {}, { destinations: [A] }, ['clusters https://a']],
    ['a destination less', { destinations: [A, B] }, { destinations: [B] }, ['clusters https://a']],
    [
      'another namespace',
      { destinations: [A] },
      { destinations: [{ ...A, namespace: 'x' }] },
      ['clusters https://a'],
    ],
    ['a cluster by name', {}, { destinations: [{ name: 'named' }] }, ['clusters https://named']],
    ['a pattern of names', {}, { destinations: [{ name: 'n*' }] }, ['clusters n*']],
    [
      'repositories',
      { sourceRepos: ['x', 'y'] },
      { sourceRepos: ['y', 'z'] },
      ['repositories x', 'repositories z'],
    ],
    [
      'kinds',
      { destinations: [A] },
      { destinations: [A], namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] },
      ['clusters https://a'],
    ],
  ] as const;
  for (const [name, before, after, expected] of cases)
    test(name, () => {
      const rights = rightsForChange(before, after, serverOf);
      assert.deepEqual(
        rights.map(({ resource, object }) => `${resource} ${object}`),
        expected,
      );
      assert.ok(rights.every(({ action }) => action === 'update'));
    });
});

describe('tokens of a project that is sent', () => {
  const project = (spec: object, status: object = {}) => ({
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'p' } },
    ...{ spec: { ...spec }, status: { ...status } },
  });
  const kept = { iat: 1, id: 'kept' };
  const existing = project(
    {
      roles: [
        { name: 'dev', jwtTokens: [kept] },
        { name: 'gone', jwtTokens: [kept] },
      ],
    },
    { jwtTokensByRole: { dev: { items: [kept, { iat: 2 }] } } },
  );

  test('are those that are there, of the spec and of the status', () => {
    const sent = project({
      roles: [{ name: 'dev', jwtTokens: [{ iat: 9, id: 'mine' }] }, { name: 'new' }],
    });
    assert.deepEqual(withTokensOf(existing, sent)['spec'], {
      roles: [{ name: 'dev', jwtTokens: [kept, { iat: 2 }] }, { name: 'new' }],
    });
  });

  test('are counted once', () => {
    assert.deepEqual(storedTokens(existing).get('dev'), [kept, { iat: 2 }]);
    assert.deepEqual([...storedTokens(project({ roles: 'x' })).keys()], []);
  });
});
