import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_EXCLUSIONS, isExcludedKind, type KindRule } from './excluded-kinds.ts';

const cases: readonly {
  readonly name: string;
  readonly kind: string;
  readonly exclusions?: readonly KindRule[];
  readonly inclusions?: readonly KindRule[];
  readonly excluded: boolean;
}[] = [
  { name: 'an ordinary kind stays', kind: 'apps/Deployment', excluded: false },
  { name: 'Events go without any rule', kind: '/Event', excluded: true },
  { name: 'Leases go without any rule', kind: 'coordination.k8s.io/Lease', excluded: true },
  { name: 'metrics go without any rule', kind: 'metrics.k8s.io/PodMetrics', excluded: true },
  {
    name: 'the shipped exclusions',
    kind: 'discovery.k8s.io/EndpointSlice',
    exclusions: DEFAULT_EXCLUSIONS,
    excluded: true,
  },
  {
    name: 'a glob in the group',
    kind: 'reports.kyverno.io/Anything',
    exclusions: [{ apiGroups: ['*.kyverno.io'] }],
    excluded: true,
  },
  {
    name: 'a glob does not match a part of it twice',
    kind: 'a.io/X',
    exclusions: [{ apiGroups: ['a.io*a.io'] }],
    excluded: false,
  },
  {
    name: 'every kind of a group',
    kind: 'a.io/X',
    exclusions: [{ apiGroups: ['a.io'], kinds: ['*'] }],
    excluded: true,
  },
  {
    name: 'kinds are not globs',
    kind: 'a.io/Xyz',
    exclusions: [{ kinds: ['X*'] }],
    excluded: false,
  },
  {
    name: 'what no inclusion names goes',
    kind: 'a.io/X',
    inclusions: [{ apiGroups: ['apps'] }],
    excluded: true,
  },
  {
    name: 'an exclusion beats an inclusion',
    kind: 'apps/Deployment',
    exclusions: [{ kinds: ['Deployment'] }],
    inclusions: [{ apiGroups: ['apps'] }],
    excluded: true,
  },
];

for (const { name, kind: text, exclusions = [], inclusions = [], excluded } of cases) {
  test(name, () => {
    const [group = '', kind = ''] = text.split('/');
    assert.equal(isExcludedKind({ group, kind }, exclusions, inclusions), excluded);
  });
}
