import type { Requester } from '../../core/access/requester.ts';
import { withoutNulls } from '../../core/app/parse.ts';
import {
  clusterSecret,
  clusterTexts,
  parseClusterRecord,
  trimmedServer,
  type ClusterRecord,
} from '../../core/cluster/cluster-record.ts';
import { hasCode, TiphysError, toTiphysError } from '../../core/errors.ts';
import { isJsonObject, jsonEqual, type JsonObject } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { bareRefusal, enforce } from '../enforce.ts';
import { decodeBase64, ownAddress, withData } from '../own-objects.ts';
import { remove } from '../repositories/write-registration.ts';
import {
  clusterObject,
  type ClusterName,
  findCluster,
  IN_CLUSTER,
  mayDo,
  registeredClusters,
  type ShownCluster,
  versionOf,
  withInfo,
} from './read-clusters.ts';
import { refuseUnsafe } from './refuse-unsafe.ts';

/** A cluster as somebody sends it; the configuration holds credentials. */
export type SentCluster = Partial<Omit<ClusterRecord, 'config'>> & { readonly config?: JsonObject };

/** The fields that an update may be about. */
const FIELDS = [
  'name',
  'namespaces',
  'config',
  'shard',
  'clusterResources',
  'labels',
  'annotations',
  'project',
] as const satisfies readonly (keyof ClusterRecord)[];

const WRITE = { fieldManager: 'argocd-server' } as const;
const REFRESH = 'argocd.argoproj.io/refresh';

/**
 * Registers a cluster after it was reached. An equal one that is there already is the answer. Errors:
 * `PermissionDenied`, `InvalidRequest`, `RequestFailed` with the reason when it cannot be reached; with
 * `upsert` as `updateCluster`.
 */
export async function createCluster(
  controlPlane: ControlPlane,
  requester: Requester,
  { sent, upsert }: { readonly sent: SentCluster; readonly upsert: boolean },
  signal: AbortSignal,
): Promise<ShownCluster> {
  const { ports, settings } = controlPlane;
  const record = recordOf(sent, trimmedServer(sent.server ?? ''));
  const asked = { resource: 'clusters', action: 'create', object: clusterObject(record) };
  enforce(requester, asked, ports.access);
  refuseUnsafe(record, undefined, ports.clusterProgramsAllowed);
  const secret = clusterSecret(record, settings.namespace, undefined);
  await test(controlPlane, secret, signal);
  const existing = registeredClusters(controlPlane).find(
    ({ record: { server }, secret: there }) => there !== undefined && server === record.server,
  )?.secret;
  if (existing !== undefined) return await settle(existing);
  const address = ownAddress('Secret', settings.namespace, secret.metadata.name ?? '');
  try {
    const created = await ports.client.create(address, secret, WRITE, signal);
    ports.config.observe(created);
    const reason = 'ResourceCreated';
    recordMutation(ports.events, requester, { reason, object: created, what: 'created cluster' });
    return await shown(created);
  } catch (error) {
    if (!hasCode(error, 'KubeAlreadyExists')) throw error;
  }
  const there = await ports.client.get(address, signal);
  if (there === undefined) throw different();
  return await settle(there);

  async function settle(there: KubeObject): Promise<ShownCluster> {
    const stored = parseClusterRecord(there, decodeBase64);
    // One of somebody else: that it is there is theirs to know.
    if (!mayDo(controlPlane, requester, stored, 'get')) throw bareRefusal();
    const isSame =
      jsonEqual(clusterTexts(stored), clusterTexts(record)) &&
      jsonEqual(stored.labels, record.labels) &&
      jsonEqual(stored.annotations, record.annotations);
    if (isSame) return await shown(there);
    if (!upsert) throw different();
    const name = { by: 'server', value: record.server } as const;
    return await updateCluster(controlPlane, requester, { name, sent, fields: [] }, signal);
  }

  function shown(stored: KubeObject): Promise<ShownCluster> {
    const parsed = { secret: stored, record: parseClusterRecord(stored, decodeBase64) };
    return withInfo(controlPlane, parsed, signal);
  }
}

function different(): TiphysError {
  return new TiphysError(
    'InvalidRequest',
    'existing cluster spec is different; use upsert flag to force update',
  );
}

/**
 * Changes the named fields of a cluster, or all when none is named, after it was reached with them; its server
 * stays. Errors: as `findCluster`; `PermissionDenied` for a project that it is moved to; as `createCluster`.
 */
export async function updateCluster(
  controlPlane: ControlPlane,
  requester: Requester,
  change: {
    readonly name: ClusterName;
    readonly sent: SentCluster;
    readonly fields: readonly string[];
  },
  signal: AbortSignal,
): Promise<ShownCluster> {
  const { sent, fields } = change;
  const { ports, settings } = controlPlane;
  const { record: before, secret } = findCluster(controlPlane, requester, change.name, 'update');
  const wanted = recordOf(sent, before.server);
  const changed = FIELDS.filter((field) => fields.length === 0 || fields.includes(field));
  const after: ClusterRecord = {
    ...before,
    ...Object.fromEntries(changed.map((field) => [field, wanted[field]])),
  };
  if (changed.includes('project')) {
    const asked = { resource: 'clusters', action: 'update', object: clusterObject(after) };
    enforce(requester, asked, ports.access);
  }
  refuseUnsafe(after, before, ports.clusterProgramsAllowed);
  const object = clusterSecret(after, settings.namespace, secret);
  await test(controlPlane, object, signal);
  const address = ownAddress('Secret', settings.namespace, object.metadata.name ?? '');
  const stored =
    secret === undefined
      ? await ports.client.create(address, object, WRITE, signal)
      : await ports.client.replace(address, object, WRITE, signal);
  ports.config.observe(stored);
  const what = 'updated cluster';
  recordMutation(ports.events, requester, { reason: 'ResourceUpdated', object: stored, what });
  const parsed = { secret: stored, record: parseClusterRecord(stored, decodeBase64) };
  return await withInfo(controlPlane, parsed, signal);
}

/** Errors as `findCluster`; `NotPossibleNow` for the implicit one. */
export async function deleteCluster(
  controlPlane: ControlPlane,
  requester: Requester,
  name: ClusterName,
  signal: AbortSignal,
): Promise<void> {
  const { secret } = findCluster(controlPlane, requester, name, 'delete');
  if (secret === undefined)
    throw new TiphysError('NotPossibleNow', 'cluster in-cluster: is not registered by a Secret', {
      hint: 'Set cluster.inClusterEnabled: "false" in argocd-cm.',
    });
  await remove(controlPlane, requester, secret, 'cluster', signal);
}

/**
 * Has everything that is known of a cluster listed anew. Errors as `findCluster`, and why it cannot be
 * reached when it is the implicit one.
 */
export async function invalidateClusterCache(
  controlPlane: ControlPlane,
  requester: Requester,
  name: ClusterName,
  signal: AbortSignal,
): Promise<ShownCluster> {
  const { ports, settings } = controlPlane;
  const found = findCluster(controlPlane, requester, name, 'update');
  if (found.secret === undefined) {
    await ports.clusters.connected(found.record.server)?.live.rediscover(signal);
    return await withInfo(controlPlane, found, signal);
  }
  const address = ownAddress('Secret', settings.namespace, found.secret.metadata.name ?? '');
  const annotations = { [REFRESH]: new Date(ports.clock.now()).toISOString() };
  const options = { type: 'merge', ...WRITE } as const;
  const stored = await ports.client.patch(address, { metadata: { annotations } }, options, signal);
  ports.config.observe(stored);
  const what = 'invalidated the cache of cluster';
  recordMutation(ports.events, requester, { reason: 'ResourceUpdated', object: stored, what });
  return await withInfo(controlPlane, { ...found, secret: stored }, signal);
}

function recordOf(sent: SentCluster, server: string): ClusterRecord {
  const config = withoutNulls(sent.config ?? {});
  const { name = '', namespaces = [], project = '', labels = {}, annotations = {} } = sent;
  return {
    ...IN_CLUSTER,
    ...{ server, namespaces, project, labels, annotations, shard: sent.shard },
    name: name === '' ? server : name,
    config: isJsonObject(config) ? config : {},
    clusterResources: sent.clusterResources ?? false,
  };
}

async function test(
  controlPlane: ControlPlane,
  secret: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  try {
    await versionOf(controlPlane, withData(secret), signal);
  } catch (cause) {
    signal.throwIfAborted();
    const { message, hint } = toTiphysError(cause);
    throw new TiphysError('RequestFailed', message, { cause, hint });
  }
}
