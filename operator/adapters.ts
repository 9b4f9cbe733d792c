// The library's second door, for who wires an operator by hand: what speaks to the outside. Importing
// the first one loads none of it; `createOperator` does when it starts.

export { connectPorts } from './wiring/connect-ports.ts';
export {
  createDefaultGenerators,
  type DefaultGeneratorsOptions,
} from './wiring/default-generators.ts';

export {
  createDiskCache,
  type DiskCacheOptions,
  openWorkingArea,
  type WorkingArea,
  type WorkingAreaOptions,
} from './cache/index.ts';
export { createKubeClient, type KubeClientOptions } from './kube/kube-client.ts';
export { createFinalizerStore, type FinalizerStoreOptions } from './kube/finalizer-store.ts';
export { createLiveState, type LiveStateOptions } from './live/live-state.ts';
export {
  createWatchedStore,
  type WatchedStore,
  type WatchedStoreOptions,
} from './live/watched-store.ts';
export { createAppStore, createProjectStore } from './live/app-store.ts';
export { createClusters, type ClustersOptions } from './live/clusters.ts';
export { createConfigStore } from './live/config-store.ts';
export { createScriptEngine, type ScriptEngineOptions } from './scripts/script-engine.ts';
export { followResourceSettings } from './live/follow-resource-settings.ts';
export {
  type AzureIdentity,
  createGitRepositories,
  type GitRepositories,
  type GitRepositoriesOptions,
  readWebhook,
  type RepositoryConnection,
  type WebhookAnswer,
  type WebhookRequest,
} from './git/index.ts';
export type { WebhookSecrets } from './core/webhook/secrets.ts';
export { createAccessControl, type AccessControlOptions } from './rbac/access-control.ts';
