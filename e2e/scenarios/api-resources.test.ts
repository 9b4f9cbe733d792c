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
import { configMap, deployment, everybodyMay, service, settingsMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const CANARY = 'canary-that-nobody-may-see';
const CANARY_64 = Buffer.from(CANARY).toString('base64');

const secret = `apiVersion: v1
kind: Secret
metadata:
  name: login
stringData:
  password: ${CANARY}
`;

interface Node {
  readonly kind: string;
  readonly name: string;
  readonly uid?: string;
  readonly parentRefs?: readonly { readonly kind: string; readonly name: string }[];
  readonly info?: readonly { readonly name: string; readonly value: string }[];
  readonly images?: readonly string[];
  readonly health?: { readonly status: string };
  readonly networkingInfo?: { readonly targetLabels?: object; readonly labels?: object };
}

interface Tree {
  readonly nodes: readonly Node[];
  readonly hosts?: readonly { readonly name: string; readonly resourcesInfo: readonly object[] }[];
}

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
    const { nodes, hosts } = json as Tree;
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

  test('CVE-2026-42880, CVE-2026-45737: what the application does not have is not shown, changed, deleted, acted on or compared', async () => {
    await world.given(
      mayDo(
        'p, role:somebody, applications, *, default/*, allow',
        'p, role:somebody, logs, get, */*, allow',
      ),
    );
    const patch = `${at('Secret', 'foreign')}&patchType=application/merge-patch%2Bjson`;
    const body = JSON.stringify({ data: { password: '' } });
    await until(200, getting(at('Secret', 'login', '', '/actions')));
    const refused = await until(400, getting(patch, { method: 'POST', body }));
    assert.match(refused.text, /Secret  foreign not found as part of application shop-/);
    for (const answer of [
      await api.request(at('Secret', 'foreign')),
      await api.request(at('Secret', 'foreign'), { method: 'DELETE' }),
      await api.request(at('Secret', 'foreign', '', '/actions')),
      // Whatever the request calls it: the object must be in the tree under that name.
      await api.request(at('ConfigMap', 'foreign')),
      await api.request(at('Secret', 'login', 'apps')),
    ]) {
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.text, /not found as part of application/);
    }
    const guess = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'foreign', namespace } };
    const diff = (object: object) =>
      `${path}/server-side-diff?targetManifests=${encodeURIComponent(JSON.stringify(object))}`;
    assert.equal((await api.request(diff(guess))).status, 400);
    const exact = {
      ...guess,
      metadata: { name: 'login', namespace },
      data: { password: CANARY_64 },
    };
    const wrong = { ...exact, data: { password: 'd3Jvbmc=' } };
    const [hit, miss] = [
      await until(200, getting(diff(exact))),
      await until(200, getting(diff(wrong))),
    ];
    const states = ({ json }: ApiAnswer) =>
      (json as { items: Record<string, unknown>[] }).items.map((item) => [
        dataOf(item['normalizedLiveState']),
        dataOf(item['predictedLiveState']),
      ]);
    assert.deepEqual(states(hit), states(miss), 'a guess is not told whether it is right');
    await world.thenEventually(world.object('secrets', 'foreign', namespace).exists());
  });

  test('an object that only the status names is no object of the application', async () => {
    // Whoever may write the status of an Application could otherwise reach everything that its project permits.
    const liar = world.application('liar', {
      repoURL: world.git.urlOf('shop'),
      annotations: { 'argocd.argoproj.io/skip-reconcile': 'true' },
      namespace,
    });
    await world.given(
      mayDo('p, role:somebody, applications, *, default/*, allow'),
      liar.created(),
      () =>
        world.kubectl([
          ...['patch', 'applications.argoproj.io', liar.name, `--namespace=${world.namespace}`],
          ...['--subresource=status', '--type=merge'],
          `--patch=${JSON.stringify({
            status: {
              sync: { status: 'OutOfSync' },
              resources: [{ version: 'v1', kind: 'Secret', namespace, name: 'foreign' }],
            },
          })}`,
        ]),
    );
    const of = (name: string) =>
      at('Secret', name).replace(path, `/api/v1/applications/${liar.name}`);
    const tree = await until(200, getting(`/api/v1/applications/${liar.name}/resource-tree`));
    assert.match(tree.text, /"name":"foreign"/);
    const refused = await until(400, getting(of('foreign')));
    assert.match(refused.text, /not found as part of application/);
    assert.equal((await api.request(of('foreign'), { method: 'DELETE' })).status, 400);
    await world.thenEventually(world.object('secrets', 'foreign', namespace).exists());
  });

  test('each object has its own right to be changed, and the words of a refused Secret stay away', async () => {
    const patching = (kind: string, name: string, patch: object) =>
      getting(`${at(kind, name)}&patchType=application/merge-patch%2Bjson`, {
        method: 'POST',
        body: JSON.stringify(patch),
      });
    await world.given(
      mayDo(
        'p, role:somebody, applications, get, default/*, allow',
        'p, role:somebody, applications, update, default/*, allow',
        `p, role:somebody, applications, update//Secret/${namespace}/login, default/*, allow`,
      ),
    );
    await until(403, patching('ConfigMap', 'settings', { data: { value: 'two' } }));
    const bad = await until(
      400,
      patching('Secret', 'login', { data: { password: CANARY } }), // no base64
    );
    assert.match(bad.text, /could not be patched/);
    const good = await until(
      200,
      patching('Secret', 'login', { metadata: { labels: { a: 'b' } } }),
    );
    assert.match(good.text, /\+\+\+\+\+\+\+\+/);
    await world.given(
      settings('argocd-cm', {
        'users.anonymous.enabled': 'true',
        'server.rbac.disableApplicationFineGrainedRBACInheritance': 'false',
      }),
    );
    await until(200, patching('ConfigMap', 'settings', { metadata: { labels: { a: 'b' } } }));
    const type = await api.request(`${at('ConfigMap', 'settings')}&patchType=nonsense`, {
      method: 'POST',
      body: '{}',
    });
    assert.equal(type.status, 400);
  });

  test('an action runs where its right says so', async () => {
    await world.given(
      mayDo(
        'p, role:somebody, applications, get, default/*, allow',
        'p, role:somebody, applications, action/apps/Deployment/restart, default/*, allow',
      ),
    );
    const run = (action: string, parameters: readonly object[] = []) =>
      getting(`${path}/resource/actions/v2`, {
        method: 'POST',
        body: {
          ...{ namespace, resourceName: 'web', version: 'v1', group: 'apps', kind: 'Deployment' },
          ...{ action, resourceActionParameters: parameters, appNamespace: null },
        },
      });
    const listed = await until(200, getting(at('Deployment', 'web', 'apps', '/actions')));
    const { actions } = listed.json as { actions: { name: string }[] };
    assert.ok(actions.some(({ name }) => name === 'restart'));
    await until(200, run('restart'));
    await until(403, run('scale', [{ name: 'replicas', value: '3' }]));
    await world.thenEventually(
      world
        .object('deployments.apps', 'web', namespace)
        .matches('was restarted', (object) =>
          JSON.stringify(object['spec']).includes('kubectl.kubernetes.io/restartedAt'),
        ),
    );
    const events = await until(200, getting(`${path}/events`));
    const { items } = events.json as { items: { reason: string; eventTime: null }[] };
    assert.ok(items.some(({ reason }) => reason === 'OperationStarted'));
    await eventually(
      async () => {
        const { text } = await api.request(`${path}/events`);
        return text.includes('ResourceActionRan') ? met('an Event') : pending('no Event yet');
      },
      { withinMs: 10_000, signal },
    );
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

  test('an object is deleted by its own right', async () => {
    await world.given(
      mayDo(
        'p, role:somebody, applications, get, default/*, allow',
        `p, role:somebody, applications, delete//Service/${namespace}/*, default/*, allow`,
      ),
      shop.patched({ spec: { syncPolicy: null } }),
    );
    await until(200, getting(`${at('Service', 'web')}&force=true`, { method: 'DELETE' }));
    await until(403, getting(at('ConfigMap', 'settings'), { method: 'DELETE' }));
    await world.thenEventually(world.object('services', 'web', namespace).isAbsent());
    const { json } = await until(200, getting(`${path}/resource-tree?kind=Service`));
    assert.deepEqual(
      (json as Tree).nodes.map(({ health }) => health?.status),
      ['Missing'],
    );
    const managed = await until(200, getting(`${path}/managed-resources?kind=Service`));
    const { items } = managed.json as { items: Record<string, unknown>[] };
    assert.deepEqual([items[0]?.['liveState'], items[0]?.['modified']], ['null', true]);
  });
});

const dataOf = (state: unknown): unknown => (JSON.parse(String(state)) as { data?: object }).data;

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
