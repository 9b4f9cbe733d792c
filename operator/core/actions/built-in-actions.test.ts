import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../errors.ts';
import { deepFreeze } from '../objects/freeze.ts';
import { jsonEqual, type JsonObject } from '../objects/json.ts';
import { groupOf, type KubeObject } from '../objects/kube-object.ts';
import { BUILT_IN_ACTIONS } from './built-in-actions.ts';
import { discoverActions } from './discover-actions.ts';
import { planAction } from './plan-action.ts';
import { planPatches } from './plan-patches.ts';
import { nameOf, NOW, type ActionCase } from './testing/action-case.ts';
import { ARGO_CASES } from './testing/argo-cases.ts';
import { KUBERNETES_CASES } from './testing/kubernetes-cases.ts';
import { OPERATOR_CASES } from './testing/operator-cases.ts';

const CASES = [...KUBERNETES_CASES, ...ARGO_CASES, ...OPERATOR_CASES];

/** What the API server gets. */
function effectOf({ object, action, parameters = {} }: ActionCase): Partial<ActionCase> {
  const effect: { patch?: JsonObject; status?: JsonObject; creates?: KubeObject } = {};
  for (const step of planAction(deepFreeze(object), action, parameters, { now: NOW })) {
    if (step.operation === 'create') effect.creates = step.object;
    else
      for (const { subresource, patch } of planPatches(object, step.object, { hasStatus: true }))
        effect[subresource ?? 'patch'] = patch;
  }
  return effect;
}

describe('built-in actions', () => {
  for (const one of CASES)
    test(nameOf(one), () => {
      const info = discoverActions(one.object).find(({ name }) => name === one.action);
      const reason = one.idle ?? one.refused;
      assert.deepEqual([info?.disabled, info?.reason], [reason !== undefined, reason]);
      if (one.refused !== undefined || one.error !== undefined) {
        const words = one.error ?? `: action ${one.action}: makes no sense now: ${one.refused}`;
        assert.throws(
          () => effectOf(one),
          (error) =>
            hasCode(error, 'InvalidAction') &&
            (typeof words === 'string' ? error.message.endsWith(words) : words.test(error.message)),
        );
        return;
      }
      const { patch, status, creates } = one;
      const wanted = { patch, status, creates } as unknown as JsonObject;
      const effect = effectOf(one) as unknown as JsonObject;
      assert.ok(jsonEqual(effect, wanted), JSON.stringify(effect));
    });
});

test('every action of every kind is in the cases, and each that can be refused is so in one', () => {
  const shown = (cases: readonly ActionCase[]) =>
    new Set(cases.map(({ object: o, action }) => `${groupOf(o.apiVersion)}/${o.kind} ${action}`));
  const done = shown(CASES.filter((one) => 'patch' in one || 'status' in one || 'creates' in one));
  const refused = shown(CASES.filter((one) => 'idle' in one || 'refused' in one));
  for (const { group, kinds, actions } of BUILT_IN_ACTIONS)
    for (const kind of kinds)
      for (const { name, refusal } of actions) {
        assert.ok(done.has(`${group}/${kind} ${name}`), `${kind} ${name} is not tried`);
        if (refusal !== undefined)
          assert.ok(refused.has(`${group}/${kind} ${name}`), `${kind} ${name} is never refused`);
      }
});

test('no kind is listed twice, and no kind has two actions of one name', () => {
  const kinds = BUILT_IN_ACTIONS.flatMap((one) => one.kinds.map((kind) => `${one.group}/${kind}`));
  assert.equal(new Set(kinds).size, kinds.length);
  for (const { actions } of BUILT_IN_ACTIONS)
    assert.equal(new Set(actions.map(({ name }) => name)).size, actions.length);
});

test('an unknown action names those that there are', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' } };
  assert.deepEqual(discoverActions(pod), []);
  assert.throws(() => planAction(pod, 'fly', {}, { now: NOW }), {
    code: 'InvalidAction',
    message: 'Pod/shop/web: action fly: is not known; its kind has no actions',
  });
  const daemonSet = { ...pod, apiVersion: 'apps/v1', kind: 'DaemonSet' };
  assert.throws(() => planAction(daemonSet, 'fly', {}, { now: NOW }), {
    message: 'DaemonSet/shop/web: action fly: is not known; there are restart',
  });
});

test('a parameter is never read from what every object has', () => {
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };
  const inherited = Object.create({ replicas: '3' }) as Record<string, string>;
  assert.throws(() => planAction(deployment, 'scale', inherited, { now: NOW }), /needs the param/);
});

test('content of any shape is listed, and planned or refused, without being changed', () => {
  const anything = fc.jsonValue({ maxDepth: 3 });
  const kinds = BUILT_IN_ACTIONS.flatMap(({ group, kinds: all }) =>
    all.map((kind) => ({ apiVersion: `${group}/v1`, kind })),
  );
  fc.assert(
    fc.property(fc.constantFrom(...kinds), anything, anything, (kind, spec, status) => {
      const object = deepFreeze({ ...kind, metadata: { name: 'web' }, spec, status } as KubeObject);
      for (const { name, disabled } of discoverActions(object)) {
        const parameters = { replicas: '3', instance: 'any' };
        try {
          for (const step of planAction(object, name, parameters, { now: NOW }))
            assert.equal(step.object.metadata.name?.startsWith('web'), true);
        } catch (error) {
          assert.ok(hasCode(error, 'InvalidAction') && disabled, String(error));
        }
      }
    }),
    { numRuns: 500 },
  );
});
