import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import type { TestApplication } from '../language/application.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { startRegistry, tarOf } from '../controlplane/registry.ts';
import { argocdSettings, configMap, registration } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const CANARY = 'canary-7f3a9c';
const SECRET = `apiVersion: v1
kind: Secret
metadata:
  name: hidden
stringData:
  password: ${CANARY}
`;

const APPLICATION_LINKS = `
- { title: Wiki, url: 'https://wiki.example.com', icon.class: fa-book }
- title: Logs
  url: https://{{.cluster.name}}.example.com/{{.application.spec.project}}/{{.app.metadata.name}}?team={{.app.metadata.labels.team | default "none"}}
  if: application.spec.destination.namespace != ""
- { title: Team, url: 'https://x', if: 'app.metadata.labels.team == "blue"', description: of blue }
- { title: Broken, url: 'https://x/{{' }
- { title: Script, url: '{{.app.metadata.annotations.x}}' }
- { title: Credentials, url: 'https://x/{{.cluster.config}}' }
`;
const RESOURCE_LINKS = `
- title: Value
  url: https://x/{{.resource.kind}}/{{.resource.data.value}}?app={{.app.metadata.name}}
  if: resource.kind == "ConfigMap"
- { title: Password, url: 'https://x/{{.resource.data.password}}', if: 'resource.kind == "Secret"' }
- { title: Plain, url: 'https://plain.example.com' }
`;

describe('where an Application comes from, over the API', () => {
  let world: World;
  let api: ApiClient;
  let app: TestApplication;
  let first: string;

  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    const settings = argocdSettings(world.namespace, {
      'users.anonymous.enabled': 'true',
      'application.links': APPLICATION_LINKS,
      'resource.links': RESOURCE_LINKS,
      'project.links': `- { title: Audit, url: 'https://audit.example.com/{{.project.metadata.name}}' }`,
    }) as { metadata: object };
    const metadata = { ...settings.metadata, name: 'argocd-rbac-cm' };
    await world.given(
      world.applied(settings, {
        ...settings,
        metadata,
        data: { 'policy.default': 'role:readonly' },
      }),
      world.repository('shop', { 'a.yaml': configMap('a', 'one'), 'secret.yaml': SECRET }),
    );
    first = await world.git.revision('shop');
    app = world.application('shop', { repoURL: world.git.urlOf('shop') });
    await world.given(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.operationSucceeded(), app.isSynced(first));
  });
  after(() => world[Symbol.asyncDispose]());

  async function get(path: string): Promise<Record<string, unknown>> {
    const { status, json, text } = await api.request(`/api/v1/applications/${app.name}${path}`);
    assert.equal(status, 200, text);
    return json as Record<string, unknown>;
  }

  async function refused(path: string): Promise<[number, string]> {
    const { status, json } = await api.request(`/api/v1/applications/${app.name}${path}`);
    return [status, (json as { message: string }).message];
  }

  test('a commit says who made it, when and why', async () => {
    const { author, date, message } = await get(`/revisions/${first}/metadata`);
    assert.match(String(date), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal(author, 'Tess Test <tess@example.com>');
    assert.match(String(message), /./);
    const head = await get('/revisions/HEAD/metadata?sourceIndex=0&versionId=0');
    assert.equal(head['author'], 'Tess Test <tess@example.com>');
  });

  test('a range is that of the tags with the prefix of the source, and nobody else has a say in that', async () => {
    await world.given(world.repository('many', { 'a.yaml': configMap('a', '1') }));
    const tagged = async (tag: string) => {
      const message = `This is ${tag}`;
      await world.git.commit('many', { files: { 'a.yaml': configMap('a', tag) }, message });
      await world.git.tag('many', tag);
    };
    for (const tag of ['web-1.1.0', '1.9.0']) await tagged(tag);
    const repoURL = world.git.urlOf('many');
    const prefixed = { repoURL, targetRevision: '1.x', source: { tagPrefix: 'web-' } };
    const many = world.application('many', prefixed);
    const typed = world.application('typed', { repoURL, targetRevision: 'web-:1.x' });
    await world.given(many.created(), typed.created());
    const metadata = (of: TestApplication, revision: string) =>
      api.request(`/api/v1/applications/${of.name}/revisions/${revision}/metadata`);
    const { status, json, text } = await metadata(many, '1.x');
    assert.equal(status, 200, text);
    assert.match(String((json as { message: string }).message), /This is web-1\.1\.0/);
    const refusal = await metadata(typed, encodeURIComponent('web-:1.x'));
    assert.match(refusal.text, /unable to resolve 'web-:1\.x' to a commit SHA/);
  });

  test('only of revisions that it uses or used, from where its project permits', async () => {
    await world.when(world.pushed('shop', { files: { 'other.txt': '1' }, branch: 'secret' }));
    const other = await world.git.revision('shop', 'secret');
    for (const revision of [other, 'secret']) {
      const [status, message] = await refused(`/revisions/${revision}/metadata`);
      assert.equal(status, 400);
      assert.match(message, /is not one that application .* uses or used/);
    }
    assert.equal((await refused(`/revisions/${first}/metadata?sourceIndex=3`))[0], 400);
    assert.equal((await refused(`/revisions/${first}/metadata?versionId=9`))[0], 400);
    const chart = await refused(`/revisions/${first}/chartdetails`);
    assert.deepEqual(chart, [500, `source ${world.git.urlOf('shop')}: is not a Helm chart`]);
    const image = await refused(`/revisions/${first}/ocimetadata`);
    assert.deepEqual(image, [500, `source ${world.git.urlOf('shop')}: is not an OCI image`]);
  });

  test('an artifact says what it is, and the state of its registry is told', async () => {
    await using registry = await startRegistry();
    const repo = registry.urlOf('team/web');
    const annotations = {
      'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
      'org.opencontainers.image.source': 'https://git.example/web',
    };
    const layers = [{ content: await tarOf({ 'a.yaml': configMap('a', 'one') }) }];
    const digest = registry.push('team/web', '1.0.0', layers, { annotations });
    const artifact = world.application('artifact', { repoURL: repo, targetRevision: '1.x' });
    await world.given(
      world.applied(
        registration(world.namespace, 'artifacts', 'repository', {
          url: repo,
          type: 'oci',
          insecureOCIForceHttp: 'true',
        }),
      ),
      artifact.created(),
      artifact.synced({ syncOptions: ['CreateNamespace=true'] }),
    );
    await world.thenEventually(artifact.operationSucceeded(), artifact.isSynced(digest));
    const revision = `/api/v1/applications/${artifact.name}/revisions/${encodeURIComponent(digest)}`;
    const told = await api.request(`${revision}/ocimetadata`);
    assert.deepEqual(told.json, {
      createdAt: '2026-01-02T03:04:05Z',
      sourceUrl: 'https://git.example/web',
    });
    const commit = await api.request(`${revision}/metadata`);
    assert.match(commit.text, /is not a Git repository/);
    const state = async (more = '') => {
      const path = `/api/v1/repositories/${encodeURIComponent(repo)}?forceRefresh=true${more}`;
      return (await api.request(path)).json as { connectionState: { status: string } };
    };
    assert.equal((await state()).connectionState.status, 'Successful');
    registry.signIn = 'Basic x';
    assert.equal((await state()).connectionState.status, 'Failed');
  });

  test('its manifests are shown as they are applied, without what Secrets hold', async () => {
    const { text } = await api.request(`/api/v1/applications/${app.name}/manifests`);
    assert.doesNotMatch(text, new RegExp(`${CANARY}|${Buffer.from(CANARY).toString('base64')}`));
    const shown = await get('/manifests?noCache=true');
    const { manifests, namespace, server, revision, sourceType } = shown;
    assert.deepEqual(
      [namespace, server, revision, sourceType],
      [world.name('shop'), 'https://kubernetes.default.svc', first, 'Directory'],
    );
    const objects = (manifests as string[]).map(
      (manifest) =>
        JSON.parse(manifest) as {
          kind: string;
          metadata: { namespace: string; annotations: Record<string, string> };
          stringData?: { password: string };
          data?: { value: string };
        },
    );
    assert.deepEqual(
      objects.map(({ kind, metadata }) => [kind, metadata.namespace]),
      [
        ['ConfigMap', world.name('shop')],
        ['Secret', world.name('shop')],
      ],
    );
    assert.match(objects[0]?.metadata.annotations['argocd.argoproj.io/tracking-id'] ?? '', /:/);
    assert.equal(objects[1]?.stringData?.password, '++++++++');
    await world.when(
      world.pushed('shop', { files: { 'a.yaml': configMap('a', 'two') }, branch: 'next' }),
    );
    const next = (await get('/manifests?revision=next'))['manifests'] as string[];
    assert.equal((JSON.parse(next[0] ?? '') as { data: { value: string } }).data.value, 'two');
    assert.equal((await refused('/manifests?revision=nothing'))[0], 400);
  });

  test('files that a client sends are not rendered, and it is told what renders them', async () => {
    const path = '/api/v1/applications/manifestsWithFiles';
    const { status, json } = await api.request(path, { method: 'POST', body: {} });
    assert.equal(status, 501);
    const { code, hint } = json as { code: number; hint: string };
    assert.equal(code, 12);
    assert.match(hint, /tiphys render .*--repo-dir/);
  });

  test('links are as they are for an Application, a project and an object', async () => {
    const wiki = { title: 'Wiki', url: 'https://wiki.example.com', iconClass: 'fa-book' };
    const logs = (team: string) => ({
      title: 'Logs',
      url: `https://in-cluster.example.com/default/${app.name}?team=${team}`,
    });
    const credentials = { title: 'Credentials', url: 'https://x/<no value>' };
    assert.deepEqual(await get('/links'), { items: [wiki, logs('none'), credentials] });
    const script = { x: 'javascript:alert(1)' };
    await world.when(
      world.edited('applications.argoproj.io', app.name, world.namespace, {
        metadata: { labels: { team: 'blue' }, annotations: script },
      }),
    );
    const team = { title: 'Team', url: 'https://x', description: 'of blue' };
    assert.deepEqual(await get('/links'), { items: [wiki, logs('blue'), team, credentials] });
    const hidden = await api.request('/api/v1/applications/nobody/links?namespace=elsewhere');
    assert.equal(hidden.status, 403);

    const audit = await api.request('/api/v1/projects/default/links');
    assert.deepEqual(audit.json, {
      items: [{ title: 'Audit', url: 'https://audit.example.com/default' }],
    });

    const plain = { title: 'Plain', url: 'https://plain.example.com' };
    const of = (kind: string, resourceName: string) =>
      `/resource/links?${new URLSearchParams({ kind, resourceName, version: 'v1', namespace: app.name })}`;
    assert.deepEqual(await get(of('ConfigMap', 'a')), {
      items: [{ title: 'Value', url: `https://x/ConfigMap/one?app=${app.name}` }, plain],
    });
    const masked = { title: 'Password', url: 'https://x/++++++++' };
    assert.deepEqual(await get(of('Secret', 'hidden')), { items: [masked, plain] });
    const nosuch = await refused(of('ConfigMap', 'nosuch'));
    assert.deepEqual(nosuch, [
      400,
      `ConfigMap  nosuch not found as part of application ${app.name}`,
    ]);
    const settings = {
      data: { 'resource.links': `- { title: Other, url: 'https://{{.resource.kind}}' }` },
    };
    await world.when(world.edited('configmap', 'argocd-cm', world.namespace, settings));
    await eventually(
      async () => {
        const { items } = (await get(of('ConfigMap', 'a'))) as {
          items: readonly { title: string }[];
        };
        return items[0]?.title === 'Other'
          ? met(assert.deepEqual(items, [{ title: 'Other', url: 'https://ConfigMap' }]) ?? 'it is')
          : pending(JSON.stringify(items));
      },
      { withinMs: 20_000, signal },
    );
  });
});
