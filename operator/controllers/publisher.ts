import { appKey, type AppKey } from '../core/app/app-key.ts';
import { instanceName } from '../core/app/names.ts';
import type { Application } from '../core/app/types.ts';
import { createHealthJudge } from '../engine/health-judge.ts';
import { findDestination } from '../engine/admit.ts';
import type {
  ComparedForFront,
  ComparisonSink,
  EnginePorts,
  EngineSettings,
} from '../engine/ports.ts';
import { findDeployed, rememberRequests } from '../engine/views/deployed.ts';
import { showCompared } from '../engine/views/managed-resources.ts';
import { parseApplication } from '../core/app/parse.ts';
import type { ClusterEntry, Clusters } from '../ports/clusters.ts';
import type { FrontSide, PublishedCluster } from '../ports/front-side.ts';
import type { LiveEvent } from '../ports/live-state.ts';
import { createController } from '../runtime/controller.ts';
import { sha256 } from '../runtime/hash.ts';

export interface PublisherOptions {
  readonly ports: EnginePorts;
  readonly settings: EngineSettings;
  readonly front: FrontSide;
  /** Labels that are shown in a tree, as of now. */
  readonly customLabels: () => readonly string[];
}

/** Tells the front side of Argo CD what is compared; built idle. Disposing ends it and the front side's connection. */
export interface Publisher extends ComparisonSink, AsyncDisposable {
  start(): void;
}

interface Known {
  readonly found: ComparedForFront;
  /** Of what was written last. */
  readonly hash: string;
  readonly writtenAtMs: number;
  readonly uids: readonly string[];
}

const WORKERS = 2;
/** Changes of objects that come closer together are one tree. */
const COALESCE_MS = 500;
/** Who waits for a refresh waits no longer than this for Redis. */
const SETTLE_MS = 3_000;
const CLUSTERS_MS = 10_000;
/** The connection is made while the first entries are. */
const CONNECTING_MS = 1_000;

/**
 * Publishes every comparison whose result changed, the tree again when an object of it changes, and all
 * again before it expires; the state of each cluster every ten seconds.
 *
 * Guarantees: no pass waits for it, but for one that was asked for by a refresh annotation, and that for at
 * most three seconds; a front side that cannot be reached is told of in the log once, and tried again.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const { ports, settings, front, customLabels } = options;
  const { clock, clusters, logger } = ports;
  const health = createHealthJudge(ports.scripts, ports.resources);
  const requestsOf = rememberRequests();
  const pending = new Map<AppKey, ComparedForFront>();
  const known = new Map<AppKey, Known>();
  const owners = new Map<string, AppKey>();
  const waiting = new Map<AppKey, Set<() => void>>();
  const subscriptions = new DisposableStack();
  const stop = new AbortController();
  const renewMs = front.applicationTtlMs / 2;
  /** Those that were never compared. */
  const failing = new Map<AppKey, Application>();
  let isAway = false;
  const begunAtMs = clock.monotonic();
  let clusterLoop: Promise<void> | undefined;

  const controller = createController<AppKey>({
    name: 'publisher',
    ...{ clock, workers: WORKERS },
    async reconcile(key, signal) {
      try {
        const result = await publish(key, signal);
        isAway = false;
        return result ? { type: 'requeue', afterMs: renewMs } : { type: 'done' };
      } finally {
        for (const resolve of waiting.get(key) ?? []) resolve();
        waiting.delete(key);
      }
    },
    onError(key, error) {
      tellFailure(error, { app: key });
    },
    retry: { minMs: 1_000, maxMs: 60_000 },
  });

  function tellFailure(error: unknown, fields: object): void {
    if (clock.monotonic() - begunAtMs < CONNECTING_MS) return; // it is tried again
    if (!isAway)
      logger.warn(
        { ...fields, err: error },
        'the front side of Argo CD cannot be told what is new',
      );
    isAway = true;
  }

  const instanceOf = ({ metadata }: Application): string =>
    instanceName(metadata, settings.namespace);

  async function publish(key: AppKey, signal: AbortSignal): Promise<boolean> {
    const before = known.get(key);
    const found = pending.get(key) ?? before?.found;
    if (found === undefined) {
      const failed = failing.get(key);
      if (failed === undefined) return false;
      // An entry without anything tells that there is nothing to wait for.
      await front.application({ instance: instanceOf(failed), managed: [], tree: {} });
      return true;
    }
    const { app, project } = found;
    const deps = { ports, settings, health, customLabels, requestsOf };
    const managed = await showCompared(found, { ...deps, foresight: 'local' }, signal);
    const { tree, objects } = await findDeployed(app, project, deps, signal);
    const hash = sha256(JSON.stringify([managed, tree]));
    const now = clock.monotonic();
    const isOld = before === undefined || now - before.writtenAtMs >= renewMs;
    if (isOld || found.forced || before.hash !== hash) {
      await front.application({ instance: instanceOf(app), managed, tree });
      const uids = [...objects.values()].flatMap(({ metadata }) => metadata.uid ?? []);
      for (const uid of before?.uids ?? []) owners.delete(uid);
      for (const uid of uids) owners.set(uid, key);
      known.set(key, { found: { ...found, forced: false }, hash, writtenAtMs: now, uids });
    } else known.set(key, { ...before, found });
    if (pending.get(key) === found) pending.delete(key);
    return true;
  }

  function forget(key: AppKey): void {
    for (const uid of known.get(key)?.uids ?? []) owners.delete(uid);
    known.delete(key);
    pending.delete(key);
    failing.delete(key);
  }

  function onLive({ object }: LiveEvent): void {
    const owned = (object.metadata.ownerReferences ?? []).map(({ uid }) => uid);
    for (const uid of [object.metadata.uid ?? '', ...owned]) {
      const key = owners.get(uid);
      if (key !== undefined) controller.enqueue(key, { afterMs: COALESCE_MS, priority: -1 });
    }
  }

  async function tellClusters(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        for (const entry of clusters.entries)
          await front.cluster(entry.server, infoOf(entry, applicationsIn(entry)));
      } catch (error) {
        if (signal.aborted) return;
        tellFailure(error, {});
      }
      try {
        await clock.sleep(CLUSTERS_MS, signal);
      } catch {
        return; // the end
      }
    }
  }

  function applicationsIn({ server }: ClusterEntry): number {
    return ports.apps.list().filter((raw) => {
      const parsed = parseApplication(raw);
      return parsed.type === 'ok' && serverOf(parsed.application, clusters) === server;
    }).length;
  }

  function infoOf({ server }: ClusterEntry, applicationsCount: number): PublishedCluster {
    const cluster = clusters.connected(server);
    const attemptedAt = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    if (applicationsCount === 0 || cluster === undefined) {
      const message =
        applicationsCount === 0
          ? 'Cluster has no applications and is not being monitored.'
          : 'Cluster is not connected yet.';
      const connectionState = { status: 'Unknown', message, attemptedAt } as const;
      return { connectionState, cacheInfo: {}, applicationsCount };
    }
    const { catalogue, size } = cluster.live;
    const { listedAtMs } = cluster;
    return {
      connectionState: { status: 'Successful', message: '', attemptedAt },
      serverVersion: cluster.version.replace(/^v?(\d+\.\d+).*$/, '$1'),
      cacheInfo: {
        resourcesCount: size,
        apisCount: catalogue.resources.filter(({ preferred }) => preferred).length,
        ...(listedAtMs !== undefined && {
          lastCacheSyncTime: new Date(listedAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
        }),
      },
      applicationsCount,
      apiVersions: catalogue.apiVersions,
    };
  }

  return {
    compared(found) {
      const key = keyOf(found.app);
      const forced = found.forced || pending.get(key)?.forced === true;
      pending.set(key, { ...found, forced });
      failing.delete(key);
      controller.enqueue(key);
    },
    failed(app) {
      const key = keyOf(app);
      const before = pending.get(key) ?? known.get(key)?.found;
      if (before === undefined) failing.set(key, app);
      else pending.set(key, { ...before, forced: true });
      controller.enqueue(key);
    },
    async settled(key, signal) {
      if (!pending.has(key) && !failing.has(key)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const list = waiting.get(key) ?? new Set();
      waiting.set(key, list.add(resolve));
      const enough = new AbortController();
      const sleep = clock.sleep(SETTLE_MS, AbortSignal.any([signal, enough.signal]));
      sleep.catch(() => undefined);
      await Promise.race([promise, sleep]);
      enough.abort(new Error('it is written'));
    },
    start() {
      subscriptions.use(
        clusters.onConnected((cluster) => subscriptions.use(cluster.live.subscribe(onLive))),
      );
      subscriptions.use(
        ports.apps.onChange(({ type, key }) => {
          if (type === 'deleted') forget(key);
        }),
      );
      controller.start();
      clusterLoop = tellClusters(stop.signal);
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('shutdown'));
      subscriptions.dispose();
      await controller[Symbol.asyncDispose]();
      await clusterLoop;
      await front[Symbol.asyncDispose]();
    },
  };
}

const keyOf = ({ metadata }: Application): AppKey => appKey(metadata.namespace, metadata.name);

function serverOf(app: Application, clusters: Clusters): string | undefined {
  const destination = findDestination(app, clusters.entries);
  return destination.type === 'found' ? destination.entry.server : undefined;
}
