import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { logLine } from '../controlplane/container-logs.ts';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import type { TestApplication } from '../language/application.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { describeLasting } from './api-logs/lasting.ts';
import { deployment, everybodyMay, settingsMap } from './manifests.ts';
import { WebSocket } from 'ws';
import { signIn } from '../language/sign-in.ts';

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

describe('logs of Pods of an application and terminals in them, through the API', () => {
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
    return world.applied(settingsMap(world.namespace, name, data));
  }

  const mayDo = (...lines: readonly string[]) =>
    world.applied(everybodyMay(world.namespace, ...lines));

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
    for (const odd of ['9999999999999999', '-1']) {
      const { status } = await api.request(of('front', { 'sinceTime.seconds': odd }));
      assert.equal(status, odd === '-1' ? 200 : 400, odd);
    }
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

  test('a log that is followed ends when the right to read it is taken away', async () => {
    const response = await fetch(`${api.url}${of('back', { follow: 'true', tailLines: '1' })}`, {
      signal,
    });
    await world.given(mayDo('p, role:somebody, applications, get, default/*, allow'));
    const dataDir = join(dirname(world.kubeconfigPath), 'data');
    let seen = '';
    const ended = (async () => {
      for await (const chunk of response.body ?? [])
        seen += Buffer.from(chunk as Uint8Array).toString('utf8');
      return true;
    })();
    const line = { time: '2026-01-01T10:00:10.000000000Z', text: 'for nobody' };
    await eventually(
      async () => {
        await logLine(dataDir, 'worker', line);
        const over = await Promise.race([ended, Promise.resolve(false)]);
        return over ? met('the end') : pending('it goes on');
      },
      { withinMs: 30_000, everyMs: 500, signal },
    );
    assert.match(seen.trimEnd().split('\n').at(-1) ?? '', /^\{"error":\{"grpc_code":7/);
  });

  describe('a terminal', () => {
    let token: string;
    let pod: string;
    const query = () => ({
      ...{ pod, container: 'web', namespace: world.name('logs') },
      ...{ appName: shop.name, appNamespace: world.namespace, projectName: 'default' },
    });

    function terminal(given: object, headers: Readonly<Record<string, string>> = {}): WebSocket {
      const url = `${api.url.replace(/^http/, 'ws')}/terminal?${new URLSearchParams({ ...query(), ...given })}`;
      const sent = { cookie: `argocd.token=${token}`, ...headers };
      return new WebSocket(url, { headers: sent, rejectUnauthorized: false });
    }

    /** The status and the text that a terminal is refused with. */
    async function refusal(socket: WebSocket): Promise<readonly [number, string]> {
      const { promise, resolve, reject } = Promise.withResolvers<readonly [number, string]>();
      socket.on('error', () => {}); // told by the answer
      socket.on('open', () => reject(new Error('it was opened')));
      socket.on('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve([response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8').trim()]),
        );
      });
      const answer = await promise;
      socket.terminate();
      return answer;
    }

    const onWith = (further: Readonly<Record<string, string>> = {}) =>
      settings('argocd-cm', {
        'exec.enabled': 'true',
        'exec.shells': 'no-such-shell,sh',
        ...further,
      });

    before(async () => {
      token = await signIn(api, world);
      const tree = await api.request(`/api/v1/applications/${shop.name}/resource-tree?kind=Pod`, {
        token,
      });
      const { nodes } = tree.json as { nodes: { name: string }[] };
      pod = nodes.find(({ name }) => name.startsWith('front-'))?.name ?? '';
    });

    test('is off unless it is enabled', async () => {
      assert.deepEqual(await refusal(terminal({})), [404, 'terminals are not enabled']);
    });

    test('is for who signed in with a cookie, on a page of this server, for a container of the application', async () => {
      await world.given(onWith());
      await eventually(
        async () => {
          const [status] = await refusal(terminal({ pod: 'no-such-pod' }));
          return status === 400 ? met('enabled') : pending(`status ${status}`);
        },
        { withinMs: 20_000, signal },
      );
      const refused = async (given: object, headers?: Readonly<Record<string, string>>) =>
        (await refusal(terminal(given, headers)))[0];
      assert.equal(await refused({}, { cookie: '' }), 400);
      assert.equal(await refused({}, { cookie: '', authorization: `Bearer ${token}` }), 400);
      assert.equal(await refused({}, { cookie: 'argocd.token=a.b.c' }), 401);
      assert.equal(await refused({}, { origin: 'https://evil.example' }), 403);
      assert.equal(await refused({ appName: 'nobody' }), 404);
      assert.equal(await refused({ container: '../../secrets' }), 400);
      assert.equal(await refused({ container: 'another' }), 400);
      assert.equal(await refused({ namespace: 'kube-system' }), 400);
    });

    test('runs a shell, takes what is typed, pings, and ends when the right is taken away', async () => {
      const socket = terminal({});
      let screen = '';
      let pings = 0;
      const closed = Promise.withResolvers<number>();
      socket.on('ping', () => (pings += 1));
      socket.on('close', (code) => closed.resolve(code));
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data as Buffer)) as { operation?: string; data?: string };
        if (frame.operation === 'stdout') screen += frame.data;
      });
      const shows = (words: string) =>
        eventually(() => (screen.includes(words) ? met(words) : pending(screen)), {
          withinMs: 20_000,
          signal,
        });
      const type = (text: string) =>
        socket.send(JSON.stringify({ operation: 'stdin', data: text }));
      await new Promise((resolve) => socket.once('open', resolve));
      socket.send(JSON.stringify({ operation: 'resize', rows: 31, cols: 97 }));
      await eventually(() => (screen === '' ? pending('no prompt') : met('a prompt')), {
        withinMs: 20_000,
        signal,
      });
      type('echo $((40+2)); stty size\n');
      await shows('42');
      await shows('31 97');
      await eventually(() => (pings > 0 ? met('a ping') : pending('none')), {
        withinMs: 20_000,
        signal,
      });
      await world.given(
        settings('argocd-rbac-cm', {
          'policy.csv': 'p, role:admin, exec, create, */*, deny',
        }),
      );
      await eventually(
        async () => {
          const { text } = await api.request(
            `/api/v1/account/can-i/exec/create/default/${shop.name}`,
            { token },
          );
          return text.includes('no') ? met('taken away') : pending(text);
        },
        { withinMs: 20_000, signal },
      );
      type('echo $((50+5))\n');
      assert.equal(await closed.promise, 1008);
      assert.ok(!screen.includes('55'), 'what was typed did not run');
      assert.deepEqual((await refusal(terminal({})))[0], 401);
    });
  });

  describeLasting(() => ({ world, api, app: shop.name }), signal);
});
