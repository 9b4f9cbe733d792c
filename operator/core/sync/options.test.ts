import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSyncOptions, permissionOf, resourceOptions, type SyncOptions } from './options.ts';
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
  serverSideApply: false,
  clientSideApplyMigration: true,
  applyOutOfSyncOnly: false,
  failOnSharedResource: false,
  respectIgnoreDifferences: false,
  skipDryRunOnMissingResource: false,
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
  { option: 'ClientSideApplyMigration=false', sets: { clientSideApplyMigration: false } },
  { option: 'ApplyOutOfSyncOnly=true', sets: { applyOutOfSyncOnly: true } },
  { option: 'FailOnSharedResource=true', sets: { failOnSharedResource: true } },
  { option: 'RespectIgnoreDifferences=true', sets: { respectIgnoreDifferences: true } },
  { option: 'SkipDryRunOnMissingResource=true', sets: { skipDryRunOnMissingResource: true } },
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
