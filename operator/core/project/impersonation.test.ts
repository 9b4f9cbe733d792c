import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Project, ProjectSpec } from '../app/types.ts';
import { decideIdentity } from './impersonation.ts';

type Accounts = ProjectSpec['destinationServiceAccounts'];
const on = { enabled: true, enforced: true };
const target = { server: 'https://one', namespace: 'shop', appNamespace: 'argocd' };

const identity = (
  destinationServiceAccounts: Accounts,
  where = target,
  settings: Parameters<typeof decideIdentity>[2] = on,
): string => {
  const spec = destinationServiceAccounts === undefined ? {} : { destinationServiceAccounts };
  const project: Project = { name: 'web', namespace: 'argocd', spec };
  const decided = decideIdentity(project, where, settings);
  return decided.type === 'service-account' ? decided.user : decided.type;
};
const entry = (server: string, namespace: string | undefined, defaultServiceAccount: string) => ({
  server,
  ...(namespace === undefined ? {} : { namespace }),
  defaultServiceAccount,
});

const cases: readonly (readonly [name: string, accounts: Accounts, expected: string])[] = [
  [
    'a name is of the destination namespace',
    [entry('*', '*', 'deployer')],
    'system:serviceaccount:shop:deployer',
  ],
  [
    'a namespace may be named',
    [entry('*', '*', 'ci:deployer')],
    'system:serviceaccount:ci:deployer',
  ],
  [
    'the first match counts',
    [entry('https://two', '*', 'a'), entry('https://*', 'sh*', 'b'), entry('*', '*', 'c')],
    'system:serviceaccount:shop:b',
  ],
  ['no list', undefined, 'refused'],
  ['no match', [entry('*', 'other', 'a')], 'refused'],
  [
    'an absent namespace is that of applications without one',
    [entry('*', undefined, 'a')],
    'refused',
  ],
  ['an empty account', [entry('*', '*', '')], 'refused'],
  ['an account of three parts', [entry('*', '*', 'a:b:c')], 'refused'],
  ['no name', [entry('*', '*', 'kube-system:*')], 'refused'],
  ['a user in disguise', [entry('*', '*', 'x\r\nImpersonate-Group: system')], 'refused'],
];
for (const [name, accounts, expected] of cases)
  test(name, () => {
    assert.equal(identity(accounts), expected);
  });

test('without a destination namespace the account is of the application’s', () => {
  const where = { ...target, namespace: '' };
  assert.equal(identity([entry('*', '*', 'a')], where), 'system:serviceaccount:argocd:a');
});

test('off: the operator writes; not enforced: it does so where nothing matches', () => {
  const all = [entry('*', '*', 'a')];
  assert.equal(identity(all, target, { enabled: false, enforced: true }), 'operator');
  assert.equal(identity([], target, { enabled: true, enforced: false }), 'operator');
  assert.equal(
    identity(all, target, { enabled: true, enforced: false }),
    'system:serviceaccount:shop:a',
  );
});
