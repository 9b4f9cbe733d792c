import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { HealthStatusCode } from '../app/types.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { type HealthInput, rollUpHealth } from './roll-up.ts';
import { HEALTH_ORDER, isWorse, worseOf } from './worse-of.ts';

interface Given extends Partial<Omit<HealthInput, 'health' | 'live'>> {
  readonly status?: HealthStatusCode;
  readonly missing?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
}

function resource(given: Given): HealthInput {
  const id = given.id ?? { group: 'apps', kind: 'Deployment', namespace: 'web', name: 'api' };
  const metadata = { name: id.name, annotations: given.annotations ?? {} };
  const live: KubeObject = { apiVersion: 'v1', kind: id.kind, metadata };
  return {
    id,
    hook: given.hook ?? false,
    isSelf: given.isSelf ?? false,
    live: given.missing === true ? undefined : live,
    health: given.status === undefined ? undefined : { status: given.status },
  };
}

const named = (name: string) => ({ group: '', kind: 'Pod', namespace: 'web', name });
const child = { group: 'argoproj.io', kind: 'Application', namespace: 'argocd', name: 'child' };
const cluster = { group: '', kind: 'Namespace', namespace: '', name: 'web' };

describe('health of an application', () => {
  const cases: readonly {
    readonly name: string;
    readonly resources: readonly Given[];
    readonly status: HealthStatusCode;
    readonly message?: string;
  }[] = [
    { name: 'nothing at all is Healthy', resources: [], status: 'Healthy' },
    {
      name: 'kinds without health do not count',
      resources: [{}, { status: 'Healthy' }],
      status: 'Healthy',
    },
    {
      name: 'the worst counts, and is named',
      resources: [{ status: 'Progressing' }, { id: named('p'), status: 'Degraded' }],
      status: 'Degraded',
      message: 'Caused by Pod:web/p',
    },
    {
      name: 'three are all there is to name',
      resources: ['a', 'b', 'c'].map((name) => ({ id: named(name), status: 'Degraded' })),
      status: 'Degraded',
      message: 'Caused by Pod:web/a, Pod:web/b, Pod:web/c',
    },
    {
      name: 'what could not be judged is worse than what failed',
      resources: [{ status: 'Degraded' }, { id: named('p'), status: 'Unknown' }],
      status: 'Unknown',
      message: 'Caused by Pod:web/p',
    },
    {
      name: 'an ignored object that lives is reason enough not to be Missing',
      resources: [
        { missing: true },
        { status: 'Degraded', annotations: { 'argocd.argoproj.io/ignore-healthcheck': 'true' } },
      ],
      status: 'Healthy',
    },
    {
      name: 'of more than three, three are named',
      resources: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ id: named(name), status: 'Degraded' })),
      status: 'Degraded',
      message: 'Caused by Pod:web/a, Pod:web/b, Pod:web/c and 2 more',
    },
    {
      name: 'group and kind, and no namespace where there is none',
      resources: [{ status: 'Progressing' }, { id: cluster, status: 'Progressing' }],
      status: 'Progressing',
      message: 'Caused by apps/Deployment:web/api, Namespace:web',
    },
    {
      name: 'one that is missing does not count',
      resources: [{ missing: true }, { status: 'Healthy' }],
      status: 'Healthy',
    },
    { name: 'all missing is Missing', resources: [{ missing: true }], status: 'Missing' },
    {
      name: 'hooks do not count',
      resources: [{ hook: true, status: 'Degraded' }, { status: 'Healthy' }],
      status: 'Healthy',
    },
    {
      name: 'hooks alone are nothing',
      resources: [{ hook: true, status: 'Degraded' }],
      status: 'Healthy',
    },
    {
      name: 'what is to be ignored does not count',
      resources: [
        { status: 'Degraded', annotations: { 'argocd.argoproj.io/ignore-healthcheck': 'true' } },
      ],
      status: 'Healthy',
    },
    {
      name: 'an application that manages itself does not count itself',
      resources: [{ id: child, isSelf: true, status: 'Degraded' }],
      status: 'Healthy',
    },
    ...(['Missing', 'Unknown'] as const).map((status) => ({
      name: `a child that is ${status} does not count`,
      resources: [{ id: child, status }],
      status: 'Healthy' as const,
    })),
    {
      name: 'a child that is Degraded counts',
      resources: [{ id: child, status: 'Degraded' }],
      status: 'Degraded',
      message: 'Caused by argoproj.io/Application:argocd/child',
    },
  ];
  for (const { name, resources, status, message } of cases)
    test(name, () => {
      assert.deepEqual(rollUpHealth(resources.map(resource)), {
        status,
        ...(message === undefined ? {} : { message }),
      });
    });

  test('does not depend on the order of the objects', () => {
    const given = fc.record({ status: fc.constantFrom(...HEALTH_ORDER), missing: fc.boolean() });
    fc.assert(
      fc.property(fc.array(given), (list) => {
        const there = rollUpHealth(list.map(resource)).status;
        assert.equal(rollUpHealth([...list].reverse().map(resource)).status, there);
      }),
    );
  });
});

test('from best to worst', () => {
  const order = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];
  assert.deepEqual(HEALTH_ORDER, order);
});

test('worse-of is a total order', () => {
  const code = fc.constantFrom(...HEALTH_ORDER);
  fc.assert(
    fc.property(code, code, code, (a, b, c) => {
      assert.equal(worseOf(a, b), worseOf(b, a));
      assert.equal(worseOf(a, a), a);
      assert.equal(worseOf(worseOf(a, b), c), worseOf(a, worseOf(b, c)));
      assert.equal(isWorse(a, b), a !== b && worseOf(a, b) === a);
    }),
  );
});
