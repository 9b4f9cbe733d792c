import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ANONYMOUS } from '../core/repository/access.ts';
import { createSourceReach } from './source-reach.ts';

describe('what applications of a project may read', () => {
  const refusal = (
    repoUrl: string,
    sourceRepos: readonly string[],
    own: readonly string[] = [],
  ) => {
    const project = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'web', namespace: 'argocd' },
      spec: { sourceRepos: [...sourceRepos] },
    };
    const projects = { get: (name: string) => (name === 'web' ? project : undefined) };
    const reach = createSourceReach(
      { accessTo: () => ANONYMOUS, named: () => undefined, ofProject: () => own },
      {
        projects: projects as Parameters<typeof createSourceReach>[1]['projects'],
        projectSettings: () => ({
          globalProjects: [],
          impersonation: { enabled: false, enforced: false },
          problems: [],
        }),
      },
      { resolve: async () => '', tree: () => Promise.reject(new Error('no Git here')) },
    );
    return reach.refusal(repoUrl, 'web');
  };
  const cases: readonly (readonly [string, string, readonly string[], boolean])[] = [
    ['everything', 'https://charts.example/a', ['*'], true],
    ['what a pattern names', 'https://charts.example/a', ['https://charts.example/*'], true],
    ['nothing else', 'https://charts.example/a', ['https://other.example/*'], false],
    ['a registry by its plain name', 'registry.example/team', ['registry.example/*'], true],
    ['a registry with its scheme', 'registry.example/team', ['oci://registry.example/*'], true],
    ['no other registry', 'registry.example/team', ['oci://registry.example/other'], false],
    [
      'not what is forbidden by one name',
      'registry.example/team',
      ['*', '!oci://registry.example/*'],
      false,
    ],
    [
      'not what is forbidden by the other',
      'registry.example/team',
      ['*', '!registry.example/*'],
      false,
    ],
  ];
  for (const [name, url, sourceRepos, permitted] of cases) {
    test(name, () => {
      const why = refusal(url, sourceRepos);
      if (permitted) assert.equal(why, undefined);
      else assert.match(why ?? '', /^repository \S+ is not permitted in project 'web'/);
    });
  }
  test('what is registered for the project alone', () => {
    assert.equal(refusal('https://charts.example/a', [], ['https://charts.example/a']), undefined);
  });
});
