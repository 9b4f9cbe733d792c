import type { ChartVersions, ProbedRepository } from './repository-probe.ts';
import type { RepositoryReader } from './source-repositories.ts';
import type { SourceTree } from './source-tree.ts';

/** A chart in a Helm repository, or in a registry when the URL has no scheme. */
export interface ChartReference {
  readonly repoUrl: string;
  /** Its name; for a registry it may have folders before it. */
  readonly chart: string;
  /** Send the credentials also to other hosts that the repository points to. */
  readonly passCredentials: boolean;
}

/** Charts of Helm repositories and registries, each fetched once for all applications. */
export interface ChartRepositories {
  /**
   * The version that a range names now; an exact version is itself, without a question. `fresh` asks
   * the server, else the answer may be some minutes old.
   * Errors: `GitUnreachable`, `GitAuthFailed`, `RevisionNotFound`, `InvalidConfig`.
   */
  resolve(
    chart: ChartReference,
    version: string,
    options: RepositoryReader & { readonly fresh: boolean },
    signal: AbortSignal,
  ): Promise<string>;
  /** The files of one version; the root is the folder of `Chart.yaml`. Errors as `resolve`. */
  tree(
    chart: ChartReference,
    version: string,
    options: RepositoryReader & { readonly fresh: boolean },
    signal: AbortSignal,
  ): Promise<SourceTree>;
  /**
   * The charts of a Helm repository as it lists them now; with `onlyReach` none, after its index was
   * fetched. Nothing is kept. Errors: `GitUnreachable`, `GitAuthFailed`, `InvalidConfig`, `Timeout`.
   */
  list(
    repository: ProbedRepository,
    options: { readonly onlyReach: boolean },
    signal: AbortSignal,
  ): Promise<readonly ChartVersions[]>;
}
