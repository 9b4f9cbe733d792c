import { z } from 'zod';
import {
  destinationSchema,
  ignoreDifferencesSchema,
  initiatorSchema,
  namespaceMetadataSchema,
  operationSchema,
} from './schema.ts';
import { flag, hydratorSchema, sourceSchema, text, texts, whole } from './source-schema.ts';
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

const time = (description: string) => text(description).meta({ format: 'date-time' });
const requiredTime = (description: string) => z.string().meta({ description, format: 'date-time' });

const source = sourceSchema.meta({ description: 'Its source.' }).optional();
const sources = z.array(sourceSchema).meta({ description: 'Its sources.' }).optional();

const syncCode = z
  .enum(['Unknown', 'Synced', 'OutOfSync'])
  .meta({ description: 'Unknown, Synced or OutOfSync.' });
const healthCode = z
  .enum(['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'])
  .meta({ description: 'Healthy, Suspended, Progressing, Missing, Degraded or Unknown.' });
const phase = z
  .enum(['Running', 'Terminating', 'Failed', 'Error', 'Succeeded'])
  .meta({ description: 'Running, Terminating, Failed, Error or Succeeded.' });

const healthSchema: z.ZodType<HealthStatus> = z.object({
  status: healthCode.optional(),
  message: text('Why.'),
  lastTransitionTime: time('When the status changed last.'),
});

const comparedTo: z.ZodType<ComparedTo> = z.object({
  source,
  sources,
  destination: destinationSchema.meta({ description: 'Its destination.' }),
  ignoreDifferences: z
    .array(ignoreDifferencesSchema)
    .meta({ description: 'Its ignored differences.' })
    .optional(),
});

const syncSchema: z.ZodType<SyncStatus> = z.object({
  status: syncCode,
  comparedTo: comparedTo.meta({ description: 'The spec that was compared.' }).optional(),
  revision: text('Resolved revision.'),
  revisions: texts('Resolved revisions, one for each source.'),
});

const resourceSchema: z.ZodType<ResourceStatus> = z.object({
  group: text('API group.'),
  version: text('API version.'),
  kind: text('Kind.'),
  namespace: text('Namespace.'),
  name: text('Name.'),
  status: syncCode.optional(),
  health: healthSchema.meta({ description: 'Its health.' }).optional(),
  hook: flag('It is a hook.'),
  requiresPruning: flag('It is gone from the source and still live.'),
  requiresDeletionConfirmation: flag('Deleting it waits for approval.'),
  syncWave: whole('Its wave.'),
  syncReason: text('Why it is not Synced.'),
});

const historySchema: z.ZodType<HistoryEntry> = z.object({
  id: z.int().meta({ description: 'Counts up from 0.', format: 'int64' }),
  revision: text('Revision.'),
  revisions: texts('Revisions, one for each source.'),
  source,
  sources,
  deployedAt: requiredTime('When the sync ended.'),
  deployStartedAt: time('When the sync began.'),
  initiatedBy: initiatorSchema.meta({ description: 'Who asked for it.' }).optional(),
});

const conditionSchema: z.ZodType<Condition> = z.object({
  type: z.string().meta({ description: 'What it is about; ends in Error or Warning.' }),
  message: z.string().meta({ description: 'What is wrong, and what to do.' }),
  lastTransitionTime: time('When it was first seen.'),
});

const resultSchema: z.ZodType<ResourceResult> = z.object({
  group: z.string().meta({ description: 'API group.' }),
  version: z.string().meta({ description: 'API version.' }),
  kind: z.string().meta({ description: 'Kind.' }),
  namespace: z.string().meta({ description: 'Namespace.' }),
  name: z.string().meta({ description: 'Name.' }),
  status: z
    .enum(['Synced', 'SyncFailed', 'Pruned', 'PruneSkipped'])
    .meta({ description: 'Synced, SyncFailed, Pruned or PruneSkipped.' })
    .optional(),
  message: text('What the API server said, or why it was skipped.'),
  hookType: text('Kind of hook, when it is one.'),
  hookPhase: phase.optional(),
  syncPhase: z
    .enum(['PreSync', 'Sync', 'PostSync', 'SyncFail'])
    .meta({ description: 'PreSync, Sync, PostSync or SyncFail.' })
    .optional(),
  images: texts('Images in its Pod template.'),
});

const syncResultSchema: z.ZodType<SyncResult> = z.object({
  revision: text('Resolved revision.'),
  revisions: texts('Resolved revisions, one for each source.'),
  source,
  sources,
  managedNamespaceMetadata: namespaceMetadataSchema
    .meta({ description: 'Metadata the namespace was given.' })
    .optional(),
  resources: z
    .array(resultSchema)
    .meta({ description: 'One entry for each object and phase, in order of execution.' })
    .optional(),
});

const operationStateSchema: z.ZodType<OperationState> = z.object({
  operation: operationSchema.meta({ description: 'What was asked for.' }),
  phase,
  startedAt: requiredTime('When it began.'),
  finishedAt: time('When it ended; while Running: when the last attempt ended.'),
  message: text('What it waits for, or how it ended.'),
  retryCount: whole('Retries so far.'),
  syncResult: syncResultSchema.meta({ description: 'What was done.' }).optional(),
});

const hydration = (description: string) =>
  z
    .object({
      drySHA: text('Commit that was rendered.'),
      hydratedSHA: text('Commit with the result.'),
      sourceHydrator: hydratorSchema.meta({ description: 'Settings it was done with.' }).optional(),
      startedAt: time('When it began.'),
      finishedAt: time('When it ended.'),
      phase: text('Hydrating, Hydrated or Failed.'),
      message: text('Why it failed.'),
    })
    .meta({ description })
    .optional();

/** Schema of `status` of an Application. */
export const applicationStatusSchema: z.ZodType<ApplicationStatus> = z.object({
  sync: syncSchema
    .meta({ description: 'Whether live objects are as the source wants them.' })
    .optional(),
  health: healthSchema.meta({ description: 'Health of the worst object.' }).optional(),
  resources: z
    .array(resourceSchema)
    .meta({ description: 'The objects, sorted by group, kind, namespace and name.' })
    .optional(),
  resourceHealthSource: text('Where the health of each object is: empty for here, or appTree.'),
  history: z
    .array(historySchema)
    .meta({ description: 'Successful syncs, oldest first.' })
    .optional(),
  conditions: z.array(conditionSchema).meta({ description: 'What stands in the way.' }).optional(),
  operationState: operationStateSchema
    .meta({ description: 'The operation that runs, or the last one.' })
    .optional(),
  reconciledAt: time('When it was last compared with the newest revision.'),
  observedAt: time('Not used any more.'),
  sourceType: text('Directory, Helm, Kustomize, Plugin or a generator of your own.'),
  sourceTypes: texts('Source types, one for each source.'),
  summary: z
    .object({
      externalURLs: texts('Addresses of Ingresses and links.'),
      images: texts('Images of live Pods.'),
      isAppOfApps: flag('It deploys Applications.'),
    })
    .meta({ description: 'What a person wants to see at a glance.' })
    .optional(),
  controllerNamespace: text('Namespace of the control plane.'),
  sourceHydrator: z
    .object({
      currentOperation: hydration('Hydration that runs, or the last one.'),
      lastSuccessfulOperation: hydration('The last one that succeeded.'),
      lastComparedDryRevision: text('Dry revision that was looked at last.'),
    })
    .meta({ description: 'State of hydration.' })
    .optional(),
});
