import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { createVirtualClock } from '../operator/index.ts';
import { type ControlPlane, NOBODY } from '../operator/services/index.ts';
import { silentLogger } from '../operator/telemetry/silent.ts';
import { createTerminalServer } from './terminal.ts';

const HEAD = { apiVersion: 'argoproj.io/v1alpha1' };
const QUERY = 'pod=web-1&container=web&namespace=shop&appName=shop&projectName=default';

/** A shell that says what is typed, and ends with `exit`. */
function shell(onOutput: (chunk: Buffer) => void, signal: AbortSignal) {
  const ended = Promise.withResolvers<{ ok: boolean; message: string }>();
  signal.addEventListener('abort', () => ended.resolve({ ok: false, message: 'aborted' }));
  const session = {
    disposed: 0,
    ended: ended.promise,
    write(text: string) {
      onOutput(Buffer.from(text));
      if (text === 'exit') ended.resolve({ ok: true, message: '' });
    },
    resize() {},
    pause() {},
    resume() {},
    [Symbol.dispose]() {
      session.disposed += 1;
    },
  };
  return session;
}

/** A server of terminals for one Pod that anybody may enter who shows a cookie. */
async function serve() {
  const stop = new AbortController();
  const shells: ReturnType<typeof shell>[] = [];
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-1', namespace: 'shop' } };
  const pod = { ...object, spec: { containers: [{ name: 'web' }] } };
  const destination = { server: 'https://kubernetes.default.svc', namespace: 'shop' };
  const app = {
    ...{ ...HEAD, kind: 'Application', metadata: { name: 'shop', namespace: 'argocd' } },
    spec: { project: 'default', source: { repoURL: 'https://git.test/shop' }, destination },
  };
  const project = { ...HEAD, kind: 'AppProject', metadata: { name: 'default' }, spec: {} };
  const cluster = {
    live: { catalogue: { find: () => ({ kind: 'Pod' }), findKind: () => undefined } },
    client: {
      async exec(
        _address: unknown,
        { onOutput }: { readonly onOutput: (chunk: Buffer) => void },
        signal: AbortSignal,
      ) {
        const session = shell(onOutput, signal);
        shells.push(session);
        return session;
      },
    },
  };
  const controlPlane = {
    ports: {
      apps: { get: () => app, read: async () => app },
      projects: { get: () => project },
      projectSettings: () => ({ globalProjects: [], impersonation: false }),
      access: { decide: () => ({ allowed: true }) },
      config: { configMap: () => ({ data: { 'exec.enabled': 'true', 'exec.shells': 'sh' } }) },
      logger: silentLogger,
    },
    settings: { namespace: 'argocd', applicationNamespaces: [] },
    views: {
      deployed: async () => ({ cluster, objects: new Map([['/Pod/shop/web-1', pod]]) }),
    },
  } as unknown as ControlPlane;
  const server = createServer();
  server.on(
    'upgrade',
    createTerminalServer({
      ...{ controlPlane, rootPath: '', clock: createVirtualClock(), logger: silentLogger },
      authenticator: {
        authenticate: async () => ({ requester: { ...NOBODY, username: 'ann' } }),
      },
      stopping: stop.signal,
    }),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ stop, shells },
    listeners: () => getEventListeners(stop.signal, 'abort').length,
    async open() {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/terminal?${QUERY}`, {
        headers: { cookie: 'argocd.token=a.b.c' },
      });
      await once(socket, 'open');
      return socket;
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('shutdown'));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const type = (socket: WebSocket, data: string): void =>
  socket.send(JSON.stringify({ operation: 'stdin', data }));

describe('a server of terminals', { timeout: 20_000 }, () => {
  test('keeps nothing of the terminals that are over, however they ended', async () => {
    await using served = await serve();
    const before = served.listeners();
    for (let nth = 0; nth < 3; nth += 1) {
      const ended = await served.open();
      type(ended, 'exit');
      const [code] = await once(ended, 'close');
      assert.equal(code, 1000);
      const left = await served.open();
      type(left, 'hello');
      const [frame] = (await once(left, 'message')) as [Buffer];
      assert.deepEqual(JSON.parse(String(frame)), { operation: 'stdout', data: 'hello' });
      left.close();
      await once(left, 'close');
      const wrong = await served.open();
      wrong.send('no frame');
      await once(wrong, 'close');
    }
    await until(() => served.shells.every(({ disposed }) => disposed > 0));
    assert.equal(served.shells.length, 9);
    assert.equal(served.listeners(), before);
  });

  test('ends those that are open when the server stops', async () => {
    await using served = await serve();
    const sockets = [await served.open(), await served.open()];
    await until(() => served.shells.length === 2);
    const closed = Promise.all(sockets.map((socket) => once(socket, 'close')));
    served.stop.abort(new Error('shutdown'));
    assert.deepEqual(
      (await closed).map(([code]) => code as number),
      [1001, 1001],
    );
    assert.equal(served.listeners(), 0);
  });
});

/** Waits until it is so; the time limit of the tests ends it otherwise. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}
