import { randomUUID } from 'node:crypto';
import { hasCode, TiphysError } from '../core/errors.ts';
import type { RepositoryAccess } from '../core/repository/access.ts';
import { repositoryIdentity, withoutCredentials } from '../core/revision/repository-url.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  HydratedBranch,
  HydratedBranches,
  HydratedChange,
  PreparedCommit,
} from '../ports/hydrated-branches.ts';
import type { CommitTrees, MirroredRepository } from './commit-trees.ts';
import { declinedPush, isMoved } from './declined-push.ts';
import { writeFastImport } from './fast-import.ts';

export interface HydratedBranchesOptions {
  readonly commits: CommitTrees;
  /** Makes the folders that mirrors need. */
  readonly prepare: (signal: AbortSignal) => Promise<void>;
  /** How to write to a repository; `undefined`: nothing is registered for that. */
  readonly access: (repoUrl: string, project: string) => RepositoryAccess | undefined;
  readonly clock: Clock;
  /** Longest time of one push. */
  readonly timeoutMs: number;
}

const MAX_RECORD_BYTES = 1_000_000;
const HINT =
  'Check the credentials of the Secret of type repository-write or repo-write-creds, and that they may push to the branch.';

/**
 * Commits without a checkout, in a mirror that only credentials for writing fill: what may be read with others is
 * never in it.
 */
export function createHydratedBranches(options: HydratedBranchesOptions): HydratedBranches {
  const { commits, clock } = options;

  function mirrorOf({ repoUrl, project }: HydratedBranch): MirroredRepository {
    const registered = (): RepositoryAccess => {
      const access = options.access(repoUrl, project);
      if (access === undefined) throw notRegistered(repoUrl);
      return { ...access, lfs: false, depth: 0, blobLimit: 0 };
    };
    const key = `${repositoryIdentity(repoUrl)} for writing ${registered().scope}`;
    return commits.mirror(key, repoUrl, registered);
  }

  async function tips({ mirror }: MirroredRepository, branch: HydratedBranch, signal: AbortSignal) {
    const { byName } = await mirror.listRefs(signal);
    const commitOf = (name: string) => byName.get(`refs/heads/${name}`);
    const tip = commitOf(branch.branch);
    const begin = branch.beginsAt === undefined ? undefined : commitOf(branch.beginsAt);
    return { tip, base: tip ?? begin };
  }

  async function prepare(
    branch: HydratedBranch,
    change: HydratedChange,
    signal: AbortSignal,
  ): Promise<PreparedCommit> {
    const mirrored = mirrorOf(branch);
    const { tip, base } = await tips(mirrored, branch, signal);
    if (base === undefined) await mirrored.mirror.make(signal);
    else await commits.open(mirrored, base, signal);
    const commit = await write(mirrored, base, change, signal);
    if (base === undefined) return { type: 'changed', commit, tip };
    const changed = await differing(mirrored, base, commit, signal);
    if (change.isWorthwhile(changed)) return { type: 'changed', commit, tip };
    if (tip !== undefined) return { type: 'unchanged', commit: tip };
    return { type: 'changed', commit: base, tip }; // the branch is yet to begin there
  }

  async function write(
    { mirror, url }: MirroredRepository,
    base: string | undefined,
    change: HydratedChange,
    signal: AbortSignal,
  ): Promise<string> {
    const ref = `refs/tiphys/${randomUUID()}`;
    const stdin = writeFastImport({ ...change, ref, base, seconds: secondsOf(clock) });
    const git = async (args: readonly string[], input?: string): Promise<string> => {
      const result = await mirror.local(args, signal, { stdin: input });
      if (result.exitCode === 0) return result.stdout.toString('utf8').trim();
      const words = result.stderr.trim().split('\n')[0]?.slice(0, 300) ?? '';
      throw failed(url, `make a commit: ${words}`);
    };
    try {
      await git(['fast-import', '--quiet', '--force', '--date-format=raw'], stdin);
      return await git(['rev-parse', '--verify', '--end-of-options', ref]);
    } finally {
      // What a kill leaves here names a commit and harms nobody.
      await mirror.local(['update-ref', '-d', ref], new AbortController().signal).catch(() => {});
    }
  }

  async function differing(
    { mirror, url }: MirroredRepository,
    base: string,
    commit: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const flags = ['-r', '-z', '--name-only', '--no-renames'];
    const result = await mirror.local(['diff-tree', ...flags, base, commit, '--'], signal);
    if (result.exitCode !== 0) throw failed(url, 'compare with the branch: git cannot');
    return result.stdout
      .toString('utf8')
      .split('\0')
      .filter((path) => path !== '');
  }

  return {
    async read(branch, paths, signal) {
      await options.prepare(signal);
      return await explained(async () => {
        const mirrored = mirrorOf(branch);
        const { tip } = await tips(mirrored, branch, signal);
        if (tip === undefined) return { tip, texts: paths.map(() => undefined) };
        const tree = await commits.open(mirrored, tip, signal);
        const texts: (string | undefined)[] = [];
        for (const path of paths) {
          const entry = await tree.entry(path, signal);
          const isFile = entry?.type === 'file';
          const content = isFile
            ? await tree.read(path, { maxBytes: MAX_RECORD_BYTES }, signal)
            : undefined;
          texts.push(content?.toString('utf8'));
        }
        return { tip, texts };
      });
    },
    async prepare(branch, change, signal) {
      await options.prepare(signal);
      return await explained(() => prepare(branch, change, signal));
    },
    async push(branch, commit, signal) {
      const { mirror } = mirrorOf(branch);
      const ref = `${commit}:refs/heads/${branch.branch}`;
      try {
        await explained(() =>
          mirror.remote(
            {
              doing: 'push',
              args: (url) => ['push', '--no-verify', '--no-follow-tags', '--', url, ref],
              timeoutMs: options.timeoutMs,
              explain: (words) => declinedPush(branch, words),
            },
            signal,
          ),
        );
        return 'pushed';
      } catch (error) {
        if (isMoved(error)) return 'moved';
        throw error;
      }
    },
  };
}

function secondsOf(clock: Clock): number {
  return Math.floor(clock.now() / 1_000);
}

/** Which credentials are meant, where they are the matter. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!hasCode(error, 'GitAuthFailed')) throw error;
    const { message, fields } = error;
    throw new TiphysError('GitAuthFailed', message, { cause: error, fields, hint: HINT });
  }
}

function notRegistered(repoUrl: string): TiphysError {
  const repository = withoutCredentials(repoUrl);
  return new TiphysError(
    'InvalidConfig',
    `repository ${repository}: nothing is registered for writing`,
    {
      retry: 'backoff', // Secrets are read anew each time
      fields: { repository },
      hint: 'Add a Secret with the label argocd.argoproj.io/secret-type: repository-write or repo-write-creds; credentials for reading are never used to push.',
    },
  );
}

function failed(repoUrl: string, what: string): TiphysError {
  const repository = withoutCredentials(repoUrl);
  return new TiphysError('GitUnreachable', `repository ${repository}: ${what}`, {
    fields: { repository },
  });
}
