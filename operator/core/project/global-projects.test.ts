import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Project, ProjectSpec } from '../app/types.ts';
import { withGlobalProjects } from './global-projects.ts';
import { type LabelRequirement, selects } from '../objects/label-selector.ts';

const project = (spec: ProjectSpec): Project => ({ name: 'web', namespace: 'argocd', spec });

test('lists of global projects come after the project’s own', () => {
  const merged = withGlobalProjects(
    project({ sourceRepos: ['a'], description: 'mine', roles: [] }),
    [
      project({ sourceRepos: ['b'], clusterResourceBlacklist: [{ group: '*', kind: 'Node' }] }),
      project({
        sourceRepos: ['c'],
        sourceNamespaces: ['x'],
        orphanedResources: {},
        description: 'other',
      }),
    ],
  );
  assert.deepEqual(merged.spec, {
    description: 'mine',
    roles: [],
    sourceRepos: ['a', 'b', 'c'],
    clusterResourceBlacklist: [{ group: '*', kind: 'Node' }],
  });
});

test('no list and an empty list stay what they are', () => {
  const globals = [project({ namespaceResourceWhitelist: [] })];
  assert.deepEqual(withGlobalProjects(project({}), globals).spec, {});
  const none = withGlobalProjects(project({ namespaceResourceWhitelist: [] }), [project({})]);
  assert.deepEqual(none.spec, { namespaceResourceWhitelist: [] });
});

const labels = { team: 'web', tier: 'front' };
const expressions: readonly (readonly [LabelRequirement, boolean])[] = [
  [{ key: 'team', operator: 'In', values: ['api', 'web'] }, true],
  [{ key: 'team', operator: 'In', values: [] }, false],
  [{ key: 'none', operator: 'In', values: ['x'] }, false],
  [{ key: 'team', operator: 'NotIn', values: ['web'] }, false],
  [{ key: 'none', operator: 'NotIn', values: ['x'] }, true],
  [{ key: 'tier', operator: 'Exists', values: [] }, true],
  [{ key: 'tier', operator: 'DoesNotExist', values: [] }, false],
  [{ key: 'none', operator: 'DoesNotExist', values: [] }, true],
];
for (const [requirement, expected] of expressions)
  test(`${JSON.stringify(requirement)} ${expected ? 'selects' : 'does not select'}`, () => {
    const matchExpressions = [requirement];
    assert.equal(selects({ matchLabels: {}, matchExpressions }, labels), expected);
    assert.equal(selects({ matchLabels: { team: 'x' }, matchExpressions }, labels), false);
  });

test('an empty selector selects everything', () => {
  assert.equal(selects({ matchLabels: {}, matchExpressions: [] }, {}), true);
});
