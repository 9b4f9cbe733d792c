import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiAnswer } from '../../language/api-client.ts';
import { eventually, met, pending } from '../../language/expectation.ts';
import type { World } from '../../language/world.ts';
import { CANARY } from './chart-server.ts';

/** What the tests of `api-repositories.test.ts` share: a repository is registered, and a server has charts. */
export interface RepositoriesContext {
  readonly world: World;
  readonly signal: AbortSignal;
  /** Host and port of the server with charts. */
  readonly base: string;
  /** The repository in Git, which takes `credentials`. */
  readonly url: string;
  readonly credentials: { readonly username: string; readonly password: string };
  /** A project, and a token of a role in it. */
  readonly team: string;
  readonly mine: string;
  readonly admin: string;
  ask(method: string, path: string, body?: unknown, token?: string): Promise<ApiAnswer>;
  refused(answer: ApiAnswer, status: number, message: RegExp): void;
  pathOf(repository: string): string;
  /** A token of a new project with these rights. */
  roleOf(project: string, rights: readonly string[]): Promise<string>;
}

/** What can be read of a repository, and by whom. */
export function testSources(context: () => RepositoriesContext): void {
  test('tell their refs, folders and what a source offers', async () => {
    const { url, team, admin, mine, ask, refused, pathOf } = context();
    const { json: refs } = await ask('GET', `${pathOf(url)}/refs`);
    assert.deepEqual(refs, { branches: ['main'] });
    const question = `revision=HEAD&appName=new&appProject=${team}`;
    const apps = await ask('GET', `${pathOf(url)}/apps?${question}`);
    assert.deepEqual(apps.json, {
      items: [
        { type: 'Helm', path: 'chart' },
        { type: 'Kustomize', path: 'kustom' },
      ],
    });
    const details = async (source: object, token = admin) =>
      await ask(
        'POST',
        `${pathOf(url)}/appdetails`,
        { source, appName: 'new', appProject: team },
        token,
      );
    assert.deepEqual((await details({ path: 'plain' })).json, { type: 'Directory', directory: {} });
    assert.deepEqual((await details({ path: 'kustom' })).json, {
      type: 'Kustomize',
      kustomize: { images: ['proxy:1', 'shop/web:7'] },
    });
    assert.deepEqual((await details({ path: 'chart' })).json, {
      type: 'Helm',
      helm: {
        name: 'new',
        values: 'image: {tag: "7"}\nports: [80]\n',
        valueFiles: ['env/values-prod.yaml', 'values.yaml'],
        parameters: [
          { name: 'image.tag', value: '7' },
          { name: 'ports[0]', value: '80' },
        ],
      },
    });
    const valueFiles = ['env/values-prod.yaml', '$ref/values.yaml', 'https://example.com/x.yaml'];
    const { json: chosen } = await details({ path: 'chart', helm: { valueFiles } });
    assert.deepEqual(Object(chosen).helm.parameters[0], { name: 'image.tag', value: '8' });
    const fileParameters = [{ name: 'config', path: 'files/config.yaml' }];
    const { json: named } = await details({ path: 'chart', helm: { fileParameters } });
    assert.deepEqual(Object(named).helm.fileParameters, fileParameters);
    assert.equal((await details({ path: 'chart' }, mine)).status, 403);
    const outside = `revision=HEAD&appName=new&appProject=nobody`;
    refused(
      await ask('GET', `${pathOf(url)}/apps?${outside}`),
      403,
      /not permitted in project 'nobody'$/,
    );
  });

  test('a source is shown only for an Application that one may make, or that has it', async () => {
    const { world, signal, url, credentials, ask, refused, pathOf, roleOf } = context();
    const [readers, makers] = [world.name('readers'), world.name('makers')];
    const reader = await roleOf(readers, ['repositories, get']);
    const maker = await roleOf(makers, ['repositories, get', 'applications, *']);
    for (const project of [readers, makers]) {
      const made = await ask('POST', '/repositories', { repo: url, project, ...credentials });
      assert.equal(made.status, 200, made.text);
    }
    const apps = (project: string, token: string) =>
      ask('GET', `${pathOf(url)}/apps?appName=new&appProject=${project}`, undefined, token);
    refused(await apps(readers, reader), 403, /^permission denied: applications, update, readers-/);
    assert.equal((await apps(makers, maker)).status, 200);
    const details = (
      ...[project, appName, source, token, name = {}]: [string, string, object, string, object?]
    ) => {
      const question = { source, appName, appProject: project, ...name };
      return ask('POST', `${pathOf(url)}/appdetails`, question, token);
    };
    const source = { path: 'chart' };
    refused(
      await details(readers, 'new', source, reader),
      403,
      /^permission denied: applications, create, readers-/,
    );
    assert.equal((await details(makers, 'new', source, maker)).status, 200);
    const spec = {
      project: makers,
      source: { repoURL: url, path: 'plain' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
    };
    const metadata = { name: 'there', namespace: world.namespace };
    const app = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata, spec };
    await world.when(world.applied(app));
    await eventually(
      async () => {
        const other = await details(makers, 'there', source, maker);
        if (other.status === 200) return pending('the Application is not seen yet');
        refused(other, 403, /^permission denied$/);
        return met('only its own source');
      },
      { withinMs: 20_000, signal },
    );
    const named = (name: object) => details(makers, 'there', { path: 'plain' }, maker, name);
    for (const name of [{}, { sourceIndex: 0, versionId: 0 }])
      assert.equal((await named(name)).status, 200);
    for (const name of [{ sourceIndex: 1 }, { versionId: 7 }])
      refused(await named(name), 403, /^permission denied$/);
    for (const project of [readers, makers])
      assert.deepEqual((await ask('DELETE', `${pathOf(url)}?appProject=${project}`)).json, {});
  });

  test('Helm repositories and registries are asked for real', async () => {
    const { base, team, credentials, ask, refused, pathOf } = context();
    const open = `http://${base}/charts`;
    const made = await ask('POST', '/repositories', { repo: open, type: 'helm', name: 'charts' });
    assert.equal(made.status, 200, made.text);
    const charts = await ask('GET', `${pathOf(open)}/helmcharts`);
    assert.deepEqual(charts.json, {
      items: [
        { name: 'db', versions: ['0.1.0'] },
        { name: 'web', versions: ['1.1.0', '1.0.0'] },
      ],
    });
    const chart = { repoURL: open, chart: 'web', targetRevision: '1.x' };
    const asked = { source: chart, appName: 'new', appProject: team };
    const offered = await ask('POST', `${pathOf(open)}/appdetails`, asked);
    assert.deepEqual(offered.json, {
      type: 'Helm',
      helm: {
        ...{ name: 'new', values: 'size: 2\n', valueFiles: ['values.yaml'] },
        parameters: [{ name: 'size', value: '2' }],
      },
    });
    const closed = { repo: `http://${base}/closed`, type: 'helm', username: 'bot' };
    const wrong = await ask('POST', '/repositories', { ...closed, password: CANARY });
    refused(wrong, 400, /401/);
    const right = await ask('POST', '/repositories', { ...closed, ...credentials });
    assert.equal(right.status, 200, right.text);
    const registry = { repo: `oci://${base}/shop/web`, type: 'oci', insecureOCIForceHttp: true };
    assert.equal((await ask('POST', '/repositories', registry)).status, 200);
    const tags = await ask('GET', `${pathOf(registry.repo)}/oci-tags`);
    assert.deepEqual(tags.json, { tags: ['1.0', '1.1'] });
    const missing = { ...registry, repo: `oci://${base}/shop/nothing` };
    refused(await ask('POST', '/repositories', missing), 503, /404/);
    const below = {
      repo: `oci://${base}/charts`,
      type: 'helm',
      enableOCI: true,
      insecureOCIForceHttp: true,
    };
    refused(
      await ask('POST', '/repositories', { ...below, username: 'bot', password: CANARY }),
      400,
      /401/,
    );
    assert.equal((await ask('POST', '/repositories', { ...below, ...credentials })).status, 200);
    for (const { repo } of [{ repo: open }, closed, registry, below])
      assert.deepEqual((await ask('DELETE', pathOf(repo))).json, {});
  });
}
