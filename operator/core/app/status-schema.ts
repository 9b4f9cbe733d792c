import * as z from 'zod/mini';
import {
  destinationSchema,
  ignoreDifferencesSchema,
  initiatorSchema,
  namespaceMetadataSchema,
  operationSchema,
} from './schema.ts';
import { hydratorSchema, sourceSchema } from './source-schema.ts';
import { described, flag, listOf, part, text, texts, whole } from './schema-words.ts';
import type {
  ApplicationStatus,
  ComparedTo,
  Condition,
  HealthStatus,
  HistoryEntry,
  OperationState,
  ResourceResult,
  ResourceStatus,
  SyncResult,
  SyncStatus,
} from './types.ts';

// What Tiphys writes into `status` of an Application.

const time = (description: string) => z.optional(requiredTime(description));
const requiredTime = (description: string) =>
  described(description, z.string(), { format: 'date-time' });

const source = z.optional(described('Its source.', sourceSchema));
const sources = listOf('Its sources.', sourceSchema);

const syncCode = described(
  'Unknown, Synced or OutOfSync.',
  z.enum(['Unknown', 'Synced', 'OutOfSync']),
);
const healthCode = described(
  'Healthy, Suspended, Progressing, Missing, Degraded or Unknown.',
  z.enum(['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown']),
);
const phase = described(
  'Running, Terminating, Failed, Error or Succeeded.',
  z.enum(['Running', 'Terminating', 'Failed', 'Error', 'Succeeded']),
);

const healthSchema: z.ZodMiniType<HealthStatus> = z.object({
  status: z.optional(healthCode),
  message: text('Why.'),
  lastTransitionTime: time('When the status changed last.'),
});

const comparedTo: z.ZodMiniType<ComparedTo> = z.object({
  source,
  sources,
  destination: described('Its destination.', destinationSchema),
  ignoreDifferences: listOf('Its ignored differences.', ignoreDifferencesSchema),
});

const syncSchema: z.ZodMiniType<SyncStatus> = z.object({
  status: syncCode,
  comparedTo: z.optional(described('The spec that was compared.', comparedTo)),
  revision: text('Resolved revision.'),
  revisions: texts('Resolved revisions, one for each source.'),
});

const resourceSchema: z.ZodMiniType<ResourceStatus> = z.object({
  group: text('API group.'),
  version: text('API version.'),
  kind: text('Kind.'),
  namespace: text('Namespace.'),
  name: text('Name.'),
  status: z.optional(syncCode),
  health: z.optional(described('Its health.', healthSchema)),
  hook: flag('It is a hook.'),
  requiresPruning: flag('It is gone from the source and still live.'),
  requiresDeletionConfirmation: flag('Deleting it waits for approval.'),
  syncWave: whole('Its wave.'),
  syncReason: text('Why it is not Synced.'),
});

const historySchema: z.ZodMiniType<HistoryEntry> = z.object({
  id: described('Counts up from 0.', z.int(), { format: 'int64' }),
  revision: text('Revision.'),
  revisions: texts('Revisions, one for each source.'),
  source,
  sources,
  deployedAt: requiredTime('When the sync ended.'),
  deployStartedAt: time('When the sync began.'),
  initiatedBy: z.optional(described('Who asked for it.', initiatorSchema)),
});

const conditionSchema: z.ZodMiniType<Condition> = z.object({
  type: described('What it is about; ends in Error or Warning.', z.string()),
  message: described('What is wrong, and what to do.', z.string()),
  lastTransitionTime: time('When it was first seen.'),
});

const resultSchema: z.ZodMiniType<ResourceResult> = z.object({
  group: described('API group.', z.string()),
  version: described('API version.', z.string()),
  kind: described('Kind.', z.string()),
  namespace: described('Namespace.', z.string()),
  name: described('Name.', z.string()),
  status: z.optional(
    described(
      'Synced, SyncFailed, Pruned or PruneSkipped.',
      z.enum(['Synced', 'SyncFailed', 'Pruned', 'PruneSkipped']),
    ),
  ),
  message: text('What the API server said, or why it was skipped.'),
  hookType: text('Kind of hook, when it is one.'),
  hookPhase: z.optional(phase),
  syncPhase: z.optional(
    described(
      'PreSync, Sync, PostSync or SyncFail.',
      z.enum(['PreSync', 'Sync', 'PostSync', 'SyncFail']),
    ),
  ),
  images: texts('Images in its Pod template.'),
});

const syncResultSchema: z.ZodMiniType<SyncResult> = z.object({
  revision: text('Resolved revision.'),
  revisions: texts('Resolved revisions, one for each source.'),
  source,
  sources,
  managedNamespaceMetadata: z.optional(
    described('Metadata the namespace was given.', namespaceMetadataSchema),
  ),
  resources: listOf('One entry for each object and phase, in order of execution.', resultSchema),
});

const operationStateSchema: z.ZodMiniType<OperationState> = z.object({
  operation: described('What was asked for.', operationSchema),
  phase,
  startedAt: requiredTime('When it began.'),
  finishedAt: time('When it ended; while Running: when the last attempt ended.'),
  message: text('What it waits for, or how it ended.'),
  retryCount: whole('Retries so far.'),
  syncResult: z.optional(described('What was done.', syncResultSchema)),
});

const hydration = (description: string) =>
  part(description, {
    drySHA: text('Commit that was rendered.'),
    hydratedSHA: text('Commit with the result.'),
    sourceHydrator: z.optional(described('Settings it was done with.', hydratorSchema)),
    startedAt: time('When it began.'),
    finishedAt: time('When it ended.'),
    phase: text('Hydrating, Hydrated or Failed.'),
    message: text('Why it failed.'),
  });

/** Schema of `status` of an Application. */
export const applicationStatusSchema: z.ZodMiniType<ApplicationStatus> = z.object({
  sync: z.optional(described('Whether live objects are as the source wants them.', syncSchema)),
  health: z.optional(described('Health of the worst object.', healthSchema)),
  resources: listOf('The objects, sorted by group, kind, namespace and name.', resourceSchema),
  resourceHealthSource: text('Where the health of each object is: empty for here, or appTree.'),
  history: listOf('Successful syncs, oldest first.', historySchema),
  conditions: listOf('What stands in the way.', conditionSchema),
  operationState: z.optional(
    described('The operation that runs, or the last one.', operationStateSchema),
  ),
  reconciledAt: time('When it was last compared with the newest revision.'),
  observedAt: time('Not used any more.'),
  sourceType: text('Directory, Helm, Kustomize, Plugin or a generator of your own.'),
  sourceTypes: texts('Source types, one for each source.'),
  summary: part('What a person wants to see at a glance.', {
    externalURLs: texts('Addresses of Ingresses and links.'),
    images: texts('Images of live Pods.'),
    isAppOfApps: flag('It deploys Applications.'),
  }),
  controllerNamespace: text('Namespace of the control plane.'),
  sourceHydrator: part('State of hydration.', {
    currentOperation: hydration('Hydration that runs, or the last one.'),
    lastSuccessfulOperation: hydration('The last one that succeeded.'),
    lastComparedDryRevision: text('Dry revision that was looked at last.'),
  }),
});
