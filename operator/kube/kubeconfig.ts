import type { RequestOptions } from 'node:https';
import type { Cluster, KubeConfig, User } from '@kubernetes/client-node';
import { TiphysError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { KubeConnection, TlsMaterial } from './connection.ts';

export interface KubeconfigOptions {
  /** Path of the kubeconfig file. */
  readonly path: string;
  /** Name of the context; default: the current one of the file. */
  readonly context?: string;
  readonly clock: Clock;
}

/** Credentials that come from a program or a file are looked at again after so long. */
const CREDENTIALS_AGE_MS = 10_000;
/** The kubelet renews a service account token long before it expires. */
const TOKEN_FILE_AGE_MS = 60_000;
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The connection that a context of a kubeconfig file describes: certificates, tokens, token files,
 * exec plugins and OIDC. Errors: `InvalidConfig` when the file cannot be read or names no cluster.
 */
export async function connectionFromKubeconfig(
  options: KubeconfigOptions,
): Promise<KubeConnection> {
  const { path, context } = options;
  const load = async (): Promise<KubeConfig> => {
    const config = await newKubeConfig();
    try {
      config.loadFromFile(path);
    } catch (cause) {
      throw new TiphysError('InvalidConfig', `kubeconfig ${path}: cannot be read`, { cause });
    }
    if (context !== undefined) config.setCurrentContext(context);
    return config;
  };
  const config = await load();
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const name = context ?? config.getCurrentContext() ?? '';
    throw new TiphysError('InvalidConfig', `kubeconfig ${path}: context "${name}" has no cluster`, {
      hint: 'Name a context of the file, or set its current-context.',
    });
  }
  return connectionOf(cluster, load, options.clock);
}

/** The connection of one cluster and user; program and file credentials included. */
export function connectionFromUser(cluster: Cluster, user: User, clock: Clock): KubeConnection {
  return connectionOf(
    cluster,
    async () => {
      const config = await newKubeConfig();
      config.loadFromClusterAndUser(cluster, user);
      return config;
    },
    clock,
  );
}

export interface InClusterOptions {
  /** `KUBERNETES_SERVICE_HOST` of the Pod. */
  readonly host: string;
  /** `KUBERNETES_SERVICE_PORT` of the Pod. */
  readonly port: string;
  readonly clock: Clock;
  /** Folder of the service account. Default: where Kubernetes mounts it. */
  readonly folder?: string;
}

/** The API server that a Pod runs under, with the Pod's service account. Errors: `InvalidConfig` without one. */
export async function connectionInCluster(options: InClusterOptions): Promise<KubeConnection> {
  const { host, port, clock, folder = SERVICE_ACCOUNT } = options;
  const { readFile } = await import('node:fs/promises');
  const read = (name: string) => readFile(`${folder}/${name}`, 'utf8');
  const tls = async (): Promise<TlsMaterial> => ({ ca: await read('ca.crt') });
  const token = cached(async () => (await read('token')).trim(), TOKEN_FILE_AGE_MS, clock);
  try {
    await Promise.all([tls(), token.get()]);
  } catch (cause) {
    throw new TiphysError('InvalidConfig', `service account in ${folder}: cannot be read`, {
      cause,
      hint: 'Run inside a Pod with a service account, or name a kubeconfig.',
    });
  }
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    token: token.get,
    forgetCredentials: token.forget,
    renewTls: tls,
  };
}

/** Loaded on first use: client-node is large, and most of what the library does needs none of it. */
async function newKubeConfig(): Promise<KubeConfig> {
  const { KubeConfig } = await import('./kube-config.ts');
  return new KubeConfig();
}

function connectionOf(
  cluster: Cluster,
  load: () => Promise<KubeConfig>,
  clock: Clock,
): KubeConnection {
  let config: Promise<KubeConfig> | undefined;
  const options = cached(
    async () => {
      config ??= load();
      const applied: RequestOptions = { headers: {} };
      await (await config).applyToHTTPSOptions(applied);
      return applied;
    },
    CREDENTIALS_AGE_MS,
    clock,
  );
  return {
    server: cluster.server.replace(/\/+$/, ''),
    ...(cluster.skipTLSVerify === true ? { insecure: true } : {}),
    ...(cluster.tlsServerName === undefined ? {} : { serverName: cluster.tlsServerName }),
    ...(cluster.proxyUrl === undefined ? {} : { proxyUrl: cluster.proxyUrl }),
    authorization: async () => authorizationOf(await options.get()),
    // client-node keeps credentials itself; a new configuration has forgotten them.
    forgetCredentials: () => {
      config = undefined;
      options.forget();
    },
    renewTls: async () => tlsOf(await options.get()),
  };
}

function authorizationOf({ headers, auth }: RequestOptions): string | undefined {
  const named = headers === undefined ? [] : Object.entries(headers);
  const header: unknown = named.find(([name]) => name === 'Authorization')?.[1];
  if (typeof header === 'string' && header !== '') return header;
  return typeof auth === 'string' ? `Basic ${Buffer.from(auth).toString('base64')}` : undefined;
}

function tlsOf({ ca, cert, key }: RequestOptions): TlsMaterial {
  return {
    ...(ca === undefined ? {} : { ca: pem(ca) }),
    ...(cert === undefined ? {} : { cert: pem(cert) }),
    ...(key === undefined ? {} : { key: pem(key) }),
  };
}

/** client-node hands out texts and buffers. */
function pem(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}

interface Cached<T> {
  get(): Promise<T>;
  forget(): void;
}

/** Keeps a value for so long; all who ask meanwhile share one attempt, and a failure is not kept. */
function cached<T>(obtain: () => Promise<T>, ageMs: number, clock: Clock): Cached<T> {
  let held: { readonly value: Promise<T>; readonly atMs: number } | undefined;
  return {
    get() {
      if (held !== undefined && clock.monotonic() - held.atMs < ageMs) return held.value;
      const entry = { value: obtain(), atMs: clock.monotonic() };
      held = entry;
      entry.value.catch(() => {
        if (held === entry) held = undefined;
      });
      return entry.value;
    },
    forget() {
      held = undefined;
    },
  };
}
