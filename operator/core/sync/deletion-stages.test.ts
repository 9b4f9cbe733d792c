import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deletionStage,
  isOurFinalizer,
  withHookFinalizers,
  withoutStage,
} from './deletion-stages.ts';
import { manifest } from './testing/objects.ts';

const RESOURCES = 'resources-finalizer.argocd.argoproj.io';
const BEFORE = 'pre-delete-finalizer.argocd.argoproj.io';
const AFTER = 'post-delete-finalizer.argocd.argoproj.io';

test('the parts of a deletion come in one order, whatever the order of the finalizers', () => {
  let finalizers: readonly string[] = [
    `${AFTER}/cleanup`,
    'example.com/foreign',
    AFTER,
    `${BEFORE}/cleanup`,
    `${RESOURCES}/background`,
    RESOURCES,
    BEFORE,
  ];
  const seen: string[] = [];
  for (let stage = deletionStage(finalizers); stage !== undefined; ) {
    seen.push(stage.type === 'cascade' ? stage.propagation : `${stage.type} ${stage.phase}`);
    finalizers = withoutStage(finalizers, stage);
    stage = deletionStage(finalizers);
  }
  assert.deepEqual(seen, [
    'hooks PreDelete',
    'Background',
    'hooks PostDelete',
    'cleanup PreDelete',
    'cleanup PostDelete',
  ]);
  assert.deepEqual(finalizers, ['example.com/foreign']);
});

for (const [finalizer, is] of [
  [RESOURCES, true],
  [`${RESOURCES}/foreground`, true],
  [`${BEFORE}/cleanup`, true],
  [AFTER, true],
  [`${AFTER}/other`, false],
  ['foregroundDeletion', false],
] as const)
  test(`${finalizer} is ${is ? '' : 'not '}ours to remove`, () =>
    assert.equal(isOurFinalizer(finalizer), is));

const hook = (phases: string) => manifest('Job/hook', { hook: phases });

test('finalizers for hooks come with the hooks and go with them; others stay', () => {
  const none = [RESOURCES, 'example.com/foreign'];
  const both = withHookFinalizers(none, [hook('PreSync'), hook('PreDelete,PostDelete')]);
  assert.deepEqual(both, [...none, BEFORE, `${BEFORE}/cleanup`, AFTER, `${AFTER}/cleanup`]);
  assert.equal(withHookFinalizers(both, [hook('PreDelete'), hook('PostDelete')]), both);
  assert.deepEqual(withHookFinalizers(both, [hook('PostDelete')]), [
    ...none,
    AFTER,
    `${AFTER}/cleanup`,
  ]);
  assert.deepEqual(withHookFinalizers(both, [hook('PreSync')]), none);
  assert.equal(withHookFinalizers(none, []), none);
});
