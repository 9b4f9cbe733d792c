import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Project, ProjectSpec } from '../app/types.ts';
import { permitsDestination, type Verdict } from './permits.ts';

const project = (spec: ProjectSpec): Project => ({ name: 'web', namespace: 'argocd', spec });

/** The rule that refused, or `permitted`. */
const ruling = (verdict: Verdict) => (verdict.type === 'refused' ? verdict.rule : 'permitted');

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
    name: 'a refused namespace of another server refuses nothing here',
    destinations: [
      { server: '*', namespace: '*' },
      { server: 'https://other', namespace: '!web' },
    ],
    expected: 'permitted',
  },
  {
    name: 'a refused namespace in an entry by name only does not match, and refuses nothing',
    destinations: [
      { server: '*', namespace: '*' },
      { name: 'in-cluster', namespace: '!web' },
    ],
    expected: 'permitted',
  },
  {
    name: 'a cluster without name is matched by no name',
    destinations: [{ name: '*', namespace: '*' }],
    at: { name: '' },
    expected: none,
  },
  {
    name: 'a cluster without name is not refused by name',
    destinations: [
      { server: '*', namespace: '*' },
      { name: '!*', namespace: '*' },
    ],
    at: { name: '' },
    expected: 'permitted',
  },
  {
    name: 'case counts',
    destinations: [{ server: '*', namespace: 'Web' }],
    expected: none,
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
