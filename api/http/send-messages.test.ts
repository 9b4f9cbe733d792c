import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { createVirtualClock, TiphysError } from '../../operator/index.ts';
import { sendMessages, type SendOptions } from './send-messages.ts';

const clock = createVirtualClock();
const EVENTS = 'text/event-stream';

/** One stream over a real connection. */
async function stream(
  messages: AsyncIterable<unknown>,
  options: Partial<SendOptions>,
  signal: AbortSignal = new AbortController().signal,
) {
  const failures: unknown[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const server = createServer((_request, response: ServerResponse) => {
    const onFailure = (error: unknown): void => void failures.push(error);
    const whole = { accept: '*/*', clock, onFailure, ...options };
    void sendMessages(messages, response, whole, signal).finally(resolve);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const stop = new AbortController();
  const response = await fetch(`http://127.0.0.1:${port}`, { signal: stop.signal });
  return { response, failures, ended, leave: () => stop.abort() };
}

async function* items(...values: readonly unknown[]): AsyncGenerator<unknown> {
  yield* values;
}

describe('messages of a stream', () => {
  test('are a line of JSON each, or exactly when asked for server-sent events', async () => {
    const lines = await stream(items({ a: '<' }, { b: 2 }), { accept: `${EVENTS}, */*` });
    assert.equal(await lines.response.text(), '{"result":{"a":"\\u003c"}}\n{"result":{"b":2}}\n');
    assert.equal(lines.response.headers.get('content-type'), 'application/json');
    const events = await stream(items({ b: 2 }), { accept: EVENTS });
    assert.equal(await events.response.text(), 'data: {"result":{"b":2}} \n\n');
    assert.equal(events.response.headers.get('content-type'), EVENTS);
  });

  test('that say the same of a topic again are not sent, unless it was over', async () => {
    const told = [1, 1, 2, 1].map((value) => ({ name: 'a', value }));
    const all = [...told, { name: 'b', value: 1 }, { name: 'a', value: 3, over: true }];
    const topic = (message: unknown) => {
      const { name, over = false } = message as { name: string; over?: boolean };
      return { name, isOver: over };
    };
    const encode = (message: unknown) => String((message as { value: number }).value);
    const again = [...all, { name: 'a', value: 3 }];
    const { response } = await stream(items(...again), { topic, encode });
    assert.equal((await response.text()).replaceAll('\n', ' '), '1 2 1 1 3 3 ');
  });

  test('end with why they ended too early, whatever was selected', async () => {
    async function* failing(): AsyncGenerator<unknown> {
      yield { a: 1 };
      throw new TiphysError('NotPossibleNow', 'not today');
    }
    const { response, failures } = await stream(failing(), { select: () => ({}) });
    const error = {
      grpc_code: 9,
      http_code: 400,
      message: 'not today',
      http_status: 'Bad Request',
    };
    assert.equal(await response.text(), `{}\n${JSON.stringify({ error })}\n`);
    assert.equal(failures.length, 1);
  });

  test('leave room for a comment every 15 s, and nothing behind', async () => {
    const stop = new AbortController();
    async function* silence(): AsyncGenerator<object> {
      await once(stop.signal, 'abort');
      yield { never: 'sent' };
    }
    const before = clock.pending;
    const { response, ended } = await stream(silence(), { accept: EVENTS }, stop.signal);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let count = 0; count < 3; count += 1) {
      await clock.advance(15_000);
      assert.deepEqual(await reader?.read(), { done: false, value: ':\n' });
    }
    assert.equal(clock.pending, before + 1);
    stop.abort(new Error('shutdown'));
    await ended;
    assert.equal(clock.pending, before);
  });
});
