import type { Connected } from './wiring/connected.ts';
import type { AppKey } from './core/app/app-key.ts';
import type { ComparedResource } from './core/app/compared-resource.ts';
import { nextStepFor } from './core/app/explain-decision.ts';
import { syncStatusOf } from './core/app/resource-status.ts';
import { sourcesOf } from './core/app/sources.ts';
import { syncReasonOf } from './core/app/sync-reason.ts';
import type { Condition, HealthStatus, SourceHydrator, SyncStatusCode } from './core/app/types.ts';
import { describeResource } from './core/objects/kube-object.ts';
import { shownUrl } from './core/repository/shown-url.ts';
import {
  inspectApplication,
  type Inspection,
  type Prediction,
} from './engine/inspect-application.ts';
import { changesBetween } from './present/changes-between.ts';
import { listChanges, type Change } from './present/list-changes.ts';

/** Why an application is as it is, and what happens next. Holds no value of a Secret. */
export interface Explanation {
  /** `namespace/name`. */
  readonly application: string;
  readonly project: string;
  readonly sources: readonly {
    readonly repoURL: string;
    readonly path: string;
    readonly targetRevision: string;
    /** What that is now; empty when it could not be resolved. */
    readonly revision: string;
  }[];
  readonly destination: string;
  readonly sync: SyncStatusCode;
  readonly health: HealthStatus;
  readonly conditions: readonly Pick<Condition, 'type' | 'message'>[];
  readonly lastOperation: LastOperation | undefined;
  /** Absent: its source is deployed as it is. */
  readonly hydration?: ExplainedHydration;
  /** Objects that are not Synced or not Healthy. */
  readonly resources: readonly ExplainedResource[];
  /** How many objects are as they should be. */
  readonly fine: number;
  readonly decision: { readonly type: string; readonly reason: string };
  readonly nextStep: string;
}

export interface LastOperation {
  readonly phase: string;
  readonly message: string;
  readonly revision: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly by: string;
}

/** What was last told of hydration; only the operator knows whether it goes on. */
export interface ExplainedHydration {
  readonly drySource: {
    readonly repoURL: string;
    readonly path: string;
    readonly targetRevision: string;
  };
  /** The branch that is committed to. */
  readonly branch: string;
  /** Hydrating, Hydrated or Failed; empty: never. */
  readonly phase: string;
  readonly message: string;
  /** The dry commit, and what it became; empty when not known. */
  readonly dryRevision: string;
  readonly hydratedRevision: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** The dry commit that was looked at last. */
  readonly comparedRevision: string;
}

export interface ExplainedResource {
  /** `Deployment/namespace/name`. */
  readonly resource: string;
  readonly group: string;
  readonly sync: SyncStatusCode | '';
  readonly reason: string;
  /** What applying would change, as the API server predicts. */
  readonly changes: readonly Change[];
  readonly health: string;
  readonly healthMessage: string;
  /** Which rule judged. */
  readonly healthRule: string;
}

/**
 * Looks at an application now, and explains it. Writes nothing; costs a comparison, and a dry run
 * for each object that differs. Errors: as `inspectApplication`.
 */
export async function explainApplication(
  key: AppKey,
  { ports, settings }: Pick<Connected, 'ports' | 'settings'>,
  signal: AbortSignal,
): Promise<Explanation> {
  const inspection = await inspectApplication(key, ports, settings, signal);
  const { app, status, compared } = inspection;
  const sensitive = ports.resources().settings.sensitiveAnnotations;
  const explained = compared.flatMap((resource) => {
    const one = explain(resource, inspection, sensitive);
    return one === undefined ? [] : [one];
  });
  const revisions = status.sync?.revisions ?? [status.sync?.revision ?? ''];
  const { server, name, namespace = '' } = app.spec.destination;
  const decision = decisionOf(inspection);
  return {
    application: key,
    project: app.spec.project,
    sources: sourcesOf(app.spec).map((source, index) => ({
      repoURL: source.repoURL,
      path: source.path ?? source.chart ?? '',
      targetRevision: source.targetRevision ?? 'HEAD',
      revision: revisions[index] ?? '',
    })),
    destination: `${name ?? server ?? ''}, namespace ${namespace === '' ? '(none)' : namespace}`,
    sync: status.sync?.status ?? 'Unknown',
    health: status.health ?? { status: 'Unknown' },
    conditions: [...(status.conditions ?? []), ...conditionsOf(inspection)].map(
      ({ type, message }) => ({ type, message }),
    ),
    lastOperation: lastOperation(inspection),
    ...(app.spec.sourceHydrator && { hydration: hydrationOf(app.spec.sourceHydrator, app) }),
    resources: explained,
    fine: compared.length - explained.length,
    decision,
    nextStep: nextStepFor(decision.reason),
  };
}

function conditionsOf({ decision }: Inspection): readonly Pick<Condition, 'type' | 'message'>[] {
  return decision.type === 'idle' ? decision.conditions : [];
}

function decisionOf({ decision, app }: Inspection): Explanation['decision'] {
  if (decision.type === 'idle') return { type: 'idle', reason: decision.reason };
  const { operationState } = app.status;
  const running = operationState !== undefined && operationState.finishedAt === undefined;
  return { type: 'sync', reason: running ? 'Running' : 'Sync' };
}

function lastOperation({ app }: Inspection): LastOperation | undefined {
  const state = app.status.operationState;
  if (state === undefined) return undefined;
  const { initiatedBy } = state.operation;
  return {
    phase: state.phase,
    message: state.message ?? '',
    revision: state.syncResult?.revision ?? state.syncResult?.revisions?.join(', ') ?? '',
    startedAt: state.startedAt,
    finishedAt: state.finishedAt ?? '',
    by: initiatedBy?.automated === true ? 'automated sync' : (initiatedBy?.username ?? 'unknown'),
  };
}

function hydrationOf(
  { drySource, syncSource, hydrateTo }: SourceHydrator,
  { status }: Inspection['app'],
): ExplainedHydration {
  const { currentOperation: last, lastComparedDryRevision } = status.sourceHydrator ?? {};
  return {
    drySource: {
      repoURL: shownUrl(drySource.repoURL),
      path: drySource.path ?? '',
      targetRevision: drySource.targetRevision ?? 'HEAD',
    },
    branch: hydrateTo?.targetBranch ?? syncSource.targetBranch,
    phase: last?.phase ?? '',
    message: last?.message ?? '',
    dryRevision: last?.drySHA ?? '',
    hydratedRevision: last?.hydratedSHA ?? '',
    startedAt: last?.startedAt ?? '',
    finishedAt: last?.finishedAt ?? '',
    comparedRevision: lastComparedDryRevision ?? '',
  };
}

function explain(
  resource: ComparedResource,
  { predictions }: Inspection,
  sensitive: readonly string[],
): ExplainedResource | undefined {
  const sync = syncStatusOf(resource) ?? '';
  const { health, key, id } = resource;
  const isWell = health === undefined || health.status === 'Healthy';
  if (sync !== 'OutOfSync' && sync !== 'Unknown' && isWell) return undefined;
  const prediction = predictions.get(key);
  const refused = prediction?.type === 'refused' ? `; a dry run fails: ${prediction.reason}` : '';
  return {
    resource: describeResource(id),
    group: id.group,
    sync,
    reason: `${syncReasonOf(resource) ?? ''}${refused}`,
    changes: changesOf(resource, prediction, sensitive),
    health: health?.status ?? (resource.live === undefined ? 'Missing' : ''),
    healthMessage: health?.message ?? '',
    healthRule: health?.rule ?? '',
  };
}

/** Only what counts: what rules leave out, and what webhooks add by themselves, is not listed. */
function changesOf(
  { target, live, paths }: ComparedResource,
  prediction: Prediction | undefined,
  sensitive: readonly string[],
): readonly Change[] {
  if (target === undefined || live === undefined || prediction?.type === 'refused') return [];
  if (prediction === undefined) return listChanges(target, live, paths, sensitive);
  const all = changesBetween(prediction.live, prediction.predicted, sensitive);
  const counted = all.filter(({ path }) => paths.some((counts) => path.startsWith(counts)));
  return counted.length > 0 ? counted : all;
}
