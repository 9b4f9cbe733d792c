import { setConditions } from '../core/app/conditions.ts';
import { normaliseSpec } from '../core/app/normalise-spec.ts';
import type { Application, ApplicationStatus, OperationState } from '../core/app/types.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { mergePatch } from '../core/objects/merge-patch.ts';
import { hasCode } from '../core/errors.ts';
import type { AppKey } from '../core/app/app-key.ts';
import type { Occurrence } from '../ports/telemetry.ts';
import type { NewCondition } from './admit.ts';
import { isBegun, requestBeside } from './operation.ts';
import type { EnginePorts } from './ports.ts';
import { isCompleted, timestamp } from './run-sync-pass.ts';

/** What a pass found out: the status as it should stand. */
export type Report = ApplicationStatus;

/** The one place where outcomes become status, Events, metrics and log lines. */
export interface Reporter {
  /**
   * Writes what changed in the status, and takes away what the pass has dealt with: the refresh
   * annotations and a begun operation. Resolves with the object as stored. Errors: `KubeConflict`
   * when somebody else wrote meanwhile; the pass is then to be repeated.
   */
  report(key: AppKey, app: Application, status: Report, signal: AbortSignal): Promise<KubeObject>;
  /** A spec that cannot be parsed: only that application fails. */
  invalid(
    key: AppKey,
    raw: KubeObject,
    problems: readonly { readonly path: string; readonly message: string }[],
    signal: AbortSignal,
  ): Promise<void>;
  deletion(
    key: AppKey,
    app: Application,
    conditions: readonly NewCondition[],
    signal: AbortSignal,
  ): Promise<void>;
  started(app: Application, state: OperationState): void;
  /** False once the API server was seen to drop `syncReason`, as the incumbent's CRD makes it. */
  readonly keepsReasons: boolean;
}

const REFRESH = 'argocd.argoproj.io/refresh';
const REFRESH_TIMESTAMP = 'argocd.argoproj.io/refresh-timestamp';

export function createReporter(ports: EnginePorts): Reporter {
  const { apps, events, metrics, logger, clock } = ports;
  let keepsReasons = true;

  function publish(
    app: Application,
    type: Occurrence['type'],
    reason: string,
    message: string,
  ): void {
    const { name, namespace, uid, resourceVersion } = app.metadata;
    const object = {
      apiVersion: app.raw.apiVersion,
      kind: app.raw.kind,
      name,
      namespace,
      uid,
      resourceVersion,
    };
    events.publish({ type, reason, message, object });
  }

  async function report(
    key: AppKey,
    app: Application,
    status: Report,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const before = isJsonObject(app.raw['status']) ? app.raw['status'] : {};
    const patch = mergePatch(before, plain(status));
    let stored = app.raw;
    const { resourceVersion } = app.metadata;
    if (patch !== undefined)
      stored = await apps.patchStatus(key, patch, resourceVersion, signal, dealtWith(app, status));
    if (keepsReasons && hasReasons(plain(status)) && !hasReasons(stored['status'])) {
      keepsReasons = false;
      logger.info({}, 'the Application CRD does not know syncReason; it is left out of status');
    }
    const rest = patch !== undefined && apps.inOneWrite ? undefined : dealtWith(app, status);
    if (rest !== undefined) stored = await clear(key, stored, rest, signal);
    announceChanges(key, app, status);
    return stored;
  }

  /** Removing a request races with a new one; the loser is a request that stays, and is served next. */
  async function clear(
    key: AppKey,
    stored: KubeObject,
    patch: JsonObject,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    try {
      return await apps.patch(key, patch, stored.metadata.resourceVersion, signal);
    } catch (error) {
      if (!hasCode(error, 'KubeConflict')) throw error;
      logger.debug({ app: key }, 'somebody wrote to the application meanwhile; asking again');
      return stored;
    }
  }

  function dealtWith(app: Application, status: Report): JsonObject | undefined {
    const patch: Record<string, JsonValue> = {};
    const annotations: Record<string, JsonValue> = {};
    for (const name of [REFRESH, REFRESH_TIMESTAMP])
      if (app.metadata.annotations[name] !== undefined) annotations[name] = null;
    if (Object.keys(annotations).length > 0) patch['metadata'] = { annotations };
    const request = apps.inOneWrite ? requestBeside(app, status) : takenOver(app, status);
    const operation = request && mergePatch(plain(app.operation ?? {}), plain(request));
    if (operation !== undefined) patch['operation'] = operation;
    const spec = normaliseSpec(app.spec);
    const specPatch = spec === app.spec ? undefined : mergePatch(plain(app.spec), plain(spec));
    if (specPatch !== undefined) patch['spec'] = specPatch;
    return Object.keys(patch).length === 0 ? undefined : patch;
  }

  /** Where the status is a write of its own the request goes as soon as the operation has begun (ADR 0029). */
  const takenOver = (app: Application, status: Report): null | undefined =>
    app.operation !== undefined && isBegun({ ...app, status }) ? null : undefined;

  function announceChanges(key: AppKey, app: Application, status: Report): void {
    const log = logger.child({ app: key, project: app.spec.project });
    const { sync, health, operationState } = app.status;
    const from = sync?.status ?? '';
    const to = status.sync?.status ?? '';
    if (from !== to) {
      publish(app, 'Normal', 'ResourceUpdated', `Updated sync status: ${from} -> ${to}`);
      log.info({ from, to, revision: status.sync?.revision }, 'sync status changed');
    }
    const healthFrom = health?.status ?? '';
    const healthTo = status.health?.status ?? '';
    if (healthFrom !== healthTo) {
      const message = `Updated health status: ${healthFrom} -> ${healthTo}`;
      publish(app, 'Normal', 'ResourceUpdated', message);
      log.info({ from: healthFrom, to: healthTo }, 'health changed');
    }
    const after = status.operationState;
    const completed =
      after !== undefined &&
      isCompleted(after.phase) &&
      (operationState?.phase !== after.phase || operationState.finishedAt !== after.finishedAt);
    if (completed) completedOperation(app, after, log.info.bind(log));
  }

  function completedOperation(
    app: Application,
    state: OperationState,
    log: (fields: Readonly<Record<string, unknown>>, message: string) => void,
  ): void {
    const sync = state.operation.sync ?? {};
    const partial = (sync.resources?.length ?? 0) > 0 ? 'Partial sync operation' : 'Sync operation';
    const revision = state.syncResult?.revision ?? state.syncResult?.revisions?.join(', ') ?? '';
    const ok = state.phase === 'Succeeded';
    const outcome = ok ? 'succeeded' : `failed: ${state.message ?? ''}`;
    publish(
      app,
      ok ? 'Normal' : 'Warning',
      'OperationCompleted',
      `${partial} to ${revision} ${outcome}`,
    );
    const { name, namespace } = app.metadata;
    const dest = app.spec.destination.server ?? app.spec.destination.name ?? '';
    const labels = { namespace, name, project: app.spec.project, dest_server: dest };
    metrics.count('argocd_app_sync_total', {
      ...labels,
      phase: state.phase,
      dry_run: String(sync.dryRun === true),
    });
    const tookMs = Date.parse(state.finishedAt ?? '') - Date.parse(state.startedAt);
    // Clocks of two machines may have written these.
    if (tookMs >= 0) metrics.count('argocd_app_sync_duration_seconds_total', labels, tookMs / 1000);
    log({ revision, phase: state.phase, message: state.message }, 'sync finished');
  }

  return {
    report,
    get keepsReasons() {
      return keepsReasons;
    },
    async invalid(key, raw, problems, signal) {
      const now = timestamp(clock);
      const message = problems.map(({ path, message: text }) => `${path}: ${text}`).join('; ');
      const before = isJsonObject(raw['status']) ? raw['status'] : {};
      const existing = Array.isArray(before['conditions']) ? before['conditions'] : [];
      const status = {
        ...before,
        sync: { status: 'Unknown' },
        health: { status: 'Unknown' },
        conditions: setConditions(
          existing,
          ['InvalidSpecError'],
          [{ type: 'InvalidSpecError', message }],
          now,
        ) as unknown as JsonValue,
      };
      const patch = mergePatch(before, status);
      if (patch === undefined) return;
      logger.warn({ app: key, problems: message }, 'application is malformed');
      await apps.patchStatus(key, patch, raw.metadata.resourceVersion, signal);
    },
    async deletion(key, app, conditions, signal) {
      const now = timestamp(clock);
      const before = app.status.conditions ?? [];
      const types = ['DeletionError', 'DeletionWarning'];
      const next = setConditions(before, types, conditions, now);
      const error = conditions.find(({ type }) => type === 'DeletionError');
      // Told once: a pass follows every few seconds.
      const isNew = error !== undefined && !before.some(({ message }) => message === error.message);
      if (isNew)
        publish(
          app,
          'Warning',
          'StatusRefreshed',
          `Unable to delete application resources: ${error.message}`,
        );
      await report(key, app, { ...app.status, conditions: next }, signal);
    },
    started(app, state) {
      const automated = state.operation.initiatedBy?.automated === true;
      const revision = state.syncResult?.revision ?? state.syncResult?.revisions?.join(', ') ?? '';
      const who = automated ? 'automated sync' : 'sync';
      publish(app, 'Normal', 'OperationStarted', `Initiated ${who} to '${revision}'`);
    },
  };
}

function hasReasons(status: JsonValue | undefined): boolean {
  const resources = isJsonObject(status) ? status['resources'] : undefined;
  return (
    isJsonArray(resources) &&
    resources.some((entry) => isJsonObject(entry) && entry['syncReason'] !== undefined)
  );
}

/** A status as JSON: its interfaces have no index signature, but hold nothing else. */
function plain(value: object): JsonObject {
  return value as JsonObject;
}
