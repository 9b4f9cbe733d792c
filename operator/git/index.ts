export { createFolderRepositories, openFolderTree } from './folder-tree.ts';
export { createGitRepositories, type GitRepositoriesOptions } from './git-repositories.ts';
