import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Caller } from '../core/access/decide-access.ts';
import type { Logger } from '../ports/telemetry.ts';
import { createAccessControl } from './access-control.ts';

// The tables of `spec/api.md` 6.2 and 6.3 as they stand there, and every question that they leave: each role,
// resource, action and form of an object.

type Grants = Readonly<Record<string, readonly string[]>>;

/** Whatever has a slash. */
const OF_PROJECTS = new Set(['applications', 'applicationsets', 'logs', 'exec']);
const PLAIN = ['certificates', 'clusters', 'repositories', 'write-repositories', 'projects'];
const all = (resources: readonly string[], ...actions: readonly string[]): Grants =>
  Object.fromEntries(resources.map((resource) => [resource, actions]));

const READONLY: Grants = all(
  ['applications', 'applicationsets', 'logs', ...PLAIN, 'accounts', 'gpgkeys'],
  'get',
);
const ADMIN: Grants = {
  applications: [
    ...['create', 'update', 'update/', 'delete', 'delete/', 'sync', 'rollback', 'override'],
    'action/',
  ],
  applicationsets: ['create', 'update', 'delete'],
  ...all(PLAIN, 'create', 'update', 'delete'),
  accounts: ['update'],
  gpgkeys: ['create', 'delete'],
  exec: ['create'],
};
/** A policy of somebody for one project, with each of the forms that only Applications have. */
const DEV: Grants = {
  applications: ['get', 'sync', 'action/apps/Deployment/restart', 'update//Pod/', 'delete/'],
  logs: ['get'],
};
const DEV_LINES = [
  ...['get', 'sync', 'action/apps/Deployment/restart', 'update//Pod/*', 'delete/*'].map(
    (action) => `p, role:dev, applications, ${action}, shop/*, allow`,
  ),
  'p, role:dev, logs, get, shop/*, allow',
];

interface Role {
  readonly name: string;
  readonly caller: Caller | undefined;
  readonly grants: readonly Grants[];
  readonly within?: string;
}

const ROLES: readonly Role[] = [
  {
    name: 'the account admin',
    caller: { subject: 'admin', groups: [] },
    grants: [READONLY, ADMIN],
  },
  { name: 'role:admin', caller: { subject: 'boss', groups: [] }, grants: [READONLY, ADMIN] },
  { name: 'a group of role:admin', caller: of('bosses'), grants: [READONLY, ADMIN] },
  { name: 'role:readonly', caller: { subject: 'eve', groups: [] }, grants: [READONLY] },
  { name: 'a group of role:readonly', caller: of('auditors'), grants: [READONLY] },
  { name: 'a role of somebody', caller: of('devs'), grants: [DEV], within: 'shop/' },
  { name: 'somebody without a role', caller: of('strangers'), grants: [] },
  { name: 'nobody', caller: undefined, grants: [] },
];

function of(group: string): Caller {
  return { subject: 'alice', groups: [group] };
}

const RESOURCES = [
  ...['clusters', 'projects', 'applications', 'applicationsets', 'repositories', 'accounts'],
  ...['write-repositories', 'certificates', 'gpgkeys', 'logs', 'exec', 'extensions'],
];
const ACTIONS = [
  ...['get', 'create', 'update', 'delete', 'sync', 'rollback', 'override', 'action', 'invoke'],
  ...['action/apps/Deployment/restart', 'action/apps/Deployment/scale', 'action//Pod/x'],
  ...['update/apps/Deployment/ns/web', 'update//Pod/ns/web', 'delete/apps/Deployment/ns/web'],
  ...['delete//Pod/ns/web'],
];
const OBJECTS = ['shop/web', 'shop/ns/web', 'bank/web', 'shop', 'https://10.0.0.1', ''];

/** As the tables say: a slash at the end of an action stands for whatever follows. */
function isGranted(
  { grants, within = '' }: Role,
  resource: string,
  action: string,
  object: string,
) {
  if (OF_PROJECTS.has(resource) && !object.includes('/')) return false;
  if (!object.startsWith(within)) return false;
  return grants.some((table) =>
    (table[resource] ?? []).some((granted) =>
      granted.endsWith('/') ? action.startsWith(granted) : action === granted,
    ),
  );
}

describe('every role, resource, action and object is answered as the tables say', () => {
  const lines = [
    ...['g, boss, role:admin', 'g, bosses, role:admin', 'g, devs, role:dev', ...DEV_LINES],
    ...['g, eve, role:readonly', 'g, auditors, role:readonly'],
  ];
  const stays = { [Symbol.dispose]() {} };
  const ignore = () => {};
  const access = createAccessControl({
    config: {
      configMap: () => ({
        ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-rbac-cm' } },
        data: { 'policy.csv': lines.join('\n') },
      }),
      onChange: () => stays,
    },
    projects: { get: () => undefined, onChange: () => stays },
    logger: { warn: ignore, error: ignore, info: ignore, debug: ignore } as unknown as Logger,
  });

  for (const role of ROLES)
    test(role.name, () => {
      let allowed = 0;
      for (const resource of RESOURCES)
        for (const action of ACTIONS)
          for (const object of OBJECTS) {
            const wanted = isGranted(role, resource, action, object);
            const decision = access.decide(role.caller, { resource, action, object });
            assert.equal(decision.allowed, wanted, `${resource}, ${action}, "${object}"`);
            allowed += Number(wanted);
          }
      assert.equal(allowed > 0, role.grants.length > 0);
    });
});
