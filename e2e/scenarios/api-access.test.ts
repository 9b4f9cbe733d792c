import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { allRoutes, type Route } from '../../api/index.ts';
import { type ApiAnswer, type ApiClient, apiClient } from '../language/api-client.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { argocdSettings, configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const SERVER = 'https://kubernetes.default.svc';
const routes = allRoutes({ version: '', hasExtensions: true });

/** Every route is asked twice: by nobody, and by somebody whom no policy allows anything. */
describe('every route of the API, asked without any right', () => {
  let world: World;
  let api: ApiClient;
  let name: string;

  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0', '--api-proxy-extensions'] });
    api = await apiClient(world, signal);
    await world.given(world.repository('shop', { 'a.yaml': configMap('a', 'one') }));
    const app = world.application('shop', { repoURL: world.git.urlOf('shop') });
    name = app.name;
    await world.given(app.created());
    await world.thenEventually(app.isOutOfSync());
  });
  after(() => world[Symbol.asyncDispose]());

  test('is refused without a token, unless it is for anybody', async () => {
    for (const route of routes) {
      if (route.access.type === 'public') continue;
      const { status, text } = await ask(route);
      assert.equal(status, 401, `${titleOf(route)}: ${text}`);
      assert.equal((JSON.parse(text) as { code: number }).code, 16, titleOf(route));
    }
  });

  test('is refused without a right, and lists are empty', async () => {
    await world.given(
      world.applied(argocdSettings(world.namespace, { 'users.anonymous.enabled': 'true' })),
    );
    const isLetIn = async () => {
      const { status } = await api.request('/api/v1/applications');
      return status === 200 ? met('let in') : pending(`status ${status}`);
    };
    await eventually(isLetIn, { withinMs: 20_000, signal });
    for (const route of routes) {
      const { type } = route.access;
      if (type !== 'needs' && type !== 'filtered') continue;
      if (type === 'filtered' && route.path.includes('/stream/')) continue; // says nothing for ever
      const { status, json, text } = await ask(route);
      const title = `${titleOf(route)}: ${text}`;
      if (type === 'needs') assert.equal(status, 403, title);
      else {
        assert.equal(status, 200, title);
        assert.deepEqual((json as { items?: unknown[] | null }).items ?? [], [], title);
      }
      assert.equal(text.includes(name) && !text.includes('permission denied'), false, title);
    }
  });

  function ask(route: Route): Promise<ApiAnswer> {
    const values: Readonly<Record<string, string>> = {
      ...{ name, 'application.metadata.name': name, appName: name, revision: 'HEAD' },
      ...{ project: 'default', 'project.metadata.name': 'default', 'id.value': SERVER },
      ...{ repo: SERVER, 'repo.repo': SERVER, 'creds.url': SERVER, 'source.repoURL': SERVER },
    };
    // That the default project stays is told to anybody.
    const isProject = route.path.includes('/projects/{name}') && route.method !== 'delete';
    const path = route.path.replaceAll(/\{([^}]+)\}/g, (_all, parameter: string) => {
      const value = isProject && parameter === 'name' ? 'default' : (values[parameter] ?? 'x');
      return encodeURIComponent(value);
    });
    return api.request(`${path}${queryOf(route)}`, {
      method: route.method.toUpperCase(),
      ...(route.body !== undefined && { body: bodyOf(route) }),
    });
  }

  /** The object in question, where a route takes one: that it is there must not be told either. */
  function queryOf({ path }: Route): string {
    if (!path.includes('/applications/')) return '';
    const object = { kind: 'ConfigMap', version: 'v1', resourceName: 'a', namespace: name };
    return path.endsWith('links') ? '' : `?${new URLSearchParams(object)}`;
  }

  function bodyOf({ path, body, method }: Route): unknown {
    if (body?.type === 'text') return path.endsWith('/validate') ? SERVER : '{}';
    const spec = {
      project: 'default',
      source: { repoURL: world.git.urlOf('shop'), path: '.' },
      destination: { server: SERVER, namespace: name },
    };
    if (path.endsWith('/spec')) return spec;
    if (path.startsWith('/api/v1/applications')) {
      const what = { resourceName: 'a', kind: 'ConfigMap', version: 'v1', action: 'restart' };
      return { metadata: { name }, spec, patch: '[]', ...what };
    }
    const named = { metadata: { name: 'default' }, spec: {} };
    const project = path.includes('/projects') ? named : 'default';
    return {
      ...{ project, repo: world.git.urlOf('shop'), url: 'https://example.com', server: SERVER },
      ...{ name: 'x', config: {}, role: 'r', source: spec.source, appProject: 'default' },
      ...{ items: [], keyData: 'x', upsert: method === 'put', appName: name },
    };
  }
});

function titleOf({ method, path }: Route): string {
  return `${method.toUpperCase()} ${path}`;
}
