import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUDIT_POLICY, type AuditedWrite, readAuditLog } from './audit-log.ts';
import { type Component, COMPONENTS, resolveBinaries } from './binaries.ts';
import { type CertificateAndKey, createClientAuthority } from './certificates.ts';
import { Cluster, compactHistory } from './cluster.ts';
import type { Layout } from './components.ts';
import { freePort } from './free-port.ts';
import { createKubeRequester } from './kube-request.ts';
import { kubeconfigText, webhookConfigText } from './kubeconfig.ts';
import { writeContainerLogs } from './container-logs.ts';
import { kwokConfigText } from './stages.ts';
import { startSupervised } from './supervised.ts';
import { userFile } from './token-webhook.ts';
import { type Environment, type Progress, progressToStderr } from './tool-cache.ts';
import { monotonicMs } from './waiting.ts';

/** A Kubernetes cluster of one's own: etcd, the API server, and what was asked for beside them. */
export interface ControlPlane extends AsyncDisposable {
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** Of the administrator, with a bearer token; a file of this text is at `kubeconfigPath`. */
  readonly kubeconfig: string;
  readonly kubeconfigPath: string;
  readonly adminToken: string;
  /** PEM of the authority that signed the API server's certificate. */
  readonly ca: string;
  /** Folder of this control plane; gone after disposal unless the logs are kept. */
  readonly dir: string;
  /** Folder with `<component>.log`. */
  readonly logs: string;
  /** What runs now, by component, and `supervisor`. */
  readonly pids: Readonly<Record<string, number>>;
  /** From the call to the last component being ready. */
  readonly startedInMs: number;
  /** A kubeconfig of a new user who may do what RBAC lets that name and these groups do. */
  user(name: string, groups?: readonly string[]): Promise<string>;
  /** A certificate that logs in as this user; what it may do is up to RBAC. */
  clientCertificate(user: string, groups?: readonly string[]): CertificateAndKey;
  /** Ends the API server, as an outage does; the other components keep trying. */
  stopApiServer(): Promise<void>;
  /** Starts it again on the same port, with the same certificate and data; resolves when ready. */
  startApiServer(signal: AbortSignal): Promise<void>;
  /**
   * Forgets the history of all objects. The API server still serves old resource versions from
   * memory: after a restart it answers 410 Gone to watches from before.
   */
  compactHistory(): Promise<void>;
  /**
   * What the API server has written into its audit log: every write by anybody, in the order of
   * arrival. Only with the option `audit`.
   */
  auditedWrites(): Promise<readonly AuditedWrite[]>;
  /** Disposal then leaves the logs and says where they are. Call it when a test fails. */
  keepLogs(): void;
}

export interface ControlPlaneOptions {
  /** What runs beside etcd and the API server. Each is on unless switched off. */
  readonly components?: {
    readonly controllerManager?: boolean;
    readonly scheduler?: boolean;
    /** Also makes the one node, on which Pods live as `stages.ts` says. */
    readonly kwok?: boolean;
  };
  /** The API server then keeps an audit log of all writes. Default false. */
  readonly audit?: boolean;
  readonly signal: AbortSignal;
  /** Same as calling `keepLogs()` at once. Default false. */
  readonly keepLogs?: boolean;
  /** Default: the environment of this process. */
  readonly env?: Environment;
  /** Default: lines on the standard error. */
  readonly log?: Progress;
}

const START_TIMEOUT_MS = 120_000;

/**
 * Starts a control plane on free ports of 127.0.0.1 and waits until Pods can be made.
 *
 * Lifetime: disposing ends every process at once and removes the data. The same happens when this
 * process dies in any way, also by SIGKILL. Several can run beside each other.
 * Errors: `MissingToolError` when programs can be neither found nor built; after two minutes what it
 * still waits for;
 * a component that ends early is named with the last lines of its log.
 * Cancellation: everything that was started is ended before the call rejects.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const log = options.log ?? progressToStderr;
  const wanted = wantedComponents(options);
  const binaries = await resolveBinaries({
    env: options.env ?? process.env,
    components: wanted,
    log,
    signal: options.signal,
  });
  const startedMs = monotonicMs();
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(START_TIMEOUT_MS)]);
  await using undo = new AsyncDisposableStack();

  const dir = await mkdtemp(join(tmpdir(), 'tiphys-cluster-'));
  let keepLogs = options.keepLogs ?? false;
  undo.defer(async () => {
    if (keepLogs) log(`the logs of the control plane are in ${join(dir, 'logs')}`);
    else await rm(dir, { recursive: true, force: true });
  });
  const layout = await layOut(dir, wanted, options.audit === true);
  const clients = createClientAuthority();
  await writeFile(layout.clientCaFile, clients.certificate);
  const supervised = undo.use(await startSupervised(join(dir, 'users'), layout.dataDir));
  await writeFile(layout.webhookConfig, webhookConfigText(supervised.webhookUrl));

  const cluster = new Cluster(layout, binaries, supervised, join(dir, 'logs'));
  const adminToken = await readAdminToken(layout);
  const server = `https://127.0.0.1:${layout.apiServerPort}`;
  let ca: string;
  let kubeconfig: string;
  try {
    await cluster.startStore(signal);
    ca = await cluster.certificateAuthority(signal);
    kubeconfig = kubeconfigText({ server, ca, token: adminToken, user: 'admin' });
    await writeFile(layout.caFile, ca);
    await writeFile(layout.kubeconfigPath, kubeconfig, { mode: 0o600 });
    await using api = createKubeRequester({ server, ca, token: adminToken });
    await cluster.untilReady(api, signal);
    await cluster.startRest(wanted, api, signal);
  } catch (error) {
    keepLogs ||= !options.signal.aborted;
    throw error;
  }

  const running = undo.move();
  return {
    server,
    kubeconfig,
    kubeconfigPath: layout.kubeconfigPath,
    adminToken,
    ca,
    dir,
    logs: join(dir, 'logs'),
    get pids() {
      return { ...Object.fromEntries(supervised.pids), supervisor: supervised.pid };
    },
    startedInMs: Math.round(monotonicMs() - startedMs),
    clientCertificate: (user, groups = []) => clients.issue(user, groups),
    user: (name, groups = []) => addUser({ server, ca, dir }, name, groups),
    stopApiServer: () => supervised.stop('kube-apiserver', 'SIGKILL'),
    async startApiServer(signal) {
      cluster.start('kube-apiserver');
      await using api = createKubeRequester({ server, ca, token: adminToken });
      await cluster.untilReady(api, signal);
    },
    compactHistory: () => compactHistory(layout.etcdPort),
    async auditedWrites() {
      if (layout.audit === undefined) throw new Error('control plane: started without audit');
      return await readAuditLog(layout.audit.log);
    },
    keepLogs: () => {
      keepLogs = true;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/**
 * A new user of a running control plane, from any process that knows its folder.
 * Returns the kubeconfig; what the user may do is up to RBAC.
 */
export async function addUser(
  at: Pick<ControlPlane, 'server' | 'ca' | 'dir'>,
  name: string,
  groups: readonly string[],
): Promise<string> {
  const token = randomBytes(24).toString('base64url');
  await writeFile(userFile(join(at.dir, 'users'), token), JSON.stringify({ name, groups }));
  return kubeconfigText({ server: at.server, ca: at.ca, token, user: name });
}

function wantedComponents({ components = {} }: ControlPlaneOptions): readonly Component[] {
  const left: Readonly<Partial<Record<Component, boolean>>> = {
    'kube-controller-manager': components.controllerManager === false,
    'kube-scheduler': components.scheduler === false,
    kwok: components.kwok === false,
  };
  return COMPONENTS.filter((component) => left[component] !== true);
}

/** Ports, folders, keys and tokens: everything that exists before the first process. */
async function layOut(
  dir: string,
  wanted: readonly Component[],
  withAudit: boolean,
): Promise<Layout> {
  const layout: Layout = {
    etcdPort: await freePort(),
    etcdPeerPort: await freePort(),
    apiServerPort: await freePort(),
    dataDir: join(dir, 'data'),
    certDir: join(dir, 'data', 'certs'),
    serviceAccountKey: join(dir, 'data', 'service-account.key'),
    serviceAccountPublicKey: join(dir, 'data', 'service-account.pub'),
    tokenFile: join(dir, 'data', 'tokens.csv'),
    webhookConfig: join(dir, 'data', 'token-webhook.json'),
    kubeconfigPath: join(dir, 'kubeconfig.json'),
    kwokConfig: join(dir, 'data', 'kwok.yaml'),
    kubeletPort: await freePort(),
    caFile: join(dir, 'data', 'ca.crt'),
    clientCaFile: join(dir, 'data', 'client-ca.crt'),
    withControllerManager: wanted.includes('kube-controller-manager'),
    audit: withAudit
      ? { policy: join(dir, 'data', 'audit-policy.json'), log: join(dir, 'logs', 'audit.log') }
      : undefined,
  };
  for (const folder of ['data/certs', 'logs', 'users']) {
    await mkdir(join(dir, folder), { recursive: true, mode: 0o700 });
  }
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  await writeFile(layout.serviceAccountKey, keys.privateKey, { mode: 0o600 });
  await writeFile(layout.serviceAccountPublicKey, keys.publicKey);
  const adminToken = randomBytes(24).toString('base64url');
  await writeFile(layout.tokenFile, `${adminToken},admin,admin,system:masters\n`, { mode: 0o600 });
  await writeContainerLogs(layout.dataDir);
  await writeFile(layout.kwokConfig, kwokConfigText(layout));
  if (layout.audit !== undefined) await writeFile(layout.audit.policy, AUDIT_POLICY);
  return layout;
}

async function readAdminToken(layout: Layout): Promise<string> {
  const [token] = (await readFile(layout.tokenFile, 'utf8')).split(',');
  return token ?? '';
}
