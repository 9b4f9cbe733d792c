import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as tlsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { selfSigned } from '../operator/identity/self-signed.ts';
import { systemClock } from '../operator/index.ts';
import { NOBODY } from '../operator/services/index.ts';
import { silentLogger } from '../operator/telemetry/silent.ts';
import { type ApiOptions, createApi } from './create-api.ts';
import { json, route } from './route.ts';
import { startApiServer, type TlsOptions } from './start-api-server.ts';

interface Given {
  readonly tls?: Partial<Pick<TlsOptions, 'minVersion' | 'maxVersion' | 'ciphers'>>;
  readonly drainMs?: number;
  readonly api?: Partial<ApiOptions>;
}

/** A server over TLS to whom everybody is who the token begins with. */
async function serve({ tls = {}, drainMs = 2_000, api = {} }: Given = {}) {
  const held = Promise.withResolvers<void>();
  const waits = Promise.withResolvers<void>();
  const access = { type: 'signed-in' } as const;
  const app = createApi({
    controlPlane: {} as never,
    routes: [
      route({
        ...{ method: 'get', path: '/api/who', summary: '', access },
        answer: ({ requester, headers }) =>
          json({ subject: requester.caller?.subject, headers: Object.keys(headers).length }),
      }),
      route({
        ...{ method: 'get', path: '/api/slow', summary: '', access },
        async answer() {
          waits.resolve();
          await held.promise;
          return json({});
        },
      }),
      route({
        ...{ method: 'post', path: '/api/who', summary: '', access },
        answer: () => json({}),
      }),
    ],
    authenticator: {
      async authenticate(token) {
        const caller = { subject: token.split('.')[0] ?? '', groups: [] };
        return { requester: { ...NOBODY, caller } };
      },
    },
    allowsAnonymous: () => true,
    ...{ clock: systemClock, logger: silentLogger, stopping: new AbortController().signal, ...api },
  });
  let pair = await selfSigned('one', Date.now());
  const listeners = new Set<() => void>();
  const server = await startApiServer({
    ...{ app, host: '127.0.0.1', port: 0, drainMs },
    tls: {
      current: () => pair,
      onChange(listener) {
        listeners.add(listener);
        return { [Symbol.dispose]: () => void listeners.delete(listener) };
      },
      ...{ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers: '', ...tls },
    },
  });
  const at = { host: '127.0.0.1', port: server.port, rejectUnauthorized: false };
  return {
    ...{ held, waits },
    async ask(path: string, how: RequestOptions = {}) {
      const sent = tlsRequest({ ...at, agent: false, path, ...how });
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      return { status: response.statusCode, headers: response.headers, text: await text(response) };
    },
    /** What a client with these wishes is given, or that it is given nothing. */
    async shakesHands(how: ConnectionOptions): Promise<string> {
      const socket = connect({ ...at, ...how });
      try {
        await once(socket, 'secureConnect');
        return `${socket.getProtocol()} ${socket.getCipher().name}`;
      } catch {
        return 'refused';
      } finally {
        socket.destroy();
      }
    },
    async renew() {
      pair = await selfSigned('two', Date.now());
      for (const listener of listeners) listener();
    },
    async [Symbol.asyncDispose]() {
      held.resolve();
      await server[Symbol.asyncDispose]();
    },
  };
}

const V12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const V13 = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;
const ONE = 'ECDHE-ECDSA-AES256-GCM-SHA384';
const OTHER = 'ECDHE-ECDSA-AES128-GCM-SHA256';
const as = (subject: string) => ({ headers: { authorization: `Bearer ${subject}.b.c` } });

describe('TLS', () => {
  test('is spoken in no older and no newer version than the settings say, with a new certificate too', async () => {
    await using modern = await serve({ tls: { minVersion: 'TLSv1.3' } });
    await using old = await serve({ tls: { maxVersion: 'TLSv1.2' } });
    for (const when of ['with the first certificate', 'with the next']) {
      assert.equal(await modern.shakesHands(V12), 'refused', when);
      assert.match(await modern.shakesHands(V13), /^TLSv1\.3 /);
      assert.match(await old.shakesHands(V12), /^TLSv1\.2 /);
      assert.equal(await old.shakesHands(V13), 'refused', when);
      await modern.renew();
      await old.renew();
    }
  });

  test('uses the ciphers of the settings, and those of TLS 1.3 all the same', async () => {
    await using served = await serve({ tls: { ciphers: ONE } });
    for (const when of ['with the first certificate', 'with the next']) {
      assert.equal(await served.shakesHands({ ...V12, ciphers: OTHER }), 'refused', when);
      assert.equal(
        await served.shakesHands({ ...V12, ciphers: `${OTHER}:${ONE}` }),
        `TLSv1.2 ${ONE}`,
      );
      assert.match(await served.shakesHands(V13), /^TLSv1\.3 TLS_/);
      await served.renew();
    }
  });
});

describe('limits', { timeout: 20_000 }, () => {
  let served: Awaited<ReturnType<typeof serve>>;
  before(async () => {
    served = await serve({ api: { maxOpenPerClient: 1 } });
  });
  after(() => served[Symbol.asyncDispose]());

  test('headers may be as long as tokens in cookies are, and no longer', async () => {
    const cookie = (length: number) => ({ headers: { cookie: `a=${'x'.repeat(length)}` } });
    assert.equal((await served.ask('/api/who', cookie(60_000))).status, 200);
    assert.equal(await refused(cookie(70_000)), true);
  });

  test('no more than 200 headers are read', async () => {
    const headers = (count: number) => ({
      headers: Object.fromEntries(Array.from({ length: count }, (_, nth) => [`x-${nth}`, '1'])),
    });
    assert.equal((await served.ask('/api/who', headers(190))).status, 200);
    assert.equal(await refused(headers(400)), true);
  });

  /** With 431, or cut off before that arrives. */
  async function refused(how: RequestOptions): Promise<boolean> {
    try {
      return (await served.ask('/api/who', how)).status === 431;
    } catch (error) {
      return ['ECONNRESET', 'EPIPE'].includes((error as { code: string }).code);
    }
  }

  test('what one account has open is nothing to another, nor to who has none', async () => {
    const slow = served.ask('/api/slow', as('ann'));
    await served.waits.promise;
    const refused = await served.ask('/api/who', as('ann'));
    assert.equal(refused.status, 429);
    assert.equal((JSON.parse(refused.text) as { code: number }).code, 8);
    assert.equal((await served.ask('/api/who', as('bob'))).text, '{"subject":"bob","headers":3}');
    assert.equal((await served.ask('/api/who')).status, 200);
    served.held.resolve();
    await slow;
    assert.equal((await served.ask('/api/who', as('ann'))).status, 200);
  });

  test('a client of the incumbent that is too old is told so', async () => {
    const ask = (agent: string) => served.ask('/api/who', { headers: { 'user-agent': agent } });
    assert.equal((await ask('argocd-client/v1.3.9')).status, 400);
    assert.equal((await ask('argocd-client/v3.0.0')).status, 200);
  });

  test('a request that does not end is cut off when the server has waited long enough', async () => {
    const own = await serve({ drainMs: 50 });
    const slow = own.ask('/api/slow');
    const failed = assert.rejects(slow, { code: 'ECONNRESET' });
    await own.waits.promise;
    const { held } = own;
    const kept = held.resolve;
    held.resolve = () => {}; // it goes on
    await own[Symbol.asyncDispose]();
    await failed;
    kept();
  });
});

describe('settings', () => {
  test('say which types a change may have, or that it may have any', async () => {
    const change = async (contentTypes: readonly string[], type: string) => {
      await using served = await serve({ api: { contentTypes } });
      const headers = type === '' ? {} : { 'content-type': type };
      return (await served.ask('/api/who', { method: 'POST', headers })).status;
    };
    const types = ['application/json', 'application/json; charset=utf-8'];
    assert.equal(await change(types, 'application/json; charset=UTF-8'), 200);
    assert.equal(await change(types, 'application/json;charset=utf-8'), 415);
    assert.equal(await change([], 'text/plain'), 200);
    assert.equal(await change([], ''), 200);
  });

  test('say what browsers are told of frames, or that they are told nothing', async () => {
    const told = async (headers: NonNullable<ApiOptions['headers']>) => {
      await using served = await serve({ api: { headers } });
      const { headers: sent } = await served.ask('/api/who');
      return [sent['x-frame-options'], sent['content-security-policy']];
    };
    const policy = "frame-ancestors 'none'";
    assert.deepEqual(await told({ frameOptions: 'deny', contentSecurityPolicy: policy }), [
      'deny',
      policy,
    ]);
    const nothing = { frameOptions: '', contentSecurityPolicy: '' };
    assert.deepEqual(await told(nothing), [undefined, undefined]);
  });
});
