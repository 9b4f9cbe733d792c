import { mkdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, TiphysError } from '../core/errors.ts';
import type { RepositoryAccess } from '../core/repository/access.ts';
import { parseLsRemote, type RefTable } from '../core/revision/ref-table.ts';
import { transportOf, withoutCredentials } from '../core/revision/repository-url.ts';
import type { Clock } from '../ports/clock.ts';
import type { Limiter } from '../runtime/limiter.ts';
import { createKeyedLock } from '../runtime/keyed-lock.ts';
import { createLruCache } from '../runtime/lru-cache.ts';
import { type ProgramResult, runProgram } from '../runtime/run-program.ts';
import { createSingleFlight } from '../runtime/single-flight.ts';
import { createCatFile } from './cat-file.ts';
import { isDamage } from './damage.ts';
import { gitFailure } from './git-error.ts';
import { type GitEnvironment, localEnvironment, openGitSession } from './git-session.ts';
import { openGitTree } from './git-tree.ts';
import { removeLeftovers } from './leftovers.ts';
import {
  createLeftOut,
  fetchFrom,
  fetchObjects,
  lacksFiles,
  repackPartial,
} from './partial-fetch.ts';
import { repairing } from './repairing-reader.ts';
import type { SignIn } from './sign-in/sign-in.ts';
import type { TreeReader } from './follow-path.ts';
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
  readonly listTimeoutMs: number;
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
  local(args: readonly string[], signal: AbortSignal, more?: LocalRun): Promise<ProgramResult>;
  /** Fetches when the mirror lacks an object that a ref names. */
  ensure(object: string, signal: AbortSignal): Promise<void>;
  /** Runs git in the mirror with the credentials of the repository; returns its output. Errors as `listRefs`. */
  remote(command: RemoteCommand, signal: AbortSignal): Promise<Buffer>;
  /** The full commit that a short one stands for. Fetches when the mirror does not know it. */
  expand(prefix: string, signal: AbortSignal): Promise<string | undefined>;
  /** Ends the reading process until it is needed again. */
  rest(): void;
  /** Throws away what is on disk; whoever needs it again fetches it anew. */
  discard(signal: AbortSignal): Promise<void>;
}

export interface LocalRun {
  readonly stdin?: string | undefined;
  readonly config?: readonly (readonly [string, string])[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface RemoteCommand {
  /** For errors, e.g. `fetch`. */
  readonly doing: string;
  readonly args: (url: string) => readonly string[];
  readonly timeoutMs: number;
  readonly stdin?: Buffer;
  /** What git's words of a failure mean here; `undefined`: what they mean everywhere. */
  readonly explain?: (words: string) => TiphysError | undefined;
  /** Further variables. */
  readonly env?: (url: string) => Readonly<Record<string, string>>;
}

const TREES_KEPT = 32;
const TREE_LINES_KEPT = 200_000;
const MAX_LIST_BYTES = 256 * 1024 * 1024;
/** Small fetches leave loose objects and packs behind; this often they are put together. */
const FETCHES_PER_REPACK = 100;
const REPAIR_PAUSE_MS = 60_000;

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
  const stopped = new AbortController();
  let made: ObjectFormat | undefined;
  /** What the server said last; git must know before the mirror is made. */
  let format: ObjectFormat = 'sha1';
  let fetches = 0;
  /** False once the server refused to send files by their names: then nothing is left out. */
  let sendsFiles = true;
  let repairedAtMs: number | undefined;

  function local(
    args: readonly string[],
    signal: AbortSignal,
    { stdin, config, env }: LocalRun = {},
  ): Promise<ProgramResult> {
    return runProgram(
      {
        program: options.program,
        args,
        cwd: dir,
        env: { ...localEnvironment(options.git, config), ...env },
        ...(stdin !== undefined && { stdin }),
        timeoutMs: options.fetchTimeoutMs,
        maxOutputBytes: MAX_LIST_BYTES,
        clock,
      },
      signal,
    );
  }

  async function remote(command: RemoteCommand, signal: AbortSignal): Promise<Buffer> {
    checkTransport(repoUrl, options.git.allowLocal);
    return await options.network.run(signal, async () => {
      const access = options.access();
      const credential = await options.signIn.credentialFor(repoUrl, access, signal);
      await using session = await openGitSession(options.git, repoUrl, access, credential);
      const run = {
        program: options.program,
        args: command.args(session.url),
        cwd: made === undefined ? options.git.home : dir,
        env: { ...session.env, ...command.env?.(session.url) },
        ...(command.stdin !== undefined && { stdin: command.stdin }),
        timeoutMs: command.timeoutMs,
        maxOutputBytes: MAX_LIST_BYTES,
        clock,
      };
      const { doing } = command;
      const result = await runProgram(run, signal).catch((error: unknown) => {
        throw namedTimeout(error, shown, doing);
      });
      if (result.exitCode !== 0) {
        const known = command.explain?.(result.stderr);
        if (known !== undefined) throw known;
        const failure = gitFailure(repoUrl, doing, result.stderr, credential.type !== 'none');
        if (hasCode(failure, 'GitAuthFailed')) options.signIn.forget(repoUrl, access);
        throw failure;
      }
      return result.stdout;
    });
  }

  /** Makes the mirror, and makes it anew when the server changed how it names objects. */
  async function make(wanted: ObjectFormat, signal: AbortSignal): Promise<void> {
    if (made === wanted) return;
    await lock.run('make', signal, async () => {
      if (made === wanted) return;
      const there = await stat(join(dir, 'HEAD')).catch(() => undefined);
      if (there === undefined || (await formatOnDisk(signal)) !== wanted) {
        // Whatever stands here is half a repository: a process was killed while making it.
        catFile.rest();
        await rm(dir, { recursive: true, force: true });
        await mkdir(dir, { recursive: true, mode: 0o700 });
        const how = ['--quiet', '--bare', `--object-format=${wanted}`];
        const result = await local(['init', ...how, '--', '.'], signal);
        if (result.exitCode !== 0) throw gitFailure(repoUrl, 'make the mirror', result.stderr);
      }
      made = wanted;
      const now = new Date(clock.now());
      await utimes(dir, now, now); // says which mirrors are still used
    });
  }

  async function formatOnDisk(signal: AbortSignal): Promise<string> {
    const result = await local(['rev-parse', '--show-object-format'], signal);
    return result.stdout.toString('utf8').trim();
  }

  /** Throws the mirror away; the next who needs it makes it anew. Nothing but time is lost. */
  async function discard(signal: AbortSignal): Promise<void> {
    const away = async (): Promise<void> => {
      catFile.rest();
      trees.clear();
      made = undefined;
      await rm(dir, { recursive: true, force: true });
    };
    await lock.run('fetch', signal, () => lock.run('make', signal, away));
  }

  /** False when that was done a short while ago: a disk that breaks everything must not fetch for ever. */
  async function repair(why: unknown, signal: AbortSignal): Promise<boolean> {
    const now = clock.monotonic();
    if (repairedAtMs !== undefined && now - repairedAtMs < REPAIR_PAUSE_MS) return false;
    repairedAtMs = now;
    options.onRepair(shown, why);
    await discard(signal);
    return true;
  }

  /** One fetch at a time, and one for all who wait for the same thing. */
  function fetch(refspecs: readonly string[], signal: AbortSignal, depth = 0): Promise<void> {
    return flights.run(
      `${depth} ${refspecs.join(' ')}`,
      (stop) =>
        lock.run('fetch', stop, async () => {
          const flags = ['--quiet', '--force', '--no-tags', '--no-write-fetch-head'];
          if (depth > 0) flags.push(`--depth=${depth}`);
          const limit = await limitOfFiles();
          const args = (url: string) => {
            const { before, server } = fetchFrom(url, limit);
            return [...before, 'fetch', ...flags, '--', server, ...refspecs];
          };
          await fetchBy({ doing: 'fetch', args, timeoutMs: options.fetchTimeoutMs }, stop);
        }),
      signal,
    );
  }

  /** For one who holds the lock. */
  async function fetchBy(command: RemoteCommand, signal: AbortSignal): Promise<void> {
    await removeLeftovers(dir);
    try {
      await remote(command, AbortSignal.any([signal, stopped.signal]));
    } catch (error) {
      await removeLeftovers(dir); // half a pack on a full disk would keep it full
      throw error;
    }
    fetches += 1;
    if (fetches % FETCHES_PER_REPACK !== 0) return;
    const repack = (await lacksFiles(dir)) ? repackPartial() : ['repack', '-d', '--quiet'];
    await local(repack, signal);
  }

  /** From how many bytes on files are left out; 0: none, in a mirror that lacks some; else none. */
  async function limitOfFiles(): Promise<number | undefined> {
    const limit = sendsFiles ? (options.access().blobLimit ?? options.blobLimit ?? 0) : 0;
    if (limit > 0) return limit;
    return (await lacksFiles(dir)) ? 0 : undefined;
  }

  const leftOut = createLeftOut({
    ...{ dir, flights, local },
    fetch: (take, signal) =>
      lock.run('fetch', signal, async () => {
        const names = await take();
        if (names.length === 0) return;
        const stdin = Buffer.from(`${names.join('\n')}\n`);
        const command = { doing: 'fetch files', args: fetchObjects, stdin };
        try {
          await fetchBy({ ...command, timeoutMs: options.fetchTimeoutMs }, signal);
        } catch (error) {
          if (!isNotThere(error)) throw error;
          sendsFiles = false; // whoever misses a file has the mirror made anew, with all of them
        }
      }),
  });

  const objects = { catFile, folders: treeObjects, leftOut };

  async function open(commit: string, signal: AbortSignal): Promise<TreeReader | undefined> {
    const known = trees.get(commit);
    if (known !== undefined) return known;
    const found = await openGitTree(objects, commit, signal);
    if (found === undefined) return undefined;
    const repairHere = async (stop: AbortSignal): Promise<TreeReader | undefined> => {
      const why = `objects of ${commit} cannot be read`;
      // Of many who find it broken one repairs; who comes after that only asks again.
      await flights.run('repair', (stopAll) => repair(why, stopAll), stop);
      await fetched(commit, stop);
      return await openGitTree(objects, commit, stop);
    };
    const tree = repairing(found, { isBroken, repair: repairHere });
    trees.set(commit, tree, 1);
    return tree;
  }

  /** Opens a commit, fetched when it is not there; once more with a new mirror when this one is broken. */
  async function fetched(commit: string, signal: AbortSignal): Promise<TreeReader> {
    try {
      return await fetchAndOpen(commit, signal);
    } catch (error) {
      const isRefs = isNotFound(error) && (await hasBrokenRefs(signal));
      if (signal.aborted || !(isRefs || (await isBroken(error)))) throw error;
      if (!(await repair(error, signal))) throw error;
      return await fetchAndOpen(commit, signal);
    }
  }

  async function fetchAndOpen(commit: string, signal: AbortSignal): Promise<TreeReader> {
    await make(formatOf(commit), signal);
    const known = await open(commit, signal);
    if (known !== undefined) return known;
    if (!(await fetchShallow(commit, signal))) await fetch(ALL_REFS, signal);
    const arrived = await open(commit, signal);
    if (arrived !== undefined) return arrived;
    await fetchCommit(commit, signal); // pull requests, and commits that no branch holds any more
    const asked = await open(commit, signal);
    if (asked === undefined) throw notFound(commit);
    return asked;
  }

  /** A program that cannot be started may only miss the folder that it is to work in. */
  async function isBroken(error: unknown): Promise<boolean> {
    if (isDamage(error)) return true;
    if (made === undefined || !hasCode(error, 'ToolMissing')) return false;
    return (await stat(dir).catch(() => undefined)) === undefined;
  }

  /** Whether a branch or tag names a commit that is not there: then git believes to have what it has not. */
  async function hasBrokenRefs(signal: AbortSignal): Promise<boolean> {
    const args = ['for-each-ref', '--format=%(objecttype)'];
    const result = await local(args, signal).catch(() => undefined); // no folder: broken indeed
    signal.throwIfAborted();
    return result?.exitCode !== 0;
  }

  async function fetchCommit(commit: string, signal: AbortSignal, depth = 0): Promise<boolean> {
    try {
      await fetch([commit], signal, depth);
      return true;
    } catch (error) {
      if (isNotThere(error)) return false;
      throw error;
    }
  }

  /** Only so many commits, where the registration says so and the server gives them by their id. */
  async function fetchShallow(commit: string, signal: AbortSignal): Promise<boolean> {
    const { depth } = options.access();
    return depth > 0 && (await fetchCommit(commit, signal, depth));
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
      const list = async () => parseLsRemote((await remote(command, signal)).toString('utf8'));
      const refs = await list().catch(async (error: unknown) => {
        if (signal.aborted || !(await isBroken(error))) throw error;
        if (!(await repair(error, signal))) throw error;
        return await list();
      });
      const [commit] = refs.byName.values();
      if (commit !== undefined) format = formatOf(commit);
      return refs;
    },
    make: (signal) => make(format, signal),
    tree: fetched,
    discard,
    async expand(prefix, signal) {
      await make(format, signal);
      const known = await findCommit(prefix, signal);
      if (known !== undefined) return known;
      await fetch(ALL_REFS, signal);
      return await findCommit(prefix, signal);
    },
    local,
    remote,
    async ensure(object, signal) {
      await make(formatOf(object), signal);
      if ((await local(['cat-file', '-e', object], signal)).exitCode === 0) return;
      await fetch(ALL_REFS, signal);
    },
    rest: () => catFile.rest(),
    async [Symbol.asyncDispose]() {
      stopped.abort(new TiphysError('Internal', `repository ${shown}: closed`));
      await lock.run('fetch', new AbortController().signal, async () => {}); // waits for the one under way
      await catFile[Symbol.asyncDispose]();
    },
  };

  async function findCommit(prefix: string, signal: AbortSignal): Promise<string | undefined> {
    const object = await catFile.read(`${prefix}^{commit}`, MAX_LIST_BYTES, signal);
    return object?.id;
  }
}

// Branches and tags land where a local look at the mirror would expect them. Nothing is pruned:
// a commit that an application still runs must stay readable after its branch is gone.
const ALL_REFS = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

const NOT_THERE = /not our ref|couldn't find remote|unadvertised object/i;

export function checkTransport(repoUrl: string, allowLocal: boolean): void {
  const transport = transportOf(repoUrl);
  if (transport !== undefined && (transport !== 'file' || allowLocal)) return;
  throw new TiphysError(
    'GitUnreachable',
    `repository ${withoutCredentials(repoUrl)}: this kind of address is not allowed`,
    { retry: 'never', hint: 'Use an https, http, ssh or git URL.' },
  );
}

function namedTimeout(error: unknown, repository: string, doing: string): unknown {
  if (!(error instanceof TiphysError) || error.code !== 'Timeout') return error;
  return new TiphysError('GitUnreachable', `repository ${repository}: ${doing}: ${error.message}`, {
    cause: error,
    fields: { repository },
  });
}

const isNotThere = (error: unknown): boolean =>
  hasCode(error, 'GitUnreachable') && NOT_THERE.test(error.message);

const isNotFound = (error: unknown): boolean => hasCode(error, 'RevisionNotFound');
