// The library's one public door: names only, no logic.

export { createOperator, type Operator, type OperatorOptions } from './create-operator.ts';
export type { Connected, ConnectOptions } from './wiring/connected.ts';
export type { FrontSideOptions } from './wiring/open-publisher.ts';
export type { ManifestCacheOptions, RedisCacheOptions } from './wiring/kept-renders.ts';
export { engineSettings } from './operator-options.ts';
export { silentEvents, silentLogger, silentMetrics } from './telemetry/silent.ts';
export { explainApplication, type Explanation } from './explain-application.ts';

// Use cases, to embed in an operator of one's own
export { createReconciler, type Reconciler } from './engine/reconciler.ts';
export type {
  ComparedForFront,
  ComparisonSink,
  EnginePorts,
  EngineSettings,
} from './engine/ports.ts';
export {
  createManifestSource,
  type ManifestSourceOptions,
  type PauseRule,
} from './engine/manifests/index.ts';

// Resource actions: what people can do to an object
export { listResourceActions, type ActionDeps } from './engine/actions/list-resource-actions.ts';
export { runResourceAction, type RunActionRequest } from './engine/actions/run-resource-action.ts';
export type { ActionChange } from './engine/actions/carry-out.ts';
export { discoverActions } from './core/actions/discover-actions.ts';
export { planAction } from './core/actions/plan-action.ts';
export type {
  ActionInfo,
  ActionParameter,
  ActionPlan,
  ActionStep,
} from './core/actions/action.ts';
export { createSettingsView, type SettingsView } from './core/settings/settings-view.ts';
export { DEFAULT_RESOURCE_SETTINGS } from './core/settings/resource-settings.ts';

// Runtime
export {
  createController,
  type Controller,
  type ControllerOptions,
  type ReconcileOutcome,
} from './runtime/controller.ts';
export type { Aside } from './runtime/places.ts';
export { withFinalizer, type FinalizerOptions } from './runtime/finalizer.ts';
export {
  createWorkQueue,
  type AddOptions,
  type Taken,
  type WorkQueue,
  type WorkQueueOptions,
} from './runtime/work-queue.ts';
export { createVirtualClock, systemClock, type VirtualClock } from './runtime/clock.ts';

// Decisions, pure
export { assessHealth, isPendingDeletion, type Health } from './core/health/assess-health.ts';
export { rollUpHealth, type HealthInput } from './core/health/roll-up.ts';
export {
  compareObject,
  FIELD_MANAGER,
  type CompareOptions,
  type Comparison,
} from './core/diff/compare-object.ts';
export { normalise } from './core/diff/normalise.ts';
export { maskSecrets, redactSecrets } from './core/diff/mask-secret.ts';
export { changesBetween } from './present/changes-between.ts';
export { listChanges, type Change } from './present/list-changes.ts';
export { planSync, type PlanInput, type SyncPlan, type SyncTask } from './core/sync/plan-sync.ts';
// A sync of one's own: plan once; then observe, take the next step, until it says finish
export { finishAfterFinalGroup, nextStep, type NextStep } from './core/sync/next-step.ts';
export {
  hasUnstoredEnd,
  observeResults,
  observeSuccesses,
  resultOf,
  type Observed,
  type ObservedHealth,
} from './core/sync/observe-results.ts';
export {
  decideAccess,
  groupsOf,
  type AccessDecision,
  type AccessPolicies,
  type AccessRequest,
  type Caller,
} from './core/access/decide-access.ts';
export { decideAutoSync, type AutoSyncDecision } from './core/sync/auto-sync.ts';
export { prepareTargets, type Targets } from './core/sync/prepare-targets.ts';
export {
  DEFAULT_TRACKING,
  formatTrackingId,
  instanceOf,
  parseTrackingId,
  track,
  type TrackingSettings,
} from './core/tracking/tracking.ts';
export { parseApplication, parseProject } from './core/app/parse.ts';
export { appKey, type AppKey } from './core/app/app-key.ts';
export {
  ERROR_CATALOGUE,
  hasCode,
  TiphysError,
  toTiphysError,
  type ErrorCode,
  type Retry,
} from './core/errors.ts';

// Where a cluster is, and what a webhook was about
export type { KubeConnection } from './kube/connection.ts';
export { connectionFromKubeconfig, connectionInCluster } from './kube/kubeconfig.ts';
export { affectedBy, type Affected } from './core/webhook/affected.ts';
export type { WebhookEvent } from './core/webhook/event.ts';
export type { WebhookTarget } from './core/webhook/webhook-target.ts';
export type { WebhookAnswer, WebhookRequest } from './git/webhook.ts';

// Nouns
export { ANONYMOUS, type Credential, type RepositoryAccess } from './core/repository/access.ts';
export type * from './core/app/types.ts';
export type * from './core/objects/json.ts';
export { resourceKey } from './core/objects/kube-object.ts';
export type {
  GroupKind,
  GroupVersionKind,
  KubeObject,
  ObjectMeta,
  ResourceId,
  ResourceKey,
} from './core/objects/kube-object.ts';
export type * from './ports/index.ts';
