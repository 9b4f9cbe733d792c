import type { RepositoryAccess } from '../core/repository/access.ts';
import type { ArtifactInfo } from '../core/repository/artifact-manifest.ts';
import type { SignatureCriteria } from '../core/signatures/criteria.ts';
import type { GitEnvironment } from './generator.ts';
import type { SourceTree } from './source-tree.ts';

/** On whose behalf a repository is read. */
export interface RepositoryReader {
  /** Its project-scoped registrations count. Absent or empty: only what is registered for all. */
  readonly project?: string;
}

/** How a revision is looked for. */
export interface RevisionLookup extends RepositoryReader {
  /** Ask the server, once for all who ask meanwhile; else the table of refs will do. */
  readonly fresh: boolean;
  /**
   * Versions and ranges are looked for among the Git tags that begin so, whose rest is the version. Absent or empty:
   * among all. Names, commits and artifacts know no such thing.
   */
  readonly tagPrefix?: string;
}

/** A commit for people. */
export interface CommitInfo {
  /** `Name <address>`. */
  readonly author: string;
  /** When it was written; RFC 3339, UTC. */
  readonly date: string;
  readonly message: string;
  readonly tags: readonly string[];
}

/**
 * Git repositories, each mirrored once for all applications; and artifacts of OCI registries (`oci://`), whose commits
 * are digests.
 */
export interface SourceRepositories {
  /**
   * The full commit that a revision names now: HEAD (also empty), branch, tag, full ref, short or
   * full commit, or a semver range over tags; of an artifact a tag, a digest or a range over tags. Served from the repository's table of refs, which is
   * at most one polling interval old; `fresh` asks the server (once, for all who ask meanwhile).
   * Errors: `GitUnreachable`, `GitAuthFailed`, `RevisionNotFound`, `InvalidConfig` when the registration
   * cannot be used.
   */
  resolve(
    repoUrl: string,
    revision: string,
    options: RevisionLookup,
    signal: AbortSignal,
  ): Promise<string>;
  /** The tree of one commit, fetched when the mirror lacks it. Errors as `resolve`. */
  tree(
    repoUrl: string,
    commit: string,
    reader: RepositoryReader,
    signal: AbortSignal,
  ): Promise<SourceTree>;
  /** What a commit says of itself, and the tags that name it. Errors as `resolve`. */
  commit(
    repoUrl: string,
    commit: string,
    reader: RepositoryReader,
    signal: AbortSignal,
  ): Promise<CommitInfo>;
  /** What an artifact of a registry says of itself. Errors as `resolve`. */
  artifact(
    repoUrl: string,
    digest: string,
    reader: RepositoryReader,
    signal: AbortSignal,
  ): Promise<ArtifactInfo>;
  /**
   * Why the signatures of a commit do not meet the criteria; empty when they do. `revisions` are the
   * names that led to it, versions and ranges among the tags of `tagPrefix`: if one is an annotated tag of this very
   * commit, its signature counts.
   * Errors: `SignatureRefused` when it cannot be judged, and as `resolve`.
   */
  verify(
    repoUrl: string,
    question: {
      readonly commit: string;
      readonly revisions: readonly string[];
      readonly tagPrefix?: string;
      readonly criteria: SignatureCriteria;
    },
    reader: RepositoryReader,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /**
   * Variables with which a `git` of somebody else signs in to the repository as ours does. The files
   * that they name are readable by us only. Errors: `GitAuthFailed`, `InvalidConfig`.
   */
  signInVariables(
    repoUrl: string,
    reader: RepositoryReader,
    signal: AbortSignal,
  ): Promise<GitEnvironment>;
  /** Called when a poll or a webhook saw the refs of a repository move. The listener must not throw or wait. */
  onMoved(listener: (repoUrl: string) => void): Disposable;
}

/**
 * How to get to a repository, as applications of a project may: its registration, read anew each
 * time. An empty project sees only what is registered for all. Must not throw.
 */
export type AccessLookup = (repoUrl: string, project: string) => RepositoryAccess;

/**
 * What an application of a project may read besides the repositories of its sources: charts that its
 * chart depends on, bases of its kustomization. Asked each time. Only `tree` throws, as `SourceRepositories` does.
 */
export interface SourceReach {
  readonly access: AccessLookup;
  /** URL of the Helm repository that is registered under a name. */
  named(name: string, project: string): string | undefined;
  /** Why the project may not read a repository; `undefined` when it may. */
  refusal(repoUrl: string, project: string): string | undefined;
  /** The files of a Git repository at a revision. Asks nobody whether the project may read it. */
  tree(
    repoUrl: string,
    revision: string,
    project: string,
    signal: AbortSignal,
  ): Promise<SourceTree>;
}
