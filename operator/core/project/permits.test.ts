import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseProject } from '../app/parse.ts';
import type { Project, ProjectSpec } from '../app/types.ts';
import { defaultProject } from './default-project.ts';
import {
  permitsDestination,
  permitsKind,
  permitsResource,
  permitsSource,
  type Verdict,
} from './permits.ts';

const project = (spec: ProjectSpec): Project => ({ name: 'web', namespace: 'argocd', spec });

/** The rule that refused, or `permitted`. */
const ruling = (verdict: Verdict) => (verdict.type === 'refused' ? verdict.rule : 'permitted');

describe('kinds', () => {
  const role = {
    group: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    namespaced: false,
    name: 'x',
  };
  const pod = { group: '', kind: 'Pod', namespaced: true, name: 'p' };
  const all = { group: '*', kind: '*' };
  const cases: readonly {
    readonly name: string;
    readonly spec: ProjectSpec;
    readonly kind: typeof role;
    readonly expected: string;
  }[] = [
    {
      name: 'cluster-scoped kinds must be listed',
      spec: {},
      kind: role,
      expected: 'spec.clusterResourceWhitelist of AppProject web has no match',
    },
    { name: 'namespaced kinds need no list', spec: {}, kind: pod, expected: 'permitted' },
    {
      name: 'an empty list of namespaced kinds permits none',
      spec: { namespaceResourceWhitelist: [] },
      kind: pod,
      expected: 'spec.namespaceResourceWhitelist of AppProject web has no match',
    },
    {
      name: 'a listed cluster-scoped kind',
      spec: { clusterResourceWhitelist: [{ group: 'rbac.*', kind: 'Cluster*' }] },
      kind: role,
      expected: 'permitted',
    },
    {
      name: 'case counts',
      spec: { clusterResourceWhitelist: [{ group: '*', kind: 'clusterrole' }] },
      kind: role,
      expected: 'spec.clusterResourceWhitelist of AppProject web has no match',
    },
    {
      name: 'a refusal goes before a permission',
      spec: { clusterResourceWhitelist: [all], clusterResourceBlacklist: [all] },
      kind: role,
      expected: '*/* in spec.clusterResourceBlacklist of AppProject web',
    },
    {
      name: 'a list of cluster-scoped kinds says nothing of namespaced ones',
      spec: { clusterResourceBlacklist: [all] },
      kind: pod,
      expected: 'permitted',
    },
    {
      name: 'a rule for one name',
      spec: { clusterResourceWhitelist: [{ ...all, name: 'web-*' }] },
      kind: role,
      expected: 'spec.clusterResourceWhitelist of AppProject web has no match',
    },
    {
      name: 'an empty list of cluster-scoped kinds permits none, as no list does',
      spec: { clusterResourceWhitelist: [] },
      kind: role,
      expected: 'spec.clusterResourceWhitelist of AppProject web has no match',
    },
    {
      name: 'an empty list of refusals refuses none',
      spec: { namespaceResourceBlacklist: [] },
      kind: pod,
      expected: 'permitted',
    },
    {
      name: 'a list of namespaced kinds says nothing of cluster-scoped ones',
      spec: { namespaceResourceWhitelist: [all] },
      kind: role,
      expected: 'spec.clusterResourceWhitelist of AppProject web has no match',
    },
    {
      name: 'the core group is the empty one',
      spec: { namespaceResourceWhitelist: [{ group: '', kind: 'Pod' }] },
      kind: pod,
      expected: 'permitted',
    },
    {
      name: 'braces are no alternatives here',
      spec: { namespaceResourceWhitelist: [{ group: '*', kind: '{Pod,Job}' }] },
      kind: pod,
      expected: 'spec.namespaceResourceWhitelist of AppProject web has no match',
    },
    {
      name: 'a refusal of one name, named',
      spec: { clusterResourceWhitelist: [all], clusterResourceBlacklist: [{ ...all, name: 'x' }] },
      kind: role,
      expected: '*/*/x in spec.clusterResourceBlacklist of AppProject web',
    },
    {
      name: 'a refusal of another name',
      spec: { clusterResourceWhitelist: [all], clusterResourceBlacklist: [{ ...all, name: 'y' }] },
      kind: role,
      expected: 'permitted',
    },
    {
      name: 'a rule of a pattern that is not well formed',
      spec: { clusterResourceWhitelist: [{ group: '*', kind: '[' }] },
      kind: role,
      expected: 'spec.clusterResourceWhitelist of AppProject web has no match',
    },
  ];
  for (const { name, spec, kind, expected } of cases)
    test(name, () => assert.equal(ruling(permitsKind(project(spec), kind)), expected));
});

test('null is no list, [] is an empty one', () => {
  const pod = { group: '', kind: 'Pod', namespaced: true, name: 'p' };
  const verdictWith = (namespaceResourceWhitelist: null | []) => {
    const parsed = parseProject({
      ...defaultProject('argocd'),
      spec: { namespaceResourceWhitelist },
    });
    assert.ok(parsed.type === 'ok');
    return permitsKind(parsed.project, pod).type;
  };
  assert.equal(verdictWith(null), 'permitted');
  assert.equal(verdictWith([]), 'refused');
});

test('one more refusal of kinds or one permission fewer never permits more', () => {
  const part = fc.constantFrom('*', 'a', 'b');
  const rule = fc.record({ group: part, kind: part });
  const kind = fc.record({ group: part, kind: part, namespaced: fc.boolean(), name: part });
  fc.assert(
    fc.property(fc.array(rule), fc.array(rule), rule, kind, (allowed, denied, extra, object) => {
      const permits = (allow: ProjectSpec['clusterResourceWhitelist'], deny: typeof denied) =>
        permitsKind(
          project({
            clusterResourceWhitelist: allow,
            clusterResourceBlacklist: deny,
            namespaceResourceWhitelist: allow,
            namespaceResourceBlacklist: deny,
          }),
          object,
        ).type === 'permitted';
      const before = permits(allowed, denied);
      assert.ok(before || !permits(allowed, [...denied, extra]));
      assert.ok(before || !permits(allowed.slice(1), denied));
    }),
  );
});

describe('single objects', () => {
  const cluster = { server: 'https://s', name: 'c' };
  const pod = { group: '', kind: 'Pod', namespaced: true, namespace: 'web', name: 'p' };
  const only = (namespace: string) => project({ destinations: [{ server: '*', namespace }] });

  test('a namespaced object must be in a permitted namespace', () => {
    assert.equal(permitsResource(only('web'), pod, cluster).type, 'permitted');
    const verdict = permitsResource(only('api'), pod, cluster);
    assert.ok(verdict.type === 'refused');
    assert.match(verdict.message, /^namespace web is not permitted in project 'web' \(spec\.dest/);
  });

  test('a kind is refused with the name of the list', () => {
    const verdict = permitsResource(project({ namespaceResourceWhitelist: [] }), pod, cluster);
    assert.ok(verdict.type === 'refused');
    assert.match(verdict.message, /^resource :Pod is not permitted in project web \(spec\.names/);
  });

  test('a cluster-scoped object has no namespace to ask about', () => {
    const role = { group: 'g', kind: 'ClusterRole', namespaced: false, namespace: '', name: 'x' };
    const spec = { clusterResourceWhitelist: [{ group: '*', kind: '*' }] };
    assert.equal(permitsResource(project(spec), role, cluster).type, 'permitted');
  });

  test('the default project permits everything', () => {
    const parsed = parseProject(defaultProject('argocd'));
    assert.ok(parsed.type === 'ok');
    const at = { ...cluster, namespace: 'kube-system' };
    assert.equal(permitsSource(parsed.project, 'https://any/repo').type, 'permitted');
    assert.equal(permitsDestination(parsed.project, at).type, 'permitted');
    assert.equal(permitsResource(parsed.project, pod, cluster).type, 'permitted');
  });
});
