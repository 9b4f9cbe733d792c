import type {
  Application,
  ApplicationSource,
  ApplicationSpec,
  Operation,
  OperationState,
  ResourceStatus,
  SyncOperation,
  SyncResourceSelector,
  SyncResult,
  SyncStatusCode,
} from '../app/types.ts';
import { hasNewNamespaceMetadata } from '../app/refresh.ts';
import { jsonEqual, type JsonValue } from '../objects/json.ts';
import { wasMetadataTried } from './tried-metadata.ts';

/** How long to wait before drift that was healed at the same revision is healed again. */
export interface SelfHealSettings {
  /** Fixed delay, used only when `backoffMs` is 0. */
  readonly delayMs: number;
  /** Delay after the first healing; it grows by `factor` with each further one. 0 turns the growth off. */
  readonly backoffMs: number;
  readonly factor: number;
  readonly capMs: number;
}

/** What the incumbent does by default: 2 s, 6 s, 18 s … 5 min. */
export const DEFAULT_SELF_HEAL: SelfHealSettings = {
  delayMs: 0,
  backoffMs: 2_000,
  factor: 3,
  capMs: 300_000,
};

/** What the decision is made from: the application and the outcome of its last comparison. */
export interface AutoSyncInput {
  readonly app: Application;
  /** Every resource of the comparison, hooks included. */
  readonly resources: readonly ResourceStatus[];
  readonly syncStatus: SyncStatusCode;
  /** The resolved revisions that were compared, one for each source. */
  readonly revisions: readonly string[];
  /** False when nothing that the sources read can differ from the last synced revisions. */
  readonly sourceMayHaveChanged: boolean;
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: number;
  readonly selfHeal: SelfHealSettings;
  /** Resources that self-heal leaves alone, because somebody else would undo it. */
  readonly isHeld?: (resource: ResourceStatus) => boolean;
  /** RFC 3339 text to milliseconds since 1970. */
  readonly parseTime: (text: string) => number;
}

export type AutoSyncSkip =
  | 'AutomationDisabled'
  | 'OperationInProgress'
  | 'Deleting'
  /** The application is not OutOfSync. */
  | 'NothingToSync'
  /** Only pruning would help, and automated pruning is off. */
  | 'OnlyPruningLeft'
  /** What is left is somebody else's: see the conditions. */
  | 'LeftAlone'
  /** This revision was synced, the drift came later, and self-heal is off. */
  | 'SelfHealDisabled';

/**
 * What automated sync does about a comparison.
 *
 * | type | the engine |
 * | --- | --- |
 * | `skip` | clears SyncError |
 * | `refuse` | replaces SyncError with `message` |
 * | `retry-at` | clears SyncError and asks for a refresh to the latest revision at that time |
 * | `sync` | clears SyncError and sets the operation, unless somebody else was faster |
 */
export type AutoSyncDecision =
  | { readonly type: 'skip'; readonly reason: AutoSyncSkip }
  | {
      readonly type: 'refuse';
      readonly reason: 'LastAttemptFailed' | 'WouldPruneEverything';
      /** Text of the SyncError condition. */
      readonly message: string;
    }
  /** `atMs`: wall clock, milliseconds since 1970. */
  | { readonly type: 'retry-at'; readonly reason: 'SelfHealBackoff'; readonly atMs: number }
  | {
      readonly type: 'sync';
      /** `OutOfSync`: this revision was not tried yet. `SelfHeal`: it was, and the cluster drifted. */
      readonly reason: 'OutOfSync' | 'SelfHeal';
      readonly operation: Operation;
    };

/**
 * Decides whether an application syncs by itself. The order of the questions is part of the
 * behaviour. Ask only when the sync windows permit an automated sync now; when they do not, the
 * SyncError condition stays as it is.
 */
export function decideAutoSync(input: AutoSyncInput): AutoSyncDecision {
  const { app, resources } = input;
  const automated = app.spec.syncPolicy?.automated;
  if (automated === undefined || automated.enabled === false) return skip('AutomationDisabled');
  if (app.operation !== undefined) return skip('OperationInProgress');
  if (app.metadata.deletionTimestamp !== undefined) return skip('Deleting');
  if (input.syncStatus !== 'OutOfSync') return skip('NothingToSync');
  const prune = automated.prune === true;
  const last = app.status.operationState;
  const isNamespaceNew = hasNewNamespaceMetadata(app.spec, last);
  if (!prune && !isNamespaceNew && notSynced(resources).every(needsPruning))
    return skip('OnlyPruningLeft');

  let healing: Pick<SyncOperation, 'autoHealAttemptsCount' | 'resources'> = {};
  // What has failed is not tried again before it is corrected, or something else changes.
  const isNew =
    isNamespaceNew &&
    (last === undefined || last.phase === 'Succeeded' || !wasMetadataTried(last, app.spec));
  const attempted = last !== undefined && !isNew && wasAttempted(last, input);
  if (attempted) {
    if (last.phase !== 'Succeeded') return refuseFailed(last, input.revisions);
    if (automated.selfHeal !== true) return skip('SelfHealDisabled');
    const drifted = notSynced(resources).filter((resource) => input.isHeld?.(resource) !== true);
    if (!drifted.some((resource) => resource.status === 'OutOfSync')) return skip('LeftAlone');
    const attempts = last.operation.sync?.autoHealAttemptsCount ?? 0;
    const atMs = healTime(last, attempts, input);
    if (atMs > input.nowMs) return { type: 'retry-at', reason: 'SelfHealBackoff', atMs };
    healing = { autoHealAttemptsCount: attempts + 1, resources: selectDrifted(drifted) };
  }
  if (prune && automated.allowEmpty !== true && resources.every(needsPruning))
    return refuseEmpty(input.revisions);
  return {
    type: 'sync',
    reason: attempted ? 'SelfHeal' : 'OutOfSync',
    operation: automatedOperation(input, { prune, ...healing }),
  };
}

const skip = (reason: AutoSyncSkip): AutoSyncDecision => ({ type: 'skip', reason });

const notSynced = (resources: readonly ResourceStatus[]): readonly ResourceStatus[] =>
  resources.filter((resource) => resource.status !== 'Synced');

const needsPruning = (resource: ResourceStatus): boolean => resource.requiresPruning === true;

const COMPLETED: ReadonlySet<string> = new Set(['Failed', 'Error', 'Succeeded']);

/** Whether the last operation was already about these revisions and sources. */
function wasAttempted(last: OperationState, input: AutoSyncInput): boolean {
  const { syncResult } = last;
  if (syncResult === undefined) return COMPLETED.has(last.phase);
  if (input.sourceMayHaveChanged && !sameRevisions(syncResult, input)) return false;
  const { spec } = input.app;
  return isMultiSource(spec)
    ? jsonEqual(asJson(syncResult.sources), asJson(spec.sources))
    : jsonEqual(asJson(syncResult.source), asJson(singleSource(spec)));
}

function sameRevisions(syncResult: SyncResult, { app, revisions }: AutoSyncInput): boolean {
  return isMultiSource(app.spec)
    ? jsonEqual(syncResult.revisions ?? [], revisions)
    : (syncResult.revision ?? '') === (revisions[0] ?? '');
}

/** An Application is parsed from JSON, but its types do not say so. */
const asJson = (value: unknown): JsonValue | undefined => value as JsonValue | undefined;

const isMultiSource = (spec: ApplicationSpec): boolean =>
  spec.sourceHydrator === undefined && (spec.sources?.length ?? 0) > 0;

/** The one source of an application without `sources`; with a hydrator, where it writes to. */
function singleSource(spec: ApplicationSpec): ApplicationSource | undefined {
  const hydrator = spec.sourceHydrator;
  if (hydrator === undefined) return spec.source;
  const { repoURL, path, targetBranch } = hydrator.syncSource;
  return { repoURL: repoURL ?? hydrator.drySource.repoURL, path, targetRevision: targetBranch };
}

/** When drift may be healed again, milliseconds since 1970. */
function healTime(last: OperationState, attempts: number, input: AutoSyncInput): number {
  const finishedAtMs = input.parseTime(last.finishedAt ?? '');
  return Number.isNaN(finishedAtMs)
    ? input.nowMs
    : finishedAtMs + healDelay(attempts, input.selfHeal);
}

/** Milliseconds between the end of the last sync and the next healing, after so many healings in a row. */
function healDelay(attempts: number, settings: SelfHealSettings): number {
  if (settings.backoffMs === 0) return settings.delayMs;
  if (attempts === 0) return 0;
  return Math.min(settings.capMs, settings.backoffMs * settings.factor ** (attempts - 1));
}

/** The incumbent leaves the namespace out: objects of that kind and name are healed in all of them. */
const selectDrifted = (drifted: readonly ResourceStatus[]): readonly SyncResourceSelector[] =>
  drifted.map(({ group = '', kind = '', name = '' }) => ({ group, kind, name }));

function automatedOperation(
  { app: { spec }, revisions }: AutoSyncInput,
  sync: Pick<SyncOperation, 'prune' | 'autoHealAttemptsCount' | 'resources'>,
): Operation {
  const what = isMultiSource(spec)
    ? { sources: spec.sources, revisions }
    : { source: singleSource(spec), revision: revisions[0] };
  const syncOptions = spec.syncPolicy?.syncOptions;
  return {
    sync: { ...what, ...sync, ...(syncOptions === undefined ? {} : { syncOptions }) },
    initiatedBy: { automated: true },
    retry: spec.syncPolicy?.retry ?? { limit: 5 },
  };
}

function refuseFailed(last: OperationState, revisions: readonly string[]): AutoSyncDecision {
  const message = `Failed last sync attempt to ${listed(revisions)}: ${last.message ?? ''}`;
  return { type: 'refuse', reason: 'LastAttemptFailed', message };
}

function refuseEmpty(revisions: readonly string[]): AutoSyncDecision {
  return {
    type: 'refuse',
    reason: 'WouldPruneEverything',
    message: `Skipping sync attempt to ${listed(revisions)}: auto-sync will wipe out all resources`,
  };
}

/** As the incumbent prints lists: `[abc123 def456]`. */
const listed = (revisions: readonly string[]): string => `[${revisions.join(' ')}]`;
