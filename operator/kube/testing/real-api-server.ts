import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { resolveBinaries } from '../../../e2e/controlplane/binaries.ts';
import { progressToStderr } from '../../../e2e/controlplane/tool-cache.ts';
import type { KubeConnection } from '../connection.ts';

const BUILD_LIMIT_MS = 20 * 60_000;

/** A real etcd and kube-apiserver on free ports of loopback; disposing ends both and removes their files. */
export interface RealApiServer extends AsyncDisposable {
  readonly server: string;
  readonly port: number;
  readonly ca: string;
  /** A token of the group `system:masters`. */
  readonly adminToken: string;
  /** A token of the user `nobody`, who has no rights beyond discovery. */
  readonly nobodyToken: string;
  readonly etcdPort: number;
  connection(token?: string): KubeConnection;
  /** Ends the API server with SIGKILL; etcd stays. */
  kill(): Promise<void>;
  /** Starts the API server again on the same port and resolves when it is ready. */
  restart(): Promise<void>;
  /** Forgets all history in etcd, so that old resource versions are gone. */
  compact(): Promise<void>;
}

/** Resolves when `/readyz` answers ok: three seconds, or minutes where the programs are built first. */
export async function startRealApiServer(): Promise<RealApiServer> {
  const binaries = await resolveBinaries({
    env: process.env,
    components: ['etcd', 'kube-apiserver'],
    log: progressToStderr,
    signal: AbortSignal.timeout(BUILD_LIMIT_MS),
  });
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-kube-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const [etcdPort, peerPort, port] = await freePorts(3);
  const adminToken = crypto.randomUUID();
  const nobodyToken = crypto.randomUUID();
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  await mkdir(join(folder, 'certs'));
  await writeFile(join(folder, 'sa.key'), keys.privateKey);
  await writeFile(
    join(folder, 'tokens.csv'),
    `${adminToken},admin,admin,system:masters\n${nobodyToken},nobody,nobody,\n`,
  );

  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const etcd = run(binaries.etcd, folder, 'etcd', [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    '--unsafe-no-fsync',
    '--log-level=error',
  ]);
  cleanup.defer(() => end(etcd));

  const server = `https://127.0.0.1:${port}`;
  let apiServer: ChildProcess | undefined;
  cleanup.defer(() => end(apiServer));
  const start = async () => {
    apiServer = run(binaries['kube-apiserver'], folder, 'kube-apiserver', [
      `--etcd-servers=${etcdUrl}`,
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      `--cert-dir=${join(folder, 'certs')}`,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      `--service-account-key-file=${join(folder, 'sa.key')}`,
      `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--service-cluster-ip-range=10.0.0.0/24',
      '--disable-admission-plugins=ServiceAccount',
      '--endpoint-reconciler-type=none',
      '--shutdown-delay-duration=0s',
    ]);
    await ready(server, adminToken, apiServer);
  };
  await start();

  const ca = await readFile(join(folder, 'certs', 'apiserver.crt'), 'utf8');
  const owned = cleanup.move();
  return {
    server,
    port,
    ca,
    adminToken,
    nobodyToken,
    etcdPort,
    connection: (token = adminToken) => ({ server, ca, token }),
    kill: () => end(apiServer),
    restart: start,
    compact: () => compact(etcdUrl),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Compacts through etcd's JSON gateway, up to its newest revision. */
async function compact(etcdUrl: string): Promise<void> {
  const post = async (path: string, body: object) => {
    const answer = await request(`${etcdUrl}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return (await answer.body.json()) as { header?: { revision?: string } };
  };
  const range = await post('/v3/kv/range', { key: Buffer.from('none').toString('base64') });
  await post('/v3/kv/compaction', { revision: range.header?.revision, physical: true });
}

function run(
  [program, ...first]: readonly [string, ...string[]],
  folder: string,
  name: string,
  args: readonly string[],
): ChildProcess {
  const log = openSync(join(folder, `${name}.log`), 'a');
  return spawn(program, [...first, ...args], { stdio: ['ignore', log, log], cwd: folder });
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

async function ready(server: string, token: string, child: ChildProcess): Promise<void> {
  const dispatcher = new Agent({ allowH2: false, connect: { rejectUnauthorized: false } });
  try {
    for (let attempt = 0; attempt < 300; attempt += 1) {
      if (child.exitCode !== null) throw new Error(`kube-apiserver ended with ${child.exitCode}`);
      const status = await request(`${server}/readyz`, {
        dispatcher,
        headers: { authorization: `Bearer ${token}` },
      }).then(
        async (answer) => {
          await answer.body.dump();
          return answer.statusCode;
        },
        () => 0, // not listening yet
      );
      if (status === 200) return;
      await sleep(100);
    }
  } finally {
    await dispatcher.destroy();
  }
  throw new Error('kube-apiserver was not ready within 30 s');
}

async function freePorts(count: number): Promise<[number, number, number]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(
    servers.map((server) => new Promise((resolve) => server.close(() => resolve(undefined)))),
  );
  return [ports[0] ?? 0, ports[1] ?? 0, ports[2] ?? 0];
}
