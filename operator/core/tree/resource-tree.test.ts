import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { hostsOf } from './hosts.ts';
import { linkOf } from './links.ts';
import { networkingOf } from './networking.ts';
import { infoOf } from './node-info.ts';
import { requestsOf } from './pod-requests.ts';
import { buildTree, keyOfRef, refOf, type TreeInput } from './resource-tree.ts';

interface Made {
  readonly group?: string;
  readonly namespace?: string;
  readonly owner?: KubeObject;
  readonly metadata?: JsonObject;
  readonly rest?: JsonObject;
}

function object(kind: string, name: string, made: Made = {}): KubeObject {
  const { group = '', namespace = 'web', owner, metadata = {}, rest = {} } = made;
  return {
    apiVersion: group === '' ? 'v1' : `${group}/v1`,
    kind,
    metadata: {
      name,
      ...(namespace !== '' && { namespace }),
      uid: `uid-${kind}-${namespace}-${name}`,
      ...(owner !== undefined && {
        ownerReferences: [
          {
            apiVersion: owner.apiVersion,
            kind: owner.kind,
            name: owner.metadata.name ?? '',
            uid: owner.metadata.uid ?? '',
          },
        ],
      }),
      ...metadata,
    },
    ...rest,
  };
}

function tree(objects: readonly KubeObject[], given: Partial<TreeInput> = {}) {
  const built = buildTree({
    roots: [],
    orphans: [],
    childrenOf: (parent) =>
      objects.filter(({ metadata }) =>
        (metadata.ownerReferences ?? []).some(({ uid }) => uid === parent.metadata.uid),
      ),
    isPermitted: () => true,
    healthOf: () => undefined,
    customLabels: [],
    ...given,
  });
  return {
    nodes: built.nodes.map((node) => [keyOfRef(node), (node.parentRefs ?? []).map(keyOfRef)]),
    orphans: built.orphanedNodes.map(keyOfRef),
    objects: built.objects.length,
  };
}

const root = (live: KubeObject) => ({ ref: refOf(live), live });
const web = object('Deployment', 'web', { group: 'apps' });
const set = object('ReplicaSet', 'web-1', { group: 'apps', owner: web });
const pod = object('Pod', 'web-1-a', { owner: set });

test('ownership is followed down, and each node names its parents', () => {
  assert.deepEqual(tree([web, set, pod], { roots: [root(web)] }).nodes, [
    ['/Pod/web/web-1-a', ['apps/ReplicaSet/web/web-1']],
    ['apps/Deployment/web/web', []],
    ['apps/ReplicaSet/web/web-1', ['apps/Deployment/web/web']],
  ]);
});

test('an object is there once, however it is reached, and a circle ends', () => {
  const circle = object('Thing', 'a', { metadata: { ownerReferences: [] } });
  const own: KubeObject = {
    ...circle,
    metadata: {
      ...circle.metadata,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Thing', name: 'a', uid: 'uid-Thing-web-a' }],
    },
  };
  assert.deepEqual(tree([own], { roots: [root(own), root(own)] }).nodes, [
    ['/Thing/web/a', ['/Thing/web/a']],
  ]);
  assert.equal(tree([web, set, pod], { roots: [root(web), root(set)] }).nodes.length, 3);
});

test('nobody puts an object into the tree of another namespace by naming an owner there', () => {
  const foreign = object('Secret', 'theirs', { namespace: 'other', owner: web });
  const cluster = object('ClusterRole', 'all', { namespace: '', owner: web });
  assert.deepEqual(tree([web, foreign, cluster], { roots: [root(web)] }).nodes, [
    ['apps/Deployment/web/web', []],
  ]);
});

test('an owner without a namespace may have objects in any', () => {
  const owner = object('Tenant', 'shop', { group: 'example.io', namespace: '' });
  const child = object('ConfigMap', 'made', { owner });
  assert.equal(tree([owner, child], { roots: [root(owner)] }).nodes.length, 2);
});

test('what the project forbids is left out, with all that it owns', () => {
  const isPermitted = ({ kind }: KubeObject) => kind !== 'ReplicaSet';
  const { nodes, objects } = tree([web, set, pod], { roots: [root(web)], isPermitted });
  assert.deepEqual(nodes, [['apps/Deployment/web/web', []]]);
  assert.equal(objects, 1);
});

test('what is wanted and missing is a node that says so', () => {
  const { nodes } = buildTree({
    roots: [{ ref: { kind: 'ConfigMap', namespace: 'web', name: 'gone' }, live: undefined }],
    ...{ orphans: [], childrenOf: () => [], isPermitted: () => true },
    ...{ healthOf: () => undefined, customLabels: [] },
  });
  assert.deepEqual(nodes, [
    { kind: 'ConfigMap', namespace: 'web', name: 'gone', health: { status: 'Missing' } },
  ]);
});

test('orphans have a list of their own, and what they own is in it', () => {
  const lost = object('Deployment', 'lost', { group: 'apps' });
  const below = object('ReplicaSet', 'lost-1', { group: 'apps', owner: lost });
  const found = tree([web, lost, below], { roots: [root(web)], orphans: [lost, web] });
  assert.deepEqual(found.orphans, ['apps/Deployment/web/lost', 'apps/ReplicaSet/web/lost-1']);
  assert.equal(found.nodes.length, 1);
});

const running = { running: {} };
const container = (state: JsonObject, more: JsonObject = {}): JsonObject => ({
  name: 'web',
  ready: true,
  restartCount: 0,
  state,
  ...more,
});

for (const [what, given, expected] of [
  [
    'a Pod that runs',
    { phase: 'Running', containerStatuses: [container(running)] },
    { reason: 'Running', containers: '1/1' },
  ],
  [
    'one whose container waits',
    {
      phase: 'Running',
      containerStatuses: [
        container({ waiting: { reason: 'CrashLoopBackOff' } }, { ready: false, restartCount: 5 }),
      ],
    },
    { reason: 'CrashLoopBackOff', containers: '0/1', restarts: '5' },
  ],
  [
    'one that ended by a signal',
    {
      phase: 'Failed',
      containerStatuses: [
        container({ terminated: { exitCode: 137, signal: 9 } }, { ready: false }),
      ],
    },
    { reason: 'Signal:9', containers: '0/1' },
  ],
  [
    'one that was evicted',
    { phase: 'Failed', reason: 'Evicted' },
    { reason: 'Evicted', containers: '0/1' },
  ],
  [
    'one whose init container waits',
    {
      phase: 'Pending',
      initContainerStatuses: [container({ waiting: { reason: 'ImagePullBackOff' } })],
    },
    { reason: 'Init:ImagePullBackOff', containers: '0/1' },
  ],
  [
    'one whose init container works',
    { phase: 'Pending', initContainerStatuses: [container(running, { restartCount: 2 })] },
    { reason: 'Init:0/1', containers: '0/1', restarts: '2' },
  ],
  [
    'one whose init container failed',
    {
      phase: 'Pending',
      initContainerStatuses: [container({ terminated: { exitCode: 3 } })],
    },
    { reason: 'Init:ExitCode:3', containers: '0/1' },
  ],
  [
    'one of which a container has ended and another runs',
    {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        container({ terminated: { exitCode: 0, reason: 'Completed' } }, { ready: false }),
        container(running),
      ],
    },
    { reason: 'Running', containers: '1/1' },
  ],
] satisfies readonly (readonly [string, JsonObject, Record<string, string>])[])
  test(`info: ${what}`, () => {
    const init = 'initContainerStatuses' in given;
    const spec = {
      containers: [{ name: 'web' }],
      ...(init && { initContainers: [{ name: 'init' }] }),
    };
    const shown = Object.fromEntries(
      infoOf(object('Pod', 'p', { rest: { spec, status: given } }), []).map((item) => [
        item.name,
        item.value,
      ]),
    );
    const { reason, containers, restarts } = expected as Record<string, string>;
    assert.deepEqual(shown, {
      'Status Reason': reason,
      Containers: containers,
      ...(restarts !== undefined && { 'Restart Count': restarts }),
    });
  });

test('info: a Pod that is being deleted is Terminating, and labels that are asked for are shown', () => {
  const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z', labels: { team: 'a', other: 'b' } };
  const gone = object('Pod', 'p', { metadata, rest: { spec: { containers: [] }, status: {} } });
  assert.deepEqual(infoOf(gone, ['team', 'toString']), [
    { name: 'Status Reason', value: 'Terminating' },
    { name: 'Containers', value: '0/0' },
    { name: 'team', value: 'a' },
  ]);
});

const requests = (cpu: string, memory = '0') => ({ resources: { requests: { cpu, memory } } });

test('a Pod asks for the sum of its containers, or the most that one before them needs', () => {
  const spec = {
    overhead: { cpu: '1m' },
    containers: [requests('100m', '1Ki'), requests('0.2', '1')],
    initContainers: [requests('1'), { ...requests('50m'), restartPolicy: 'Always' }],
  };
  assert.deepEqual(requestsOf(object('Pod', 'p', { rest: { spec } })), {
    cpu: 1051,
    memory: 1_025_000,
  });
  const odd = { containers: [{ resources: { requests: { cpu: 'much' } } }, 'no container'] };
  assert.deepEqual(requestsOf(object('Pod', 'p', { rest: { spec: odd } })), { cpu: 0, memory: 0 });
});

test('hosts tell what their Pods ask for, and what others there do', () => {
  const on = (name: string, nodeName: string, phase = 'Running') =>
    object('Pod', name, {
      rest: { spec: { nodeName, containers: [requests('100m')] }, status: { phase } },
    });
  const [mine, theirs, ended, elsewhere] = [
    on('mine', 'a'),
    on('theirs', 'a'),
    on('ended', 'a', 'Succeeded'),
    on('elsewhere', 'b'),
  ];
  const node = object('Node', 'a', {
    namespace: '',
    metadata: { labels: { zone: 'z' } },
    rest: { status: { capacity: { cpu: '4', memory: '1' }, nodeInfo: { architecture: 'amd64' } } },
  });
  assert.deepEqual(
    hostsOf({
      pods: [mine],
      everyPod: [mine, theirs, ended, elsewhere],
      findNode: (name) => (name === 'a' ? node : undefined),
      customLabels: ['zone'],
      requestsOf,
    }),
    [
      {
        name: 'a',
        resourcesInfo: [
          { resourceName: 'cpu', requestedByApp: 100, requestedByNeighbors: 100, capacity: 4000 },
          { resourceName: 'memory', capacity: 1000 },
        ],
        systemInfo: { architecture: 'amd64' },
        labels: { zone: 'z' },
      },
    ],
  );
});

test('hosts stand in the order of their names, without those that are not known', () => {
  const on = (nodeName: string) => object('Pod', nodeName, { rest: { spec: { nodeName } } });
  const pods = ['c', 'a', 'unknown', 'b', 'a'].map(on);
  const findNode = (name: string) =>
    name === 'unknown' ? undefined : object('Node', name, { namespace: '' });
  const hosts = hostsOf({ pods, everyPod: pods, findNode, customLabels: [], requestsOf });
  assert.deepEqual(
    hosts.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
});

for (const [what, given, expected] of [
  [
    'a Service by its selector, with the address of its balancer',
    object('Service', 's', {
      rest: {
        spec: { selector: { app: 'web' } },
        status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } },
      },
    }),
    { targetLabels: { app: 'web' }, ingress: [{ ip: '10.0.0.1' }] },
  ],
  [
    'an Ingress by its backends, with where it can be reached',
    object('Ingress', 'i', {
      group: 'networking.k8s.io',
      rest: {
        spec: {
          defaultBackend: { service: { name: 'fallback' } },
          tls: [{ hosts: ['a.example'] }],
          rules: [
            {
              host: 'a.example',
              http: { paths: [{ path: '/x*', backend: { service: { name: 'web' } } }] },
            },
          ],
        },
      },
    }),
    {
      targetRefs: [
        { kind: 'Service', namespace: 'web', name: 'fallback' },
        { kind: 'Service', namespace: 'web', name: 'web' },
      ],
      externalURLs: ['https://a.example/x'],
    },
  ],
  [
    'a route of the Gateway API',
    object('HTTPRoute', 'r', {
      group: 'gateway.networking.k8s.io',
      rest: {
        spec: {
          hostnames: ['r.example', '*.example'],
          rules: [{ backendRefs: [{ name: 'web' }, { name: 'b', namespace: 'n' }] }],
        },
      },
    }),
    {
      targetRefs: [
        { kind: 'Service', namespace: 'web', name: 'web' },
        { kind: 'Service', namespace: 'n', name: 'b' },
      ],
      externalURLs: ['https://r.example'],
    },
  ],
  [
    'a VirtualService by the names of its hosts',
    object('VirtualService', 'v', {
      group: 'networking.istio.io',
      rest: { spec: { http: [{ route: [{ destination: { host: 'web.n.svc' } }] }] } },
    }),
    { targetRefs: [{ kind: 'Service', namespace: 'n', name: 'web' }] },
  ],
  [
    'links in annotations, but only those a browser may follow',
    object('ConfigMap', 'c', {
      metadata: {
        annotations: {
          'link.argocd.argoproj.io/a': 'https://docs.example',
          'link.argocd.argoproj.io/b': 'Docs|https://titled.example',
          'link.argocd.argoproj.io/c': 'javascript:alert(1)',
        },
      },
    }),
    { externalURLs: ['Docs|https://titled.example', 'https://docs.example'] },
  ],
  ['nothing where there is nothing', object('ConfigMap', 'c'), undefined],
  [
    'nothing of a part that is of another kind',
    object('Ingress', 'i', { group: 'networking.k8s.io', rest: { spec: [1] } }),
    undefined,
  ],
] as const)
  test(`networking: ${what}`, () => assert.deepEqual(networkingOf(given), expected));

test('a link is a URL, or has a title in front', () => {
  assert.deepEqual(linkOf('a|b|https://x.example/y'), {
    title: 'a|b',
    url: 'https://x.example/y',
  });
  for (const bad of ['javascript:alert(1)', 'x|data:text/html,x', '//x', 'https://', ''])
    assert.equal(linkOf(bad), undefined, bad);
});
