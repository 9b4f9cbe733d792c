import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../errors.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { DEFAULT_TRACKING, track } from '../tracking/tracking.ts';
import { parseSyncOptions } from './options.ts';
import { foundationsOf, isInconclusive, tasksToCheck } from './preflight.ts';
import { manifest } from './testing/objects.ts';
import { APP, createWorld, NAMESPACE, planFor } from './testing/simulate.ts';

interface Case {
  readonly name: string;
  readonly manifests: readonly KubeObject[];
  readonly live?: readonly KubeObject[];
  /** Written in the coming step; default all of the first phase and wave. */
  readonly options?: readonly string[];
  readonly unserved?: readonly string[];
  readonly absent?: readonly string[];
  readonly settled?: readonly string[];
  /** `Kind/name` that the comparison tried already. */
  readonly accepted?: readonly string[];
  readonly checks: readonly string[];
}

const owned = (object: KubeObject): KubeObject =>
  track(
    { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } },
    APP,
    NAMESPACE,
    DEFAULT_TRACKING,
  );

const two = [manifest('ConfigMap/a'), manifest('ConfigMap/b')];

const cases: readonly Case[] = [
  { name: 'nothing for nothing', manifests: [], checks: [] },
  { name: 'one object alone needs none', manifests: [manifest('ConfigMap/a')], checks: [] },
  { name: 'two objects', manifests: two, checks: ['ConfigMap/a', 'ConfigMap/b'] },
  {
    name: 'one object that is not the next to be written',
    manifests: two,
    accepted: ['ConfigMap/a'],
    checks: ['ConfigMap/b'],
  },
  {
    name: 'every phase, that of failures too',
    manifests: [
      manifest('Job/pre', { hook: 'PreSync' }),
      manifest('ConfigMap/a', { wave: 3 }),
      manifest('Job/alarm', { hook: 'SyncFail' }),
    ],
    checks: ['Job/pre', 'ConfigMap/a', 'Job/alarm'],
  },
  {
    name: 'not what was tried by the comparison',
    manifests: two,
    accepted: ['ConfigMap/a', 'ConfigMap/b'],
    checks: [],
  },
  {
    name: 'what was tried in another way than it is written',
    manifests: two,
    accepted: ['ConfigMap/a', 'ConfigMap/b'],
    options: ['Replace=true'],
    checks: ['ConfigMap/a', 'ConfigMap/b'],
  },
  {
    name: 'not the objects of a kind that the set brings or changes',
    manifests: [...two, manifest('CustomResourceDefinition/w'), manifest('Widget/one')],
    checks: ['CustomResourceDefinition/w', 'ConfigMap/a', 'ConfigMap/b'],
  },
  {
    name: 'not a kind that nobody serves',
    manifests: [...two, manifest('Widget/one')],
    unserved: ['Widget'],
    checks: ['ConfigMap/a', 'ConfigMap/b'],
  },
  {
    name: 'not what lives in a namespace that the set brings',
    manifests: [
      manifest('Namespace/new'),
      manifest('ConfigMap/a'),
      manifest('ConfigMap/there', { namespace: 'new' }),
    ],
    checks: ['Namespace/new', 'ConfigMap/a'],
  },
  {
    name: 'not what lives in a namespace that is not there',
    manifests: [...two, manifest('ConfigMap/there', { namespace: 'nowhere' })],
    absent: ['nowhere'],
    checks: ['ConfigMap/a', 'ConfigMap/b'],
  },
  {
    name: 'not what was done',
    manifests: [...two, manifest('ConfigMap/c')],
    settled: ['ConfigMap/a'],
    checks: ['ConfigMap/b', 'ConfigMap/c'],
  },
  {
    name: 'not what is pruned',
    manifests: two,
    live: [owned(manifest('ConfigMap/old'))],
    checks: ['ConfigMap/a', 'ConfigMap/b'],
  },
];

for (const c of cases)
  test(`dry run before writing: ${c.name}`, () => {
    const plan = planFor({ manifests: c.manifests }, createWorld(c.live));
    const named = (task: { kind: string; name: string }) => `${task.kind}/${task.name}`;
    const tasks = plan.tasks.map((task) => ({
      ...task,
      accepted: c.accepted?.includes(named(task)) === true,
    }));
    const [first] = tasks;
    const checks = tasksToCheck({
      plan: { ...plan, tasks },
      next: tasks.filter(({ phase, wave }) => phase === first?.phase && wave === first.wave),
      options: parseSyncOptions(c.options),
      isSettled: (key) => {
        const task = tasks.find((one) => one.key === key);
        return task !== undefined && c.settled?.includes(named(task)) === true;
      },
      isServed: ({ kind }) => c.unserved?.includes(kind) !== true,
      hasNamespace: (name) => c.absent?.includes(name) !== true,
    });
    assert.deepEqual(checks.map(named).toSorted(), [...c.checks].toSorted());
  });

test('dry run before writing: namespaces and kinds go before the rest of their group', () => {
  const plan = planFor(
    {
      manifests: [manifest('Namespace/new'), ...two, manifest('CustomResourceDefinition/w')],
    },
    createWorld(),
  );
  const kinds = foundationsOf(plan.tasks)?.map(({ kind }) => kind);
  assert.deepEqual(kinds?.toSorted(), ['CustomResourceDefinition', 'Namespace']);
  const plain = planFor({ manifests: two }, createWorld());
  assert.equal(foundationsOf(plain.tasks), undefined);
  const alone = planFor({ manifests: [manifest('Namespace/new')] }, createWorld());
  assert.equal(foundationsOf(alone.tasks), undefined);
});

interface RefusalCase {
  readonly name: string;
  readonly code: ErrorCode;
  readonly message?: string;
  readonly manifests?: readonly KubeObject[];
  readonly counts: boolean;
}

const refusals: readonly RefusalCase[] = [
  { name: 'an invalid object', code: 'KubeInvalid', counts: true },
  {
    name: 'a webhook that cannot be asked',
    code: 'KubeInvalid',
    message: 'admission webhook "w" does not support dry run',
    counts: false,
  },
  {
    name: 'a port that another object of the set gives up',
    code: 'KubeInvalid',
    message: 'spec.ports[0].nodePort: Invalid value: 30000: provided port is already allocated',
    counts: false,
  },
  { name: 'something forbidden', code: 'KubeForbidden', counts: true },
  {
    name: 'something forbidden that the set may permit',
    code: 'KubeForbidden',
    manifests: [...two, manifest('ServiceAccount/runner')],
    counts: false,
  },
  { name: 'a namespace that nobody makes', code: 'KubeNotFound', counts: true },
  {
    name: 'a namespace that a hook may make',
    code: 'KubeNotFound',
    manifests: [...two, manifest('Job/pre', { hook: 'PreSync' })],
    counts: false,
  },
  { name: 'a server that is not there', code: 'KubeUnreachable', counts: false },
  { name: 'a server that is busy', code: 'KubeTooManyRequests', counts: false },
  { name: 'an error of the server', code: 'KubeRejected', counts: false },
];

for (const { name, code, message = 'no', manifests = two, counts } of refusals)
  test(`dry run before writing: ${name} ${counts ? 'ends the sync' : 'tells nothing'}`, () => {
    const plan = planFor({ manifests }, createWorld());
    assert.equal(isInconclusive({ code, message }, plan), !counts);
  });
