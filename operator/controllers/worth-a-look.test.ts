import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keyOf, type KubeObject } from '../core/objects/kube-object.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../core/settings/resource-settings.ts';
import { createSettingsView, type KindSettings } from '../core/settings/settings-view.ts';
import type { LiveEvent } from '../ports/live-state.ts';
import type { ScriptEngine } from '../ports/script-engine.ts';
import { askWorth, worthALook } from './worth-a-look.ts';

const box = (spec: object, more: object = {}): KubeObject =>
  ({
    apiVersion: 'example.com/v1',
    kind: 'Box',
    metadata: { name: 'a', resourceVersion: '1' },
    spec,
    ...more,
  }) as unknown as KubeObject;

const event = (previous: KubeObject | undefined, object: KubeObject): LiveEvent => ({
  type: 'applied',
  key: keyOf(object),
  object,
  previous,
  depth: 'full',
});

const none = createSettingsView(DEFAULT_RESOURCE_SETTINGS).kind({
  group: 'example.com',
  kind: 'Box',
});
const rule = { jsonPointers: [], jqPathExpressions: [], managedFieldsManagers: [] };
const beat = { ...rule, jsonPointers: ['/spec/beat'] };
const script = { type: 'lua', name: 'lua', script: { source: '', openLibs: false } } as const;

const cases: readonly {
  readonly name: string;
  readonly event: LiveEvent;
  readonly settings?: Partial<KindSettings>;
  readonly worth: 'yes' | 'no' | 'ask';
}[] = [
  { name: 'a new object', event: event(undefined, box({})), worth: 'yes' },
  { name: 'a changed field', event: event(box({ a: 1 }), box({ a: 2 })), worth: 'yes' },
  {
    name: 'bookkeeping',
    event: event(box({}), { ...box({}), metadata: { name: 'a', resourceVersion: '2' } }),
    worth: 'no',
  },
  {
    name: 'status of a kind that a script judges',
    event: event(box({}), box({}, { status: { x: 1 } })),
    settings: { health: script },
    worth: 'yes',
  },
  {
    name: 'status',
    event: event(box({}, { status: { x: 1 } }), box({}, { status: { x: 2 } })),
    worth: 'no',
  },
  ...(['none', 'crd'] as const).map((ignoreResourceStatus) => ({
    name: `status where it is compared (ignoreResourceStatusField: ${ignoreResourceStatus})`,
    event: event(box({}, { status: { x: 1 } }), box({}, { status: { x: 2 } })),
    settings: { compare: { ...none.compare, ignoreResourceStatus } },
    worth: 'yes' as const,
  })),
  {
    name: 'a field that ignoreResourceUpdates leaves out',
    event: event(box({ beat: 1 }), box({ beat: 2 })),
    settings: { ignoreResourceUpdates: [beat] },
    worth: 'no',
  },
  {
    name: 'that field, where argocd-cm turns such rules off',
    event: event(box({ beat: 1 }), box({ beat: 2 })),
    settings: {
      ignoreResourceUpdates: [beat],
      compare: { ...none.compare, ignoreResourceUpdatesEnabled: false },
    },
    worth: 'yes',
  },
  {
    name: 'that field and another',
    event: event(box({ beat: 1, a: 1 }), box({ beat: 2, a: 2 })),
    settings: { ignoreResourceUpdates: [beat] },
    worth: 'yes',
  },
  {
    name: 'ignoreDifferences count as well',
    event: event(box({ beat: 1 }), box({ beat: 2 })),
    settings: { ignoreDifferences: [beat] },
    worth: 'no',
  },
  {
    name: 'unless that is turned off',
    event: event(box({ beat: 1 }), box({ beat: 2 })),
    settings: {
      ignoreDifferences: [beat],
      compare: { ...none.compare, ignoreDifferencesOnResourceUpdates: false },
    },
    worth: 'yes',
  },
  {
    name: 'jq expressions have to be asked',
    event: event(box({ beat: 1 }), box({ beat: 2 })),
    settings: { ignoreResourceUpdates: [{ ...rule, jqPathExpressions: ['.spec.beat'] }] },
    worth: 'ask',
  },
];

describe('a change of a live object', () => {
  for (const { name, event: change, settings = {}, worth } of cases)
    test(name, () => assert.equal(worthALook(change, { ...none, ...settings }), worth));

  for (const [name, outcome, worth] of [
    ['jq names it', { type: 'value', value: [['spec', 'beat']] }, false],
    ['jq names nothing', { type: 'value', value: [] }, true],
    ['jq fails', { type: 'failed', kind: 'budget', reason: 'too long' }, true],
  ] as const)
    test(name, async () => {
      const scripts = {
        jqPaths: (_expression: string, objects: readonly unknown[]) =>
          Promise.resolve(objects.map(() => outcome)),
      } as unknown as ScriptEngine;
      const rules = [{ ...rule, jqPathExpressions: ['.spec.beat'] }];
      const change = event(box({ beat: 1 }), box({ beat: 2 }));
      const settings = { ...none, ignoreResourceUpdates: rules };
      const signal = new AbortController().signal;
      assert.equal(await askWorth(change, settings, scripts, signal), worth);
    });
});
