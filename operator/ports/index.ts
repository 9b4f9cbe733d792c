export type { AppKey } from '../core/app/app-key.ts';
export type { AppChange, AppStore, ProjectStore } from './app-store.ts';
export type { AccessControl } from './access-control.ts';
export type { Authenticated, Authenticator } from './authenticator.ts';
export type { BrowserSignIn, LoginAnswer, LoginStart } from './browser-sign-in.ts';
export type { Clock } from './clock.ts';
export type { ClusterConnector } from './cluster-connector.ts';
export type { Cluster, ClusterEntry, Clusters, ObjectTypes } from './clusters.ts';
export type { FinalizerStore } from './finalizer-store.ts';
export type {
  Generated,
  GenerateRequest,
  Generator,
  GeneratorRegistry,
  GeneratorSettings,
  OtherRepository,
  Selection,
  SelectRequest,
} from './generator.ts';
export type {
  ApiCatalogue,
  ApiResource,
  ApplyOptions,
  DeleteOptions,
  Deletion,
  KubeClient,
  ListOptions,
  ListPage,
  ObjectAddress,
  PatchOptions,
  PatchType,
  Propagation,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './kube-client.ts';
export type {
  HydratedBranch,
  HydratedBranches,
  HydratedChange,
  PreparedCommit,
} from './hydrated-branches.ts';
export type { Credentials, IssuedToken, Passwords, Sessions, TokenIssuer } from './identity.ts';
export type { LeaseLock, LeaseRecord, StoredLease } from './lease.ts';
export type { LiveDepth, LiveEvent, LiveState } from './live-state.ts';
export type { ManifestRequest, Manifests, ManifestSource } from './manifest-source.ts';
export type { ManifestStore, RenderName } from './manifest-store.ts';
export type { Schedule, WindowTimes } from './schedule.ts';
export type { ScriptEngine, ScriptHealth, ScriptOutcome } from './script-engine.ts';
export type {
  AccessLookup,
  CommitInfo,
  SourceReach,
  RepositoryReader,
  SourceRepositories,
} from './source-repositories.ts';
export type { Materialised, SourceTree, TreeEntry } from './source-tree.ts';
export type { StateCache } from './state-cache.ts';
export type { TextCache } from './text-cache.ts';
export type {
  EventSink,
  GaugeSample,
  Logger,
  LogFields,
  Metrics,
  Occurrence,
} from './telemetry.ts';
export type { ChartReference, ChartRepositories } from './chart-repositories.ts';
export type { ChartVersions, ProbedRepository, RepositoryProbe } from './repository-probe.ts';
export type { KeyReader, OpenPgpKey } from './key-reader.ts';
export type { ReceiveWebhook, SentWebhook } from './webhooks.ts';
