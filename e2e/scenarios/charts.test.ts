import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { progressToStderr } from '../controlplane/tool-cache.ts';
import { resolveTool } from '../controlplane/tools.ts';
import { startWorld, type World } from '../language/world.ts';
import { argocdSettings, appProject, configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const SIGN_IN = `Basic ${Buffer.from('jane:secret').toString('base64')}`;

describe('charts of a Helm repository, and folders with Jsonnet', () => {
  let world: World;
  let server: Server;
  let [dir, url, helm] = ['', '', ''];

  before(async () => {
    world = await startWorld({ signal });
    dir = await mkdtemp(join(tmpdir(), 'tiphys-charts-'));
    helm = await resolveTool('helm', { env: process.env, log: progressToStderr, signal });
    await publish('1.0.0');
    server = createServer((request, response) => {
      if (request.headers.authorization !== SIGN_IN) return void response.writeHead(401).end();
      readFile(join(dir, 'packages', (request.url ?? '').slice(1))).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    server.close();
    await rm(dir, { recursive: true });
  });

  async function publish(version: string): Promise<void> {
    const files = {
      'web/Chart.yaml': `apiVersion: v2\nname: web\nversion: ${version}\n`,
      'web/templates/map.yaml': configMap('web', '{{ .Chart.Version }}'),
    };
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), content);
    }
    const packages = join(dir, 'packages');
    await mkdir(packages, { recursive: true });
    const run = (...args: readonly string[]) =>
      promisify(execFile)(helm, args, { env: { HOME: dir } });
    await run('package', join(dir, 'web'), '--destination', packages);
    await run('repo', 'index', packages);
  }

  test('a range of versions follows what is published, signed in by the repository Secret', async () => {
    const app = world.application('chart', {
      repoURL: url,
      targetRevision: '1.x',
      source: { chart: 'web' },
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.hasCondition('ComparisonError', /401/));
    await world.kubectl.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'charts',
        namespace: world.namespace,
        labels: { 'argocd.argoproj.io/secret-type': 'repository' },
      },
      stringData: { url, type: 'helm', name: 'charts', username: 'jane', password: 'secret' },
    });
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced('1.0.0'), app.isHealthy());
    const map = world.object('configmaps', 'web', app.name);
    await world.thenEventually(map.has('data.value', '1.0.0'));
    await publish('1.1.0');
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced('1.1.0'), map.has('data.value', '1.1.0'));
  });

  test('a project that asks for signatures of Git deploys a chart, which has none', async () => {
    await publish('1.2.0');
    await world.given(
      world.applied(
        appProject(world.namespace, 'signed', {
          sourceRepos: [url],
          clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
          signatureKeys: [{ keyID: '4AEE18F83AFDEB23' }],
        }),
      ),
    );
    const app = world.application('unsigned', {
      repoURL: url,
      targetRevision: '1.2.0',
      project: 'signed',
      source: { chart: 'web' },
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced('1.2.0'), app.isHealthy());
  });

  test('a chart in Git gets a private dependency by name, unless its project may not read there', async () => {
    await publish('1.0.0');
    const dependency = '{name: web, version: 1.0.0, repository: "@charts"}';
    await world.given(
      world.repository('umbrella', {
        'Chart.yaml': `apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n- ${dependency}\n`,
      }),
    );
    const repoURL = world.git.urlOf('umbrella');
    const app = world.application('umbrella', { repoURL, syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.thenEventually(
      world.object('configmaps', 'web', app.name).has('data.value', '1.0.0'),
    );
    await world.given(
      world.applied(appProject(world.namespace, 'narrow', { sourceRepos: [repoURL] })),
    );
    const other = world.application('narrow', { repoURL, project: 'narrow', syncPolicy: true });
    await world.when(other.created());
    await world.thenEventually(
      other.hasCondition('ComparisonError', /helm repos .* not permitted in project 'narrow'/),
    );
  });

  test('Jsonnet is evaluated, and switched off in argocd-cm its objects are not desired', async () => {
    const text = "function(name) { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: name } }";
    await world.given(
      world.repository('jsonnet', { 'a.jsonnet': text, 'b.yaml': configMap('plain', '1') }),
    );
    const tlas = [{ name: 'name', value: 'from-$ARGOCD_APP_NAMESPACE' }];
    const app = world.application('jsonnet', {
      repoURL: world.git.urlOf('jsonnet'),
      source: { directory: { jsonnet: { tlas } } },
      syncPolicy: {
        automated: { prune: true, selfHeal: true },
        syncOptions: ['CreateNamespace=true'],
      },
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const made = world.object('configmaps', `from-${app.name}`, app.name);
    await world.thenEventually(made.exists());
    await world.given(
      world.applied(argocdSettings(world.namespace, { 'jsonnet.enable': 'false' })),
    );
    await world.when(app.refreshed());
    await world.thenEventually(made.isAbsent(), app.isSynced());
  });
});
