import { permissionOf, type SyncOptions } from '../sync/options.ts';
import { waveOf } from '../sync/order.ts';
import { syncReasonOf } from './sync-reason.ts';
import { versionOf } from '../objects/kube-object.ts';
import type { ComparedResource } from './compared-resource.ts';
import type { HealthStatus, ResourceStatus, SyncStatusCode } from './types.ts';

const COMPARE_OPTIONS_ANNOTATION = 'argocd.argoproj.io/compare-options';

/** Whether live is as Git wants it; `undefined` for hooks and for copies of another object's mark. */
export function syncStatusOf(resource: ComparedResource): SyncStatusCode | undefined {
  if (!resource.permitted) return 'Unknown';
  if (resource.hook || !resource.selfReferenced) return undefined;
  if (resource.comparison.type === 'equal') return 'Synced';
  return isUndecided(resource) ? 'Unknown' : 'OutOfSync';
}

/** A difference that an `ignoreDifferences` rule might have left out, had it worked. */
const isUndecided = ({ comparison, ruleFailure }: ComparedResource): boolean =>
  comparison.type === 'different' && ruleFailure !== undefined;

/** Whether the object makes the whole application OutOfSync. */
function counts(resource: ComparedResource): boolean {
  if (resource.hook || !resource.selfReferenced || resource.comparison.type === 'equal')
    return false;
  if (isUndecided(resource)) return false;
  if (resource.comparison.type !== 'extra') return true;
  const options = resource.live?.metadata.annotations?.[COMPARE_OPTIONS_ANNOTATION] ?? '';
  return !options.split(',').some((option) => option.trim() === 'IgnoreExtraneous');
}

export function overallSyncStatus(resources: readonly ComparedResource[]): SyncStatusCode {
  if (resources.some(counts)) return 'OutOfSync';
  return resources.some((one) => !one.hook && isUndecided(one)) ? 'Unknown' : 'Synced';
}

export function requiresPruning(resource: ComparedResource): boolean {
  return resource.target === undefined && resource.live !== undefined && resource.selfReferenced;
}

export interface ResourceStatusOptions {
  /** Options of `spec.syncPolicy`, for `Prune` and `Delete`. */
  readonly options: SyncOptions;
  /** Write health into the entries. */
  readonly withHealth: boolean;
  /** Desired state is not known: every status is Unknown. */
  readonly failedToLoad: boolean;
  /** False where the CRD does not know `syncReason`, and the API server drops it. */
  readonly withReasons: boolean;
  readonly now: string;
  /** Entries of the status so far, whose timestamps stay while nothing changed. */
  readonly previous: readonly ResourceStatus[];
}

/** `status.resources`, sorted by group, kind, namespace and name. */
export function resourceStatuses(
  resources: readonly ComparedResource[],
  options: ResourceStatusOptions,
): readonly ResourceStatus[] {
  const before = new Map(options.previous.map((entry) => [nameOf(entry), entry]));
  return resources
    .map((resource) => entryOf(resource, options))
    .map((entry) => keepTransition(entry, before.get(nameOf(entry)), options.now))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Tells the entries of one application apart. */
export const nameOf = ({
  group = '',
  kind = '',
  namespace = '',
  name = '',
}: ResourceStatus): string => `${group}/${kind}/${namespace}/${name}`;

function entryOf(resource: ComparedResource, options: ResourceStatusOptions): ResourceStatus {
  const { id, target, live } = resource;
  const object = target ?? live;
  const status = options.failedToLoad ? 'Unknown' : syncStatusOf(resource);
  const wave = object === undefined ? 0 : waveOf(object);
  const reason = options.withReasons && !options.failedToLoad ? syncReasonOf(resource) : undefined;
  const confirm = [target, live].some(
    (side) =>
      side !== undefined &&
      (permissionOf('Delete', side, options.options.delete) === 'confirm' ||
        permissionOf('Prune', side, options.options.prune) === 'confirm'),
  );
  return {
    ...(id.group === '' ? {} : { group: id.group }),
    ...(object === undefined ? {} : { version: versionOf(object.apiVersion) }),
    kind: id.kind,
    ...(id.namespace === '' ? {} : { namespace: id.namespace }),
    name: id.name,
    ...(status === undefined ? {} : { status }),
    ...(options.withHealth ? healthOf(resource) : {}),
    ...(resource.hook ? { hook: true } : {}),
    ...(requiresPruning(resource) ? { requiresPruning: true } : {}),
    ...(confirm ? { requiresDeletionConfirmation: true } : {}),
    ...(wave === 0 ? {} : { syncWave: wave }),
    ...(reason === undefined ? {} : { syncReason: reason }),
  };
}

function healthOf(resource: ComparedResource): { readonly health?: HealthStatus } {
  if (resource.live === undefined && resource.target !== undefined)
    return { health: { status: 'Missing' } };
  const { health } = resource;
  if (health === undefined) return {};
  const message = health.message ?? '';
  return { health: { status: health.status, ...(message === '' ? {} : { message }) } };
}

function keepTransition(
  entry: ResourceStatus,
  before: ResourceStatus | undefined,
  now: string,
): ResourceStatus {
  if (entry.health === undefined) return entry;
  const same = before?.health?.status === entry.health.status;
  const since = same ? before?.health?.lastTransitionTime : now;
  return { ...entry, health: { ...entry.health, lastTransitionTime: since ?? now } };
}
