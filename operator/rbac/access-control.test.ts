import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Caller } from '../core/access/decide-access.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Logger } from '../ports/telemetry.ts';
import { createAccessControl } from './access-control.ts';

type Data = Readonly<Record<string, string>>;

interface Role {
  readonly name: string;
  readonly policies?: readonly string[];
  readonly groups?: readonly string[];
}

function project(name: string, roles: readonly Role[] = []): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name, namespace: 'argocd' },
    spec: { roles: roles as never },
  };
}

/** A control plane with an `argocd-rbac-cm` and projects, both of which can change. */
function setUp(data: Data, projects: readonly KubeObject[] = []) {
  const configListeners = new Set<(object: KubeObject) => void>();
  const projectListeners = new Set<(name: string) => void>();
  const known = new Map(projects.map((one) => [one.metadata.name ?? '', one]));
  const logged: string[] = [];
  const log = (_fields: object, message: string) => void logged.push(message);
  const logger = { warn: log, error: log, info: log, debug: log } as unknown as Logger;
  const mapOf = (of: Data): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-rbac-cm' },
    data: of,
  });
  let map = mapOf(data);
  const access = createAccessControl({
    config: {
      configMap: () => map,
      onChange(listener) {
        configListeners.add(listener);
        return { [Symbol.dispose]: () => void configListeners.delete(listener) };
      },
    },
    projects: {
      get: (name) => known.get(name),
      onChange(listener) {
        projectListeners.add(listener);
        return { [Symbol.dispose]: () => void projectListeners.delete(listener) };
      },
    },
    logger,
  });
  return {
    access,
    logged,
    configure(next: Data) {
      map = mapOf(next);
      for (const listener of configListeners) listener(map);
    },
    store(next: KubeObject) {
      known.set(next.metadata.name ?? '', next);
      for (const listener of projectListeners) listener(next.metadata.name ?? '');
    },
    /** `alice get applications shop/web`, or with groups `alice,team get …`. */
    may(question: string): boolean {
      const [who = '', action = '', resource = '', object = ''] = question.split(' ');
      const [subject = '', ...groups] = who.split(',');
      const caller: Caller | undefined = who === 'nobody' ? undefined : { subject, groups };
      const asked = { resource, action, object: object === '""' ? '' : object };
      return access.decide(caller, asked).allowed;
    },
    listeners: () => configListeners.size + projectListeners.size,
  };
}

interface Case {
  readonly name: string;
  readonly data?: Data;
  readonly projects?: readonly KubeObject[];
  /** Question to answer. */
  readonly says: Readonly<Record<string, boolean>>;
}

const shop = project('shop', [
  {
    name: 'dev',
    policies: ['p, proj:shop:dev, applications, sync, shop/*, allow'],
    groups: ['devs'],
  },
]);
const bank = project('bank', [{ name: 'dev' }]);

const cases: readonly Case[] = [
  {
    name: 'without any policy the account admin may do everything but call extensions, and nobody else anything',
    says: {
      'admin delete applications shop/web': true,
      'admin action/apps/Deployment/restart applications shop/web': true,
      'admin update/apps/Deployment/shop/web applications shop/web': true,
      'admin create exec shop/web': true,
      'admin invoke extensions metrics': false,
      'alice get applications shop/web': false,
      'nobody get applications shop/web': false,
    },
  },
  {
    name: 'role:readonly sees everything and changes nothing',
    data: { 'policy.csv': 'g, alice, role:readonly' },
    says: {
      'alice get applications shop/web': true,
      'alice get logs shop/web': true,
      'alice get clusters https://10.0.0.1': true,
      'alice get clusters shop/https://10.0.0.1': true,
      'alice get certificates ""': true,
      'alice sync applications shop/web': false,
      'alice create exec shop/web': false,
      'alice get extensions metrics': false,
    },
  },
  {
    name: 'update is not update/…, nor the other way round',
    data: {
      'policy.csv':
        'p, alice, applications, update, shop/*, allow\np, bob, applications, update/*, shop/*, allow',
    },
    says: {
      'alice update applications shop/web': true,
      'alice update/apps/Deployment/shop/web applications shop/web': false,
      'bob update applications shop/web': false,
      'bob update//Pod/shop/web-1 applications shop/web': true,
    },
  },
  {
    name: 'a star crosses slashes, and */* needs one',
    data: { 'policy.csv': 'p, alice, applications, get, shop/*, allow' },
    says: {
      'alice get applications shop/team/web': true,
      'alice get applications shop': false,
      'alice get applications bank/web': false,
    },
  },
  {
    name: 'a deny counts for the subject that it is about, roles included, and for no other',
    data: {
      'policy.csv': [
        'p, role:dev, applications, *, */*, allow',
        'p, role:dev, applications, delete, */*, deny',
        'p, role:careful, applications, sync, */*, deny',
        'g, alice, role:dev',
        'g, team, role:careful',
      ].join('\n'),
    },
    says: {
      'alice sync applications shop/web': true,
      'alice delete applications shop/web': false,
      'alice,team sync applications shop/web': true,
      'bob,team sync applications shop/web': false,
    },
  },
  {
    name: 'what the default role allows nothing takes away',
    data: {
      'policy.default': 'role:readonly',
      'policy.csv': 'p, alice, applications, get, */*, deny',
    },
    says: {
      'alice get applications shop/web': true,
      'nobody get applications shop/web': true,
      'nobody sync applications shop/web': false,
    },
  },
  {
    name: 'a group counts only when a g line begins with it; a user of that name always does',
    data: {
      'policy.csv': [
        'p, team, applications, get, */*, allow',
        'p, role:ops, applications, sync, */*, allow',
        'g, ops, role:ops',
      ].join('\n'),
    },
    says: {
      'alice,team get applications shop/web': false,
      'team get applications shop/web': true,
      'alice,ops sync applications shop/web': true,
      'alice,admin sync applications shop/web': true,
    },
  },
  {
    name: 'a role of a project acts in its project, which it also sees, and its groups have it',
    projects: [shop, bank],
    says: {
      'proj:shop:dev sync applications shop/web': true,
      'proj:shop:dev get projects shop': true,
      'proj:shop:dev get applications shop/web': false,
      'proj:shop:dev sync applications bank/web': false,
      'alice,devs sync applications shop/web': true,
      'alice,devs get projects shop': true,
      'alice,devs sync applications bank/web': false,
    },
  },
  {
    name: 'a role of a project does nothing in another one, whatever the global policies say',
    data: { 'policy.csv': 'p, proj:shop:dev, applications, get, */*, allow' },
    projects: [shop, bank],
    says: {
      'proj:shop:dev get applications shop/web': true,
      'proj:shop:dev get applications bank/web': false,
      'proj:shop:dev,admin delete applications bank/web': false,
      'proj:shop:dev get applications nowhere/web': true,
    },
  },
  {
    name: 'what everybody has a role of a project has too, in another project as well, and its groups count for nothing',
    data: { 'policy.default': 'role:readonly' },
    projects: [shop, bank],
    says: {
      'proj:shop:dev get applications bank/web': true,
      'proj:shop:dev sync applications bank/web': false,
      'proj:shop:dev,admin sync applications shop/web': true,
      'proj:shop:dev,admin delete applications shop/web': false,
    },
  },
  {
    name: 'what nobody in particular may, everybody may',
    data: { 'policy.csv': 'p, , projects, get, shop, allow' },
    says: {
      'nobody get projects shop': true,
      'alice get projects shop': true,
      'nobody get projects bank': false,
    },
  },
  {
    name: 'a role of a project has rights in everything that a project has',
    projects: [
      project('own', [
        {
          name: 'dev',
          policies: [
            'applications',
            'applicationsets',
            'repositories',
            'clusters',
            'logs',
            'exec',
          ].map((resource) => `p, proj:own:dev, ${resource}, get, own/*, allow`),
        },
      ]),
    ],
    says: {
      'proj:own:dev get applications own/a': true,
      'proj:own:dev get applicationsets own/a': true,
      'proj:own:dev get repositories own/https://git.test/a': true,
      'proj:own:dev get clusters own/https://c': true,
      'proj:own:dev get logs own/a': true,
      'proj:own:dev get exec own/a': true,
      'proj:own:dev get accounts own/a': false,
    },
  },
  {
    name: 'a global deny wins over what the role of a project allows',
    data: { 'policy.csv': 'p, proj:shop:dev, applications, sync, shop/prod-*, deny' },
    projects: [shop],
    says: {
      'proj:shop:dev sync applications shop/web': true,
      'proj:shop:dev sync applications shop/prod-web': false,
    },
  },
  {
    name: 'policies of a project that cannot be read leave the global ones',
    data: { 'policy.csv': 'g, alice, role:readonly' },
    projects: [project('odd', [{ name: 'dev', policies: ['p, proj:odd:dev, applications'] }])],
    says: {
      'alice get applications odd/web': true,
      'proj:odd:dev get projects odd': false,
    },
  },
  {
    name: 'overlays are added in the order of their keys; quotes and blanks are those of CSV',
    data: {
      'policy.b.csv': 'p,   alice,applications,   get,"shop/{a,b}",allow   ',
      'policy.a.csv': '# a comment\n\n  p, bob, applications, get, "shop/""x""", allow',
    },
    says: {
      'alice get applications shop/a': true,
      'alice get applications shop/c': false,
      'bob get applications shop/"x"': true,
    },
  },
  {
    name: 'in regex mode patterns are found anywhere, and the built-in */* is none',
    data: {
      'policy.matchMode': 'regex',
      'policy.csv':
        'p, alice, app.*, ^(get|sync)$, ^shop/, allow\np, bob, applications, get, (, allow',
    },
    says: {
      'alice sync applications shop/web': true,
      'alice delete applications shop/web': false,
      'alice sync applications workshop/web': false,
      'bob get applications (': false,
      'admin get applications shop/web': false,
    },
  },
  {
    name: 'a malformed glob matches nothing, not even its own text',
    data: { 'policy.csv': 'p, alice, applications, get, shop/[a, allow' },
    says: { 'alice get applications shop/[a': false },
  },
];

describe('who may do what', () => {
  for (const c of cases)
    test(c.name, () => {
      const { may, access } = setUp(c.data ?? {}, c.projects);
      using _access = access;
      for (const [question, expected] of Object.entries(c.says))
        assert.equal(may(question), expected, question);
    });
});

test('a change counts from the next question on', () => {
  const { may, access, configure, store } = setUp({}, [shop]);
  using _access = access;
  assert.equal(may('alice get applications shop/web'), false);
  configure({ 'policy.csv': 'g, alice, role:readonly' });
  assert.equal(may('alice get applications shop/web'), true);
  store(
    project('shop', [{ name: 'dev', policies: ['p, proj:shop:dev, logs, get, shop/*, allow'] }]),
  );
  assert.equal(may('proj:shop:dev get logs shop/web'), true);
  assert.equal(may('proj:shop:dev sync applications shop/web'), false);
});

test('policies that cannot be read leave the last good ones, and the log names line and reason', () => {
  const { may, access, configure, logged } = setUp({ 'policy.csv': 'g, alice, role:readonly' });
  using _access = access;
  assert.equal(may('alice get applications shop/web'), true);
  configure({ 'policy.csv': 'g, bob, role:admin\np, alice, applications, get, allow' });
  assert.equal(may('alice get applications shop/web'), true);
  assert.equal(may('bob get applications shop/web'), false);
  assert.deepEqual(access.problems, [
    'policy.csv:2: p needs 6 parts (p, SUBJECT, RESOURCE, ACTION, OBJECT, EFFECT), has 5: "p, alice, applications, get, allow"',
  ]);
  assert.deepEqual(logged, ['argocd-rbac-cm cannot be read; the last good policies stay']);
  configure({ 'policy.csv': 'g, bob, role:admin' });
  assert.equal(may('bob get applications shop/web'), true);
  assert.deepEqual(access.problems, []);
});

test('the answer names the rule that decided, where it stands, and for whom', () => {
  const { access } = setUp({
    'policy.csv': 'g, team, role:dev\np, role:dev, applications, sync, shop/*, allow',
  });
  using _access = access;
  const asked = { resource: 'applications', action: 'sync', object: 'shop/web' };
  const { allowed, as, rule } = access.decide({ subject: 'alice', groups: ['team'] }, asked);
  assert.equal(allowed, true);
  assert.equal(as, 'team');
  assert.equal(rule?.origin, 'policy.csv:2');
});

test('scopes name the claims that are groups; disposing lets go of the stores', () => {
  const { access, listeners } = setUp({ scopes: '[groups, email]' });
  assert.deepEqual(access.scopes, ['groups', 'email']);
  assert.equal(listeners(), 2);
  access[Symbol.dispose]();
  assert.equal(listeners(), 0);
});
