import type { SourceTree } from './source-tree.ts';

/** Git repositories, each mirrored once for all applications. */
export interface SourceRepositories {
  /**
   * The full commit that a revision names now: HEAD (also empty), branch, tag, full ref, short or
   * full commit, or a semver range over tags. Served from the repository's table of refs, which is
   * at most one polling interval old; `fresh` asks the server (once, for all who ask meanwhile).
   * Errors: `GitUnreachable`, `GitAuthFailed`, `RevisionNotFound`.
   */
  resolve(
    repoUrl: string,
    revision: string,
    options: { readonly fresh: boolean },
    signal: AbortSignal,
  ): Promise<string>;
  /** The tree of one commit, fetched when the mirror lacks it. Errors as `resolve`. */
  tree(repoUrl: string, commit: string, signal: AbortSignal): Promise<SourceTree>;
  /** Called when a poll or a webhook saw the refs of a repository move. The listener must not throw or wait. */
  onMoved(listener: (repoUrl: string) => void): Disposable;
}

/** How to sign in to a repository. Values are secrets: never logged, never on a command line. */
export interface RepositoryCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly sshPrivateKey?: string;
  readonly insecure?: boolean;
  readonly caData?: string;
}

/** Looks up the credentials for a repository URL; `undefined` when there are none. */
export type CredentialLookup = (repoUrl: string) => RepositoryCredentials | undefined;
