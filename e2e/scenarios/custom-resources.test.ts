import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ResourceName } from '../language/cluster-reader.ts';
import { all, eventually, type Expectation } from '../language/expectation.ts';
import { howMany, requestsFor, staysStill } from '../language/stillness.ts';
import { startWorld, type World } from '../language/world.ts';

const signal = AbortSignal.timeout(900_000);

const text = { type: 'string' };

/** All that structural schemas can say about a field. */
const spec = {
  type: 'object',
  properties: {
    size: { ...text, default: 'small' },
    port: { 'x-kubernetes-int-or-string': true },
    limits: { type: 'object', additionalProperties: { 'x-kubernetes-int-or-string': true } },
    byName: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name', 'protocol'],
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          name: text,
          protocol: { ...text, default: 'TCP' },
          port: { 'x-kubernetes-int-or-string': true },
          weight: { type: 'integer', default: 1 },
        },
      },
    },
    tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
    steps: {
      type: 'array',
      'x-kubernetes-list-type': 'atomic',
      items: {
        type: 'object',
        properties: {
          name: text,
          retries: { type: 'integer', default: 3 },
          options: {
            type: 'object',
            default: {},
            properties: { quiet: { type: 'boolean', default: false }, note: text },
          },
        },
      },
    },
    plain: { type: 'array', items: text },
    reference: {
      type: 'object',
      'x-kubernetes-map-type': 'atomic',
      properties: { name: text, namespace: { ...text, default: 'here' } },
    },
    maybe: { ...text, nullable: true },
    maybeList: { type: 'array', nullable: true, items: text },
    nested: { type: 'object', properties: { inner: { type: 'object', properties: { a: text } } } },
    labels: { type: 'object', additionalProperties: text },
    ratio: { type: 'number' },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};

const typed = {
  type: 'object',
  properties: { spec, status: { type: 'object', properties: { phase: text } } },
};
const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** Each object is what Git holds; `GROUP` stands for the group of the CRDs. */
interface Case {
  readonly name: string;
  readonly objects: readonly string[];
}

const widget = (name: string, body: string, version = 'v1'): string =>
  `apiVersion: GROUP/${version}\nkind: Widget\nmetadata:\n  name: ${name}\n${body}`;

const CASES: readonly Case[] = [
  {
    name: 'defaults, also in items of lists and in objects that Git does not name',
    objects: [
      widget('none', 'spec: {}\n'),
      widget(
        'some',
        'spec:\n  byName:\n    - name: a\n  steps:\n    - name: one\n    - name: two\n      retries: 5\n      options: { note: hello }\n  reference: { name: x }\n',
      ),
      widget(
        'written',
        'spec:\n  size: small\n  byName:\n    - { name: a, protocol: TCP, weight: 1 }\n',
      ),
      widget('nothing', ''),
    ],
  },
  {
    name: 'lists by their type, and numbers or texts',
    objects: [
      widget(
        'lists',
        'spec:\n  byName:\n    - { name: dns, protocol: UDP, port: 53 }\n    - { name: dns, protocol: TCP, port: "domain" }\n  tags: [c, a, b]\n  plain: [x, x]\n  steps: [{ name: one, options: {} }]\n  port: 8080\n',
      ),
      widget(
        'texts',
        'spec:\n  port: "8080"\n  limits: { cpu: 1000m, memory: "0.5", pods: 3 }\n  ratio: 1.0\n',
      ),
      widget('numbers', 'spec:\n  ratio: 0.5\n  limits: { pods: 010 }\n'),
    ],
  },
  {
    name: 'null, where it may stand and where it may not',
    objects: [
      widget('nullable', 'spec:\n  maybe: null\n  maybeList: null\n'),
      widget('defaulted', 'spec:\n  size: null\n  byName:\n    - { name: a, weight: null }\n'),
      widget('annotated', '  annotations: null\n  labels: null\nspec: {}\n'),
    ],
  },
  {
    name: 'empty maps and lists',
    objects: [
      widget(
        'empty',
        '  annotations: {}\n  labels: {}\n  finalizers: []\nspec:\n  byName: []\n  tags: []\n  steps: []\n  plain: []\n  reference: {}\n  labels: {}\n  nested: { inner: {} }\n  limits: {}\n  free: {}\n  maybe: ""\n  maybeList: []\n',
      ),
    ],
  },
  {
    name: 'an older version in Git',
    objects: [
      widget('old', 'spec:\n  byName:\n    - name: a\n  steps:\n    - name: one\n', 'v1beta1'),
      widget('new', 'spec: {}\n'),
    ],
  },
  {
    name: 'status in Git',
    objects: [
      widget('with-status', 'spec: {}\nstatus:\n  phase: Ready\n'),
      'apiVersion: GROUP/v1\nkind: Loose\nmetadata:\n  name: with-status\nspec: { a: 1 }\nstatus:\n  phase: Ready\n',
    ],
  },
  {
    name: 'fields that no schema knows',
    objects: [
      widget(
        'free',
        'spec:\n  free:\n    a: null\n    b: {}\n    c: []\n    d: [{ name: x }, { name: x }, 1, "1", null]\n    e: 1.0\n    f: { g: { h: 0.10 } }\n',
      ),
      'apiVersion: GROUP/v1\nkind: Loose\nmetadata:\n  name: loose\nspec:\n  containers:\n    - name: b\n      resources: { limits: { cpu: 1000m } }\n    - name: a\n  nothing: null\nanything: { at: [all, {}] }\nlist: []\n',
    ],
  },
  {
    name: 'scopes that Git gets wrong',
    objects: [
      'apiVersion: GROUP/v1\nkind: Galaxy\nmetadata:\n  name: NAME\n  namespace: somewhere\nspec: { size: large }\n',
      widget('homeless', 'spec: {}\n'),
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: NAME\n  namespace: somewhere\nrules:\n  - apiGroups: [""]\n    resources: [pods]\n    verbs: [get]\n',
    ],
  },
  {
    name: 'quantities as people write them',
    objects: [
      `apiVersion: apps/v1
kind: Deployment
metadata:
  name: quantities
spec:
  selector: { matchLabels: { app: quantities } }
  template:
    metadata: { labels: { app: quantities } }
    spec:
      containers:
        - name: web
          image: nginx:1
          resources:
            requests: { cpu: 1000m, memory: 0.5Gi }
            limits: { cpu: 2.0, memory: 1e9, ephemeral-storage: 1024Ki }
      volumes:
        - name: scratch
          emptyDir: { sizeLimit: 1000Mi }
`,
      'apiVersion: v1\nkind: ResourceQuota\nmetadata:\n  name: quota\nspec:\n  hard: { requests.cpu: 0.5, limits.memory: 2048Mi, pods: "10", services: 5 }\n',
      'apiVersion: v1\nkind: LimitRange\nmetadata:\n  name: range\nspec:\n  limits:\n    - type: Container\n      default: { cpu: 0.5 }\n      defaultRequest: { cpu: 100m, memory: 0.25Gi }\n',
      'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: disk\nspec:\n  accessModes: [ReadWriteOnce]\n  resources: { requests: { storage: 1024Mi } }\n',
    ],
  },
];

describe('kinds whose types only the cluster knows', () => {
  let world: World;
  let group: string;
  let definitions: readonly string[];
  before(async () => {
    world = await startWorld({ signal });
    group = `${world.name('types')}.example.com`;
    const crds = [
      definition('Widget', 'Namespaced', [
        { name: 'v1', storage: true, schema: typed, subresources: { status: {} } },
        { name: 'v1beta1', storage: false, schema: typed, subresources: { status: {} } },
      ]),
      definition('Loose', 'Namespaced', [{ name: 'v1', storage: true, schema: open }]),
      definition('Galaxy', 'Cluster', [{ name: 'v1', storage: true, schema: typed }]),
    ];
    definitions = crds.map(({ metadata }) => metadata.name);
    await world.kubectl.apply(...crds);
    await eventually(all(...definitions.map(isServed)), { signal, withinMs: 60_000 });
  });
  after(async () => {
    await world.kubectl(['delete', 'crd', ...definitions, '--wait=false']);
    const roles = CASES.map((_, index) => world.name(`case-${index}`));
    await world.kubectl(['delete', 'clusterrole', ...roles, '--ignore-not-found']);
    await world[Symbol.asyncDispose]();
  });

  const isServed = (name: string): Expectation =>
    world
      .object('customresourcedefinitions.apiextensions.k8s.io', name)
      .matches('is served', ({ status }) =>
        JSON.stringify(status).includes('"type":"Established"'),
      );

  function definition(
    kind: string,
    scope: 'Namespaced' | 'Cluster',
    versions: readonly { name: string; storage: boolean; schema: object; subresources?: object }[],
  ) {
    const plural = `${kind.toLowerCase()}s`;
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope,
        names: { kind, plural },
        conversion: { strategy: 'None' },
        versions: versions.map(({ schema, ...version }) => ({
          ...version,
          served: true,
          schema: { openAPIV3Schema: schema },
        })),
      },
    };
  }

  for (const { name, objects } of CASES)
    test(`${name}: one sync, and not a request more`, async () => {
      const repository = `case-${CASES.findIndex((one) => one.name === name)}`;
      const own = (manifest: string) =>
        manifest.replaceAll('GROUP', group).replaceAll('NAME', world.name(repository));
      await world.given(
        world.repository(
          repository,
          Object.fromEntries(objects.map((object, index) => [`${index}.yaml`, own(object)])),
        ),
      );
      const app = world.application(repository, {
        repoURL: world.git.urlOf(repository),
        syncPolicy: true,
      });
      await world.when(app.created());
      await world.thenEventually(app.isSynced(), app.operationSucceeded());
      await staysStill(world, app, await seenObjects(app.name), signal);
      const requests = await requestsFor(world, app, signal);
      const ofObjects = requests.filter(({ kind }) => kind !== 'Namespace');
      assert.equal(howMany(ofObjects, { verb: 'apply', dryRun: false }), objects.length);
      assert.ok(
        howMany(ofObjects, { dryRun: true }) <= 2 * objects.length,
        `a sync asks once for each object, and a doubt once more: ${JSON.stringify(requests)}`,
      );
    });

  async function seenObjects(namespace: string) {
    const kinds: readonly ResourceName[] = [
      `widgets.${group}`,
      `looses.${group}`,
      'resourcequotas',
    ];
    const lists = await Promise.all(
      kinds.map(async (kind) =>
        (await world.reader.list(kind, namespace, signal)).map(({ metadata }) =>
          world.object(kind, metadata.name, namespace),
        ),
      ),
    );
    return lists.flat();
  }
});
