export { createFolderRepositories, openFolderTree } from './folder-tree.ts';
export { createGitRepositories } from './git-repositories.ts';
export type { GitRepositories } from './opened-repositories.ts';
export type { GitRepositoriesOptions } from './options.ts';
export type { RepositoryConnection } from './polled-refs.ts';
export type { AzureIdentity } from './sign-in/azure.ts';
export {
  readWebhook,
  type WebhookAnswer,
  type WebhookRequest,
} from './webhook.ts';
export { createBitbucketPushes } from './bitbucket-pushes.ts';
export { createWebhookReader } from './receive-webhook.ts';
export { startWebhookServer } from './webhook-server.ts';
export { createKeyReader } from './key-reader.ts';
