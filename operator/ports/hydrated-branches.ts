/** A branch that is written to. */
export interface HydratedBranch {
  readonly repoUrl: string;
  readonly branch: string;
  /** Where it begins when it does not exist; absent, or absent there too: with no history. */
  readonly beginsAt?: string | undefined;
  /** The project whose registrations for writing count; empty: only those for all. */
  readonly project: string;
}

/** What a branch is to hold. */
export interface HydratedChange {
  /** Folders that are replaced as a whole; never the root. */
  readonly folders: readonly string[];
  /** By path from the root; those outside the folders are added to what is there. */
  readonly files: ReadonlyMap<string, string>;
  readonly message: string;
  /** `Name <address>`. */
  readonly author: string;
  /** Whether the difference is worth a commit, by the paths that differ. */
  readonly isWorthwhile: (changed: readonly string[]) => boolean;
}

export type PreparedCommit =
  /** The branch holds it already; `commit` is its tip. */
  | { readonly type: 'unchanged'; readonly commit: string }
  | {
      readonly type: 'changed';
      readonly commit: string;
      /** The tip that it was made for; absent: the branch does not exist. */
      readonly tip: string | undefined;
    };

/**
 * Branches of Git repositories that we write to, with credentials for writing only. Nothing is ever forced.
 *
 * Errors: `InvalidConfig` when nothing is registered for writing, `GitUnreachable`, `GitAuthFailed` (also a server
 * that declines a push).
 */
export interface HydratedBranches {
  /**
   * Files of the branch as it is on the server now, in the order of the paths; `undefined` for those that are not
   * there. `tip` is absent when the branch is.
   */
  read(
    branch: HydratedBranch,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly tip: string | undefined; readonly texts: readonly (string | undefined)[] }>;
  /** Makes a commit on what the server has now. Nobody sees it yet. */
  prepare(
    branch: HydratedBranch,
    change: HydratedChange,
    signal: AbortSignal,
  ): Promise<PreparedCommit>;
  /** `moved`: somebody pushed meanwhile; prepare it again. */
  push(branch: HydratedBranch, commit: string, signal: AbortSignal): Promise<'pushed' | 'moved'>;
}
