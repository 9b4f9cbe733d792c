export { createFolderRepositories, openFolderTree } from './folder-tree.ts';
export {
  createGitRepositories,
  type GitRepositories,
  type GitRepositoriesOptions,
} from './git-repositories.ts';
export type { AzureIdentity } from './sign-in/azure.ts';
