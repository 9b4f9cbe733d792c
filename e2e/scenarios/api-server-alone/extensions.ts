import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import type { ApiClient } from '../../language/api-client.ts';
import { eventually, met, pending } from '../../language/expectation.ts';
import { signIn } from '../../language/sign-in.ts';
import type { World } from '../../language/world.ts';
import { argocdSecret, everybodyMay } from '../manifests.ts';

interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Services behind the API. The server of the world was started with `--api-proxy-extensions`, and has the Application `shop`. */
export function describeExtensions(
  given: () => { readonly world: World; readonly api: ApiClient },
  signal: AbortSignal,
): void {
  describe('extensions', () => {
    let service: Server;
    let token: string;
    let left: Promise<unknown>;
    const CANARY = 'canary-of-extensions';

    before(async () => {
      const { world, api } = given();
      service = createServer((request, response) => {
        if (request.url?.endsWith('/for-ever') === true) {
          left = once(response, 'close');
          response.write('first');
          return;
        }
        void echo(request).then((heard) => {
          response.setHeader('set-cookie', 'argocd.token=a.b.c');
          response.setHeader('x-answer', 'kept');
          response.writeHead(request.url?.includes('teapot') === true ? 418 : 200);
          response.end(JSON.stringify(heard));
        });
      });
      await once(service.listen(0, '127.0.0.1'), 'listening');
      const { port } = service.address() as AddressInfo;
      const url = `http://127.0.0.1:${port}/base`;
      const header = { name: 'X-Key', value: '$extension.key' };
      const echoed = { services: [{ url, headers: [header] }] };
      const elsewhere = ['north', 'south'].map((name) => ({ url, cluster: { name } }));
      const list = { extensions: [{ name: 'echo', backend: echoed }] };
      await world.given(
        world.applied(argocdSecret(world.namespace, { 'extension.key': CANARY })),
        world.edited('configmap', 'argocd-cm', world.namespace, {
          data: {
            'extension.config': JSON.stringify(list),
            'extension.config.far': JSON.stringify({ services: elsewhere }),
            'extension.config.away': JSON.stringify({ services: [{ url: 'http://127.0.0.1:1' }] }),
          },
        }),
      );
      token = await signIn(api, world);
    });
    after(() => {
      service.closeAllConnections();
      service.close();
    });

    async function echo(request: IncomingMessage): Promise<Heard> {
      const { method = '', url = '' } = request;
      const headers = request.headers as Record<string, string>;
      return { method, url, headers, body: await text(request) };
    }

    const about = (more: Readonly<Record<string, string>> = {}) => ({
      'argocd-application-name': `${given().world.namespace}:${given().world.name('shop')}`,
      'argocd-project-name': 'default',
      ...more,
    });

    const ask = (path: string, more?: Readonly<Record<string, string>>) =>
      given().api.request(`/extensions${path}`, { token, headers: about(more) });

    async function asked(path: string, wanted: number, more?: Readonly<Record<string, string>>) {
      const { status, json, text: said } = await ask(path, more);
      assert.equal(status, wanted, said);
      return json as { readonly message: string };
    }

    test('even admin may not invoke one, until a policy says so', async () => {
      const { world, api } = given();
      const { status } = await api.request('/extensions/echo', { headers: about() });
      assert.equal(status, 401);
      const { message } = await asked('/echo', 403);
      assert.match(message, /^permission denied: extensions, invoke, echo, sub: admin/);
      const lines = ['p, admin, extensions, invoke, *, allow'];
      await world.given(world.applied(everybodyMay(world.namespace, ...lines)));
      await eventually(
        async () => {
          const answer = await ask('/echo');
          return answer.status === 200 ? met('it answers') : pending(answer.text);
        },
        { withinMs: 20_000, signal },
      );
    });

    test('a service is told who asks for what, and nothing by which they sign in', async () => {
      const { world, api } = given();
      const answer = await api.request('/extensions/echo/a%2Fb/c?x=1&x=2', {
        method: 'POST',
        body: { some: 'thing' },
        token,
        headers: about({
          ...{ cookie: `argocd.token=${token}`, 'content-type': 'text/plain', 'x-mine': 'stays' },
          ...{ 'argocd-username': 'somebody', 'argocd-user-groups': 'admins' },
          'grpc-metadata-token': token,
        }),
      });
      assert.equal(answer.status, 200, answer.text);
      const { method, url, headers, body } = answer.json as Heard;
      assert.deepEqual([method, url], ['POST', '/base/a%2Fb/c?x=1&x=2']);
      assert.equal(body, '{"some":"thing"}');
      const told = (name: string) => headers[name];
      assert.equal(told('argocd-application-name'), `${world.namespace}:${world.name('shop')}`);
      assert.equal(told('argocd-project-name'), 'default');
      assert.equal(told('argocd-target-cluster-name'), 'in-cluster');
      assert.equal(told('argocd-target-cluster-url'), 'https://kubernetes.default.svc');
      assert.deepEqual([told('argocd-username'), told('argocd-user-groups')], ['admin', '']);
      assert.deepEqual([told('x-mine'), told('content-type')], ['stays', 'text/plain']);
      assert.equal(told('x-key'), CANARY, 'the service gets its key');
      assert.ok(!JSON.stringify(headers).includes(token), 'it cannot act as who asks');
      assert.equal(answer.headers.get('x-answer'), 'kept');
      assert.equal(answer.headers.get('set-cookie'), null);
      assert.equal((await ask('/echo/teapot')).status, 418);
    });

    test('what is not there, not theirs or not reached is an answer', async () => {
      const app = { 'argocd-application-name': 'argocd' };
      assert.match((await asked('/echo', 400, app)).message, /Argocd-Application-Name/);
      const project = { 'argocd-project-name': '' };
      assert.match((await asked('/echo', 400, project)).message, /Argocd-Project-Name/);
      await asked('/echo', 404, { 'argocd-project-name': 'another' });
      assert.match((await asked('/nothing', 404)).message, /nothing: is not configured/);
      assert.match((await asked('/far', 400)).message, /is not for cluster in-cluster/);
      assert.match((await asked('/away', 500)).message, /does not answer/);
      assert.match((await asked('/echo/..%2f..%2fx', 400)).message, /segments \. and \.\./);
    });

    test('an answer that goes on ends for the service when the client leaves', async () => {
      const { api } = given();
      const stop = new AbortController();
      const headers = { authorization: `Bearer ${token}`, ...about() };
      const response = await fetch(`${api.url}/extensions/echo/for-ever`, {
        ...{ headers, signal: AbortSignal.any([signal, stop.signal]) },
      });
      const reader = response.body?.getReader();
      assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString('utf8'), 'first');
      stop.abort();
      await left;
    });

    test('the key of a service is in no log', async () => {
      assert.ok(!(await given().world.operatorLog('server')).includes(CANARY));
    });
  });
}
