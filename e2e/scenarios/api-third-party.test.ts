import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ApiClient, apiClient, serverCertificate } from '../language/api-client.ts';
import { met, pending } from '../language/expectation.ts';
import { type McpClient, startMcpClient } from '../language/mcp-client.ts';
import { signIn } from '../language/sign-in.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const PROGRAM = join(import.meta.dirname, '../../node_modules/argocd-mcp/dist/index.js');

/** npm `argocd-mcp`, unmodified: it was written for Argo CD and knows nothing of Tiphys. */
describe('a client that others wrote for the REST API of Argo CD', () => {
  let world: World;
  let api: ApiClient;
  let client: McpClient;
  let name: string;
  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    const token = await signIn(api, world);
    const file = join(tmpdir(), `${world.namespace}.pem`);
    await writeFile(file, await serverCertificate(world));
    client = await startMcpClient({
      program: PROGRAM,
      args: ['stdio'],
      env: { ARGOCD_BASE_URL: api.url, ARGOCD_API_TOKEN: token, NODE_EXTRA_CA_CERTS: file },
      signal,
    });
    name = world.name('by-others');
  });
  after(async () => {
    await client[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  test('sees the cluster and the project', async () => {
    const clusters = JSON.stringify(await client.call('list_clusters', {}));
    assert.match(clusters, /https:\/\/kubernetes\.default\.svc/);
    const project = JSON.stringify(await client.call('get_appproject', { projectName: 'default' }));
    assert.match(project, /"sourceRepos":\["\*"\]/);
  });

  test('creates an Application, which appears in its list', async () => {
    await world.given(world.repository('others', { 'a.yaml': configMap('a', 'one') }), () =>
      world.kubectl(['create', 'namespace', world.name('others')]),
    );
    await client.call('create_application', {
      application: {
        metadata: { name, namespace: world.namespace },
        spec: {
          project: 'default',
          source: { repoURL: world.git.urlOf('others'), path: '.', targetRevision: 'HEAD' },
          syncPolicy: {
            syncOptions: [],
            retry: { limit: 1, backoff: { duration: '5s', maxDuration: '1m', factor: 2 } },
          },
          destination: {
            server: 'https://kubernetes.default.svc',
            namespace: world.name('others'),
            name: '',
          },
        },
      },
    });
    const list = JSON.stringify(await client.call('list_applications', {}));
    assert.match(list, new RegExp(`"${name}"`));
  });

  test('syncs it, and sees the objects that came of it', async () => {
    await client.call('sync_application', {
      applicationName: name,
      applicationNamespace: world.namespace,
    });
    await world.thenEventually(async () => {
      const app = (await client.call('get_application', { applicationName: name })) as {
        readonly status: { readonly sync: { readonly status: string } };
      };
      return app.status.sync.status === 'Synced' ? met('Synced') : pending(app.status.sync.status);
    });
    const tree = await client.call('get_application_resource_tree', { applicationName: name });
    assert.match(JSON.stringify(tree), /"kind":"ConfigMap"/);
    const managed = await client.call('get_application_managed_resources', {
      applicationName: name,
    });
    assert.match(JSON.stringify(managed), /"name":"a"/);
  });

  test('deletes it', async () => {
    await client.call('delete_application', {
      applicationName: name,
      applicationNamespace: world.namespace,
    });
    await world.thenEventually(async () => {
      const list = JSON.stringify(await client.call('list_applications', {}));
      return list.includes(name) ? pending('still there') : met('gone');
    });
  });
});
