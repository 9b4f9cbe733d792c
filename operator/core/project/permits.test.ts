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

describe('sources', () => {
  const none = 'spec.sourceRepos of AppProject web has no match';
  const by = (entry: string) => `"${entry}" in spec.sourceRepos of AppProject web`;
  const cases: readonly {
    readonly name: string;
    readonly repos: readonly string[] | undefined;
    readonly url: string;
    readonly expected: string;
  }[] = [
    { name: 'no list permits none', repos: undefined, url: 'https://g/a/b', expected: none },
    { name: 'an empty list permits none', repos: [], url: 'https://g/a/b', expected: none },
    { name: '* permits all', repos: ['*'], url: 'git@g:a/b.git', expected: 'permitted' },
    {
      name: 'the same repository in other words',
      repos: ['git@G.example:Team/Web.git'],
      url: 'ssh://git@g.example/team/web',
      expected: 'permitted',
    },
    {
      name: 'https and ssh are different repositories',
      repos: ['https://g.example/team/web'],
      url: 'git@g.example:team/web',
      expected: none,
    },
    {
      name: '* stays within a segment',
      repos: ['https://g/team/*'],
      url: 'https://g/team/sub/web',
      expected: none,
    },
    {
      name: '** crosses segments',
      repos: ['https://g/team/**'],
      url: 'https://g/team/sub/web',
      expected: 'permitted',
    },
    {
      name: 'a prefix is no match',
      repos: ['https://g/team'],
      url: 'https://g/team/web',
      expected: none,
    },
    {
      name: 'a refusal goes before a later permission',
      repos: ['!https://g/team/secret', '*'],
      url: 'https://g/team/secret.git',
      expected: by('!https://g/team/secret'),
    },
    {
      name: 'a refusal goes before an earlier permission',
      repos: ['*', '!https://g/team/*'],
      url: 'https://g/team/x',
      expected: by('!https://g/team/*'),
    },
    {
      name: 'refusals alone permit the rest',
      repos: ['!https://g/team/*'],
      url: 'https://g/other/x',
      expected: 'permitted',
    },
    {
      name: 'what is no URL equals nothing',
      repos: ['not a url'],
      url: 'another not url',
      expected: none,
    },
  ];
  for (const { name, repos, url, expected } of cases)
    test(name, () =>
      assert.equal(ruling(permitsSource(project({ sourceRepos: repos }), url)), expected),
    );

  test('the message says what is refused and by which rule', () => {
    const verdict = permitsSource(project({}), 'https://g/a');
    assert.deepEqual(verdict, {
      type: 'refused',
      rule: none,
      message: `application repo https://g/a is not permitted in project 'web' (${none})`,
    });
  });
});

describe('destinations', () => {
  const home = { server: 'https://kubernetes.default.svc', name: 'in-cluster', namespace: 'web' };
  const none = 'spec.destinations of AppProject web has no match';
  const cases: readonly {
    readonly name: string;
    readonly destinations: ProjectSpec['destinations'];
    readonly at?: Partial<typeof home>;
    readonly expected: string | RegExp;
  }[] = [
    { name: 'no list permits none', destinations: undefined, expected: none },
    {
      name: 'by server',
      destinations: [{ server: home.server, namespace: 'web' }],
      expected: 'permitted',
    },
    {
      name: 'by name',
      destinations: [{ name: 'in-*', namespace: 'we?' }],
      expected: 'permitted',
    },
    {
      name: 'another namespace',
      destinations: [{ server: '*', namespace: 'api' }],
      expected: none,
    },
    {
      name: 'an entry without namespace is for the empty namespace only',
      destinations: [{ server: '*' }],
      expected: none,
    },
    {
      name: 'an entry without cluster is for none',
      destinations: [{ namespace: '*' }],
      expected: none,
    },
    {
      name: '* permits the empty namespace too',
      destinations: [{ server: '*', namespace: '*' }],
      at: { namespace: '' },
      expected: 'permitted',
    },
    {
      name: 'everything but a namespace',
      destinations: [{ server: '*', namespace: '!kube-system' }],
      expected: 'permitted',
    },
    {
      name: 'a refused namespace goes before every permission',
      destinations: [
        { server: '*', namespace: '*' },
        { server: '*', namespace: '!kube-*' },
      ],
      at: { namespace: 'kube-system' },
      expected: /^entry \{server: \*, namespace: !kube-\*\} in spec\.destinations/,
    },
    {
      name: 'a refused server goes before every permission',
      destinations: [
        { server: '*', namespace: '*' },
        { server: '!https://kubernetes.default.svc', namespace: '*' },
      ],
      expected: /^entry \{server: !https/,
    },
    {
      name: 'a refused server in another namespace refuses nothing here',
      destinations: [
        { server: '*', namespace: 'web' },
        { server: '!https://kubernetes.default.svc', namespace: 'api' },
      ],
      expected: 'permitted',
    },
    {
      name: 'a refused name refuses in all namespaces',
      destinations: [
        { server: '*', namespace: '*' },
        { name: '!in-cluster', namespace: 'api' },
      ],
      expected: /^entry \{name: !in-cluster/,
    },
    {
      name: 'all servers but one permit the others',
      destinations: [{ server: '!https://other', namespace: '*' }],
      expected: 'permitted',
    },
  ];
  for (const { name, destinations, at, expected } of cases)
    test(name, () => {
      const rule = ruling(permitsDestination(project({ destinations }), { ...home, ...at }));
      if (typeof expected === 'string') assert.equal(rule, expected);
      else assert.match(rule, expected);
    });

  test('no order of entries permits what one of them refuses', () => {
    const part = fc.constantFrom('*', 'a', 'b', '!a', '!b', undefined);
    const entry = fc.record({ server: part, name: part, namespace: part });
    const place = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 4 }),
        fc.record({ server: place, name: place, namespace: place }),
        (destinations, at) => {
          const verdict = permitsDestination(project({ destinations }), at).type;
          const reversed = project({ destinations: [...destinations].reverse() });
          assert.equal(permitsDestination(reversed, at).type, verdict);
        },
      ),
    );
  });
});

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
      name: 'a rule of a pattern that is not well formed',
      spec: { clusterResourceWhitelist: [{ group: '*', kind: '[' }] },
      kind: role,
      expected: 'spec.clusterResourceWhitelist of AppProject web has no match',
    },
  ];
  for (const { name, spec, kind, expected } of cases)
    test(name, () => assert.equal(ruling(permitsKind(project(spec), kind)), expected));
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
