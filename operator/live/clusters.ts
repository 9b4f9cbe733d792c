import { TiphysError, toTiphysError } from '../core/errors.ts';
import { canonicalJson, isJsonObject } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Cluster, ClusterEntry, Clusters } from '../ports/clusters.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import type { Logger } from '../ports/telemetry.ts';
import { createSingleFlight } from '../runtime/single-flight.ts';
import type { StartableLiveState } from './live-state.ts';
import { createObjectTypes } from './object-types.ts';

/** Somebody wants the cluster listed anew. */
const REFRESH = 'argocd.argoproj.io/refresh';

export const IN_CLUSTER_SERVER = 'https://kubernetes.default.svc';

export interface ClustersOptions {
  readonly config: ConfigStore;
  /** The cluster that Tiphys itself talks to; the destination `https://kubernetes.default.svc`. */
  readonly inCluster: KubeClient;
  /** A client for a cluster secret. Errors: `InvalidConfig` when the secret cannot be used. */
  readonly connect: (secret: KubeObject) => KubeClient & AsyncDisposable;
  readonly createLive: (
    client: KubeClient,
    scope: { readonly namespaces: readonly string[]; readonly clusterResources: boolean },
  ) => StartableLiveState;
  readonly clock: Clock;
  readonly logger: Logger;
  /** After a failed connection, the next attempt is made this much later. Default 10 s. */
  readonly retryMs?: number;
}

interface Registered extends ClusterEntry {
  readonly secret: KubeObject | undefined;
  /** Changes when the secret's content does. */
  readonly fingerprint: string;
}

interface Connection {
  readonly fingerprint: string;
  readonly cluster: Cluster;
  readonly stack: AsyncDisposableStack;
}

/**
 * The clusters of a control plane: one implicit, the others from cluster secrets. Each is connected
 * and listed on first use, fails alone, and is connected anew when its secret changes.
 */
export function createClusters(options: ClustersOptions): Clusters & AsyncDisposable {
  const { config, clock, logger } = options;
  const retryMs = options.retryMs ?? 10_000;
  const connections = new Map<string, Connection>();
  const failures = new Map<string, { readonly error: TiphysError; readonly untilMs: number }>();
  const flights = createSingleFlight();
  const connectedListeners = new Set<(cluster: Cluster) => void>();
  const entryListeners = new Set<() => void>();
  const stop = new AbortController();
  const watching = config.onChange(onConfig);
  let entries = readEntries();

  function readEntries(): readonly Registered[] {
    const fromSecrets = config.secretsOfType('cluster').map(readEntry);
    if (fromSecrets.some(({ server }) => server === IN_CLUSTER_SERVER)) return fromSecrets;
    const data = config.configMap('argocd-cm')?.['data'];
    if ((data as Record<string, unknown> | undefined)?.['cluster.inClusterEnabled'] === 'false')
      return fromSecrets;
    const implicit = {
      name: 'in-cluster',
      server: IN_CLUSTER_SERVER,
      project: undefined,
      labels: {},
    };
    return [{ ...implicit, secret: undefined, fingerprint: '' }, ...fromSecrets];
  }

  function onConfig(object: KubeObject): void {
    if (object.kind === 'ConfigMap' && object.metadata.name !== 'argocd-cm') return;
    const before = entries;
    entries = readEntries();
    const changed =
      before.length !== entries.length ||
      before.some((entry, index) => entries[index]?.fingerprint !== entry.fingerprint);
    if (!changed) return;
    for (const [server, { fingerprint, stack }] of connections) {
      if (entries.some((e) => e.server === server && e.fingerprint === fingerprint)) continue;
      connections.delete(server);
      stack
        .disposeAsync()
        .catch((error: unknown) =>
          logger.warn({ cluster: server, err: error }, 'closing a cluster connection failed'),
        );
    }
    failures.clear();
    for (const listener of entryListeners) listener();
  }

  async function open(entry: Registered, signal: AbortSignal): Promise<Cluster> {
    await using stack = new AsyncDisposableStack();
    const client =
      entry.secret === undefined || borrowsInCluster(entry.secret)
        ? options.inCluster
        : stack.use(options.connect(entry.secret));
    const scope = scopeOf(entry.secret);
    const live = stack.use(options.createLive(client, scope));
    const version = await client.version(signal);
    await live.start(signal);
    const cluster: Cluster = {
      name: entry.name,
      server: entry.server,
      project: entry.project,
      ...scope,
      version,
      listedAtMs: clock.now(),
      client,
      live,
      types: createObjectTypes({ client, catalogue: () => live.catalogue, logger }),
    };
    // The secret may have changed while the cluster was listed.
    if (!entries.some(({ fingerprint }) => fingerprint === entry.fingerprint)) {
      throw new TiphysError(
        'KubeUnreachable',
        `cluster "${entry.server}" changed while connecting`,
      );
    }
    connections.set(entry.server, {
      fingerprint: entry.fingerprint,
      cluster,
      stack: stack.move(),
    });
    logger.info({ cluster: entry.server, version }, 'cluster connected');
    for (const listener of connectedListeners) listener(cluster);
    return cluster;
  }

  async function connect(server: string, signal: AbortSignal): Promise<Cluster> {
    const known = connections.get(server);
    if (known !== undefined) return known.cluster;
    const entry = entries.find((candidate) => candidate.server === server);
    if (entry === undefined)
      throw new TiphysError('DestinationUnknown', `cluster "${server}" is not registered`);
    const failed = failures.get(server);
    if (failed !== undefined && failed.untilMs > clock.monotonic()) throw failed.error;
    try {
      const cluster = await flights.run(
        server,
        (shared) => open(entry, AbortSignal.any([shared, stop.signal])),
        signal,
      );
      failures.delete(server);
      return cluster;
    } catch (error) {
      signal.throwIfAborted();
      const failure = toTiphysError(error);
      failures.set(server, { error: failure, untilMs: clock.monotonic() + retryMs });
      throw failure;
    }
  }

  return {
    get entries() {
      return entries;
    },
    connect,
    connected: (server) => connections.get(server)?.cluster,
    onConnected(listener) {
      connectedListeners.add(listener);
      for (const { cluster } of connections.values()) listener(cluster);
      return { [Symbol.dispose]: () => void connectedListeners.delete(listener) };
    },
    onEntriesChanged(listener) {
      entryListeners.add(listener);
      return { [Symbol.dispose]: () => void entryListeners.delete(listener) };
    },
    async [Symbol.asyncDispose]() {
      watching[Symbol.dispose]();
      stop.abort(new Error('shutdown'));
      await Promise.all([...connections.values()].map(({ stack }) => stack.disposeAsync()));
      connections.clear();
    },
  };
}

function field(secret: KubeObject, name: string): string {
  const data = secret['data'] as Record<string, unknown> | undefined;
  const value = data?.[name];
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8').trim() : '';
}

/**
 * A secret that names or scopes the cluster Tiphys runs in, without credentials of its own: Tiphys'
 * own are used.
 */
export function borrowsInCluster(secret: KubeObject): boolean {
  if (field(secret, 'server').replace(/\/+$/, '') !== IN_CLUSTER_SERVER) return false;
  let config: unknown;
  try {
    config = JSON.parse(field(secret, 'config') || '{}');
  } catch {
    return false; // connecting says what is wrong with it
  }
  if (!isJsonObject(config)) return false;
  const tls = isJsonObject(config['tlsClientConfig']) ? config['tlsClientConfig'] : {};
  const { bearerToken, username, execProviderConfig, awsAuthConfig } = config;
  const own = [bearerToken, username, execProviderConfig, awsAuthConfig, tls['certData']];
  return own.every((value) => value === undefined || value === null || value === '');
}

function readEntry(secret: KubeObject): Registered {
  const server = field(secret, 'server').replace(/\/+$/, '');
  const name = field(secret, 'name');
  const project = field(secret, 'project');
  return {
    name: name === '' ? server : name,
    server,
    project: project === '' ? undefined : project,
    labels: secret.metadata.labels ?? {},
    secret,
    fingerprint: canonicalJson([
      secret['data'] ?? null,
      secret.metadata.annotations?.[REFRESH] ?? '',
    ]),
  };
}

function scopeOf(secret: KubeObject | undefined): {
  readonly namespaces: readonly string[];
  readonly clusterResources: boolean;
} {
  if (secret === undefined) return { namespaces: [], clusterResources: true };
  const namespaces = field(secret, 'namespaces')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return { namespaces, clusterResources: field(secret, 'clusterResources') === 'true' };
}
