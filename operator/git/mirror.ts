import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, TiphysError } from '../core/errors.ts';
import type { RepositoryAccess } from '../core/repository/access.ts';
import { parseLsRemote, type RefTable } from '../core/revision/ref-table.ts';
import { transportOf, withoutCredentials } from '../core/revision/repository-url.ts';
import type { Clock } from '../ports/clock.ts';
import type { SourceTree } from '../ports/source-tree.ts';
import type { Limiter } from '../runtime/limiter.ts';
import { createKeyedLock } from '../runtime/keyed-lock.ts';
import { createLruCache } from '../runtime/lru-cache.ts';
import { type ProgramResult, runProgram } from '../runtime/run-program.ts';
import { createSingleFlight } from '../runtime/single-flight.ts';
import { createCatFile } from './cat-file.ts';
import { gitFailure } from './git-error.ts';
import { type GitEnvironment, localEnvironment, openGitSession } from './git-session.ts';
import { openGitTree } from './git-tree.ts';
import type { SignIn } from './sign-in/sign-in.ts';
import type { SourceTreeOptions } from './source-tree.ts';
import type { TreeObject } from './tree-object.ts';

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
  readonly tree: SourceTreeOptions;
}

/** One bare mirror of one repository: asks the server for refs, fetches, opens commits. */
export interface Mirror extends AsyncDisposable {
  /** The refs as the server has them now. Errors: `GitUnreachable`, `GitAuthFailed`, `Timeout`. */
  listRefs(signal: AbortSignal): Promise<RefTable>;
  /** Errors as `listRefs`; `RevisionNotFound` when the server does not have the commit either. */
  tree(commit: string, signal: AbortSignal): Promise<SourceTree>;
  /** The full commit that a short one stands for. Fetches when the mirror does not know it. */
  expand(prefix: string, signal: AbortSignal): Promise<string | undefined>;
  /** Ends the reading process until it is needed again. */
  rest(): void;
}

const TREES_KEPT = 32;
const TREE_LINES_KEPT = 200_000;
const MAX_LIST_BYTES = 256 * 1024 * 1024;
/** Small fetches leave loose objects and packs behind; this often they are put together. */
const FETCHES_PER_REPACK = 100;

export function createMirror(options: MirrorOptions): Mirror {
  const { repoUrl, dir, clock } = options;
  const shown = withoutCredentials(repoUrl);
  const catFile = createCatFile({
    program: options.program,
    dir,
    env: localEnvironment(options.git),
  });
  const treeObjects = createLruCache<string, TreeObject>(TREE_LINES_KEPT);
  const trees = createLruCache<string, SourceTree>(TREES_KEPT);
  const flights = createSingleFlight();
  const lock = createKeyedLock();
  const stopped = new AbortController();
  let made = false;
  let fetches = 0;

  function local(args: readonly string[], signal: AbortSignal): Promise<ProgramResult> {
    return runProgram(
      {
        program: options.program,
        args,
        cwd: dir,
        env: localEnvironment(options.git),
        timeoutMs: options.fetchTimeoutMs,
        maxOutputBytes: MAX_LIST_BYTES,
        clock,
      },
      signal,
    );
  }

  /** Runs a command that talks to the server. */
  async function remote(
    doing: string,
    args: (url: string) => readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<string> {
    checkTransport(repoUrl, options.git.allowLocal);
    return await options.network.run(signal, async () => {
      const access = options.access();
      const credential = await options.signIn.credentialFor(repoUrl, access, signal);
      await using session = await openGitSession(options.git, repoUrl, access, credential);
      const run = {
        program: options.program,
        args: args(session.url),
        cwd: made ? dir : options.git.home,
        env: session.env,
        timeoutMs,
        maxOutputBytes: MAX_LIST_BYTES,
        clock,
      };
      const result = await runProgram(run, signal).catch((error: unknown) => {
        throw namedTimeout(error, shown, doing);
      });
      if (result.exitCode !== 0) {
        const failure = gitFailure(repoUrl, doing, result.stderr, credential.type !== 'none');
        if (hasCode(failure, 'GitAuthFailed')) options.signIn.forget(repoUrl, access);
        throw failure;
      }
      return result.stdout.toString('utf8');
    });
  }

  async function make(signal: AbortSignal): Promise<void> {
    if (made) return;
    await lock.run('make', signal, async () => {
      const there = await stat(join(dir, 'HEAD')).catch(() => undefined);
      if (there === undefined) {
        // Whatever stands here is half a repository: a process was killed while making it.
        await rm(dir, { recursive: true, force: true });
        await mkdir(dir, { recursive: true, mode: 0o700 });
        const result = await local(['init', '--quiet', '--bare', '--', '.'], signal);
        if (result.exitCode !== 0) throw gitFailure(repoUrl, 'make the mirror', result.stderr);
      }
      made = true;
    });
  }

  /** One fetch at a time, and one for all who wait for the same thing. */
  function fetch(refspecs: readonly string[], signal: AbortSignal): Promise<void> {
    return flights.run(
      refspecs.join(' '),
      (stop) =>
        lock.run('fetch', stop, async () => {
          const flags = ['--quiet', '--force', '--no-tags', '--no-write-fetch-head'];
          await removeStaleLocks(dir);
          await remote(
            'fetch',
            (url) => ['fetch', ...flags, '--', url, ...refspecs],
            options.fetchTimeoutMs,
            AbortSignal.any([stop, stopped.signal]),
          );
          fetches += 1;
          if (fetches % FETCHES_PER_REPACK === 0) await local(['repack', '-d', '--quiet'], stop);
        }),
      signal,
    );
  }

  async function open(commit: string, signal: AbortSignal): Promise<SourceTree | undefined> {
    const known = trees.get(commit);
    if (known !== undefined) return known;
    const tree = await openGitTree(catFile, treeObjects, commit, options.tree, signal);
    if (tree !== undefined) trees.set(commit, tree, 1);
    return tree;
  }

  async function fetchCommit(commit: string, signal: AbortSignal): Promise<void> {
    try {
      await fetch([commit], signal);
    } catch (error) {
      if (
        !(error instanceof TiphysError) ||
        !/not our ref|couldn't find remote/i.test(error.message)
      ) {
        throw error;
      }
      throw notFound(commit, error);
    }
  }

  function notFound(commit: string, cause?: unknown): TiphysError {
    return new TiphysError(
      'RevisionNotFound',
      `repository ${shown}: unable to resolve '${commit}' to a commit SHA: revision not found`,
      { fields: { repository: shown, revision: commit }, ...(cause !== undefined && { cause }) },
    );
  }

  return {
    async listRefs(signal) {
      const output = await remote(
        'list refs',
        (url) => ['ls-remote', '--symref', '--', url],
        options.listTimeoutMs,
        signal,
      );
      return parseLsRemote(output);
    },
    async tree(commit, signal) {
      await make(signal);
      const known = await open(commit, signal);
      if (known !== undefined) return known;
      await fetch(ALL_REFS, signal);
      const fetched = await open(commit, signal);
      if (fetched !== undefined) return fetched;
      await fetchCommit(commit, signal); // pull requests, and commits that no branch holds any more
      const asked = await open(commit, signal);
      if (asked === undefined) throw notFound(commit);
      return asked;
    },
    async expand(prefix, signal) {
      await make(signal);
      const known = await findCommit(prefix, signal);
      if (known !== undefined) return known;
      await fetch(ALL_REFS, signal);
      return await findCommit(prefix, signal);
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

function checkTransport(repoUrl: string, allowLocal: boolean): void {
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

/** A fetch that was killed leaves lock files that would stop every later one. We are the only writer. */
async function removeStaleLocks(dir: string): Promise<void> {
  const names = await readdir(dir);
  const locks = names.filter((name) => name.endsWith('.lock'));
  await Promise.all(locks.map((name) => rm(join(dir, name), { force: true })));
}
