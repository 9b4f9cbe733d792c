import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_TRACKING } from '../core/tracking/tracking.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import { readControlPlaneSettings } from './control-plane-settings.ts';
import { DEFAULT_EXCLUSIONS } from './excluded-kinds.ts';

const withData = (data: Readonly<Record<string, string>> | undefined): ConfigStore => ({
  configMap: () =>
    data === undefined
      ? undefined
      : { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm' }, data },
  secret: () => undefined,
  secretsOfType: () => [],
  observe() {},
  observeGone() {},
  onChange: () => ({ [Symbol.dispose]() {} }),
});

describe('settings of the control plane', () => {
  test('an absent ConfigMap means the defaults', () =>
    assert.deepEqual(readControlPlaneSettings(withData(undefined)), {
      tracking: DEFAULT_TRACKING,
      exclusions: DEFAULT_EXCLUSIONS,
      inclusions: [],
      problems: [],
    }));

  test('tracking is read', () =>
    assert.deepEqual(
      readControlPlaneSettings(
        withData({
          'application.resourceTrackingMethod': 'annotation+label',
          'application.instanceLabelKey': 'example.com/app',
          installationID: 'blue',
        }),
      ).tracking,
      { method: 'annotation+label', labelKey: 'example.com/app', installationId: 'blue' },
    ));

  test('an unknown tracking method is the default', () =>
    assert.equal(
      readControlPlaneSettings(withData({ 'application.resourceTrackingMethod': 'magic' })).tracking
        .method,
      'annotation',
    ));

  test('exclusions take the place of the shipped ones', () =>
    assert.deepEqual(
      readControlPlaneSettings(
        withData({ 'resource.exclusions': '- apiGroups: ["example.com"]\n  kinds: []\n' }),
      ).exclusions,
      [{ apiGroups: ['example.com'] }],
    ));

  for (const broken of ['- a: [', 'text', '- 5', '- kinds: x'])
    test(`"${broken}" is told, and the defaults stay`, () => {
      const read = readControlPlaneSettings(withData({ 'resource.exclusions': broken }));
      assert.deepEqual(read.exclusions, DEFAULT_EXCLUSIONS);
      assert.equal(read.problems.length, 1);
    });
});
