import type { RepositoryAccess } from '../core/repository/access.ts';

/** A repository and how to get to it, whether or not it is registered. */
export interface ProbedRepository {
  readonly url: string;
  /** `oci` is one repository of a registry; `registry` a place in one, below which charts are kept. */
  readonly type: 'git' | 'helm' | 'oci' | 'registry';
  readonly access: RepositoryAccess;
}

/** A chart of a Helm repository. */
export interface ChartVersions {
  readonly name: string;
  /** Newest first. */
  readonly versions: readonly string[];
}

/**
 * Asks repositories now, over the network; nothing is kept. Errors: `GitUnreachable`, `GitAuthFailed`,
 * `InvalidConfig`, `Timeout`; no message holds a credential.
 */
export interface RepositoryProbe {
  /** Resolves when it can be read. */
  test(repository: ProbedRepository, signal: AbortSignal): Promise<void>;
  /** Branches and tags by their short names, as the server lists them. */
  refs(
    repository: ProbedRepository,
    signal: AbortSignal,
  ): Promise<{ readonly branches: readonly string[]; readonly tags: readonly string[] }>;
  /** Tags of a repository in a registry. */
  tags(repository: ProbedRepository, signal: AbortSignal): Promise<readonly string[]>;
  /** The charts of a Helm repository, by name. */
  charts(repository: ProbedRepository, signal: AbortSignal): Promise<readonly ChartVersions[]>;
}
