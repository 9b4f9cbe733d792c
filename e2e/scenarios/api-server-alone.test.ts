import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { describeExtensions } from './api-server-alone/extensions.ts';
import { argocdSecret, configMap } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);
const SECRET = 'known to both';
/** More than is sent at once. */
const PROGRAM = 'program '.repeat(100_000);

describe('an API server that reconciles nothing, asked by strangers', () => {
  let world: World;
  let api: ApiClient;
  let folder: string;

  before(async () => {
    world = await startWorld({ signal, operator: false });
    folder = await mkdtemp(join(tmpdir(), 'tiphys-downloads-'));
    await writeFile(join(folder, 'argocd-linux-ppc64le'), PROGRAM);
    await symlink('/etc/passwd', join(folder, 'argocd-linux-s390x'));
    const options = ['--api-port=0', '--api-proxy-extensions', `--api-download-dir=${folder}`];
    world.startOperator(options, 'server', 'server');
    api = await apiClient(world, signal, 'server');
    const labels = { 'app.kubernetes.io/part-of': 'argocd' };
    const metadata = { name: 'argocd-cm', namespace: world.namespace, labels };
    const data = {
      'statusbadge.enabled': 'true',
      'help.download.linux-amd64': 'https://files.example/argocd',
      'help.download.linux-arm64': 'javascript:alert(1)',
    };
    await world.given(
      world.applied(argocdSecret(world.namespace, { 'webhook.github.secret': SECRET }), {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data,
      }),
      world.repository('shop', { 'a.yaml': configMap('a', '1') }),
      world.application('shop', { repoURL: world.git.urlOf('shop') }).created(),
    );
    await eventually(
      async () => {
        const { text } = await badge(`name=${world.name('shop')}`);
        return text.includes('<title>Unknown, ') ? met('the Application is seen') : pending(text);
      },
      { withinMs: 20_000, signal },
    );
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const badge = (query: string) => api.request(`/api/badge?${query}`);

  function pushed(secret: string, more: Readonly<Record<string, string>> = {}) {
    const body = {
      ref: 'refs/heads/main',
      repository: {
        html_url: world.git.urlOf('shop').replace(/\.git$/, ''),
        default_branch: 'main',
      },
      commits: [],
    };
    const text = JSON.stringify(body);
    const signature = createHmac('sha256', secret).update(text).digest('hex');
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${signature}`,
      ...more,
    };
    return api.request('/api/webhook', { method: 'POST', headers, body });
  }

  test('a push leaves a request for a refresh on the Applications that it concerns', async () => {
    const app = () =>
      world.kubectl.get<{ metadata: { annotations?: Readonly<Record<string, string>> } }>([
        ...['applications.argoproj.io', world.name('shop'), `--namespace=${world.namespace}`],
      ]);
    const unsigned = await pushed('guessed');
    assert.equal(unsigned.status, 400, unsigned.text);
    const unknown = await api.request('/api/webhook', { method: 'POST', body: {} });
    assert.deepEqual([unknown.status, unknown.text], [400, 'Unknown webhook event\n']);
    const got = await api.request('/api/webhook', { headers: { 'x-github-event': 'push' } });
    assert.equal(got.status, 405);
    const annotation = 'argocd.argoproj.io/refresh';
    assert.equal((await app())?.metadata.annotations?.[annotation], undefined);
    const signed = await pushed(SECRET);
    assert.equal(signed.status, 200, signed.text);
    await eventually(
      async () => {
        const found = (await app())?.metadata.annotations?.[annotation];
        return found === 'normal' ? met(found) : pending(String(found));
      },
      { withinMs: 20_000, signal },
    );
  });

  test('a badge tells health and sync to any page, and nothing of what is not there', async () => {
    const name = world.name('shop');
    const found = await badge(`name=${name}&showAppName=true&width=300`);
    assert.equal(found.status, 200);
    assert.equal(found.headers.get('content-type'), 'image/svg+xml');
    assert.equal(found.headers.get('access-control-allow-origin'), '*');
    assert.equal(found.headers.get('cache-control'), 'private, no-store');
    assert.match(found.text, new RegExp(`width="300".*>${name}<`));
    assert.match((await badge('project=default')).text, /<title>Unknown, Unknown<\/title>/);
    for (const query of ['name=nobody', `name=${name}&namespace=kube-system`, 'project=nobody'])
      assert.match((await badge(query)).text, /<title>Not Found<\/title>/, query);
    for (const query of ['name=%3Cscript%3E', 'name=a&namespace=..%2F', 'project=a&project=A'])
      assert.equal((await badge(query)).status, 400, query);
    await world.when(
      world.edited('configmap', 'argocd-cm', world.namespace, {
        data: { 'statusbadge.enabled': 'false' },
      }),
    );
    await eventually(
      async () => {
        const texts = [await badge(`name=${name}`), await badge('name=nobody')].map(
          (one) => one.text,
        );
        return texts.every((text) => text.includes('<title>Unknown</title>'))
          ? met('no badges')
          : pending(texts.join());
      },
      { withinMs: 20_000, signal },
    );
  });

  test('it describes itself, and nobody may frame that', async () => {
    const { json, headers } = await api.request('/swagger.json');
    const { openapi, paths } = json as { openapi: string; paths: object };
    assert.equal(openapi, '3.1.0');
    assert.ok('/api/v1/applications/{name}' in paths);
    assert.equal(headers.get('x-frame-options'), 'DENY');
    const page = await api.request('/swagger-ui');
    assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
    assert.match(page.text, /href="swagger.json"/);
  });

  test('it says that it works, and where the command line is', async () => {
    for (const path of ['/healthz', '/healthz?full=true']) {
      const { status, text } = await api.request(path);
      assert.deepEqual([status, text], [200, 'ok\n'], path);
    }
    for (const file of ['argocd-linux-amd64', 'argocd-linux']) {
      const { status, headers } = await api.request(`/download/${file}`);
      assert.deepEqual([status, headers.get('location')], [302, 'https://files.example/argocd']);
    }
    const here = await api.request('/download/argocd-linux-ppc64le');
    assert.equal(here.status, 200);
    assert.ok(here.text === PROGRAM, `${here.text.length} characters`);
    assert.equal(here.headers.get('content-type'), 'application/octet-stream');
    assert.equal(here.headers.get('content-length'), String(PROGRAM.length));
    assert.match(here.headers.get('content-disposition') ?? '', /"argocd-linux-ppc64le"$/);
    const link = await api.request('/download/argocd-linux-s390x');
    assert.equal(link.status, 404, 'a link may lead anywhere');
    for (const file of ['argocd-linux-arm64', 'argocd-plan9-mips', '..%2f..%2fetc%2fpasswd']) {
      const { status, json } = await api.request(`/download/${file}`);
      assert.deepEqual([status, (json as { code: number }).code], [404, 5], file);
    }
  });

  describeExtensions(() => ({ world, api }), signal);
});
