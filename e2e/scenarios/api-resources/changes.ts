import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../language/api-client.ts';
import type { TestApplication } from '../../language/application.ts';
import { eventually, met, pending } from '../../language/expectation.ts';
import type { Step, World } from '../../language/world.ts';
import type { Tree } from './tree.ts';

export const CANARY = 'canary-that-nobody-may-see';
export const CANARY_64: string = Buffer.from(CANARY).toString('base64');

/** What the tests of `api-resources.test.ts` share: an application whose objects everybody may see. */
export interface ResourcesContext {
  readonly world: World;
  readonly signal: AbortSignal;
  readonly api: ApiClient;
  readonly shop: TestApplication;
  /** Of the application, below the server. */
  readonly path: string;
  /** Where its objects are. */
  readonly namespace: string;
  mayDo(...lines: readonly string[]): Step;
  settings(name: string, data: Readonly<Record<string, string>>): Step;
  /** Asks until the policy that was just written counts. */
  until(status: number, ask: () => Promise<ApiAnswer>): Promise<ApiAnswer>;
  /** The route of an object. */
  at(kind: string, name: string, group?: string, further?: string): string;
  getting(url: string, request?: ApiRequest): () => Promise<ApiAnswer>;
}

/** What can be done to the objects of an application, and to no others. */
export function testChanges(context: () => ResourcesContext): void {
  test('CVE-2026-42880, CVE-2026-45737: what the application does not have is not shown, changed, deleted, acted on or compared', async () => {
    const { world, api, path, namespace, mayDo, until, at, getting } = context();
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
    const { world, api, path, namespace, mayDo, until, at, getting } = context();
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
    await world.thenEventually(async () => {
      const { text } = await api.request(`/api/v1/applications/${liar.name}/resource-tree`);
      return text.includes('"name":"foreign"') ? met('a tree with it') : pending(text);
    });
    const refused = await until(400, getting(of('foreign')));
    assert.match(refused.text, /not found as part of application/);
    assert.equal((await api.request(of('foreign'), { method: 'DELETE' })).status, 400);
    await world.thenEventually(world.object('secrets', 'foreign', namespace).exists());
  });

  test('each object has its own right to be changed, and the words of a refused Secret stay away', async () => {
    const { world, api, namespace, mayDo, settings, until, at, getting } = context();
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
    const { world, signal, api, path, namespace, mayDo, until, at, getting } = context();
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

  test('an object is deleted by its own right', async () => {
    const { world, shop, path, namespace, mayDo, until, at, getting } = context();
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
}

const dataOf = (state: unknown): unknown => (JSON.parse(String(state)) as { data?: object }).data;
