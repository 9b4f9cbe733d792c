import { hasCode, TiphysError } from '../core/errors.ts';
import type { RepositoryAccess } from '../core/repository/access.ts';
import { parseLsRemote, type RefTable } from '../core/revision/ref-table.ts';
import { withoutCredentials } from '../core/revision/repository-url.ts';
import type { Clock } from '../ports/clock.ts';
import { createKeyedLock } from '../runtime/keyed-lock.ts';
import type { Limiter } from '../runtime/limiter.ts';
import { createLruCache } from '../runtime/lru-cache.ts';
import { createSingleFlight } from '../runtime/single-flight.ts';
import { createCatFile } from './cat-file.ts';
import { createFetcher } from './fetcher.ts';
import type { TreeReader } from './follow-path.ts';
import { type GitEnvironment, localEnvironment } from './git-session.ts';
import { openGitTree } from './git-tree.ts';
import { type ListRetry, retryListing } from './list-retry.ts';
import { createLocalGit, type LocalGit, MAX_LIST_BYTES } from './local-git.ts';
import { createMirrorFolder } from './mirror-folder.ts';
import { createMirrorRepair } from './mirror-repair.ts';
import { createRemoteGit, type RemoteCommand, type RemoteGit } from './remote-git.ts';
import { repairing } from './repairing-reader.ts';
import type { SignIn } from './sign-in/sign-in.ts';
import { formatOf, type ObjectFormat, type TreeObject } from './tree-object.ts';

export interface MirrorOptions {
  readonly program: string;
  /** The folder of this bare repository; made on first use. */
  readonly dir: string;
  readonly repoUrl: string;
  readonly git: GitEnvironment;
  /** Asked before every command that talks to the server. */
  readonly access: () => RepositoryAccess;
  readonly signIn: SignIn;
  readonly clock: Clock;
  /** Bounds how many processes talk to servers, over all mirrors. */
  readonly network: Limiter;
  /** Bounds the listings under way, over all mirrors. */
  readonly listing: Limiter;
  readonly listTimeoutMs: number;
  readonly listRetry: ListRetry;
  readonly fetchTimeoutMs: number;
  /** Files of so many bytes and more are fetched when they are read, unless `access` says otherwise. Default 0: never. */
  readonly blobLimit?: number | undefined;
  /** Told when the mirror on disk is broken and is made anew. Must not throw. */
  readonly onRepair: (repository: string, why: unknown) => void;
}

/** One bare mirror of one repository: asks the server for refs, fetches, opens commits. */
export interface Mirror extends AsyncDisposable {
  /** The refs as the server has them now. Errors: `GitUnreachable`, `GitAuthFailed`, `Timeout`. */
  listRefs(signal: AbortSignal): Promise<RefTable>;
  /** Makes the mirror of a repository that has no commits yet. */
  make(signal: AbortSignal): Promise<void>;
  /** Errors as `listRefs`; `RevisionNotFound` when the server does not have the commit either. */
  tree(commit: string, signal: AbortSignal): Promise<TreeReader>;
  /** Runs git in the mirror, without the network. */
  readonly local: LocalGit;
  /** Fetches when the mirror lacks an object that a ref names. */
  ensure(object: string, signal: AbortSignal): Promise<void>;
  /** Runs git in the mirror with the credentials of the repository; returns its output. Errors as `listRefs`. */
  readonly remote: RemoteGit;
  /** The full commit that a short one stands for. Fetches when the mirror does not know it. */
  expand(prefix: string, signal: AbortSignal): Promise<string | undefined>;
  /** Ends the reading process until it is needed again. */
  rest(): void;
  /** Throws away what is on disk; whoever needs it again fetches it anew. */
  discard(signal: AbortSignal): Promise<void>;
}

const TREES_KEPT = 32;
const TREE_LINES_KEPT = 200_000;

export function createMirror(options: MirrorOptions): Mirror {
  const { repoUrl, dir, clock } = options;
  const shown = withoutCredentials(repoUrl);
  const catFile = createCatFile({
    program: options.program,
    dir,
    env: localEnvironment(options.git),
  });
  const treeObjects = createLruCache<string, TreeObject>(TREE_LINES_KEPT);
  const trees = createLruCache<string, TreeReader>(TREES_KEPT);
  const flights = createSingleFlight();
  const lock = createKeyedLock();
  /** What the server said last; git must know before the mirror is made. */
  let format: ObjectFormat = 'sha1';
  const local = createLocalGit(options);
  const folder = createMirrorFolder({
    ...{ dir, repoUrl, clock, local, lock },
    onRemove: () => {
      catFile.rest();
      trees.clear();
    },
  });
  const remote = createRemoteGit({ ...options, isMade: folder.isMade });
  const repairs = createMirrorRepair({
    ...{ clock, local, folder },
    onRepair: (why) => options.onRepair(shown, why),
  });
  const fetcher = createFetcher({ ...options, local, remote, flights, lock });
  const objects = { catFile, folders: treeObjects, leftOut: fetcher.leftOut };

  async function open(commit: string, signal: AbortSignal): Promise<TreeReader | undefined> {
    const known = trees.get(commit);
    if (known !== undefined) return known;
    const found = await openGitTree(objects, commit, signal);
    if (found === undefined) return undefined;
    const repairHere = async (stop: AbortSignal): Promise<TreeReader | undefined> => {
      const why = `objects of ${commit} cannot be read`;
      // Of many who find it broken one repairs; who comes after that only asks again.
      await flights.run('repair', (stopAll) => repairs.repair(why, stopAll), stop);
      await fetched(commit, stop);
      return await openGitTree(objects, commit, stop);
    };
    const tree = repairing(found, { isBroken: repairs.isBroken, repair: repairHere });
    trees.set(commit, tree, 1);
    return tree;
  }

  /** Opens a commit, fetched when it is not there; once more with a new mirror when this one is broken. */
  async function fetched(commit: string, signal: AbortSignal): Promise<TreeReader> {
    try {
      return await fetchAndOpen(commit, signal);
    } catch (error) {
      const isRefs = isNotFound(error) && (await repairs.hasBrokenRefs(signal));
      if (signal.aborted || !(isRefs || (await repairs.isBroken(error)))) throw error;
      if (!(await repairs.repair(error, signal))) throw error;
      return await fetchAndOpen(commit, signal);
    }
  }

  async function fetchAndOpen(commit: string, signal: AbortSignal): Promise<TreeReader> {
    await folder.make(formatOf(commit), signal);
    const known = await open(commit, signal);
    if (known !== undefined) return known;
    if (!(await fetcher.shallow(commit, signal))) await fetcher.all(signal);
    const arrived = await open(commit, signal);
    if (arrived !== undefined) return arrived;
    await fetcher.commit(commit, signal); // pull requests, and commits that no branch holds any more
    const asked = await open(commit, signal);
    if (asked === undefined) throw notFound(commit);
    return asked;
  }

  function notFound(commit: string): TiphysError {
    return new TiphysError(
      'RevisionNotFound',
      `repository ${shown}: unable to resolve '${commit}' to a commit SHA: revision not found`,
      { fields: { repository: shown, revision: commit } },
    );
  }

  return {
    async listRefs(signal) {
      const command: RemoteCommand = {
        doing: 'list refs',
        args: (url) => ['ls-remote', '--symref', '--', url],
        timeoutMs: options.listTimeoutMs,
      };
      const ask = () =>
        retryListing(() => remote(command, signal), options.listRetry, clock, signal);
      const list = async () =>
        parseLsRemote((await options.listing.run(signal, ask)).toString('utf8'));
      const refs = await list().catch(async (error: unknown) => {
        if (signal.aborted || !(await repairs.isBroken(error))) throw error;
        if (!(await repairs.repair(error, signal))) throw error;
        return await list();
      });
      const [commit] = refs.byName.values();
      if (commit !== undefined) format = formatOf(commit);
      return refs;
    },
    make: (signal) => folder.make(format, signal),
    tree: fetched,
    discard: folder.discard,
    async expand(prefix, signal) {
      await folder.make(format, signal);
      const known = await findCommit(prefix, signal);
      if (known !== undefined) return known;
      await fetcher.all(signal);
      return await findCommit(prefix, signal);
    },
    local,
    remote,
    async ensure(object, signal) {
      await folder.make(formatOf(object), signal);
      if ((await local(['cat-file', '-e', object], signal)).exitCode === 0) return;
      await fetcher.all(signal);
    },
    rest: () => catFile.rest(),
    async [Symbol.asyncDispose]() {
      await fetcher[Symbol.asyncDispose]();
      await catFile[Symbol.asyncDispose]();
    },
  };

  async function findCommit(prefix: string, signal: AbortSignal): Promise<string | undefined> {
    const object = await catFile.read(`${prefix}^{commit}`, MAX_LIST_BYTES, signal);
    return object?.id;
  }
}

const isNotFound = (error: unknown): boolean => hasCode(error, 'RevisionNotFound');
