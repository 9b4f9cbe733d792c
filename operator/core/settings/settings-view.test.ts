import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RESOURCE_SETTINGS } from './resource-settings.ts';
import { createSettingsView } from './settings-view.ts';

test('actions are those of exactly the kind', () => {
  const actions = { discovery: '', definitions: [], mergeBuiltinActions: false };
  const view = createSettingsView({
    ...DEFAULT_RESOURCE_SETTINGS,
    customizations: [
      { group: 'apps', kind: 'Deployment', actions },
      { group: '*', kind: '*', actions: { ...actions, discovery: 'return {}' } },
    ],
  });
  assert.equal(view.kind({ group: 'apps', kind: 'Deployment' }).actions, actions);
  assert.equal(view.kind({ group: 'apps', kind: 'DaemonSet' }).actions, undefined);
});
