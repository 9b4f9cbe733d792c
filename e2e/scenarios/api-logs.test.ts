import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { logLine } from '../controlplane/container-logs.ts';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import type { TestApplication } from '../language/application.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { deployment } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

interface Entry {
  readonly content: string;
  readonly timeStamp: string;
  readonly timeStampStr: string;
  readonly last: boolean;
  readonly podName: string;
}

/** A Deployment whose only container has this name, which decides what its log says. */
const logging = (name: string, container: string): string =>
  deployment(name).replace('- name: web', `- name: ${container}`);

describe('logs of Pods of an application, through the API', () => {
  let world: World;
  let api: ApiClient;
  let shop: TestApplication;
  let path: string;

  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    const files = {
      'front.yaml': logging('front', 'web'),
      'back.yaml': logging('back', 'worker'),
      'mute.yaml': logging('mute', 'mute'),
    };
    shop = world.application('logs', { repoURL: world.git.urlOf('logs'), syncPolicy: true });
    path = `/api/v1/applications/${shop.name}/logs`;
    await world.given(settings('argocd-cm', { 'users.anonymous.enabled': 'true' }));
    await world.given(mayDo('p, role:somebody, applications, get, default/*, allow'));
    await world.given(world.repository('logs', files), shop.created());
    await world.thenEventually(shop.isSynced(), shop.isHealthy());
  });
  after(() => world[Symbol.asyncDispose]());

  function settings(name: string, data: Readonly<Record<string, string>>) {
    const labels = { 'app.kubernetes.io/part-of': 'argocd' };
    const metadata = { name, namespace: world.namespace, labels };
    return world.applied({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  }

  const mayDo = (...lines: readonly string[]) =>
    settings('argocd-rbac-cm', {
      'policy.default': 'role:somebody',
      'policy.csv': lines.join('\n'),
    });

  const of = (deploymentName: string, further: Readonly<Record<string, string>> = {}): string =>
    `${path}?${new URLSearchParams({
      ...{ group: 'apps', kind: 'Deployment', resourceName: deploymentName },
      ...further,
    })}`;

  async function entries(url: string): Promise<readonly Entry[]> {
    const answer = await api.request(url);
    assert.equal(answer.status, 200, answer.text);
    const lines = answer.text.trimEnd().split('\n');
    return lines.map((line) => (JSON.parse(line) as { result: Entry }).result);
  }

  const contents = async (url: string) => (await entries(url)).map(({ content }) => content);

  test('reading logs is a right of its own', async () => {
    await eventually(
      async () => {
        const { status, text } = await api.request(of('front'));
        if (status !== 403) return pending(`status ${status}`);
        assert.match(text, new RegExp(`permission denied: logs, get, default/${shop.name}`));
        return met('refused');
      },
      { withinMs: 20_000, signal },
    );
    await world.given(
      mayDo(
        'p, role:somebody, applications, get, default/*, allow',
        'p, role:somebody, logs, get, default/*, allow',
      ),
    );
    await eventually(
      async () => {
        const { status } = await api.request(of('front'));
        return status === 200 ? met('allowed') : pending(`status ${status}`);
      },
      { withinMs: 20_000, signal },
    );
  });

  test('a log is its lines with their times, and an end', async () => {
    const found = await entries(of('front'));
    const [first] = found;
    assert.match(first?.podName ?? '', /^front-/);
    assert.deepEqual(
      { ...first, podName: '' },
      {
        content: 'GET /index.html 200',
        timeStamp: '2026-01-01T10:00:00Z',
        last: false,
        timeStampStr: '2026-01-01T10:00:00.100000000Z',
        podName: '',
      },
    );
    const end = found.at(-1);
    assert.deepEqual([end?.content, end?.last, end?.podName], ['', true, '']);
  });

  test('logs of several Pods are merged by time, and one that cannot be opened says why', async () => {
    const found = await contents(path);
    assert.deepEqual(found.slice(0, 5), [
      'GET /index.html 200',
      'took job 1',
      'ERROR upstream is gone',
      'error in job 1',
      'GET /health 200',
    ]);
    assert.match(found.at(-2) ?? '', /read log failed .*no logs found for container "mute"/);
    assert.equal(found.length, 7);
  });

  test('lines are chosen by number, time, text and container', async () => {
    assert.deepEqual(await contents(of('front', { tailLines: '1' })), ['GET /health 200', '']);
    assert.deepEqual(await contents(of('front', { filter: 'error' })), [
      'ERROR upstream is gone',
      '',
    ]);
    assert.deepEqual(await contents(of('front', { filter: 'error', matchCase: 'true' })), ['']);
    assert.deepEqual(await contents(of('front', { filter: '!get' })), [
      'ERROR upstream is gone',
      '',
    ]);
    assert.deepEqual(await contents(of('front', { untilTime: '2026-01-01T10:00:01Z' })), [
      'GET /index.html 200',
      '',
    ]);
    const seconds = String(Date.parse('2026-01-01T10:00:04Z') / 1000);
    assert.deepEqual(await contents(of('front', { 'sinceTime.seconds': seconds })), [
      'GET /health 200',
      '',
    ]);
    assert.deepEqual(await contents(of('front', { sinceSeconds: '5' })), ['']);
    assert.deepEqual(await contents(of('front', { previous: 'true' })), [
      'the end of the one before',
      '',
    ]);
    const [pod] = await entries(of('back'));
    const one = `/api/v1/applications/${shop.name}/pods/${pod?.podName}/logs`;
    assert.deepEqual(await contents(one), ['took job 1', 'error in job 1', '']);
    assert.equal((await api.request(of('nothing'))).text, '', 'no Pod, no entry');
  });

  test('a log is downloaded as plain lines', async () => {
    const [pod] = await entries(of('front'));
    const where = { podName: pod?.podName ?? '', namespace: world.name('logs'), container: 'web' };
    const file = await api.request(
      `${path}?${new URLSearchParams({ ...where, download: 'true', tailLines: '2' })}`,
    );
    assert.equal(file.headers.get('content-type'), 'application/octet-stream');
    assert.equal(
      file.headers.get('content-disposition'),
      `attachment; filename="${world.name('logs')}-${pod?.podName}-web.log"`,
    );
    assert.equal(file.text, 'ERROR upstream is gone\nGET /health 200\n');
    const all = await api.request(`${path}?download=true&container=%22evil`);
    assert.match(all.headers.get('content-disposition') ?? '', /filename="log\.log"$/);
  });

  test('more Pods than are shown at once are refused', async () => {
    const few = { 'users.anonymous.enabled': 'true', 'server.maxPodLogsToRender': '2' };
    await world.given(settings('argocd-cm', few));
    await eventually(
      async () => {
        const { status, text } = await api.request(path);
        if (status !== 400) return pending(`status ${status}`);
        assert.match(
          text,
          /max pods to view logs are reached\. Please provide more granular query/,
        );
        return met('refused');
      },
      { withinMs: 20_000, signal },
    );
    assert.equal((await api.request(of('front'))).status, 200);
  });

  test('a log that is followed says what comes, and ends when the reader leaves', async () => {
    const stop = new AbortController();
    const response = await fetch(`${api.url}${of('back', { follow: 'true', tailLines: '1' })}`, {
      signal: AbortSignal.any([signal, stop.signal]),
    });
    const dataDir = join(dirname(world.kubeconfigPath), 'data');
    const seen: string[] = [];
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      seen.push(decoder.decode(chunk as Uint8Array));
      if (seen.length === 1)
        await logLine(dataDir, 'worker', { time: '2026-01-01T10:00:09.000000000Z', text: 'late' });
      if (seen.join('').includes('"content":"late"')) break;
    }
    stop.abort();
    assert.match(seen.join(''), /error in job 1/);
  });
});
