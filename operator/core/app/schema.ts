import * as z from 'zod/mini';
import { hydratorSchema, nameValue, sourceSchema } from './source-schema.ts';
import {
  described,
  flag,
  listOf,
  part,
  parts,
  text,
  textMap,
  texts,
  whole,
} from './schema-words.ts';
import type {
  ApplicationSpec,
  Destination,
  IgnoreDifferences,
  ManagedNamespaceMetadata,
  Operation,
  RetryStrategy,
} from './types.ts';

// What users write in an Application: `spec` and `operation`. `crd.ts` makes the CRD of it.

export const destinationSchema: z.ZodMiniType<Destination> = z.object({
  server: text('URL of the API server of a registered cluster. Either this or name.'),
  name: text('Name of a registered cluster; in-cluster is the one of the control plane.'),
  namespace: text('Namespace for objects that name none.'),
});

export const ignoreDifferencesSchema: z.ZodMiniType<IgnoreDifferences> = z.object({
  group: text('API group, a glob. Empty: the core group.'),
  kind: described('Kind, a glob.', z.string()),
  name: text('Name. Empty: any.'),
  namespace: text('Namespace. Empty: any.'),
  jsonPointers: texts('JSON pointers of the ignored fields.'),
  jqPathExpressions: texts('jq paths of the ignored fields.'),
  managedFieldsManagers: texts('Ignore fields that these managers own.'),
});

const retrySchema: z.ZodMiniType<RetryStrategy> = z.object({
  limit: whole('Retries after the first attempt. 0: none. Negative: without end.'),
  refresh: flag('Resolve the newest revision for each retry.'),
  backoff: part('Delays between retries.', {
    duration: text('First delay, such as 5s; a bare number is seconds. Default: 5s.'),
    factor: whole('Each delay is the one before times this. Default: 2.'),
    maxDuration: text('Longest delay. Default: 3m.'),
  }),
});

export const namespaceMetadataSchema: z.ZodMiniType<ManagedNamespaceMetadata> = z.object({
  labels: textMap('Labels of the namespace.'),
  annotations: textMap('Annotations of the namespace.'),
});

const syncOptions = (whose: string) =>
  texts(
    `${whose}, as Key=value: Validate, CreateNamespace, PruneLast, PrunePropagationPolicy, Prune, Delete, Replace, Force, ServerSideApply, ClientSideApplyMigration, ApplyOutOfSyncOnly, FailOnSharedResource, RespectIgnoreDifferences, SkipDryRunOnMissingResource.`,
  );

const syncPolicy = part('When and how to sync.', {
  automated: part('Sync by itself whenever the application is OutOfSync.', {
    enabled: flag('false switches automated sync off while keeping its settings. Default: true.'),
    prune: flag('Delete objects that are gone from the source. Default: false.'),
    selfHeal: flag('Sync again when live objects are changed. Default: false.'),
    allowEmpty: flag('Let a sync delete every object. Default: false.'),
  }),
  syncOptions: syncOptions('Options of every sync'),
  retry: z.optional(
    described('Retries of failed syncs. Default: 5 for automated syncs, else none.', retrySchema),
  ),
  managedNamespaceMetadata: z.optional(
    described(
      'Metadata of the namespace that CreateNamespace=true creates.',
      namespaceMetadataSchema,
    ),
  ),
});

/** Schema of `spec` of an Application. */
export const applicationSpecSchema: z.ZodMiniType<ApplicationSpec> = z.object({
  project: described('AppProject it belongs to. Empty: default.', z.string()),
  source: z.optional(described('Where the desired state comes from.', sourceSchema)),
  sources: listOf('Several sources; wins over source when not empty.', sourceSchema),
  sourceHydrator: z.optional(
    described(
      'Renders a dry source into a branch and syncs that; wins over sources.',
      hydratorSchema,
    ),
  ),
  destination: described('Cluster and namespace to deploy to.', destinationSchema),
  syncPolicy,
  ignoreDifferences: listOf('Fields in which live objects may differ.', ignoreDifferencesSchema),
  info: listOf('Facts and links for people.', nameValue),
  revisionHistoryLimit: whole('Entries kept in status.history. Default: 10. 0: none.'),
});

const strategy = (description: string) =>
  part(description, { force: flag('Delete and create again what cannot be changed.') });

const sync = part('A sync.', {
  revision: text('Revision to sync to. Default: that of the spec.'),
  revisions: texts('Revisions to sync to, one for each source.'),
  prune: flag('Delete objects that are gone from the source.'),
  dryRun: flag('Only try it.'),
  syncStrategy: part('How to apply.', {
    apply: strategy('Apply without hooks.'),
    hook: strategy('Apply with hooks; the default.'),
  }),
  resources: parts('Sync only these objects, without hooks.', {
    group: text('API group.'),
    kind: described('Kind.', z.string()),
    name: described('Name.', z.string()),
    namespace: text('Namespace. Empty: any.'),
  }),
  source: z.optional(described('Source instead of that of the spec.', sourceSchema)),
  sources: listOf('Sources instead of those of the spec.', sourceSchema),
  manifests: texts('Manifests to sync instead of those of the source, for development.'),
  syncOptions: syncOptions('Options of this sync'),
  autoHealAttemptsCount: whole('How often live changes were undone in a row.'),
});

export const initiatorSchema: z.ZodMiniType<NonNullable<Operation['initiatedBy']>> = z.object({
  username: text('User.'),
  automated: flag('Started by automated sync.'),
});

/** Schema of `operation` of an Application. */
export const operationSchema: z.ZodMiniType<Operation> = z.object({
  sync,
  initiatedBy: z.optional(described('Who asked for it.', initiatorSchema)),
  info: listOf('Facts for people.', nameValue),
  retry: z.optional(described('Retries when it fails. Default: none.', retrySchema)),
});
