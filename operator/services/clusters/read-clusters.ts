import type { Requester } from '../../core/access/requester.ts';
import {
  parseClusterRecord,
  trimmedServer,
  type ClusterRecord,
} from '../../core/cluster/cluster-record.ts';
import { toTiphysError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { mapLimit } from '../../runtime/map-limit.ts';
import { withDeadline } from '../../runtime/deadline.ts';
import type { ControlPlane } from '../control-plane.ts';
import { bareRefusal, wholeSeconds } from '../enforce.ts';
import { textsOf } from '../../core/objects/object-texts.ts';
import { decodeBase64 } from '../own-objects.ts';
import type { ConnectionState } from '../repositories/connection.ts';

export const IN_CLUSTER: ClusterRecord = {
  name: 'in-cluster',
  server: 'https://kubernetes.default.svc',
  config: {},
  namespaces: [],
  clusterResources: false,
  shard: undefined,
  project: '',
  labels: {},
  annotations: {},
};

/** A registered cluster; the implicit one has no Secret. */
export interface RegisteredCluster {
  readonly record: ClusterRecord;
  readonly secret: KubeObject | undefined;
}

/** How a cluster stands, as far as it is known. */
export interface ClusterInfo {
  readonly connection: ConnectionState;
  /** Major and minor, such as `1.36`; empty when it is not known. */
  readonly version: string;
  /** Objects that are watched, and kinds; absent while it is not watched. */
  readonly cache?: {
    readonly objects: number;
    readonly kinds: number;
    readonly listedAt: string | null;
  };
  readonly apiVersions: readonly string[];
  readonly applications: number;
}

export interface ShownCluster extends RegisteredCluster {
  readonly info: ClusterInfo;
}

/** Which cluster somebody means. */
export interface ClusterName {
  readonly by: 'server' | 'name';
  readonly value: string;
}

/** All registered clusters, the implicit one among them unless it is switched off. */
export function registeredClusters({
  ports,
}: Pick<ControlPlane, 'ports'>): readonly RegisteredCluster[] {
  const clusters = ports.config
    .secretsOfType('cluster')
    .map((secret) => ({ secret, record: parseClusterRecord(secret, decodeBase64) }));
  const isOff =
    textsOf(ports.config.configMap('argocd-cm')).get('cluster.inClusterEnabled') === 'false';
  if (isOff || clusters.some(({ record }) => record.server === IN_CLUSTER.server)) return clusters;
  return [{ record: IN_CLUSTER, secret: undefined }, ...clusters];
}

/** Servers of all registered clusters, for checks that show nothing of it. */
export function registeredNames(controlPlane: Pick<ControlPlane, 'ports'>): readonly string[] {
  return registeredClusters(controlPlane).map(({ record }) => record.server);
}

/** How policies name a cluster. */
export function clusterObject({
  server,
  project,
}: Pick<ClusterRecord, 'server' | 'project'>): string {
  return project === '' ? server : `${project}/${server}`;
}

/**
 * The cluster that somebody means, if they may do `action` to it: one that is not there is refused as one
 * that is not theirs. Errors: `PermissionDenied`.
 */
export function findCluster(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ClusterName,
  action: string,
): RegisteredCluster {
  const found = registeredClusters(controlPlane).find(
    ({ record }) => isMeant(record, wanted) && mayDo(controlPlane, requester, record, action),
  );
  if (found === undefined) throw bareRefusal();
  return found;
}

/** The clusters that somebody may see, by name; `wanted` leaves out the others. */
export async function listClusters(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ClusterName | undefined,
  signal: AbortSignal,
): Promise<readonly ShownCluster[]> {
  const visible = registeredClusters(controlPlane)
    .filter(({ record }) => wanted === undefined || isMeant(record, wanted))
    .filter(({ record }) => mayDo(controlPlane, requester, record, 'get'))
    .sort(({ record: left }, { record: right }) => (left.name < right.name ? -1 : 1));
  return await mapLimit(
    visible,
    AT_ONCE,
    (cluster, stop) => withInfo(controlPlane, cluster, stop),
    signal,
  );
}

/** Errors as `findCluster`. */
export async function getCluster(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ClusterName,
  signal: AbortSignal,
): Promise<ShownCluster> {
  const found = findCluster(controlPlane, requester, wanted, 'get');
  return await withInfo(controlPlane, found, signal);
}

const AT_ONCE = 10;
const TEST_MS = 10_000;
const GOOD_MS = 600_000;
const BAD_MS = 60_000;

/** What is known of a cluster: from its watches, else by asking for its version, not more often than each minute. */
export async function withInfo(
  controlPlane: ControlPlane,
  cluster: RegisteredCluster,
  signal: AbortSignal,
): Promise<ShownCluster> {
  const { ports } = controlPlane;
  const { server, name } = cluster.record;
  const applications = ports.apps.list().filter((app) => {
    const spec = isJsonObject(app['spec']) ? app['spec'] : {};
    const destination = isJsonObject(spec['destination']) ? spec['destination'] : {};
    return (
      (typeof destination['server'] === 'string' &&
        trimmedServer(destination['server']) === server) ||
      destination['name'] === name
    );
  }).length;
  const connected = ports.clusters.connected(server);
  if (connected === undefined) {
    const { version, ...connection } = await askedState(controlPlane, cluster, signal);
    return { ...cluster, info: { connection, version, apiVersions: [], applications } };
  }
  const { catalogue, size } = connected.live;
  const listedAt =
    connected.listedAtMs === undefined ? null : wholeSeconds(connected.listedAtMs / 1_000);
  const connection: ConnectionState = { status: 'Successful', message: '', attemptedAt: listedAt };
  const kinds = catalogue.resources.filter(({ preferred }) => preferred).length;
  return {
    ...cluster,
    info: {
      connection,
      version: shortVersion(connected.version),
      cache: { objects: size, kinds, listedAt },
      apiVersions: catalogue.apiVersions,
      applications,
    },
  };
}

type Asked = ConnectionState & { readonly version: string };

async function askedState(
  controlPlane: ControlPlane,
  { secret, record }: RegisteredCluster,
  signal: AbortSignal,
): Promise<Asked> {
  const { states, clock } = controlPlane.ports;
  const { resourceVersion = '' } = secret?.metadata ?? {};
  const key = `connection|cluster|${record.project}|${record.server}|${resourceVersion}`;
  const known = await states.get(key, signal);
  if (known !== undefined) return JSON.parse(known) as Asked;
  const attemptedAt = wholeSeconds(clock.now() / 1_000);
  let state: Asked;
  try {
    const version = shortVersion(await versionOf(controlPlane, secret, signal));
    state = { status: 'Successful', message: '', attemptedAt, version };
  } catch (error) {
    signal.throwIfAborted();
    state = { status: 'Failed', message: toTiphysError(error).message, attemptedAt, version: '' };
  }
  const keptMs = state.status === 'Successful' ? GOOD_MS : BAD_MS;
  await states.set(key, JSON.stringify(state), keptMs, signal);
  return state;
}

/** Asks the cluster of a Secret for its version. Errors: why it cannot be reached. */
export async function versionOf(
  { ports }: Pick<ControlPlane, 'ports'>,
  secret: KubeObject | undefined,
  signal: AbortSignal,
): Promise<string> {
  using deadline = withDeadline(signal, TEST_MS, ports.clock);
  if (secret === undefined) return await ports.client.version(deadline.signal);
  await using client = ports.connectCluster(secret);
  return await client.version(deadline.signal);
}

function shortVersion(version: string): string {
  return /^v?(\d+\.\d+)/.exec(version)?.[1] ?? version;
}

function isMeant(record: ClusterRecord, { by, value }: ClusterName): boolean {
  return by === 'name' ? record.name === value : record.server === trimmedServer(value);
}

/** Whether policies let somebody do `action` to a cluster. */
export function mayDo(
  { ports }: ControlPlane,
  { caller }: Requester,
  record: ClusterRecord,
  action: string,
): boolean {
  const asked = { resource: 'clusters', action, object: clusterObject(record) };
  return ports.access.decide(caller, asked).allowed;
}
