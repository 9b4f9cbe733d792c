import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createVirtualClock, TiphysError } from '../../operator/index.ts';
import { NOBODY } from '../../operator/services/index.ts';
import { silentLogger } from '../../operator/telemetry/silent.ts';
import { createApi } from '../create-api.ts';
import { type Answer, route } from '../route.ts';

const clock = createVirtualClock();

describe('an answer that lasts long', { timeout: 20_000 }, () => {
  let released = Promise.withResolvers<void>();
  let subject = 'dev';
  let refusal: TiphysError | undefined;
  async function* lines(signal: AbortSignal): AsyncGenerator<string> {
    try {
      yield 'first';
      await once(signal, 'abort');
    } finally {
      released.resolve();
    }
  }
  const lasting = (path: string, answer: (signal: AbortSignal) => Answer) =>
    route({
      ...{ method: 'get', path, summary: '', access: { type: 'signed-in' } },
      answer: ({ signal }) => answer(signal),
    });
  const app = createApi({
    controlPlane: {} as never,
    routes: [
      lasting('/api/stream', (signal) => ({ type: 'stream', messages: lines(signal) })),
      lasting('/api/file', (signal) => ({ type: 'raw', headers: {}, body: lines(signal) })),
    ],
    authenticator: {
      async authenticate() {
        if (refusal !== undefined) throw refusal;
        const requester = { ...NOBODY, caller: { subject, groups: [] } };
        return { requester };
      },
    },
    allowsAnonymous: () => false,
    ...{ clock, logger: silentLogger, stopping: new AbortController().signal },
  });
  const server = createServer(app);
  before(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  async function open(path: string) {
    released = Promise.withResolvers();
    subject = 'dev';
    refusal = undefined;
    const { port } = server.address() as AddressInfo;
    const authorization = 'Bearer a.b.c';
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization } });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    assert.match((await reader?.read())?.value ?? '', /first/);
    return { read: async () => await reader?.read() };
  }

  test('ends with why, once the token counts no more, and releases its source', async () => {
    const { read } = await open('/api/stream');
    await clock.advance(10_000);
    refusal = new TiphysError('KubeUnreachable', 'away for a moment');
    await clock.advance(10_000);
    refusal = new TiphysError('Unauthenticated', 'the token was revoked');
    await clock.advance(10_000);
    const error = {
      ...{ grpc_code: 16, http_code: 401, message: 'the token was revoked' },
      http_status: 'Unauthorized',
    };
    assert.equal((await read())?.value, `${JSON.stringify({ error })}\n`);
    assert.equal((await read())?.done, true);
    await released.promise;
    assert.equal(clock.pending, 0);
  });

  test('ends when who asks would be somebody else by now', async () => {
    const { read } = await open('/api/stream');
    subject = '';
    await clock.advance(10_000);
    assert.match((await read())?.value ?? '', /"http_code":401/);
    await released.promise;
  });

  test('is cut off when it is a file, which has no place for a reason', async () => {
    const { read } = await open('/api/file');
    refusal = new TiphysError('Unauthenticated', 'the token was revoked');
    await clock.advance(10_000);
    await assert.rejects(read());
    await released.promise;
  });
});
