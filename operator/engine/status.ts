import type { ComparedResource } from '../core/app/compared-resource.ts';
import { setConditions } from '../core/app/conditions.ts';
import { overallSyncStatus, resourceStatuses } from '../core/app/resource-status.ts';
import { hasNewNamespaceMetadata, type RefreshLevel } from '../core/app/refresh.ts';
import { isMultiSource, sourcesOf } from '../core/app/sources.ts';
import { summarise } from '../core/app/summary.ts';
import type {
  Application,
  ApplicationStatus,
  HealthStatus,
  OperationState,
  SyncStatus,
} from '../core/app/types.ts';
import { rollUpHealth } from '../core/health/roll-up.ts';
import { hasLocalManifests } from '../core/sync/local-manifests.ts';
import { parseSyncOptions } from '../core/sync/options.ts';
import { describeResource } from '../core/objects/kube-object.ts';
import type { NewCondition } from './admit.ts';
import { WINDOW_CONDITIONS } from './check-windows.ts';
import { liveTree } from './live-tree.ts';
import type { LoadedState, LoadRequest } from './load-state.ts';
import type { EngineSettings } from './ports.ts';
import { extendHistory } from './operation.ts';

export interface ComparedInput {
  readonly app: Application;
  readonly request: LoadRequest;
  readonly loaded: LoadedState;
  readonly compared: readonly ComparedResource[];
  /** RFC 3339. */
  readonly now: string;
  readonly level: RefreshLevel;
  readonly operationState: OperationState | undefined;
  /** Conditions of what is not compared: sync windows, orphans. */
  readonly further: readonly NewCondition[];
  /** Whether the CRD knows `syncReason`. */
  readonly withReasons: boolean;
}

/** Conditions that every comparison decides anew. */
const COMPARISON_CONDITIONS = [
  'ComparisonError',
  'ExcludedResourceWarning',
  'HealLoopWarning',
  'IgnoreDifferencesWarning',
  'InvalidSpecError',
  'NamespaceMetadataInfo',
  'OrphanedResourceWarning',
  'RepeatedResourceWarning',
  'SharedResourceWarning',
  'UnknownError',
  ...WINDOW_CONDITIONS,
] as const;

/** The whole status after a comparison. Timestamps move only with what they time. */
export function comparedStatus(input: ComparedInput, settings: EngineSettings): ApplicationStatus {
  const { app, loaded, compared, now, operationState } = input;
  const previous = app.status;
  const own = comparesOwnSources(input);
  const options = parseSyncOptions(app.spec.syncPolicy?.syncOptions);
  const { sourceTypes } = loaded.manifests;
  const multi = isMultiSource(app.spec);
  const resources = resourceStatuses(compared, {
    options,
    withHealth: settings.persistResourceHealth,
    failedToLoad: false,
    withReasons: input.withReasons,
    now,
    previous: previous.resources ?? [],
  });
  const health = rollUpHealth(
    compared.map((resource) => ({
      id: resource.id,
      hook: resource.hook,
      live: resource.live,
      health: resource.health,
      isSelf: resource.live !== undefined && resource.live.metadata.uid === app.metadata.uid,
    })),
  );
  const isNamespaceNew = hasNewNamespaceMetadata(
    app.spec,
    operationState ?? previous.operationState,
  );
  const errors = [
    ...loaded.conditions,
    ...healthErrors(compared),
    ...(isNamespaceNew ? [namespaceInfo(app)] : []),
    ...input.further,
  ];
  const limit = app.spec.revisionHistoryLimit ?? 10;
  const finished = finishedNow(previous.operationState, operationState);
  const history = finished
    ? extendHistory(previous.history ?? [], finished, limit)
    : previous.history;
  const renewed = input.level === 'latest' || input.level === 'forced';
  return {
    ...previous,
    sync: own ? syncStatus(app, loaded, compared, isNamespaceNew) : previous.sync,
    health: transition(previous.health, health, now),
    resources,
    ...conditionsOf(app, errors, now, settings),
    ...(history === undefined ? {} : { history }),
    ...(operationState === undefined ? {} : { operationState }),
    reconciledAt: renewed || previous.reconciledAt === undefined ? now : previous.reconciledAt,
    ...(multi ? { sourceTypes } : {}),
    ...(multi || sourceTypes[0] === undefined ? {} : { sourceType: sourceTypes[0] }),
    summary: summarise(liveTree(compared, input.request.cluster.live)),
    controllerNamespace: settings.namespace,
  };
}

/** An operation may sync other sources or revisions than the spec's; those say nothing about sync status. */
export function comparesOwnSources({
  app,
  request,
  operationState,
}: Pick<ComparedInput, 'app' | 'request' | 'operationState'>): boolean {
  if (operationState === undefined) return true;
  const sync = operationState.operation.sync ?? {};
  const automated = operationState.operation.initiatedBy?.automated === true;
  const pinned = sync.revision !== undefined || sync.revisions !== undefined;
  if (hasLocalManifests(sync)) return false;
  return automated || (!pinned && request.sources.length === sourcesOf(app.spec).length);
}

function syncStatus(
  app: Application,
  { manifests }: LoadedState,
  compared: readonly ComparedResource[],
  isNamespaceNew: boolean,
): SyncStatus {
  const { sources, destination, ignoreDifferences } = app.spec;
  const multi = isMultiSource(app.spec);
  return {
    status: isNamespaceNew ? 'OutOfSync' : overallSyncStatus(compared),
    comparedTo: {
      ...(multi ? { sources } : { source: sourcesOf(app.spec)[0] }),
      destination,
      ...(ignoreDifferences === undefined ? {} : { ignoreDifferences }),
    },
    ...(multi ? { revisions: manifests.revisions } : { revision: manifests.revisions[0] ?? '' }),
  };
}

/** Nothing in the list of resources tells why the application is OutOfSync. */
const namespaceInfo = ({ spec }: Application): NewCondition => ({
  type: 'NamespaceMetadataInfo',
  message: `namespace ${spec.destination.namespace ?? ''} does not have the labels and annotations of spec.syncPolicy.managedNamespaceMetadata; a sync sets them`,
});

/** Tells of the first; it forbids no sync, which may be what helps. */
function healthErrors(compared: readonly ComparedResource[]): readonly NewCondition[] {
  const failed = compared.find(({ health }) => health?.problem !== undefined);
  if (failed === undefined) return [];
  const message = `error setting app health: ${describeResource(failed.id)}: ${failed.health?.problem ?? ''}`;
  return [{ type: 'ComparisonError', message }];
}

/** Absent rather than empty, as long as there never were any. */
function conditionsOf(
  { spec, status }: Application,
  current: readonly NewCondition[],
  now: string,
  { hydrates }: Pick<EngineSettings, 'hydrates'>,
): Pick<ApplicationStatus, 'conditions'> {
  const before = status.conditions;
  const isHydrated = hydrates && spec.sourceHydrator !== undefined;
  // Who hydrates sets it, and nobody else would take it away.
  const evaluated = [...COMPARISON_CONDITIONS, ...(isHydrated ? [] : ['HydrationError'])];
  const conditions = setConditions(before ?? [], evaluated, current, now);
  return conditions.length === 0 && before === undefined ? {} : { conditions };
}

function finishedNow(
  before: OperationState | undefined,
  after: OperationState | undefined,
): OperationState | undefined {
  if (after?.finishedAt === undefined || after.phase !== 'Succeeded') return undefined;
  const same = before?.finishedAt === after.finishedAt && before.startedAt === after.startedAt;
  return same && before.phase === after.phase ? undefined : after;
}

function transition(
  before: HealthStatus | undefined,
  after: HealthStatus,
  now: string,
): HealthStatus {
  const since = before?.status === after.status ? before?.lastTransitionTime : now;
  const message = after.message ?? '';
  return {
    status: after.status,
    ...(message === '' ? {} : { message }),
    lastTransitionTime: since ?? now,
  };
}

/**
 * The status when desired or live state is not known: sync and health are Unknown, the list of
 * resources stays for orientation with every entry Unknown, and `reconciledAt` does not move.
 */
export function failedStatus(
  app: Application,
  conditions: readonly NewCondition[],
  operationState: OperationState | undefined,
  now: string,
  settings: Pick<EngineSettings, 'hydrates'>,
): ApplicationStatus {
  const previous = app.status;
  const { destination, sources } = app.spec;
  const [source] = sourcesOf(app.spec);
  const comparedTo = {
    ...(isMultiSource(app.spec) ? { sources } : { source }),
    destination,
  };
  return {
    ...previous,
    sync: { ...previous.sync, status: 'Unknown', comparedTo },
    health: transition(previous.health, { status: 'Unknown' }, now),
    resources: (previous.resources ?? []).map((entry) =>
      entry.status === undefined ? entry : { ...entry, status: 'Unknown' as const },
    ),
    ...conditionsOf(app, conditions, now, settings),
    ...(operationState === undefined ? {} : { operationState }),
  };
}
