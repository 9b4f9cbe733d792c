import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../objects/kube-object.ts';
import {
  type ApplyMode,
  applyMode,
  mayRecreate,
  parseSyncOptions,
  permissionOf,
  resourceOptions,
  type SyncOptions,
} from './options.ts';
import { manifest } from './testing/objects.ts';

const DEFAULTS: SyncOptions = {
  validate: true,
  createNamespace: false,
  pruneLast: false,
  propagation: 'Foreground',
  prune: 'yes',
  delete: 'yes',
  replace: false,
  force: false,
  serverSideApply: undefined,
  clientSideApplyMigration: true,
  applyOutOfSyncOnly: false,
  failOnSharedResource: false,
  respectIgnoreDifferences: false,
  skipDryRunOnMissingResource: false,
  skipHooks: false,
};

const cases: readonly { readonly option: string; readonly sets: Partial<SyncOptions> }[] = [
  { option: 'Validate=false', sets: { validate: false } },
  { option: 'CreateNamespace=true', sets: { createNamespace: true } },
  { option: 'PruneLast=true', sets: { pruneLast: true } },
  { option: 'PrunePropagationPolicy=foreground', sets: {} },
  { option: 'PrunePropagationPolicy=background', sets: { propagation: 'Background' } },
  { option: 'PrunePropagationPolicy=orphan', sets: { propagation: 'Orphan' } },
  { option: 'Prune=false', sets: { prune: 'no' } },
  { option: 'Prune=confirm', sets: { prune: 'confirm' } },
  { option: 'Delete=false', sets: { delete: 'no' } },
  { option: 'Delete=confirm', sets: { delete: 'confirm' } },
  { option: 'Replace=true', sets: { replace: true } },
  { option: 'Force=true', sets: { force: true } },
  { option: 'ServerSideApply=true', sets: { serverSideApply: true } },
  { option: 'ServerSideApply=false', sets: { serverSideApply: false } },
  { option: 'ClientSideApplyMigration=false', sets: { clientSideApplyMigration: false } },
  { option: 'ApplyOutOfSyncOnly=true', sets: { applyOutOfSyncOnly: true } },
  { option: 'FailOnSharedResource=true', sets: { failOnSharedResource: true } },
  { option: 'RespectIgnoreDifferences=true', sets: { respectIgnoreDifferences: true } },
  { option: 'SkipDryRunOnMissingResource=true', sets: { skipDryRunOnMissingResource: true } },
  { option: 'SkipHooks=true', sets: { skipHooks: true } },
  { option: 'Replace=false', sets: {} },
  { option: 'ApplyOutOfSyncOnly=false', sets: {} },
  { option: 'ClientSideApplyMigration=true', sets: {} },
  { option: 'validate=false', sets: {} },
  { option: 'Validate = false', sets: {} },
  { option: 'PrunePropagationPolicy=Background', sets: {} },
  { option: 'SomethingElse=true', sets: {} },
];

for (const { option, sets } of cases)
  test(`sync option ${option} ${Object.keys(sets).length === 0 ? 'changes nothing' : 'counts'}`, () => {
    assert.deepEqual(parseSyncOptions([option]), { ...DEFAULTS, ...sets });
  });

test('sync options: none given are the defaults', () => {
  assert.deepEqual(parseSyncOptions(undefined), DEFAULTS);
});

test('sync options of a resource: comma-separated, blanks around them ignored', () => {
  const object = manifest('ConfigMap/a', { options: ' Prune=false ,Validate=false' });
  assert.deepEqual([...resourceOptions(object)], ['Prune=false', 'Validate=false']);
  assert.equal(resourceOptions(manifest('ConfigMap/a')).size, 0);
  assert.equal(resourceOptions(undefined).size, 0);
});

for (const [own, inherited, expected] of [
  [undefined, 'yes', 'yes'],
  [undefined, 'no', 'no'],
  [undefined, 'confirm', 'confirm'],
  ['Prune=false', 'yes', 'no'],
  ['Prune=true', 'no', 'yes'],
  ['Prune=confirm', 'no', 'confirm'],
  ['Prune=false', 'confirm', 'no'],
  ['Delete=false', 'yes', 'yes'],
] as const)
  test(`pruning: annotation ${own ?? 'absent'} with option ${inherited} means ${expected}`, () => {
    const object = manifest('ConfigMap/a', own === undefined ? {} : { options: own });
    assert.equal(permissionOf('Prune', object, inherited), expected);
  });

const modes: readonly {
  readonly app?: readonly string[];
  readonly own?: string;
  readonly live?: string;
  readonly mode: ApplyMode;
}[] = [
  { mode: 'server-side' },
  { app: ['ServerSideApply=false'], mode: 'client-side' },
  { app: ['ServerSideApply=false'], own: 'ServerSideApply=true', mode: 'server-side' },
  { app: ['ServerSideApply=true'], own: 'ServerSideApply=false', mode: 'client-side' },
  { own: 'ServerSideApply=false', mode: 'client-side' },
  { live: 'ServerSideApply=false', mode: 'server-side' },
  { app: ['Replace=true', 'ServerSideApply=true'], mode: 'replace' },
  { own: 'Replace=true,ServerSideApply=true', mode: 'replace' },
  { live: 'Replace=true', mode: 'replace' },
];

for (const { app, own, live, mode } of modes)
  test(`sync options ${app?.join() ?? '(none)'}, object ${own ?? '(none)'}, live ${live ?? '(none)'}: ${mode}`, () => {
    const of = (options: string | undefined) =>
      manifest('ConfigMap/a', options === undefined ? {} : { options });
    assert.equal(applyMode(parseSyncOptions(app), of(own), of(live)), mode);
  });

test('sync option Force: never of a Namespace or a CustomResourceDefinition', () => {
  const options = { options: 'Force=true' };
  const none = parseSyncOptions([]);
  const may = (object: KubeObject) => mayRecreate(none, object, undefined);
  assert.equal(may(manifest('Deployment/a', options)), true);
  assert.equal(may(manifest('Namespace/a', options)), false);
  assert.equal(may(manifest('CustomResourceDefinition/a', options)), false);
  assert.equal(mayRecreate(none, manifest('Job/a'), manifest('Job/a', options)), true);
  assert.equal(mayRecreate(parseSyncOptions(['Force=true']), manifest('Job/a'), undefined), true);
  assert.equal(mayRecreate(none, manifest('Job/a'), undefined), false);
});
