import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deletePolicies, hookRole, hookRunOf, isHook, withHookRun } from './hooks.ts';
import { manifest } from './testing/objects.ts';

const cases: readonly {
  readonly argo?: string;
  readonly helm?: string;
  /** Phases, or the role. */
  readonly is: string;
}[] = [
  { is: 'resource' },
  { argo: 'PreSync', is: 'PreSync' },
  { argo: 'Sync', is: 'Sync' },
  { argo: 'PostSync', is: 'PostSync' },
  { argo: 'SyncFail', is: 'SyncFail' },
  { argo: 'PreDelete', is: 'PreDelete' },
  { argo: 'PostDelete', is: 'PostDelete' },
  { argo: 'PreSync, PostSync', is: 'PreSync PostSync' },
  { argo: 'PreSync,PreSync', is: 'PreSync' },
  { argo: 'Skip', is: 'skip' },
  { argo: 'Skip,PreSync', is: 'PreSync' },
  { argo: 'Skip', helm: 'pre-install', is: 'skip' },
  { argo: 'Nonsense', is: 'ignored' },
  { argo: 'presync', is: 'ignored' },
  { argo: '', is: 'ignored' },
  { argo: 'Nonsense,Sync', is: 'Sync' },
  { argo: 'Nonsense', helm: 'pre-install', is: 'PreSync' },
  { argo: 'Sync', helm: 'pre-install', is: 'Sync' },
  { helm: 'pre-install', is: 'PreSync' },
  { helm: 'pre-upgrade', is: 'PreSync' },
  { helm: 'pre-install,pre-upgrade', is: 'PreSync' },
  { helm: 'post-install', is: 'PostSync' },
  { helm: 'post-upgrade', is: 'PostSync' },
  { helm: 'pre-install, post-upgrade', is: 'PreSync PostSync' },
  { helm: 'pre-delete', is: 'PreDelete' },
  { helm: 'post-delete', is: 'PostDelete' },
  { helm: 'crd-install', is: 'resource' },
  { helm: 'pre-rollback', is: 'ignored' },
  { helm: 'post-rollback', is: 'ignored' },
  { helm: 'test', is: 'ignored' },
  { helm: 'test-success', is: 'ignored' },
  { helm: 'unknown', is: 'ignored' },
  { helm: 'post-install,test', is: 'PostSync' },
];

for (const { argo, helm, is } of cases)
  test(`hook: argo ${argo ?? '–'}, helm ${helm ?? '–'} is ${is}`, () => {
    const object = manifest('Job/a', {
      annotations: {
        ...(argo === undefined ? {} : { 'argocd.argoproj.io/hook': argo }),
        ...(helm === undefined ? {} : { 'helm.sh/hook': helm }),
      },
    });
    const role = hookRole(object);
    assert.equal(role.type === 'hook' ? role.phases.join(' ') : role.type, is);
    assert.equal(isHook(object), is !== 'resource' && is !== 'skip');
  });

for (const { argo, helm, are } of [
  { are: 'BeforeHookCreation' },
  { argo: 'HookSucceeded', are: 'HookSucceeded' },
  { argo: 'HookFailed, HookSucceeded', are: 'HookFailed HookSucceeded' },
  { argo: 'BeforeHookCreation', are: 'BeforeHookCreation' },
  { argo: 'Nonsense', are: 'BeforeHookCreation' },
  { helm: 'hook-succeeded', are: 'HookSucceeded' },
  { helm: 'hook-failed', are: 'HookFailed' },
  { helm: 'before-hook-creation,hook-succeeded', are: 'BeforeHookCreation HookSucceeded' },
  { argo: 'HookFailed', helm: 'hook-succeeded', are: 'HookFailed HookSucceeded' },
  { argo: 'hook-succeeded', are: 'BeforeHookCreation' },
] as readonly { argo?: string; helm?: string; are: string }[])
  test(`hook delete policy: argo ${argo ?? '–'}, helm ${helm ?? '–'} means ${are}`, () => {
    const object = manifest('Job/a', {
      annotations: {
        ...(argo === undefined ? {} : { 'argocd.argoproj.io/hook-delete-policy': argo }),
        ...(helm === undefined ? {} : { 'helm.sh/hook-delete-policy': helm }),
      },
    });
    assert.equal([...deletePolicies(object)].join(' '), are);
  });

test('hook run: the mark is added to what is there and read back', () => {
  const hook = manifest('Job/a', { hook: 'Sync' });
  const marked = withHookRun(hook, '1000-0-Sync');
  assert.equal(hookRunOf(marked), '1000-0-Sync');
  assert.equal(marked.metadata.annotations?.['argocd.argoproj.io/hook'], 'Sync');
  assert.equal(hookRunOf(hook), undefined);
  assert.equal(hookRunOf(undefined), undefined);
});
