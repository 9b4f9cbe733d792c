import type { RepositoryAccess } from '../core/repository/access.ts';
import type { RefTable } from '../core/revision/ref-table.ts';
import type { HydratedBranches } from '../ports/hydrated-branches.ts';
import type { ProbedRepository } from '../ports/repository-probe.ts';
import type { RepositoryReader, SourceRepositories } from '../ports/source-repositories.ts';
import type { HydratedBranchesOptions } from './hydrated-branches.ts';
import type { RepositoryConnection } from './polled-refs.ts';

/** All that can be done with repositories that are open here; disposing ends it. */
export interface GitRepositories extends SourceRepositories, AsyncDisposable {
  /**
   * Who listens is told what is worth another look: with other ways to repositories (`access`) what failed, with other
   * `signing-keys` all that was asked for signatures.
   */
  reconsider(what: 'access' | 'signing-keys'): void;
  /**
   * Asks the server for its refs now; whoever listens is told when they moved. Errors as `resolve`.
   */
  refresh(repoUrl: string, reader: RepositoryReader, signal: AbortSignal): Promise<void>;
  /** The refs of a repository by this way to it, registered or not; asks now, and keeps nothing. */
  listRefs(repoUrl: string, access: RepositoryAccess, signal: AbortSignal): Promise<RefTable>;
  /** Tags of a repository in a registry, asked now. Errors: `GitUnreachable`, `GitAuthFailed`, `InvalidConfig`. */
  registryTags(repository: ProbedRepository, signal: AbortSignal): Promise<readonly string[]>;
  /** Resolves when there is a registry that lets us in. Errors as `registryTags`. */
  reachRegistry(repository: ProbedRepository, signal: AbortSignal): Promise<void>;
  /** Branches that are written to, as one may who has this access. */
  branches(access: HydratedBranchesOptions['access']): HydratedBranches;
  /** The state of every repository that was asked for its refs, in no order. */
  connections(): readonly RepositoryConnection[];
}
