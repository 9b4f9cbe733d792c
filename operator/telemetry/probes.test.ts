import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { hasCode } from '../core/errors.ts';
import { createMetrics } from './metrics.ts';
import { startProbes, type ProbesOptions } from './probes.ts';

const HOST = '127.0.0.1';

function start(options: Partial<ProbesOptions> = {}) {
  return startProbes({
    host: HOST,
    port: 0,
    metrics: createMetrics(),
    ready: () => ({ ok: true, reasons: [] }),
    ...options,
  });
}

async function ask(port: number, path: string, method = 'GET') {
  const response = await fetch(`http://${HOST}:${port}${path}`, { method });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** Also when the other side resets the connection. */
function untilClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => {}).on('close', () => resolve());
    socket.resume();
  });
}

describe('probes', () => {
  test('metrics, health and readiness are served', async () => {
    let reasons: readonly string[] = ['connecting', 'no Applications listed'];
    await using probes = await start({ ready: () => ({ ok: reasons.length === 0, reasons }) });
    const metrics = await ask(probes.port, '/metrics?x=1');
    assert.equal(metrics.status, 200);
    assert.match(metrics.headers.get('content-type') ?? '', /version=0\.0\.4/);
    assert.match(metrics.text, /# TYPE argocd_app_sync_total counter/);
    assert.equal((await ask(probes.port, '/healthz')).text, 'ok\n');
    const waiting = await ask(probes.port, '/readyz');
    assert.equal(waiting.status, 503);
    assert.equal(waiting.text, 'connecting\nno Applications listed\n');
    reasons = [];
    assert.equal((await ask(probes.port, '/readyz')).status, 200);
  });

  test('other paths and methods are refused', async () => {
    await using probes = await start();
    assert.equal((await ask(probes.port, '/')).status, 404);
    assert.equal((await ask(probes.port, '/metrics/x')).status, 404);
    const post = await ask(probes.port, '/metrics', 'POST');
    assert.equal(post.status, 405);
    assert.equal(post.headers.get('allow'), 'GET, HEAD');
    const head = await ask(probes.port, '/metrics', 'HEAD');
    assert.deepEqual([head.status, head.text], [200, '']);
  });

  test('a failure of what is asked answers 500 and the next request works', async () => {
    await using probes = await start({
      ready: () => {
        throw new Error('odd');
      },
    });
    const { status, text } = await ask(probes.port, '/readyz');
    assert.deepEqual([status, text], [500, 'odd\n']);
    assert.equal((await ask(probes.port, '/healthz')).status, 200);
  });

  test('headers that are too long are refused', async () => {
    await using probes = await start();
    const headers = { 'x-long': 'x'.repeat(20_000) };
    const response = await fetch(`http://${HOST}:${probes.port}/healthz`, { headers });
    assert.equal(response.status, 431);
  });

  test('a port that is taken is named', async () => {
    await using probes = await start();
    await assert.rejects(start({ port: probes.port }), (error: unknown) => {
      assert.ok(hasCode(error, 'InvalidConfig'));
      assert.match(error.message, new RegExp(`${probes.port}: cannot listen .*EADDRINUSE`));
      return true;
    });
  });

  test('disposing closes idle and half-open connections, and may be repeated', async () => {
    const probes = await start();
    const idle = connect(probes.port, HOST);
    const halfOpen = connect(probes.port, HOST);
    await Promise.all([once(idle, 'connect'), once(halfOpen, 'connect')]);
    idle.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    halfOpen.write('GET /healthz HTTP/1.1\r\n');
    await once(idle, 'data');
    const closed = Promise.all([idle, halfOpen].map(untilClosed));
    await probes[Symbol.asyncDispose]();
    await closed;
    await probes[Symbol.asyncDispose]();
    await assert.rejects(fetch(`http://${HOST}:${probes.port}/healthz`));
  });
});
