import type { JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';

// The shapes of Application and AppProject, as `schema.ts` parses them. Absent optional fields may
// also be present as `undefined`; field by field meaning is in the CRD descriptions (`schema.ts`).

type Optional<T> = T | undefined;

export interface NameValue {
  readonly name: string;
  readonly value: string;
}

export interface HelmSource {
  readonly valueFiles?: Optional<readonly string[]>;
  readonly parameters?: Optional<
    readonly {
      readonly name?: Optional<string>;
      readonly value?: Optional<string>;
      readonly forceString?: Optional<boolean>;
    }[]
  >;
  readonly fileParameters?: Optional<
    readonly { readonly name?: Optional<string>; readonly path?: Optional<string> }[]
  >;
  readonly releaseName?: Optional<string>;
  readonly values?: Optional<string>;
  readonly valuesObject?: Optional<JsonObject>;
  readonly version?: Optional<string>;
  readonly passCredentials?: Optional<boolean>;
  readonly ignoreMissingValueFiles?: Optional<boolean>;
  readonly skipCrds?: Optional<boolean>;
  readonly skipTests?: Optional<boolean>;
  readonly skipSchemaValidation?: Optional<boolean>;
  readonly namespace?: Optional<string>;
  readonly kubeVersion?: Optional<string>;
  readonly apiVersions?: Optional<readonly string[]>;
}

export interface KustomizePatch {
  readonly path?: Optional<string>;
  readonly patch?: Optional<string>;
  readonly target?: Optional<{
    readonly group?: Optional<string>;
    readonly version?: Optional<string>;
    readonly kind?: Optional<string>;
    readonly name?: Optional<string>;
    readonly namespace?: Optional<string>;
    readonly annotationSelector?: Optional<string>;
    readonly labelSelector?: Optional<string>;
  }>;
  readonly options?: Optional<Readonly<Record<string, boolean>>>;
}

export interface KustomizeSource {
  readonly namePrefix?: Optional<string>;
  readonly nameSuffix?: Optional<string>;
  readonly namespace?: Optional<string>;
  readonly images?: Optional<readonly string[]>;
  readonly replicas?: Optional<
    readonly { readonly name: string; readonly count: number | string }[]
  >;
  readonly commonLabels?: Optional<Readonly<Record<string, string>>>;
  readonly commonAnnotations?: Optional<Readonly<Record<string, string>>>;
  readonly forceCommonLabels?: Optional<boolean>;
  readonly forceCommonAnnotations?: Optional<boolean>;
  readonly commonAnnotationsEnvsubst?: Optional<boolean>;
  readonly labelWithoutSelector?: Optional<boolean>;
  readonly labelIncludeTemplates?: Optional<boolean>;
  readonly patches?: Optional<readonly KustomizePatch[]>;
  readonly components?: Optional<readonly string[]>;
  readonly ignoreMissingComponents?: Optional<boolean>;
  readonly version?: Optional<string>;
  readonly kubeVersion?: Optional<string>;
  readonly apiVersions?: Optional<readonly string[]>;
}

export interface JsonnetVariable {
  readonly name: string;
  readonly value: string;
  readonly code?: Optional<boolean>;
}

export interface DirectorySource {
  readonly recurse?: Optional<boolean>;
  readonly include?: Optional<string>;
  readonly exclude?: Optional<string>;
  readonly disableExtensionFilter?: Optional<boolean>;
  readonly jsonnet?: Optional<{
    readonly extVars?: Optional<readonly JsonnetVariable[]>;
    readonly tlas?: Optional<readonly JsonnetVariable[]>;
    readonly libs?: Optional<readonly string[]>;
  }>;
  /** Ours: templates are rendered when it is there, also when it is empty. */
  readonly jinja?: Optional<JinjaSource>;
}

export interface JinjaSource {
  readonly valueFiles?: Optional<readonly string[]>;
  readonly ignoreMissingValueFiles?: Optional<boolean>;
  readonly parameters?: Optional<
    readonly {
      readonly name: string;
      readonly value: string;
      readonly forceString?: Optional<boolean>;
    }[]
  >;
  readonly libs?: Optional<readonly string[]>;
}

export interface PluginSource {
  readonly name?: Optional<string>;
  readonly env?: Optional<readonly NameValue[]>;
  readonly parameters?: Optional<
    readonly {
      readonly name?: Optional<string>;
      readonly string?: Optional<string>;
      readonly map?: Optional<Readonly<Record<string, string>>>;
      readonly array?: Optional<readonly string[]>;
    }[]
  >;
}

/** One place that desired state comes from. */
export interface ApplicationSource {
  readonly repoURL: string;
  readonly path?: Optional<string>;
  readonly targetRevision?: Optional<string>;
  readonly tagPrefix?: Optional<string>;
  readonly chart?: Optional<string>;
  readonly ref?: Optional<string>;
  readonly name?: Optional<string>;
  readonly helm?: Optional<HelmSource>;
  readonly kustomize?: Optional<KustomizeSource>;
  readonly directory?: Optional<DirectorySource>;
  readonly plugin?: Optional<PluginSource>;
}

export interface SourceHydrator {
  readonly drySource: Omit<ApplicationSource, 'chart' | 'ref' | 'name' | 'tagPrefix'>;
  readonly syncSource: {
    readonly targetBranch: string;
    readonly path: string;
    readonly repoURL?: Optional<string>;
  };
  readonly hydrateTo?: Optional<{ readonly targetBranch: string }>;
}

export interface Destination {
  readonly server?: Optional<string>;
  readonly name?: Optional<string>;
  readonly namespace?: Optional<string>;
}

export interface RetryStrategy {
  readonly limit?: Optional<number>;
  readonly refresh?: Optional<boolean>;
  readonly backoff?: Optional<{
    readonly duration?: Optional<string>;
    readonly factor?: Optional<number>;
    readonly maxDuration?: Optional<string>;
  }>;
}

export interface AutomatedSync {
  readonly enabled?: Optional<boolean>;
  readonly prune?: Optional<boolean>;
  readonly selfHeal?: Optional<boolean>;
  readonly allowEmpty?: Optional<boolean>;
}

export interface ManagedNamespaceMetadata {
  readonly labels?: Optional<Readonly<Record<string, string>>>;
  readonly annotations?: Optional<Readonly<Record<string, string>>>;
}

export interface SyncPolicy {
  readonly automated?: Optional<AutomatedSync>;
  readonly syncOptions?: Optional<readonly string[]>;
  readonly retry?: Optional<RetryStrategy>;
  readonly managedNamespaceMetadata?: Optional<ManagedNamespaceMetadata>;
}

export interface IgnoreDifferences {
  readonly group?: Optional<string>;
  readonly kind: string;
  readonly name?: Optional<string>;
  readonly namespace?: Optional<string>;
  readonly jsonPointers?: Optional<readonly string[]>;
  readonly jqPathExpressions?: Optional<readonly string[]>;
  readonly managedFieldsManagers?: Optional<readonly string[]>;
}

export interface ApplicationSpec {
  readonly project: string;
  readonly source?: Optional<ApplicationSource>;
  readonly sources?: Optional<readonly ApplicationSource[]>;
  readonly sourceHydrator?: Optional<SourceHydrator>;
  readonly destination: Destination;
  readonly syncPolicy?: Optional<SyncPolicy>;
  readonly ignoreDifferences?: Optional<readonly IgnoreDifferences[]>;
  readonly info?: Optional<readonly NameValue[]>;
  readonly revisionHistoryLimit?: Optional<number>;
}

export interface SyncResourceSelector {
  readonly group?: Optional<string>;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: Optional<string>;
}

export interface SyncOperation {
  readonly revision?: Optional<string>;
  readonly revisions?: Optional<readonly string[]>;
  readonly prune?: Optional<boolean>;
  readonly dryRun?: Optional<boolean>;
  readonly syncStrategy?: Optional<{
    readonly apply?: Optional<{ readonly force?: Optional<boolean> }>;
    readonly hook?: Optional<{ readonly force?: Optional<boolean> }>;
  }>;
  readonly resources?: Optional<readonly SyncResourceSelector[]>;
  readonly source?: Optional<ApplicationSource>;
  readonly sources?: Optional<readonly ApplicationSource[]>;
  readonly manifests?: Optional<readonly string[]>;
  readonly syncOptions?: Optional<readonly string[]>;
  readonly autoHealAttemptsCount?: Optional<number>;
}

export interface OperationInitiator {
  readonly username?: Optional<string>;
  readonly automated?: Optional<boolean>;
}

export interface Operation {
  readonly sync?: Optional<SyncOperation>;
  readonly initiatedBy?: Optional<OperationInitiator>;
  readonly info?: Optional<readonly NameValue[]>;
  readonly retry?: Optional<RetryStrategy>;
}

export type SyncStatusCode = 'Unknown' | 'Synced' | 'OutOfSync';
export type HealthStatusCode =
  | 'Healthy'
  | 'Suspended'
  | 'Progressing'
  | 'Missing'
  | 'Degraded'
  | 'Unknown';
export type OperationPhase = 'Running' | 'Terminating' | 'Failed' | 'Error' | 'Succeeded';
export type SyncPhase = 'PreSync' | 'Sync' | 'PostSync' | 'SyncFail';
export type ResultCode = 'Synced' | 'SyncFailed' | 'Pruned' | 'PruneSkipped';

export interface HealthStatus {
  readonly status?: Optional<HealthStatusCode>;
  readonly message?: Optional<string>;
  readonly lastTransitionTime?: Optional<string>;
}

export interface ComparedTo {
  readonly source?: Optional<ApplicationSource>;
  readonly sources?: Optional<readonly ApplicationSource[]>;
  readonly destination: Destination;
  readonly ignoreDifferences?: Optional<readonly IgnoreDifferences[]>;
}

export interface SyncStatus {
  readonly status: SyncStatusCode;
  readonly comparedTo?: Optional<ComparedTo>;
  readonly revision?: Optional<string>;
  readonly revisions?: Optional<readonly string[]>;
}

export interface ResourceStatus {
  readonly group?: Optional<string>;
  readonly version?: Optional<string>;
  readonly kind?: Optional<string>;
  readonly namespace?: Optional<string>;
  readonly name?: Optional<string>;
  readonly status?: Optional<SyncStatusCode>;
  readonly health?: Optional<HealthStatus>;
  readonly hook?: Optional<boolean>;
  readonly requiresPruning?: Optional<boolean>;
  readonly requiresDeletionConfirmation?: Optional<boolean>;
  readonly syncWave?: Optional<number>;
  /** Why it is not Synced: field names and reasons, never values. Not known to Argo CD. */
  readonly syncReason?: Optional<string>;
}

export interface HistoryEntry {
  readonly id: number;
  readonly revision?: Optional<string>;
  readonly revisions?: Optional<readonly string[]>;
  readonly source?: Optional<ApplicationSource>;
  readonly sources?: Optional<readonly ApplicationSource[]>;
  readonly deployedAt: string;
  readonly deployStartedAt?: Optional<string>;
  readonly initiatedBy?: Optional<OperationInitiator>;
}

export interface Condition {
  readonly type: string;
  readonly message: string;
  readonly lastTransitionTime?: Optional<string>;
}

export interface ResourceResult {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly status?: Optional<ResultCode>;
  readonly message?: Optional<string>;
  readonly hookType?: Optional<string>;
  readonly hookPhase?: Optional<OperationPhase>;
  readonly syncPhase?: Optional<SyncPhase>;
  readonly images?: Optional<readonly string[]>;
}

export interface SyncResult {
  readonly revision?: Optional<string>;
  readonly revisions?: Optional<readonly string[]>;
  readonly source?: Optional<ApplicationSource>;
  readonly sources?: Optional<readonly ApplicationSource[]>;
  readonly managedNamespaceMetadata?: Optional<ManagedNamespaceMetadata>;
  readonly resources?: Optional<readonly ResourceResult[]>;
}

export interface OperationState {
  readonly operation: Operation;
  readonly phase: OperationPhase;
  readonly startedAt: string;
  readonly finishedAt?: Optional<string>;
  readonly message?: Optional<string>;
  readonly retryCount?: Optional<number>;
  readonly syncResult?: Optional<SyncResult>;
}

export interface ApplicationStatus {
  readonly sync?: Optional<SyncStatus>;
  readonly health?: Optional<HealthStatus>;
  readonly resources?: Optional<readonly ResourceStatus[]>;
  readonly resourceHealthSource?: Optional<string>;
  readonly history?: Optional<readonly HistoryEntry[]>;
  readonly conditions?: Optional<readonly Condition[]>;
  readonly operationState?: Optional<OperationState>;
  readonly reconciledAt?: Optional<string>;
  readonly observedAt?: Optional<string>;
  readonly sourceType?: Optional<string>;
  readonly sourceTypes?: Optional<readonly string[]>;
  readonly summary?: Optional<{
    readonly externalURLs?: Optional<readonly string[]>;
    readonly images?: Optional<readonly string[]>;
    readonly isAppOfApps?: Optional<boolean>;
  }>;
  readonly controllerNamespace?: Optional<string>;
  readonly sourceHydrator?: Optional<{
    readonly currentOperation?: Optional<Hydration>;
    readonly lastSuccessfulOperation?: Optional<Hydration>;
    readonly lastComparedDryRevision?: Optional<string>;
  }>;
}

/** One run of the hydrator. */
export interface Hydration {
  readonly drySHA?: Optional<string>;
  readonly hydratedSHA?: Optional<string>;
  readonly sourceHydrator?: Optional<SourceHydrator>;
  readonly startedAt?: Optional<string>;
  readonly finishedAt?: Optional<string>;
  readonly phase?: Optional<string>;
  readonly message?: Optional<string>;
}

/** `metadata` of a parsed Application: what the API server always fills in is required. */
export interface ApplicationMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: Optional<number>;
  readonly deletionTimestamp?: Optional<string>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
}

/** An Application, parsed. `raw` is the object it came from. */
export interface Application {
  readonly metadata: ApplicationMeta;
  readonly spec: ApplicationSpec;
  readonly status: ApplicationStatus;
  readonly operation: Operation | undefined;
  readonly raw: KubeObject;
}

export interface ProjectDestination {
  readonly server?: Optional<string>;
  readonly name?: Optional<string>;
  readonly namespace?: Optional<string>;
}

export interface ResourceRule {
  readonly group: string;
  readonly kind: string;
  readonly name?: Optional<string>;
}

export interface SyncWindow {
  readonly kind?: Optional<'allow' | 'deny'>;
  readonly schedule?: Optional<string>;
  readonly duration?: Optional<string>;
  readonly applications?: Optional<readonly string[]>;
  readonly namespaces?: Optional<readonly string[]>;
  readonly clusters?: Optional<readonly string[]>;
  readonly manualSync?: Optional<boolean>;
  readonly timeZone?: Optional<string>;
  readonly andOperator?: Optional<boolean>;
  readonly syncOverrun?: Optional<boolean>;
  readonly description?: Optional<string>;
}

export interface ProjectRole {
  readonly name: string;
  readonly description?: Optional<string>;
  readonly policies?: Optional<readonly string[]>;
  readonly groups?: Optional<readonly string[]>;
  readonly jwtTokens?: Optional<
    readonly {
      readonly iat: number;
      readonly exp?: Optional<number>;
      readonly id?: Optional<string>;
    }[]
  >;
}

export interface SignaturePolicy {
  readonly repos?: Optional<readonly { readonly url: string }[]>;
  readonly gpg?: Optional<{
    readonly mode?: Optional<'none' | 'head' | 'strict'>;
    readonly keys?: Optional<readonly string[]>;
  }>;
}

export interface ProjectSpec {
  readonly description?: Optional<string>;
  readonly sourceRepos?: Optional<readonly string[]>;
  readonly destinations?: Optional<readonly ProjectDestination[]>;
  readonly sourceNamespaces?: Optional<readonly string[]>;
  readonly clusterResourceWhitelist?: Optional<readonly ResourceRule[]>;
  readonly clusterResourceBlacklist?: Optional<readonly ResourceRule[]>;
  readonly namespaceResourceWhitelist?: Optional<readonly ResourceRule[]>;
  readonly namespaceResourceBlacklist?: Optional<readonly ResourceRule[]>;
  readonly orphanedResources?: Optional<{
    readonly warn?: Optional<boolean>;
    readonly ignore?: Optional<
      readonly {
        readonly group?: Optional<string>;
        readonly kind?: Optional<string>;
        readonly name?: Optional<string>;
      }[]
    >;
  }>;
  readonly syncWindows?: Optional<readonly SyncWindow[]>;
  readonly destinationServiceAccounts?: Optional<
    readonly {
      readonly server: string;
      readonly namespace?: Optional<string>;
      readonly defaultServiceAccount: string;
    }[]
  >;
  readonly permitOnlyProjectScopedClusters?: Optional<boolean>;
  readonly roles?: Optional<readonly ProjectRole[]>;
  readonly signatureKeys?: Optional<readonly { readonly keyID: string }[]>;
  readonly sourceIntegrity?: Optional<{
    readonly git?: Optional<{ readonly policies?: Optional<readonly SignaturePolicy[]> }>;
  }>;
}

/** An AppProject, parsed. */
export interface Project {
  readonly name: string;
  readonly namespace: string;
  readonly spec: ProjectSpec;
}
