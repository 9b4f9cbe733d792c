import { z } from 'zod';
import {
  flag,
  hydratorSchema,
  nameValue,
  sourceSchema,
  text,
  textMap,
  texts,
  whole,
} from './source-schema.ts';
import type {
  ApplicationSpec,
  Destination,
  IgnoreDifferences,
  ManagedNamespaceMetadata,
  Operation,
  RetryStrategy,
} from './types.ts';

// What users write in an Application: `spec` and `operation`. `crd.ts` makes the CRD of it.

export const destinationSchema: z.ZodType<Destination> = z.object({
  server: text('URL of the API server of a registered cluster. Either this or name.'),
  name: text('Name of a registered cluster; in-cluster is the one of the control plane.'),
  namespace: text('Namespace for objects that name none.'),
});

export const ignoreDifferencesSchema: z.ZodType<IgnoreDifferences> = z.object({
  group: text('API group, a glob. Empty: the core group.'),
  kind: z.string().meta({ description: 'Kind, a glob.' }),
  name: text('Name. Empty: any.'),
  namespace: text('Namespace. Empty: any.'),
  jsonPointers: texts('JSON pointers of the ignored fields.'),
  jqPathExpressions: texts('jq paths of the ignored fields.'),
  managedFieldsManagers: texts('Ignore fields that these managers own.'),
});

const retrySchema: z.ZodType<RetryStrategy> = z.object({
  limit: whole('Retries after the first attempt. 0: none. Negative: without end.'),
  refresh: flag('Resolve the newest revision for each retry.'),
  backoff: z
    .object({
      duration: text('First delay, such as 5s; a bare number is seconds. Default: 5s.'),
      factor: whole('Each delay is the one before times this. Default: 2.'),
      maxDuration: text('Longest delay. Default: 3m.'),
    })
    .meta({ description: 'Delays between retries.' })
    .optional(),
});

export const namespaceMetadataSchema: z.ZodType<ManagedNamespaceMetadata> = z.object({
  labels: textMap('Labels of the namespace.'),
  annotations: textMap('Annotations of the namespace.'),
});

const syncOptions = (whose: string) =>
  texts(
    `${whose}, as Key=value: Validate, CreateNamespace, PruneLast, PrunePropagationPolicy, Prune, Delete, Replace, Force, ServerSideApply, ClientSideApplyMigration, ApplyOutOfSyncOnly, FailOnSharedResource, RespectIgnoreDifferences, SkipDryRunOnMissingResource.`,
  );

const syncPolicy = z
  .object({
    automated: z
      .object({
        enabled: flag(
          'false switches automated sync off while keeping its settings. Default: true.',
        ),
        prune: flag('Delete objects that are gone from the source. Default: false.'),
        selfHeal: flag('Sync again when live objects are changed. Default: false.'),
        allowEmpty: flag('Let a sync delete every object. Default: false.'),
      })
      .meta({ description: 'Sync by itself whenever the application is OutOfSync.' })
      .optional(),
    syncOptions: syncOptions('Options of every sync'),
    retry: retrySchema
      .meta({ description: 'Retries of failed syncs. Default: 5 for automated syncs, else none.' })
      .optional(),
    managedNamespaceMetadata: namespaceMetadataSchema
      .meta({ description: 'Metadata of the namespace that CreateNamespace=true creates.' })
      .optional(),
  })
  .meta({ description: 'When and how to sync.' })
  .optional();

/** Schema of `spec` of an Application. */
export const applicationSpecSchema: z.ZodType<ApplicationSpec> = z.object({
  project: z.string().meta({ description: 'AppProject it belongs to. Empty: default.' }),
  source: sourceSchema.meta({ description: 'Where the desired state comes from.' }).optional(),
  sources: z
    .array(sourceSchema)
    .meta({ description: 'Several sources; wins over source when not empty.' })
    .optional(),
  sourceHydrator: hydratorSchema
    .meta({ description: 'Renders a dry source into a branch and syncs that; wins over sources.' })
    .optional(),
  destination: destinationSchema.meta({ description: 'Cluster and namespace to deploy to.' }),
  syncPolicy,
  ignoreDifferences: z
    .array(ignoreDifferencesSchema)
    .meta({ description: 'Fields in which live objects may differ.' })
    .optional(),
  info: z.array(nameValue).meta({ description: 'Facts and links for people.' }).optional(),
  revisionHistoryLimit: whole('Entries kept in status.history. Default: 10. 0: none.'),
});

const strategy = (description: string) =>
  z
    .object({ force: flag('Delete and create again what cannot be changed.') })
    .meta({ description })
    .optional();

const sync = z
  .object({
    revision: text('Revision to sync to. Default: that of the spec.'),
    revisions: texts('Revisions to sync to, one for each source.'),
    prune: flag('Delete objects that are gone from the source.'),
    dryRun: flag('Only try it.'),
    syncStrategy: z
      .object({
        apply: strategy('Apply without hooks.'),
        hook: strategy('Apply with hooks; the default.'),
      })
      .meta({ description: 'How to apply.' })
      .optional(),
    resources: z
      .array(
        z.object({
          group: text('API group.'),
          kind: z.string().meta({ description: 'Kind.' }),
          name: z.string().meta({ description: 'Name.' }),
          namespace: text('Namespace. Empty: any.'),
        }),
      )
      .meta({ description: 'Sync only these objects, without hooks.' })
      .optional(),
    source: sourceSchema.meta({ description: 'Source instead of that of the spec.' }).optional(),
    sources: z
      .array(sourceSchema)
      .meta({ description: 'Sources instead of those of the spec.' })
      .optional(),
    manifests: texts('Manifests to sync instead of those of the source, for development.'),
    syncOptions: syncOptions('Options of this sync'),
    autoHealAttemptsCount: whole('How often live changes were undone in a row.'),
  })
  .meta({ description: 'A sync.' })
  .optional();

export const initiatorSchema: z.ZodType<NonNullable<Operation['initiatedBy']>> = z.object({
  username: text('User.'),
  automated: flag('Started by automated sync.'),
});

/** Schema of `operation` of an Application. */
export const operationSchema: z.ZodType<Operation> = z.object({
  sync,
  initiatedBy: initiatorSchema.meta({ description: 'Who asked for it.' }).optional(),
  info: z.array(nameValue).meta({ description: 'Facts for people.' }).optional(),
  retry: retrySchema.meta({ description: 'Retries when it fails. Default: none.' }).optional(),
});
