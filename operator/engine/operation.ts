import type { RefreshLevel } from '../core/app/refresh.ts';
import type {
  Application,
  ApplicationSource,
  ApplicationStatus,
  HistoryEntry,
  Operation,
  OperationState,
  SyncResult,
} from '../core/app/types.ts';
import { jsonEqual, type JsonValue } from '../core/objects/json.ts';
import { hasLocalManifests } from '../core/sync/local-manifests.ts';
import { withoutOwnInfo } from '../core/sync/own-info.ts';
import { noteMetadata } from '../core/sync/tried-metadata.ts';
import { isCompleted } from './run-sync-pass.ts';

/** The operation that an application is in, if any. */
export type CurrentOperation =
  | { readonly type: 'none' }
  /** Asked for and not begun. */
  | { readonly type: 'requested'; readonly operation: Operation }
  /** Begun earlier, perhaps by a process that is gone. */
  | { readonly type: 'running'; readonly state: OperationState }
  | { readonly type: 'terminating'; readonly state: OperationState };

/** Reads the operation from the object: what runs goes before what is asked for. */
export function currentOperation(app: Application): CurrentOperation {
  const state = app.status.operationState;
  if (state !== undefined && state.phase === 'Terminating') return { type: 'terminating', state };
  if (state !== undefined && !isCompleted(state.phase)) return { type: 'running', state };
  if (app.operation === undefined) return { type: 'none' };
  return { type: 'requested', operation: app.operation };
}

/** True when `operation` is what already runs: we were stopped before removing the request. */
export function isBegun(app: Application): boolean {
  const state = app.status.operationState;
  return (
    app.operation !== undefined &&
    state !== undefined &&
    jsonEqual(
      withoutOwnInfo(app.operation) as JsonValue,
      withoutOwnInfo(state.operation) as JsonValue,
    )
  );
}

/**
 * What `operation` is to be beside this status, where both are one write (ADR 0048): it stands as long as the
 * operation runs, and goes with its end. `null`: taken away; absent: left as it is, which is what another
 * request that came meanwhile is.
 */
export function requestBeside(
  app: Application,
  { operationState: state }: ApplicationStatus,
): Operation | null | undefined {
  if (state === undefined) return undefined;
  const before = app.status.operationState;
  const isOurs =
    isBegun(app) || isBegun({ ...app, status: { ...app.status, operationState: state } });
  if (isCompleted(state.phase)) {
    const ends = before?.startedAt !== state.startedAt || !isCompleted(before.phase);
    return ends && isOurs ? null : undefined;
  }
  const wanted = withoutOwnInfo(state.operation);
  if (app.operation === undefined) return state.phase === 'Running' ? wanted : undefined;
  const isSame = jsonEqual(app.operation as JsonValue, wanted as JsonValue);
  return isOurs && !isSame ? wanted : undefined;
}

/** A fresh operation state. The sources are those of the operation, else of the application. */
export function beginOperation(
  app: Application,
  asked: Operation,
  startedAt: string,
): OperationState {
  const { spec, status } = app;
  // Without notes that were copied from another operation.
  const operation = noteMetadata(withoutOwnInfo(asked), spec, status.operationState);
  const sync = operation.sync ?? {};
  const sources = sync.sources ?? spec.sources;
  const source = sync.source ?? spec.source;
  const multi = sources !== undefined && sources.length > 0 && sync.source === undefined;
  const set = status.operationState?.syncResult?.managedNamespaceMetadata;
  const syncResult: SyncResult = {
    ...(multi ? { sources, revisions: sync.revisions ?? [] } : { revision: sync.revision ?? '' }),
    ...(!multi && source !== undefined ? { source } : {}),
    ...(set === undefined ? {} : { managedNamespaceMetadata: set }), // until this one sets others
    resources: [],
  };
  return { operation, phase: 'Running', startedAt, message: '', syncResult };
}

/**
 * How closely to compare when an operation has ended. Who asks for one may have pushed just before, and name the
 * revision: a branch as it was known until then would be taken for what Git wants.
 */
export function levelAfter({ operation }: OperationState): RefreshLevel {
  const { initiatedBy, sync } = operation;
  return initiatedBy?.automated === true || sync?.dryRun === true ? 'latest' : 'forced';
}

/** What an operation renders: its sources and the revisions it is pinned to. */
export function operationSources(
  state: OperationState,
  appSources: readonly ApplicationSource[],
): { readonly sources: readonly ApplicationSource[]; readonly revisions: readonly string[] } {
  const result = state.syncResult ?? {};
  const sources = result.sources ?? (result.source === undefined ? appSources : [result.source]);
  const revisions = result.revisions ?? [result.revision ?? ''];
  return { sources, revisions: sources.map((_, index) => revisions[index] ?? '') };
}

/** The operation state pinned to resolved revisions, so that later passes sync the same. */
export function pinRevisions(state: OperationState, revisions: readonly string[]): OperationState {
  const result = state.syncResult ?? {};
  const pinned = result.sources === undefined ? { revision: revisions[0] ?? '' } : { revisions };
  return { ...state, syncResult: { ...result, ...pinned } };
}

/**
 * History with this sync added; only successful, whole, real syncs count. Oldest first, at most
 * `limit` entries.
 */
export function extendHistory(
  history: readonly HistoryEntry[],
  state: OperationState,
  limit: number,
): readonly HistoryEntry[] {
  const sync = state.operation.sync ?? {};
  const selective = (sync.resources?.length ?? 0) > 0;
  if (state.phase !== 'Succeeded' || sync.dryRun === true || selective) return history;
  if (hasLocalManifests(sync)) return history; // no revision stands for them, so there is no way back
  const { revision, revisions, source, sources } = state.syncResult ?? {};
  const { initiatedBy } = state.operation;
  const entry: HistoryEntry = {
    id: (history.at(-1)?.id ?? -1) + 1,
    ...(revision === undefined ? {} : { revision }),
    ...(revisions === undefined ? {} : { revisions }),
    ...(source === undefined ? {} : { source }),
    ...(sources === undefined ? {} : { sources }),
    deployedAt: state.finishedAt ?? state.startedAt,
    deployStartedAt: state.startedAt,
    ...(initiatedBy === undefined ? {} : { initiatedBy }),
  };
  return limit <= 0 ? [] : [...history, entry].slice(-limit);
}
