import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonValue } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { createSettingsView } from '../core/settings/settings-view.ts';
import { readResourceSettings } from '../live/resource-settings.ts';
import { manages } from './manages.ts';

const app = (resources: JsonValue | undefined): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'a' },
  ...(resources === undefined ? {} : { status: { resources } }),
});
const web = { group: 'apps', kind: 'Deployment', name: 'web', status: 'Synced' };
const service = { kind: 'Service', name: 'web', status: 'Synced' };

describe('which Applications a change of argocd-cm concerns', () => {
  const kinds = [{ group: 'apps', kind: 'Deployment' }];
  for (const [name, resources, concerned] of [
    ['one that has such an object', [service, web], true],
    ['not one that has others', [service], false],
    ['not one with the kind of another group', [{ ...web, group: 'apps.kruise.io' }], false],
    ['not one that has none', [], false],
    ['one that has not been compared yet', undefined, true],
    ['not one whose entries make no sense', ['Deployment', { kind: 5 }], false],
  ] as const)
    test(name, () => assert.equal(manages(app(resources), kinds), concerned));

  test('of the core group', () => {
    assert.ok(manages(app([service]), [{ group: '', kind: 'Service' }]));
  });

  test('no kinds, no Applications', () => {
    for (const resources of [undefined, [web]]) assert.ok(!manages(app(resources), []));
  });

  test('a new rule for one kind compares that kind again, a new one for all every kind', () => {
    const rule = 'jsonPointers: [/spec/x]';
    const concernedBy = (key: string) => {
      const before = createSettingsView(readResourceSettings({}));
      for (const { group = '', kind } of [web, { ...service, group: '' }])
        before.kind({ group, kind });
      const next = readResourceSettings({ [`resource.customizations.${key}`]: rule });
      const changed = before.changedKinds(createSettingsView(next, before));
      return [[web], [service]].map((resources) => manages(app(resources), changed));
    };
    assert.deepEqual(concernedBy('ignoreDifferences.apps_Deployment'), [true, false]);
    assert.deepEqual(concernedBy('ignoreDifferences.Service'), [false, true]);
    assert.deepEqual(concernedBy('ignoreDifferences.all'), [true, true]);
    assert.deepEqual(concernedBy('health.Pod'), [false, false]);
  });
});
