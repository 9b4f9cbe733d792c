import type { EnginePorts, EngineSettings } from '../engine/ports.ts';
import type {
  AzureIdentity,
  GitRepositories,
  GitRepositoriesOptions,
  WebhookAnswer,
  WebhookRequest,
} from '../git/index.ts';
import type { KubeConnection } from '../kube/connection.ts';
import type { FollowedSettings } from '../live/follow-resource-settings.ts';
import type { FollowedProjectSettings } from '../live/project-settings.ts';
import type { ManifestCacheOptions } from './kept-renders.ts';
import type { RefreshSpread } from '../core/webhook/refresh-spread.ts';
import type { ChartRepositories } from '../ports/chart-repositories.ts';
import type { ClusterConnector } from '../ports/cluster-connector.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { GeneratorRegistry, GeneratorSettings } from '../ports/generator.ts';
import type {
  Clock,
  EventSink,
  HydratedBranches,
  Logger,
  Metrics,
  ScriptEngine,
} from '../ports/index.ts';
import type { KeyReader } from '../ports/key-reader.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import type { AskAboutPush } from '../ports/webhooks.ts';
import type { AccessLookup, SourceReach } from '../ports/source-repositories.ts';
import type { AppMetricsOptions } from '../telemetry/app-metrics.ts';
import type { ClusterMetricsOptions } from '../telemetry/cluster-metrics.ts';

/** How the world is reached; everything that may be left out has a default. */
export interface ConnectOptions {
  /** The cluster that holds the Applications; also the destination `https://kubernetes.default.svc`. */
  readonly connection: KubeConnection;
  /** Namespace of the control plane. */
  readonly namespace: string;
  /** Folder for Git mirrors and temporary files, for this operator alone. Default: a temporary one, removed at the end. */
  readonly dataDir?: string;
  /** Default: Kustomize, Helm and plain folders. */
  readonly generators?: GeneratorRegistry | ((reach: SourceReach) => GeneratorRegistry);
  /** Helm repositories and registries. Default: through the helm program. */
  readonly charts?: (access: AccessLookup) => ChartRepositories;
  /** Default: what `argocd-cm` says. */
  readonly generatorSettings?: () => GeneratorSettings;
  readonly manifestCache?: ManifestCacheOptions;
  /** Engine settings that differ from the defaults. */
  readonly settings?: Partial<EngineSettings>;
  readonly git?: GitOptions;
  readonly webhooks?: WebhookOptions;
  /** Runs Lua, CEL and jq. Default: a thread of its own, started when the first program is met. */
  readonly scripts?: ScriptEngine;
  /** Longest time of one request to an API server; not of watches. Default 60 s. */
  readonly requestTimeoutMs?: number;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Default: none. */
  readonly metrics?: Metrics;
  /** What the metrics show of Applications beyond the usual. */
  readonly appMetrics?: AppMetricsOptions;
  /** What they show of clusters beyond the usual. */
  readonly clusterMetrics?: ClusterMetricsOptions;
  /** Default: Kubernetes Events. */
  readonly events?: EventSink;
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

export interface GitOptions {
  readonly program?: string;
  /** Where git is found, like PATH. */
  readonly path?: string;
  /** Extra variables for git, such as proxies. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default 120 s; 0: refs are asked for when somebody insists, as webhooks and refreshes do. */
  readonly pollIntervalMs?: number;
  readonly pollJitterMs?: number;
  /** A repository is polled for so long after it was last used. Default 10 min. */
  readonly pollIdleMs?: number;
  /** Longest time of one fetch. */
  readonly timeoutMs?: number;
  /** How long git may take to end when it is told to, before it is killed. Default 2 s. */
  readonly stopMs?: number;
  /** Longest time of one listing of refs, or question to a registry or to who hands out tokens. Default 15 s. */
  readonly listTimeoutMs?: number;
  /** When and how listings of refs are tried again. Default: they are not. */
  readonly listRetry?: NonNullable<GitRepositoriesOptions['listRetry']>;
  /** How many listings of refs may be under way at once; 0 is no bound of their own. */
  readonly maxConcurrentLists?: number;
  /** A token of a GitHub App is used no longer than this. Default 1 h. */
  readonly gitHubTokenMs?: number;
  /** Allows `file://` URLs: for tests only. */
  readonly allowLocal?: boolean;
  /** Mirrors that are not in use go when all take more than this. Default: no bound. */
  readonly maxMirrorBytes?: number;
  /** Files of so many bytes and more are fetched when they are read, unless a registration says otherwise. Default 0: never. */
  readonly blobLimit?: number;
  /** Whether submodules are folders. Default true. */
  readonly submodules?: boolean;
  /** Bounds of artifacts of OCI registries. */
  readonly artifacts?: NonNullable<GitRepositoriesOptions['artifacts']>;
  /** When false, projects ask for signatures in vain. Default true. */
  readonly verifySignatures?: boolean;
  /** For repositories with `useAzureWorkloadIdentity`. */
  readonly azureIdentity?: AzureIdentity;
}

export interface WebhookOptions {
  /** How many questions to servers and annotations webhooks lead to at once. Default 50. */
  readonly parallelism?: number;
  /** The REST API that is asked about pushes to Bitbucket Cloud. Default `https://api.bitbucket.org/2.0`. */
  readonly bitbucketApiUrl?: string;
}

/** Everything the engine needs, wired and listed. */
export interface Connected {
  readonly client: KubeClient;
  readonly ports: EnginePorts;
  readonly settings: EngineSettings;
  readonly config: ConfigStore;
  /** How a repository is reached, with its credentials. */
  readonly accessTo: AccessLookup;
  readonly repositories: GitRepositories;
  /** Branches that are written to, by what is registered for writing. */
  readonly branches: HydratedBranches;
  readonly charts: ChartRepositories;
  readonly generators: GeneratorRegistry;
  readonly keyReader: KeyReader;
  /** Connects to the cluster that a Secret describes, stored or not. */
  readonly connectCluster: ClusterConnector;
  /** Reads a webhook as the control plane is configured. */
  readonly readWebhook: (request: WebhookRequest) => Promise<WebhookAnswer>;
  /** How what webhooks tell is passed on. */
  readonly webhooks: { readonly askAboutPush: AskAboutPush; readonly parallelism?: number };
  /** How those that a webhook concerns are spread over time. */
  readonly refreshSpread: () => RefreshSpread;
  readonly resources: FollowedSettings;
  readonly projectSettings: FollowedProjectSettings;
}
