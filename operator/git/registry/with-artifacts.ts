import { isArtifactUrl } from '../../core/revision/repository-url.ts';
import type { RepositoryReader } from '../../ports/source-repositories.ts';
import type { GitRepositories } from '../opened-repositories.ts';
import type { Artifacts } from './artifacts.ts';

/** Git repositories, and artifacts where the address is that of one. `prepare` goes before either is read. */
export function withArtifacts(
  git: Omit<GitRepositories, 'artifact'>,
  artifacts: Artifacts,
  prepare: (signal: AbortSignal) => Promise<void>,
): GitRepositories {
  return {
    ...git,
    async resolve(repoUrl, revision, options, signal) {
      if (!isArtifactUrl(repoUrl)) return await git.resolve(repoUrl, revision, options, signal);
      await prepare(signal);
      return await artifacts.resolve(repoUrl, revision, options, signal);
    },
    async tree(repoUrl, commit, reader, signal) {
      if (!isArtifactUrl(repoUrl)) return await git.tree(repoUrl, commit, reader, signal);
      await prepare(signal);
      return await artifacts.tree(repoUrl, commit, reader, signal);
    },
    async artifact(repoUrl, digest, reader, signal) {
      await prepare(signal);
      return await artifacts.info(repoUrl, digest, reader, signal);
    },
    /** Only commits are signed so that it can be judged here. */
    verify: async (repoUrl, question, reader, signal) =>
      isArtifactUrl(repoUrl) ? [] : await git.verify(repoUrl, question, reader, signal),
    signInVariables: async (repoUrl, reader, signal) =>
      isArtifactUrl(repoUrl)
        ? { env: {}, async [Symbol.asyncDispose]() {} }
        : await git.signInVariables(repoUrl, reader, signal),
    async refresh(repoUrl: string, reader: RepositoryReader, signal: AbortSignal) {
      if (isArtifactUrl(repoUrl)) await artifacts.refresh(repoUrl, reader, signal);
      else await git.refresh(repoUrl, reader, signal);
    },
    connections: () => [...git.connections(), ...artifacts.connections()],
    reconsider(what) {
      git.reconsider(what);
      if (what === 'access') artifacts.reconsider();
    },
  };
}
