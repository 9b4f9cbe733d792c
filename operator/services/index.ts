// The library's third door: what people and machines ask of a control plane, with who may do what decided.
// Loaded by whoever serves requests; reconciling needs none of it.

export type { ControlPlane, ServicePorts } from './control-plane.ts';
export { recordMutation, type Mutation, type MutationReason } from './audit.ts';
export { bareRefusal, enforce } from './enforce.ts';
export { NOBODY, type Requester } from '../core/access/requester.ts';
export type { Authenticated, Authenticator } from '../ports/authenticator.ts';
export type {
  Credentials,
  IssuedToken,
  Passwords,
  Sessions,
  TokenIssuer,
} from '../ports/identity.ts';
export type { StateCache } from '../ports/state-cache.ts';
export type { AccessControl } from '../ports/access-control.ts';

export {
  findApplication,
  type ApplicationName,
  type FindOptions,
  type Found,
} from './applications/find-application.ts';
export {
  readApplication,
  readSpec,
  type ApplicationInput,
} from './applications/application-input.ts';
export { createApplication, type CreateOptions } from './applications/create-application.ts';
export { deleteApplication, type DeletionInput } from './applications/delete-application.ts';
export {
  patchApplication,
  updateApplication,
  updateApplicationSpec,
  type ApplicationPatch,
} from './applications/update-application.ts';
export { syncApplication, type SyncRequest } from './applications/sync-application.ts';
export { rollbackApplication, type RollbackRequest } from './applications/rollback-application.ts';
export { terminateOperation } from './applications/terminate-operation.ts';
export { readSyncWindows, type ApplicationWindows } from './applications/sync-windows.ts';
export {
  watchApplications,
  type ApplicationEvent,
  type WatchFilter,
} from './applications/watch-applications.ts';
export { readLinks, readResourceLinks } from './applications/read-links.ts';
export { readManifests, type ManifestsRequest } from './applications/read-manifests.ts';
export {
  readChart,
  readImage,
  readRevision,
  type RevisionRequest,
} from './applications/read-revision.ts';
export { getApplication } from './applications/get-application.ts';
export type { RefreshType } from './applications/refresh-application.ts';
export { parseLabelSelector, selects } from '../core/objects/label-selector.ts';
export { listApplications, type ApplicationFilter } from './applications/list-applications.ts';
export { signIn, userInfo, type UserInfo } from './session/sign-in.ts';

export {
  getProject,
  globalProjectsOf,
  listProjects,
  openWindowsOf,
} from './projects/read-project.ts';
export { detailedProject, projectEvents, projectLinks } from './projects/detailed-project.ts';
export {
  createProject,
  deleteProject,
  type SentProject,
  updateProject,
} from './projects/write-project.ts';

export { createRoleToken, deleteRoleToken } from './projects/role-tokens.ts';

export {
  getRepository,
  listRepositories,
  type ShownRepository,
} from './repositories/list-repositories.ts';
export type { ConnectionState } from './repositories/connection.ts';
export {
  repositoryCharts,
  repositoryRefs,
  repositoryTags,
} from './repositories/read-repository.ts';
export { findApps, sourceDetails, type SourceDetails } from './repositories/read-source.ts';
export { validateRepository } from './repositories/validate-repository.ts';
export {
  createCredentials,
  createRepository,
  deleteCredentials,
  deleteRepository,
  listCredentials,
  type SentRegistration,
  updateCredentials,
  updateRepository,
  type Written,
} from './repositories/write-registration.ts';
export type { RepositoryRecord } from '../core/repository/repository-record.ts';
export { shownUrl } from '../core/repository/shown-url.ts';

export {
  type ClusterName,
  getCluster,
  listClusters,
  registeredNames,
  type RegisteredCluster,
  type ShownCluster,
} from './clusters/read-clusters.ts';
export {
  createCluster,
  deleteCluster,
  invalidateClusterCache,
  type SentCluster,
  updateCluster,
} from './clusters/write-cluster.ts';
export { rotateClusterAuth } from './clusters/rotate-auth.ts';
export { shownConfig } from '../core/cluster/cluster-record.ts';
export type { Account, AccountToken, Capability } from '../core/access/accounts.ts';
export {
  createAccountToken,
  deleteAccountToken,
  type NewToken,
} from './accounts/account-tokens.ts';
export { canI, type Question } from './accounts/can-i.ts';
export { changePassword, type PasswordChange } from './accounts/change-password.ts';
export { findAccount, listAccounts } from './accounts/read-accounts.ts';

// What an Application deployed
export type { ResourceTree, TreeNode } from '../core/tree/resource-tree.ts';
export type { ManagedResource } from '../engine/views/managed-resource.ts';
export type { ResourceName } from './resources/find-resource.ts';
export { showTree, watchTree, type TreeRequest } from './resources/show-tree.ts';
export { listManaged } from './resources/list-managed.ts';
export { readResource } from './resources/read-resource.ts';
export { deleteResource, patchResource } from './resources/change-resource.ts';
export { listActions, runAction } from './resources/act-on-resource.ts';
export { listEvents } from './resources/list-events.ts';
export { serverSideDiff, type ServerSideDiff } from './resources/server-side-diff.ts';
export { readLogs, type LogEntry, type LogRequest } from './logs/read-logs.ts';
export {
  type CertificateFilter,
  createCertificates,
  deleteCertificates,
  listCertificates,
  type SentCertificate,
  type ServerCertificate,
} from './keys/certificates.ts';
export { createGpgKeys, deleteGpgKey, getGpgKey, listGpgKeys } from './keys/gpg-keys.ts';
export { notificationNames } from './settings/notifications.ts';
export { pluginNames, programVersions } from './settings/programs.ts';
export { readSettings, type ShownSettings } from './settings/read-settings.ts';
export { readBadge, type BadgeQuestion } from './badge/read-badge.ts';
export type { BadgeState } from '../core/health/badge.ts';
export { callExtension } from './extensions/call-extension.ts';
export { answerHeaders } from './extensions/extension-headers.ts';
export { findDownload } from './settings/downloads.ts';
export {
  openTerminal,
  recheckTerminal,
  type Terminal,
  type TerminalRequest,
} from './terminal/open-terminal.ts';
export type { ExecSession } from '../ports/kube-client.ts';
