import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent, request as tlsRequest, type RequestOptions } from 'node:https';
import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import { selfSigned } from '../operator/identity/self-signed.ts';
import { systemClock, TiphysError } from '../operator/index.ts';
import { type ApiOptions, createApi } from './create-api.ts';
import { json, type Route, route } from './route.ts';
import { type ApiServer, startApiServer, type TlsPair } from './start-api-server.ts';

const CANARY = 'canary-7f3a';

interface Logged {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A server with a few routes, over TLS with a certificate that can be changed. */
async function serve(options: Partial<ApiOptions> = {}, drainMs = 2_000) {
  const logged: Logged[] = [];
  const log =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      void logged.push({ level, fields, message });
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const stop = new AbortController();
  const released = Promise.withResolvers<void>();
  const streams = Promise.withResolvers<void>();
  const waits = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const access = { type: 'public' } as const;
  const routes: readonly Route[] = [
    route({
      method: 'get',
      path: '/api/things/{name}',
      summary: '',
      access,
      query: z.object({ big: z.optional(z.boolean()) }),
      answer: ({ params, query }) =>
        json({ name: params['name'], ...(query.big === true && { text: 'x'.repeat(100_000) }) }),
    }),
    route({
      method: 'post',
      path: '/api/things',
      summary: '',
      access,
      body: z.object({ count: z.optional(z.number()) }),
      answer: ({ body }) => json(body),
    }),
    route({
      method: 'delete',
      path: '/api/things/{name}',
      summary: '',
      access,
      answer: () => json({}),
    }),
    route({
      method: 'get',
      path: '/api/broken',
      summary: '',
      access,
      answer() {
        throw new Error(CANARY);
      },
    }),
    route({
      method: 'get',
      path: '/api/slow',
      summary: '',
      access,
      async answer() {
        waits.resolve();
        await held.promise;
        return json({ done: true });
      },
    }),
    route({ method: 'get', path: '/healthz', summary: '', access, answer: () => json('ok') }),
    route({
      method: 'get',
      path: '/api/stream',
      summary: '',
      access,
      answer: ({ signal }) => ({ type: 'stream', messages: ticks(signal) }),
    }),
  ];

  async function* ticks(signal: AbortSignal): AsyncGenerator<object> {
    try {
      streams.resolve();
      yield { at: 0 };
      await once(signal, 'abort');
    } finally {
      released.resolve();
    }
  }

  const app = createApi({
    controlPlane: {} as never,
    routes,
    authenticator: {
      async authenticate() {
        throw new TiphysError('Unauthenticated', 'nobody');
      },
    },
    allowsAnonymous: () => false,
    clock: systemClock,
    logger,
    stopping: stop.signal,
    ...options,
  } as ApiOptions);
  let pair: TlsPair | undefined = await selfSigned('one', Date.now());
  const listeners = new Set<() => void>();
  const server: ApiServer = await startApiServer({
    ...{ app, host: '127.0.0.1', port: 0, drainMs, firstByteMs: 300 },
    tls: {
      current: () => pair,
      onChange(listener) {
        listeners.add(listener);
        return { [Symbol.dispose]: () => void listeners.delete(listener) };
      },
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: '',
    },
  });
  const agent = new Agent({ rejectUnauthorized: false, keepAlive: false });

  async function ask(path: string, how: RequestOptions & { readonly body?: string } = {}) {
    const { body, ...rest } = how;
    const sent = tlsRequest({ agent, host: '127.0.0.1', port: server.port, path, ...rest });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode, headers: response.headers, text: await text(response) };
  }

  return {
    ...{ server, logged, stop, released, streams, waits, held, ask },
    change(next: TlsPair | undefined) {
      pair = next;
      for (const listener of listeners) listener();
    },
    async fingerprint(): Promise<string> {
      const socket = tlsConnect({
        ...{ host: '127.0.0.1', port: server.port, rejectUnauthorized: false },
      });
      await once(socket, 'secureConnect');
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    },
    async [Symbol.asyncDispose]() {
      held.resolve();
      stop.abort(new Error('shutdown'));
      await server[Symbol.asyncDispose]();
      agent.destroy();
    },
  };
}

describe('a server of the API', () => {
  let served: Awaited<ReturnType<typeof serve>>;
  before(async () => {
    served = await serve();
  });
  after(() => served[Symbol.asyncDispose]());

  test('answers over TLS, with headers that hold browsers back', async () => {
    const { status, headers, text: body } = await served.ask('/api/things/a%2Fb');
    assert.deepEqual([status, body], [200, '{"name":"a/b"}']);
    assert.equal(headers['x-frame-options'], 'sameorigin');
    assert.equal(headers['content-security-policy'], "frame-ancestors 'self';");
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cache-control'], 'no-store');
    assert.match(headers['x-request-id'] as string, /^[0-9a-f-]{36}$/);
    for (const absent of ['x-powered-by', 'etag', 'strict-transport-security', 'set-cookie'])
      assert.equal(headers[absent], undefined, absent);
  });

  test('sends a plain request to HTTPS, and one without a sensible host nowhere', async () => {
    const ask = async (host: string) => {
      const sent = plainRequest({
        ...{ host: '127.0.0.1', port: served.server.port, path: '/api/things/a?b=1' },
        headers: { host },
      });
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      return [response.statusCode, response.headers.location];
    };
    const expected = [307, 'https://tiphys.example:8443/api/things/a?b=1'];
    assert.deepEqual(await ask('tiphys.example:8443'), expected);
    assert.deepEqual(await ask('evil.example/path?x'), [400, undefined]);
  });

  test('shows a new certificate to new connections, and keeps the last when there is none', async () => {
    const first = await served.fingerprint();
    const next = await selfSigned('two', Date.now());
    served.change(next);
    const second = await served.fingerprint();
    assert.notEqual(second, first);
    served.change(undefined);
    assert.equal(await served.fingerprint(), second);
  });

  const changing = { method: 'POST', body: '{"COUNT":3,"unknown":true}' };
  for (const [sent, status] of [
    ['application/json', 200],
    ['Application/JSON', 200],
    ['application/json; charset=utf-8', 415],
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    [undefined, 415],
  ] as const)
    test(`a change that says it sends ${sent ?? 'nothing'} is answered ${status}`, async () => {
      const headers = sent === undefined ? {} : { 'content-type': sent };
      const answer = await served.ask('/api/things', { ...changing, headers });
      assert.equal(answer.status, status);
      if (status === 200) assert.equal(answer.text, '{"count":3}');
    });

  test('a DELETE needs the type too, a GET and a HEAD do not', async () => {
    assert.equal((await served.ask('/api/things/a', { method: 'DELETE' })).status, 415);
    const headers = { 'content-type': 'application/json' };
    assert.equal((await served.ask('/api/things/a', { method: 'DELETE', headers })).status, 200);
    const head = await served.ask('/api/things/a', { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, '']);
  });

  test('OPTIONS permits nothing to pages of others, and says of no path what it takes', async () => {
    const asks = { origin: 'https://evil.example', 'access-control-request-method': 'PUT' };
    const found = await served.ask('/api/things/a', { method: 'OPTIONS', headers: asks });
    assert.deepEqual([found.status, found.text], [405, 'Method Not Allowed\n']);
    const allowing = Object.keys(found.headers).filter((name) =>
      /^(access-control|allow)/.test(name),
    );
    assert.deepEqual(allowing, []);
  });

  test('a body that is no object, no JSON or of the wrong type is refused, and its text is not repeated', async () => {
    const headers = { 'content-type': 'application/json' };
    for (const body of [`{"count":"${CANARY}"}`, `{"count":${CANARY}}`, `"${CANARY}"`, '[1]']) {
      const answer = await served.ask('/api/things', { method: 'POST', headers, body });
      assert.equal(answer.status, 400, body);
      assert.doesNotMatch(answer.text, new RegExp(CANARY));
    }
  });

  test('what nobody foresaw is an answer that tells only where to look, and is in the log', async () => {
    const answer = await served.ask('/api/broken');
    assert.equal(answer.status, 500);
    assert.match(answer.text, /"code":13,"message":"internal error"/);
    assert.doesNotMatch(answer.text, new RegExp(CANARY));
    const failure = served.logged.find(({ message }) => message === 'a request failed');
    assert.equal(failure?.fields['requestId'], answer.headers['x-request-id']);
  });

  test('the log of a request has no query, which may hold secrets', async () => {
    await served.ask(`/api/things/a?password=${CANARY}`);
    const lines = served.logged.filter(({ message }) => message === 'request');
    assert.doesNotMatch(JSON.stringify(lines), new RegExp(CANARY));
  });

  test('answers are compressed as quickly as it goes', async () => {
    const { port } = served.server;
    const sent = tlsRequest({
      ...{ host: '127.0.0.1', port, path: '/api/things/a?big=true', rejectUnauthorized: false },
      headers: { 'accept-encoding': 'gzip' },
    });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const packed = await buffer(response);
    assert.equal(packed[8], 4, 'the fastest algorithm, says RFC 1952 of this byte');
    assert.match(gunzipSync(packed).toString(), /^\{"name":"a","text":"x{100000}"\}$/);
  });

  test('long answers are compressed for who asks, streams never', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const long = await served.ask('/api/things/a?big=true', { headers });
    assert.equal(long.headers['content-encoding'], 'gzip');
    assert.equal(
      (await served.ask('/api/things/a?big=true')).headers['content-encoding'],
      undefined,
    );
    const sent = tlsRequest({
      ...{ host: '127.0.0.1', port: served.server.port, path: '/api/stream', headers },
      rejectUnauthorized: false,
    });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const [chunk] = (await once(response, 'data')) as [Buffer];
    assert.equal(chunk.toString(), '{"result":{"at":0}}\n');
    assert.equal(response.headers['content-encoding'], undefined);
    sent.destroy();
    await served.released.promise; // the source is released when the client leaves
  });

  test('a HEAD of what goes on ends with its headers', { timeout: 8_000 }, async () => {
    const port = served.server.port;
    const socket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    const rest = 'HTTP/1.1\r\nHost: localhost\r\n';
    socket.write(`HEAD /api/stream ${rest}\r\nGET /api/things/a ${rest}Connection: close\r\n\r\n`);
    // The second is answered only when the first is over.
    const answers = await text(socket);
    assert.match(answers, /^HTTP\/1\.1 200 OK\r\n[^]*HTTP\/1\.1 200 OK\r\n[^]*\{"name":"a"\}/);
  });

  test('a connection that never says anything is closed', { timeout: 8_000 }, async () => {
    const socket = connect({ host: '127.0.0.1', port: served.server.port });
    socket.on('error', () => {}); // reset is as good as closed
    await once(socket, 'close');
  });
});

test('a body that is too long is refused before more of it is read', async () => {
  await using served = await serve({ maxBodyBytes: 1_000 });
  const agent = new Agent({ rejectUnauthorized: false, keepAlive: true });
  const headers = { 'content-type': 'application/json' };
  const answer = await served.ask('/api/things', {
    ...{ method: 'POST', headers, body: JSON.stringify({ text: 'x'.repeat(5_000_000) }) },
    agent,
  });
  agent.destroy();
  assert.equal(answer.status, 429);
  assert.equal(answer.headers.connection, 'close');
});

test('below a root path nothing else is served but the sign of life', async () => {
  await using served = await serve({ rootPath: '/gitops/' });
  assert.equal((await served.ask('/gitops/api/things/a')).text, '{"name":"a"}');
  assert.equal((await served.ask('/api/things/a')).status, 404);
  assert.equal((await served.ask('/healthz')).status, 200);
  assert.equal((await served.ask('/gitops/healthz')).status, 200);
});

test('one client cannot have more open than it may', async () => {
  await using served = await serve({ maxOpenPerClient: 1 });
  const slow = served.ask('/api/slow');
  await served.waits.promise;
  assert.equal((await served.ask('/api/things/a')).status, 429);
  served.held.resolve();
  assert.equal((await slow).status, 200);
  assert.equal((await served.ask('/api/things/a')).status, 200);
});

test('stopping lets a request under way end, ends streams, and takes no new ones', {
  timeout: 8_000,
}, async () => {
  const served = await serve({}, 10_000);
  const slow = served.ask('/api/slow');
  const streaming = served.ask('/api/stream');
  streaming.catch(() => {}); // awaited below
  await Promise.all([served.streams.promise, served.waits.promise]);
  const stopped = served[Symbol.asyncDispose]();
  assert.equal((await slow).status, 200);
  assert.equal((await streaming).text, '{"result":{"at":0}}\n');
  await stopped; // long before the end of the test: nothing is left that must be waited for
  await assert.rejects(served.ask('/api/things/a'), { code: 'ECONNREFUSED' });
});
