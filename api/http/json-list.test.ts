import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, test } from 'node:test';
import { systemClock } from '../../operator/index.ts';
import { silentLogger } from '../../operator/telemetry/silent.ts';
import { createApi } from '../create-api.ts';
import { jsonText, route } from '../route.ts';
import { jsonList } from './json-list.ts';

describe('a list whose items are JSON already', () => {
  test('is the JSON that writing it in one piece would be', () => {
    const whole = (items: readonly string[]): unknown =>
      JSON.parse([...jsonList({ resourceVersion: '7' }, items)].join(''));
    const metadata = { resourceVersion: '7' };
    assert.deepEqual(whole([]), { metadata, items: [] });
    assert.deepEqual(whole(['1']), { metadata, items: [1] });
    const long = Array.from({ length: 500 }, (_, index) => ({ index, text: 'x'.repeat(1_000) }));
    const texts = long.map((item) => JSON.stringify(item));
    assert.deepEqual(whole(texts), { metadata, items: long });
    assert.ok([...jsonList({}, texts)].length > 5, 'comes in chunks');
  });

  test('is not made further than the client reads, and no further when it leaves', {
    timeout: 20_000,
  }, async () => {
    const COUNT = 2_000;
    let made = 0;
    const over = Promise.withResolvers<void>();
    function* items(): Generator<string> {
      try {
        for (; made < COUNT; made += 1) yield JSON.stringify('x'.repeat(65_536));
      } finally {
        over.resolve();
      }
    }

    const list = route({
      ...{ method: 'get', path: '/api/list', summary: '', access: { type: 'public' } },
      answer: () => jsonText(jsonList({}, items())),
    });
    const app = createApi({
      ...{ controlPlane: {} as never, routes: [list], allowsAnonymous: () => true },
      authenticator: { authenticate: () => Promise.reject(new Error('not asked')) },
      ...{ clock: systemClock, logger: silentLogger, stopping: new AbortController().signal },
    });
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    socket.write('GET /api/list HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'readable'); // it begins, and nothing is read
    socket.destroy();
    await over.promise;
    server.close();
    await once(server, 'close');
    assert.ok(made < COUNT, `${made} of ${COUNT} were made`);
  });
});
