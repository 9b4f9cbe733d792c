import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { silentLogger } from '../../live/testing/silent-logger.ts';
import { selfSigned } from '../self-signed.ts';
import { createDexProxy, type DexProxyOptions } from './dex-proxy.ts';

const { signal } = new AbortController();
const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Dex, as far as the proxy knows it: tells what it was asked, and fails at `…/fails`. */
async function startDex(pair?: { readonly certificate: string; readonly key: string }) {
  const seen: Seen[] = [];
  const server = (
    pair === undefined ? createServer() : createTlsServer({ cert: pair.certificate, key: pair.key })
  ) as Server;
  server.on('request', async (asked, response) => {
    const { method, url, headers } = asked;
    seen.push({ method, url, headers, body: await text(asked) });
    const isFailing = url?.endsWith('/fails') === true;
    response.writeHead(isFailing ? 500 : 401, {
      'set-cookie': ['a=1', 'b=2'],
      'x-of-dex': 'yes',
      'keep-alive': 'timeout=7',
    });
    response.end(isFailing ? 'a trace of the inside' : 'of Dex');
  });
  const scheme = pair === undefined ? 'http' : 'https';
  return { seen, address: `${scheme}://127.0.0.1:${await listening(server)}` };
}

async function startProxy(options: Partial<DexProxyOptions> & { readonly address: string }) {
  const proxy = stack.use(
    createDexProxy({
      ...{ ca: '', basePath: '/', pathAtDex: () => '/api/dex', logger: silentLogger, ...options },
    }),
  );
  const port = await listening(
    createServer(async (asked, response) => {
      if (!(await proxy.forward(asked, response, signal))) response.writeHead(404).end('not Dex');
    }),
  );
  return async (path: string, headers: Record<string, string> = {}, body?: string) => {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request({ host: '127.0.0.1', port, path, method, headers });
    sent.end(body);
    const [answer] = await once(sent, 'response');
    return { status: answer.statusCode, headers: answer.headers, text: await text(answer) };
  };
}

describe('the way to Dex', () => {
  test('leads there and back, without what is about one of the two connections', async () => {
    const { seen, address } = await startDex();
    const ask = await startProxy({ address });
    const answer = await ask('/api/dex/auth/ldap?state=a%2Fb', { te: 'trailers' }, 'login=ann');
    assert.deepEqual([answer.status, answer.text], [401, 'of Dex']);
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(answer.headers['x-of-dex'], 'yes');
    assert.notEqual(answer.headers['keep-alive'], 'timeout=7');
    const [asked] = seen;
    assert.deepEqual(
      [asked?.method, asked?.url, asked?.body],
      ['POST', '/api/dex/auth/ldap?state=a%2Fb', 'login=ann'],
    );
    assert.equal(asked?.headers.te, undefined);
    assert.match(asked?.headers['x-forwarded-host'] as string, /^127\.0\.0\.1:\d+$/);
    assert.equal(asked?.headers['x-forwarded-for'], '127.0.0.1');
    assert.ok(address.endsWith(asked?.headers.host ?? 'none'));
  });

  test('leads below the path of its issuer, where Dex serves', async () => {
    const { seen, address } = await startDex();
    const ask = await startProxy({ address, pathAtDex: () => '/argo/api/dex' });
    await ask('/api/dex/keys?a=b');
    assert.equal(seen[0]?.url, '/argo/api/dex/keys?a=b');
  });

  test('is not taken by cookies that tell who somebody is here', async () => {
    const { seen, address } = await startDex();
    const ask = await startProxy({ address });
    await ask('/api/dex/auth', { cookie: 'argocd.token=a.b.c; mine="x=y"; argocd.token-1=d' });
    await ask('/api/dex/auth', { cookie: 'argocd.oauthstate=ff' });
    assert.deepEqual(
      seen.map(({ headers }) => headers.cookie),
      ['mine="x=y"', undefined],
    );
  });

  test('leads to the sign-in page when Dex fails or is away, and tells nothing of why', async () => {
    const { address } = await startDex();
    const away = `http://127.0.0.1:${await listeningOnce()}`;
    for (const [at, path] of [
      [address, '/api/dex/fails'],
      [away, '/api/dex/auth'],
    ] as const) {
      const ask = await startProxy({ address: at, basePath: '/argo/' });
      const { status, headers, text: body } = await ask(path);
      assert.deepEqual([status, body], [303, '']);
      assert.equal(headers.location, '/argo/login?has_sso_error=true');
    }
  });

  test('is there only while Dex is the provider, and for nothing else', async () => {
    const { seen, address } = await startDex();
    const now: { path?: string } = {};
    const ask = await startProxy({ address, pathAtDex: () => now.path });
    assert.equal((await ask('/api/dex/auth')).status, 404);
    now.path = '/api/dex';
    for (const path of ['/api/dex', '/api/dexter/a', '/api/v1/x', '/'])
      assert.equal((await ask(path)).status, 404, path);
    assert.equal(seen.length, 0);
    assert.equal((await ask('/api/dex/auth')).status, 401);
  });

  test('over TLS trusts the certificate that Dex made itself, or only the authority that is named', async () => {
    const pair = await selfSigned('dex', Date.now());
    const other = await selfSigned('other', Date.now());
    const { address } = await startDex(pair);
    for (const [ca, status] of [
      ['', 401],
      [pair.certificate, 401],
      [other.certificate, 303],
    ] as const)
      assert.equal((await (await startProxy({ address, ca }))('/api/dex/auth')).status, status);
  });
});

/** A port that nobody listens on any more. */
async function listeningOnce(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
