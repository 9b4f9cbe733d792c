import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type ApiAnswer,
  type ApiClient,
  apiClient,
  type ApiRequest,
} from '../language/api-client.ts';
import type { TestApplication } from '../language/application.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { CANARY, CANARY_64, testChanges } from './api-resources/changes.ts';
import type { Node, Tree } from './api-resources/tree.ts';
import { configMap, deployment, everybodyMay, service, settingsMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

const secret = `apiVersion: v1
kind: Secret
metadata:
  name: login
stringData:
  password: ${CANARY}
`;

describe('what an application deployed, through the API', () => {
  let world: World;
  let api: ApiClient;
  let shop: TestApplication;
  let path: string;
  let namespace: string;

  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    const files = {
      'web.yaml': deployment('web'),
      'service.yaml': service('web'),
      'settings.yaml': configMap('settings', 'one'),
      'login.yaml': secret,
    };
    shop = world.application('shop', { repoURL: world.git.urlOf('shop'), syncPolicy: true });
    path = `/api/v1/applications/${shop.name}`;
    namespace = world.name('shop');
    await world.given(settings('argocd-cm', { 'users.anonymous.enabled': 'true' }));
    await world.given(mayDo('p, role:somebody, applications, get, default/*, allow'));
    await world.given(world.repository('shop', files), shop.created());
    await world.thenEventually(shop.isSynced(), shop.isHealthy());
    // Stands in the same namespace, and is none of the application's business.
    await world.given(
      world.applied({
        ...{ apiVersion: 'v1', kind: 'Secret' },
        metadata: { name: 'foreign', namespace },
        stringData: { password: CANARY },
      }),
    );
  });
  after(() => world[Symbol.asyncDispose]());

  function settings(name: string, data: Readonly<Record<string, string>>) {
    return world.applied(settingsMap(world.namespace, name, data));
  }

  /** Everybody may do what these lines say of `role:somebody`. */
  const mayDo = (...lines: readonly string[]) =>
    world.applied(everybodyMay(world.namespace, ...lines));

  /** Asks until the policy that was just written counts. */
  async function until(status: number, ask: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
    let answer: ApiAnswer | undefined;
    const arrives = async () => {
      answer = await ask();
      return answer.status === status
        ? met(`status ${status}`)
        : pending(`status ${answer.status}: ${answer.text.slice(0, 300)}`);
    };
    await eventually(arrives, { withinMs: 20_000, signal });
    assert.ok(answer !== undefined);
    assert.ok(!answer.text.includes(CANARY) && !answer.text.includes(CANARY_64), 'a leak');
    return answer;
  }

  const at = (kind: string, name: string, group = '', further = ''): string =>
    `${path}/resource${further}?${new URLSearchParams({
      ...{ kind, group, namespace, resourceName: name },
      version: 'v1',
    })}`;

  const getting = (url: string, request?: ApiRequest) => () => api.request(url, request);

  test('a tree has its objects and what they own, with health, images and hosts', async () => {
    const { json } = await until(200, getting(`${path}/resource-tree`));
    const { nodes, hosts, shardsCount } = json as Tree;
    assert.equal(shardsCount, 1);
    const named = (kind: string): Node => {
      const found = nodes.find((node) => node.kind === kind);
      assert.ok(found !== undefined, kind);
      return found;
    };
    assert.deepEqual(
      [...new Set(nodes.map(({ kind }) => kind))].toSorted(),
      ['ConfigMap', 'Deployment', 'EndpointSlice', 'Pod', 'ReplicaSet', 'Secret', 'Service'].filter(
        (kind) => kind !== 'EndpointSlice' || nodes.some((node) => node.kind === kind),
      ),
    );
    assert.equal(named('Deployment').health?.status, 'Healthy');
    assert.deepEqual(
      named('ReplicaSet').parentRefs?.map(({ name }) => name),
      ['web'],
    );
    assert.deepEqual(named('ReplicaSet').info, [{ name: 'Revision', value: 'Rev:1' }]);
    const pod = named('Pod');
    assert.deepEqual(
      pod.parentRefs?.map(({ kind }) => kind),
      ['ReplicaSet'],
    );
    assert.deepEqual(pod.images, ['nginx:1']);
    assert.deepEqual(pod.info?.slice(0, 3), [
      { name: 'Status Reason', value: 'Running' },
      { name: 'Node', value: 'node-1' },
      { name: 'Containers', value: '1/1' },
    ]);
    assert.deepEqual(named('Service').networkingInfo, { targetLabels: { app: 'web' } });
    assert.deepEqual(
      hosts?.map(({ name }) => name),
      ['node-1'],
    );
    assert.equal(
      nodes.some(({ name }) => name === 'foreign'),
      false,
    );
    const only = await until(200, getting(`${path}/resource-tree?kind=ConfigMap`));
    assert.deepEqual(
      (only.json as Tree).nodes.map(({ name }) => name),
      ['settings'],
    );
  });

  test('a tree is sent again when something in it changes', async () => {
    const stop = new AbortController();
    const response = await fetch(
      `${api.url}/api/v1/stream/applications/${shop.name}/resource-tree`,
      {
        headers: { accept: 'text/event-stream' },
        signal: AbortSignal.any([signal, stop.signal]),
      },
    );
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    const trees = eventsOf(response);
    const first = (await trees.next()).value as Tree | undefined;
    assert.equal(first?.nodes.filter(({ kind }) => kind === 'Pod').length, 1);
    assert.equal(first.shardsCount, 1);
    await world.when(world.pushed('shop', { files: { 'web.yaml': deployment('web', 2) } }));
    await world.when(shop.refreshed());
    for await (const tree of trees)
      if (tree.nodes.filter(({ kind }) => kind === 'Pod').length === 2) break;
    stop.abort();
  });

  test('desired and live stand side by side, and a Secret shows only masks', async () => {
    const { json } = await until(200, getting(`${path}/managed-resources`));
    const { items } = json as { items: Record<string, string>[] };
    const found = Object.fromEntries(items.map((item) => [item['kind'], item]));
    assert.deepEqual(Object.keys(found).toSorted(), [
      'ConfigMap',
      'Deployment',
      'Secret',
      'Service',
    ]);
    const live = JSON.parse(found['Secret']?.['liveState'] ?? '') as { data: object };
    const target = JSON.parse(found['Secret']?.['targetState'] ?? '') as { data: object };
    assert.deepEqual(live.data, { password: '++++++++' });
    assert.deepEqual(target.data, live.data, 'the same value has the same mask');
    assert.equal(found['Deployment']?.['modified'], undefined);
    const fields = `${path}/managed-resources?kind=ConfigMap&fields=items.name,items.kind`;
    assert.deepEqual((await until(200, getting(fields))).json, {
      items: [{ kind: 'ConfigMap', name: 'settings' }],
    });
  });

  test('an object is shown as it is, a Secret masked', async () => {
    const shown = await until(200, getting(at('Secret', 'login')));
    const { manifest } = shown.json as { manifest: string };
    assert.deepEqual((JSON.parse(manifest) as { data: object }).data, { password: '++++++++' });
    const map = await until(200, getting(at('ConfigMap', 'settings')));
    assert.match(map.text, /"value\\":\\"one\\"/);
  });

  test('events of an object need its name and uid', async () => {
    const { json } = await until(200, getting(`${path}/resource-tree?kind=Deployment`));
    const [node] = (json as Tree).nodes;
    const events = (uid: string) =>
      `${path}/events?resourceNamespace=${namespace}&resourceName=web&resourceUID=${uid}`;
    const found = await until(200, getting(events(node?.uid ?? '')));
    const { items } = found.json as { items: { reason: string }[] };
    assert.ok(items.some(({ reason }) => reason === 'ScalingReplicaSet'));
    await until(400, getting(events('another')));
  });

  testChanges(() => ({
    ...{ world, signal, api, shop, path, namespace },
    ...{ mayDo, settings, until, at, getting },
  }));
});

async function* eventsOf(response: Response): AsyncGenerator<Tree> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const event = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (event.startsWith('data: ')) yield (JSON.parse(event.slice(6)) as { result: Tree }).result;
    }
  }
}
