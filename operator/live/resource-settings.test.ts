import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { hasRules, ignoreRulesFor } from '../core/diff/ignore-rules.ts';
import { createSettingsView } from '../core/settings/settings-view.ts';
import { readResourceSettings } from './resource-settings.ts';

const rollout = { group: 'argoproj.io', kind: 'Rollout' };

describe('argocd-cm on comparing and judging', () => {
  test('nothing said means the defaults', () => {
    const { customizations, compare, problems } = readResourceSettings(undefined);
    assert.deepEqual(customizations, []);
    assert.deepEqual(compare, {
      ignoreAggregatedRoles: false,
      ignoreResourceStatus: 'all',
      ignoreDifferencesOnResourceUpdates: true,
      ignoreResourceUpdatesEnabled: true,
    });
    assert.deepEqual(problems, []);
  });

  test('split keys: group and kind, the core group, all', () => {
    const settings = readResourceSettings({
      'resource.customizations.health.argoproj.io_Rollout': 'return {}',
      'resource.customizations.useOpenLibs.argoproj.io_Rollout': 'true',
      'resource.customizations.ignoreDifferences.Service': 'jsonPointers: [/spec/x]',
      'resource.customizations.ignoreDifferences.all':
        'managedFieldsManagers: [kube-controller-manager]',
    });
    const view = createSettingsView(settings);
    assert.deepEqual(view.kind(rollout).health, {
      type: 'lua',
      name: 'lua argoproj.io/Rollout',
      script: { source: 'return {}', openLibs: true },
    });
    const service = view.kind({ group: '', kind: 'Service' });
    assert.deepEqual(
      service.ignoreDifferences.map((rule) => [rule.jsonPointers, rule.managedFieldsManagers]),
      [
        [['/spec/x'], []],
        [[], ['kube-controller-manager']],
      ],
    );
    assert.equal(service.health, undefined);
  });

  test('the older block, with wildcards; a split key overrides its part', () => {
    const settings = readResourceSettings({
      'resource.customizations': [
        '"*.example.io/*":',
        '  health.lua: return { status = "Healthy" }',
        'argoproj.io/Rollout:',
        '  health.lua: return { status = "old" }',
        '  ignoreDifferences: |',
        '    jqPathExpressions: [.spec.replicas]',
      ].join('\n'),
      'resource.customizations.health.argoproj.io_Rollout': 'return { status = "new" }',
    });
    const view = createSettingsView(settings);
    const health = view.kind(rollout).health;
    assert.equal(health?.type === 'lua' && health.script.source, 'return { status = "new" }');
    assert.deepEqual(view.kind(rollout).ignoreDifferences[0]?.jqPathExpressions, [
      '.spec.replicas',
    ]);
    assert.equal(
      view.kind({ group: 'a.example.io', kind: 'Any' }).health?.name,
      'lua *.example.io/*',
    );
  });

  test('an exact kind goes before wildcards', () => {
    const settings = readResourceSettings({
      'resource.customizations': '"*/*": {health.lua: any}\nargoproj.io/Rollout: {health.lua: own}',
    });
    const health = createSettingsView(settings).kind(rollout).health;
    assert.equal(health?.type === 'lua' && health.script.source, 'own');
  });

  test('CEL rules and actions', () => {
    const settings = readResourceSettings({
      'resource.customizations.healthCEL.example.com_Box':
        '- {status: Healthy, when: obj.status.ready, message: "\'fine\'"}',
      'resource.customizations.actions.example.com_Box':
        'discovery.lua: return {}\ndefinitions:\n- {name: open, action.lua: return obj}\n',
    });
    const box = createSettingsView(settings).kind({ group: 'example.com', kind: 'Box' });
    assert.deepEqual(box.health, {
      type: 'cel',
      name: 'cel example.com/Box',
      cel: { rules: [{ status: 'Healthy', when: 'obj.status.ready', message: "'fine'" }] },
    });
    assert.deepEqual(box.actions, {
      discovery: 'return {}',
      definitions: [{ name: 'open', source: 'return obj' }],
      mergeBuiltinActions: false,
    });
  });

  for (const [text, expected] of [
    ['ignoreResourceStatusField: crd', 'crd'],
    ['ignoreResourceStatusField: none', 'none'],
    ['ignoreResourceStatusField: off', 'none'],
    ['ignoreResourceStatusField: false', 'none'],
    ['ignoreResourceStatusField: sometimes', 'all'],
  ] as const)
    test(`compareoptions ${text}`, () => {
      const settings = readResourceSettings({ 'resource.compareoptions': text });
      assert.equal(settings.compare.ignoreResourceStatus, expected);
    });

  test('ignoreResourceUpdatesEnabled', () => {
    for (const [text, expected] of [
      ['false', false],
      ['true', true],
    ] as const) {
      const key = 'resource.ignoreResourceUpdatesEnabled';
      const { compare } = readResourceSettings({ [key]: text });
      assert.equal(compare.ignoreResourceUpdatesEnabled, expected);
    }
  });

  test('what makes no sense is told by its key and left out, the rest stands', () => {
    const settings = readResourceSettings({
      'resource.customizations': '- a list',
      'resource.customizations.healthCEL.a_B': '- {status: Great, when: "true"}',
      'resource.customizations.ignoreDifferences.a_B': '[1',
      'resource.customizations.knownTypeFields.a_B': '- {field: spec.x}',
      'resource.customizations.actions.a_B': 'text',
      'resource.compareoptions': '[]',
      'resource.customizations.health.a_C': 'return {}',
    });
    assert.deepEqual(settings.problems.map((problem) => problem.split(':')[0]).toSorted(), [
      'resource.compareoptions',
      'resource.customizations',
      'resource.customizations.actions.a_B',
      'resource.customizations.healthCEL.a_B',
      'resource.customizations.ignoreDifferences.a_B',
      'resource.customizations.knownTypeFields.a_B',
    ]);
    assert.ok(createSettingsView(settings).kind({ group: 'a', kind: 'C' }).health);
  });
});

describe('a rule on what not to compare that cannot be read stays one', () => {
  const key = 'resource.customizations.ignoreDifferences.a_B';
  const rulesOf = (data: Readonly<Record<string, string>>, kind = 'B') => {
    const view = createSettingsView(readResourceSettings(data));
    return ignoreRulesFor({ group: 'a', kind, namespace: '', name: '' }, undefined, [
      ...view.kind({ group: 'a', kind }).ignoreDifferences,
    ]);
  };
  for (const text of [
    '[1',
    'text',
    '- /spec/a',
    'jsonPointers: /spec/a',
    'jsonPointers: [5]',
    'jqPathExpressions: .spec',
    'managedFieldsManagers: {a: b}',
    'jsonPointers: [/a]\njsonPointers: [/b]',
  ])
    test(text, () => {
      const rules = rulesOf({ [key]: text });
      assert.match(rules.unreadable ?? '', new RegExp(`^${key}: is not a map of jsonPointers`));
      assert.ok(hasRules(rules));
      assert.equal(hasRules(rulesOf({ [key]: text }, 'C')), false, 'another kind');
    });

  test('one that says nothing is none', () => {
    for (const text of ['', '{}', 'jsonPointers:', 'jsonPointers: []'])
      assert.equal(hasRules(rulesOf({ [key]: text })), false, text);
  });

  test('of every kind, where the whole block or the options make no sense', () => {
    const pointer = 'jsonPointers: [/spec/a]';
    for (const [broken, text] of [
      ['resource.customizations', 'a/B: ['],
      ['resource.compareoptions', 'ignoreAggregatedRoles'],
    ] as const)
      for (const kind of ['B', 'C']) {
        const rules = rulesOf(
          { [broken]: text, 'resource.customizations.ignoreDifferences.all': pointer },
          kind,
        );
        assert.match(rules.unreadable ?? '', new RegExp(`^${broken}: is not a map`));
        assert.deepEqual(rules.pointers, [['spec', 'a']], 'what can be read counts');
      }
  });

  test('of the kind whose entry makes no sense', () => {
    const block = 'a/B: no map\na/C: {ignoreDifferences: [}';
    assert.equal(hasRules(rulesOf({ 'resource.customizations': 'a/B: no map' }, 'C')), false);
    assert.ok(rulesOf({ 'resource.customizations': 'a/B: no map' }).unreadable);
    const nested = 'a/B: {ignoreDifferences: "[1"}';
    assert.ok(rulesOf({ 'resource.customizations': nested }).unreadable);
    assert.ok(rulesOf({ 'resource.customizations': block }, 'D').unreadable);
  });

  test('an update of such a kind is always worth a look, and its other keys are read', () => {
    const updates = 'resource.customizations.ignoreResourceUpdates.a_B';
    const { customizations } = readResourceSettings({ [updates]: '[1' });
    assert.equal(customizations[0]?.ignoreDifferences, undefined);
  });
});

describe('a new view', () => {
  const text = (source: string) => ({
    'resource.customizations.health.argoproj.io_Rollout': source,
    'resource.customizations.health.a_B': 'same',
  });
  test('keeps what did not change and names what did', () => {
    const before = createSettingsView(readResourceSettings(text('one')));
    const other = { group: 'a', kind: 'B' };
    const same = before.kind(other);
    before.kind(rollout);
    const after = createSettingsView(readResourceSettings(text('two')), before);
    assert.deepEqual(before.changedKinds(after), [rollout]);
    assert.equal(after.kind(other), same);
  });

  test('lets go of those before it', async () => {
    let view = createSettingsView(readResourceSettings(text('0')));
    const first = new WeakRef(view);
    for (const source of ['1', '2', '3']) {
      view.kind(rollout);
      view = createSettingsView(readResourceSettings(text(source)), view);
      view.kind(rollout);
    }
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await new Promise((resolve) => setImmediate(resolve)); // what a WeakRef made stays for a turn
    collect();
    assert.equal(first.deref(), undefined);
    assert.ok(view.kind(rollout).health);
  });
});
