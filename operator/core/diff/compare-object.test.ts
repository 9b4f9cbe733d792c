import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { compareObject, FIELD_MANAGER } from './compare-object.ts';
import { LAST_APPLIED_ANNOTATION, normalise } from './normalise.ts';
import { parseQuantity, quantityEqual } from './quantity.ts';

const object = (
  kind: string,
  apiVersion: string,
  body: object,
  metadata: object = {},
): KubeObject =>
  ({ apiVersion, kind, metadata: { name: 'x', ...metadata }, ...body }) as KubeObject;
const deployment = (spec: object, metadata: object = {}) =>
  object('Deployment', 'apps/v1', { spec }, metadata);
const pod = (containers: readonly object[], metadata: object = {}) =>
  deployment({ template: { spec: { containers } } }, metadata);

const ours = (fieldsV1: object) => ({
  managedFields: [{ manager: 'argocd-controller', operation: 'Apply', fieldsV1 }],
});

interface Case {
  readonly name: string;
  readonly desired: KubeObject | undefined;
  readonly live: KubeObject | undefined;
  readonly expected: 'equal' | 'missing' | 'extra' | readonly string[];
  readonly certain?: boolean;
}

const cases: readonly Case[] = [
  { name: 'absent live is missing', desired: deployment({}), live: undefined, expected: 'missing' },
  { name: 'absent desired is extra', desired: undefined, live: deployment({}), expected: 'extra' },
  {
    name: 'defaults and status in live do not matter',
    desired: deployment({ replicas: 1 }),
    live: object('Deployment', 'apps/v1', {
      spec: { replicas: 1, progressDeadlineSeconds: 600 },
      status: { replicas: 1 },
    }),
    expected: 'equal',
  },
  {
    name: 'status in Git does not matter',
    desired: object('Deployment', 'apps/v1', { spec: {}, status: { replicas: 9 } }),
    live: object('Deployment', 'apps/v1', { spec: {}, status: { replicas: 1 } }),
    expected: 'equal',
  },
  {
    name: 'another value is a difference',
    desired: deployment({ replicas: 1 }),
    live: deployment({ replicas: 2 }),
    expected: ['spec.replicas'],
  },
  {
    name: 'containers match by name, whatever their order',
    desired: pod([
      { name: 'a', image: 'a:1' },
      { name: 'b', image: 'b:1' },
    ]),
    live: pod([
      { name: 'b', image: 'b:1', imagePullPolicy: 'Always' },
      { name: 'a', image: 'a:1' },
    ]),
    expected: 'equal',
  },
  {
    name: 'a sidecar that only live has does not matter',
    desired: pod([{ name: 'a', image: 'a:1' }]),
    live: pod([
      { name: 'a', image: 'a:1' },
      { name: 'injected', image: 'mesh:1' },
    ]),
    expected: 'equal',
  },
  {
    name: 'a container that we applied and dropped does matter',
    desired: pod([{ name: 'a', image: 'a:1' }]),
    live: pod(
      [
        { name: 'a', image: 'a:1' },
        { name: 'b', image: 'b:1' },
      ],
      ours({
        'f:spec': {
          'f:template': {
            'f:spec': {
              'f:containers': {
                'k:{"name":"a"}': { '.': {}, 'f:image': {} },
                'k:{"name":"b"}': { '.': {}, 'f:image': {} },
              },
            },
          },
        },
      }),
    ),
    expected: ['spec.template.spec.containers[{"name":"b"}]'],
  },
  {
    name: 'a label that we applied and dropped is removed by the server',
    desired: deployment({}, { labels: { a: '1' } }),
    live: deployment(
      {},
      {
        labels: { a: '1', b: '2' },
        ...ours({ 'f:metadata': { 'f:labels': { 'f:a': {}, 'f:b': {} } } }),
      },
    ),
    expected: ['metadata.labels.b'],
    certain: false,
  },
  {
    name: 'a field dropped after a client-side apply is a certain difference',
    desired: deployment({ replicas: 1 }),
    live: deployment(
      { replicas: 1, paused: true },
      {
        annotations: {
          [LAST_APPLIED_ANNOTATION]: JSON.stringify(deployment({ replicas: 1, paused: true })),
        },
      },
    ),
    expected: ['spec.paused'],
    certain: true,
  },
  {
    name: "another manager's label does not matter",
    desired: deployment({}, { labels: { a: '1' } }),
    live: deployment({}, { labels: { a: '1', other: 'x' } }),
    expected: 'equal',
  },
  {
    name: 'amounts are compared as amounts',
    desired: pod([{ name: 'a', resources: { limits: { cpu: 1, memory: '1024Mi' } } }]),
    live: pod([{ name: 'a', resources: { limits: { cpu: '1000m', memory: '1Gi' } } }]),
    expected: 'equal',
  },
  {
    name: 'an annotation that looks like an amount is text',
    desired: deployment({}, { annotations: { size: '1' } }),
    live: deployment({}, { annotations: { size: '1000m' } }),
    expected: ['metadata.annotations.size'],
  },
  {
    name: 'stringData is compared as data',
    desired: object('Secret', 'v1', { stringData: { k: 'grüße' } }),
    live: object('Secret', 'v1', { data: { k: Buffer.from('grüße').toString('base64') } }),
    expected: 'equal',
  },
  {
    name: 'a selector is replaced as a whole',
    desired: object('Service', 'v1', { spec: { selector: { a: '1' } } }),
    live: object('Service', 'v1', { spec: { selector: { a: '1', b: '2' } } }),
    expected: ['spec.selector'],
  },
  {
    name: 'ports of a service match by number and protocol',
    desired: object('Service', 'v1', { spec: { ports: [{ port: 80, targetPort: 8080 }] } }),
    live: object('Service', 'v1', {
      spec: { ports: [{ port: 80, targetPort: 8080, protocol: 'TCP', nodePort: 30000 }] },
    }),
    expected: 'equal',
  },
  {
    name: 'lists of custom resources are compared as a whole',
    desired: object('Thing', 'example.com/v1', { spec: { ports: [{ port: 80 }] } }),
    live: object('Thing', 'example.com/v1', { spec: { ports: [{ port: 80, extra: 1 }] } }),
    expected: ['spec.ports'],
  },
  {
    name: 'a map of an unknown kind in which live has more may be replaced as a whole',
    desired: object('Thing', 'example.com/v1', { spec: { password: { name: 'a', key: 'b' } } }),
    live: object(
      'Thing',
      'example.com/v1',
      { spec: { password: { name: 'a', key: 'b', optional: true } } },
      ours({ 'f:spec': { 'f:password': {} } }),
    ),
    expected: ['spec.password'],
    certain: false,
  },
  {
    name: 'a map of an unknown kind of which we own single members is merged',
    desired: object('Thing', 'example.com/v1', { spec: { server: { port: 1 } } }),
    live: object(
      'Thing',
      'example.com/v1',
      { spec: { server: { port: 1, tls: true }, replicas: 1 } },
      ours({ 'f:spec': { 'f:server': { 'f:port': {} } } }),
    ),
    expected: 'equal',
  },
  {
    name: 'an unknown kind that nobody of ours has applied yet',
    desired: object('Thing', 'example.com/v1', { spec: { size: 1 } }),
    live: object('Thing', 'example.com/v1', { spec: { size: 1, replicas: 1 } }),
    expected: ['spec'],
    certain: false,
  },
  {
    name: 'null in desired is the same as absent',
    desired: deployment({ replicas: null }, { creationTimestamp: null }),
    live: deployment({}),
    expected: 'equal',
  },
  {
    name: 'null in desired sets a field back to its default',
    desired: deployment({ replicas: null }),
    live: deployment({ replicas: 3 }),
    expected: ['spec.replicas'],
    certain: false,
  },
];

describe('compareObject', () => {
  for (const c of cases)
    test(c.name, () => {
      const comparison = compareObject(c.desired, c.live);
      if (typeof c.expected === 'string') assert.equal(comparison.type, c.expected);
      else {
        assert.equal(comparison.type, 'different');
        assert.deepEqual(comparison.paths, c.expected);
        if (c.certain !== undefined) assert.equal(comparison.certain, c.certain);
      }
    });

  const json = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  const anyObject = fc
    .tuple(fc.constantFrom('v1', 'apps/v1', 'example.com/v1'), json)
    .map(([apiVersion, spec]) => object('Any', apiVersion, { spec }));

  test('nothing differs from itself', () =>
    fc.assert(
      fc.property(anyObject, (x) =>
        assert.deepEqual(compareObject(x, structuredClone(x)), { type: 'equal' }),
      ),
    ));

  test('normalising twice is normalising once', () =>
    fc.assert(
      fc.property(anyObject, (x) => assert.deepEqual(normalise(normalise(x)), normalise(x))),
    ));

  test('adding members to a map of live never makes a difference', () =>
    fc.assert(
      fc.property(anyObject, fc.dictionary(fc.stringMatching(/^[A-Z]{8}$/), json), (x, extra) => {
        const spec = x['spec'];
        fc.pre(isJsonObject(spec));
        const live = { ...x, spec: { ...spec, ...extra } };
        const options = { fieldManager: FIELD_MANAGER, guess: true };
        assert.equal(compareObject(x, live, options).type, 'equal');
        // Without guessing, where we own single members.
        const fieldsV1 = { 'f:spec': { 'f:a': {} } };
        const managedFields = [{ manager: FIELD_MANAGER, operation: 'Apply', fieldsV1 }];
        const owned = { ...live, metadata: { ...live.metadata, managedFields } };
        const local = compareObject({ ...x, spec: { a: 1, ...spec } }, owned);
        assert.ok(local.type !== 'different' || !local.paths.includes('spec'));
      }),
    ));
});

describe('quantities', () => {
  const same: readonly (readonly [string | number, string | number])[] = [
    ['1', '1000m'],
    [0.5, '500m'],
    ['1Gi', '1024Mi'],
    ['1e3', '1k'],
    ['1.5Gi', '1536Mi'],
    ['0', '0m'],
  ];
  for (const [left, right] of same)
    test(`${left} is ${right}`, () => assert.ok(quantityEqual(left, right)));
  test('1G is not 1Gi', () => assert.ok(!quantityEqual('1G', '1Gi')));
  for (const text of ['', 'abc', '1 Gi', '--1', '1e', 'Gi'])
    test(`"${text}" is no quantity`, () => assert.equal(parseQuantity(text), undefined));
});
