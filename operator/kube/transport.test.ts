import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { hasCode } from '../core/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { createKubeClient, type KubeClientOptions } from './kube-client.ts';

// What a real API server does not do on demand: shed load, fail for a while, or never answer.

const never = new AbortController().signal;

async function listen(server: Server): Promise<{ url: string } & AsyncDisposable> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const serve = (listener: RequestListener) => listen(createServer(listener));

function clientOf(server: string, more: Partial<KubeClientOptions> = {}) {
  return createKubeClient({
    connection: { server },
    clock: systemClock,
    random: () => 0,
    ...more,
  });
}

const CONFIG_MAP = {
  resource: {
    group: '',
    version: 'v1',
    kind: 'ConfigMap',
    plural: 'configmaps',
    namespaced: true,
    verbs: [],
    subresources: [],
    preferred: true,
  },
  namespace: 'web',
  name: 'settings',
} as const;
const OBJECT = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } } as const;

test('overload is waited for as long as the server asks, even for a write', async () => {
  const times: number[] = [];
  await using server = await serve((request, response) => {
    request.resume();
    times.push(performance.now());
    if (times.length > 2) return void response.end(JSON.stringify(OBJECT));
    response
      .writeHead(429, { 'retry-after': '1' })
      .end('{"kind":"Status","reason":"TooManyRequests"}');
  });
  await using client = clientOf(server.url);
  assert.deepEqual(await client.create(CONFIG_MAP, OBJECT, {}, never), OBJECT);
  assert.equal(times.length, 3);
  assert.ok((times[2] ?? 0) - (times[0] ?? 0) >= 1990);
});

test('overload that lasts, or asks for too long a wait, is an error that says when to come back', async () => {
  let requests = 0;
  let delay = '0';
  await using server = await serve((request, response) => {
    request.resume();
    requests += 1;
    response.writeHead(429, { 'retry-after': delay }).end('too many');
  });
  await using client = clientOf(server.url);
  await assert.rejects(client.get(CONFIG_MAP, never), (error) => {
    assert.ok(hasCode(error, 'KubeTooManyRequests'));
    assert.equal(error.message, 'ConfigMap/web/settings: get failed (HTTP 429): too many');
    return true;
  });
  assert.equal(requests, 5);
  delay = '60';
  await assert.rejects(client.get(CONFIG_MAP, never), (error) => {
    assert.ok(hasCode(error, 'KubeTooManyRequests'));
    assert.deepEqual(error.retry, { afterMs: 60_000 });
    return true;
  });
  assert.equal(requests, 6);
});

test('a failing server is asked again for reads only', async () => {
  let requests = 0;
  await using server = await serve((request, response) => {
    request.resume();
    requests += 1;
    response.writeHead(503, { 'retry-after': '0' }).end();
  });
  await using client = clientOf(server.url);
  await assert.rejects(client.create(CONFIG_MAP, OBJECT, {}, never), (error) =>
    hasCode(error, 'KubeUnreachable'),
  );
  assert.equal(requests, 1);
  await assert.rejects(client.get(CONFIG_MAP, never), (error) => hasCode(error, 'KubeUnreachable'));
  assert.equal(requests, 6);
});

test('a server that never answers is a timeout that names the request', async () => {
  await using server = await serve(() => {});
  await using client = clientOf(server.url, { requestTimeoutMs: 100 });
  await assert.rejects(
    client.get(CONFIG_MAP, never),
    (error) =>
      hasCode(error, 'Timeout') &&
      error.message.startsWith('ConfigMap/web/settings: get failed: http://'),
  );
});

test('an aborted write that still waits for a connection is never sent', async () => {
  let writes = 0;
  const accepted = Promise.withResolvers<void>();
  await using server = await serve((request, response) => {
    if (request.method === 'POST') writes += 1;
    else accepted.resolve();
    request.resume();
    response.end(JSON.stringify(OBJECT));
  });
  await using client = clientOf(server.url);
  const stop = new AbortController();
  const write = client.create(CONFIG_MAP, OBJECT, {}, stop.signal);
  await Promise.resolve(); // credentials are asked for; nothing is connected yet
  const reason = new Error('lost leadership');
  stop.abort(reason);
  await assert.rejects(write, (error) => error === reason);
  await client.get(CONFIG_MAP, never);
  await accepted.promise;
  assert.equal(writes, 0);
});

test('a server under a path prefix, and an answer that is not JSON', async () => {
  const paths: (string | undefined)[] = [];
  await using server = await serve((request, response) => {
    paths.push(request.url);
    response.end('<html>sign in</html>');
  });
  await using client = clientOf(`${server.url}/k8s/clusters/one`);
  await assert.rejects(client.get(CONFIG_MAP, never), (error) => hasCode(error, 'KubeRejected'));
  assert.deepEqual(paths, ['/k8s/clusters/one/api/v1/namespaces/web/configmaps/settings']);
});

test('requests go through a proxy when the connection names one', async () => {
  await using server = await serve(
    (_request, response) => void response.end(JSON.stringify(OBJECT)),
  );
  const tunnels: (string | undefined)[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, near) => {
    tunnels.push(request.url);
    const far = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
      near.write('HTTP/1.1 200 OK\r\n\r\n');
      far.pipe(near).pipe(far);
    });
    for (const socket of [near, far]) socket.on('error', () => far.destroy());
    near.on('close', () => far.destroy());
  });
  await using through = await listen(proxy);
  await using client = createKubeClient({
    connection: {
      server: server.url.replace('127.0.0.1', 'unknown.invalid'),
      proxyUrl: through.url,
    },
    clock: systemClock,
    random: () => 0,
  });
  assert.deepEqual(await client.get(CONFIG_MAP, never), OBJECT);
  assert.equal(tunnels.length, 1);
  assert.match(tunnels[0] ?? '', /^unknown\.invalid:/);
});
