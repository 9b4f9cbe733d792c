import { hasCode, TiphysError } from '../core/errors.ts';
import type { RepositoryAccess } from '../core/repository/access.ts';
import { withoutCredentials } from '../core/revision/repository-url.ts';
import type { KeyedLock } from '../runtime/keyed-lock.ts';
import type { SingleFlight } from '../runtime/single-flight.ts';
import { removeLeftovers } from './leftovers.ts';
import type { LocalGit } from './local-git.ts';
import {
  createLeftOut,
  fetchFrom,
  fetchObjects,
  lacksFiles,
  type LeftOut,
  repackPartial,
} from './partial-fetch.ts';
import type { RemoteCommand, RemoteGit } from './remote-git.ts';

/** Brings into a mirror what the server has. Errors: those of `RemoteGit`. Disposing ends the fetch under way. */
export interface Fetcher extends AsyncDisposable {
  /** All branches and tags. */
  all(signal: AbortSignal): Promise<void>;
  /** One commit by its id, with its history; false when the server does not give it. */
  commit(commit: string, signal: AbortSignal): Promise<boolean>;
  /** Only so many commits, where the registration says so and the server gives them by their id. */
  shallow(commit: string, signal: AbortSignal): Promise<boolean>;
  /** Files that earlier fetches did not bring. */
  readonly leftOut: LeftOut;
}

export interface FetcherOptions {
  readonly dir: string;
  readonly repoUrl: string;
  readonly access: () => RepositoryAccess;
  readonly blobLimit?: number | undefined;
  readonly fetchTimeoutMs: number;
  readonly local: LocalGit;
  readonly remote: RemoteGit;
  readonly flights: SingleFlight;
  /** Its key `fetch` is held while one fetches. */
  readonly lock: KeyedLock;
}

// Branches and tags land where a local look at the mirror would expect them. Nothing is pruned:
// a commit that an application still runs must stay readable after its branch is gone.
const ALL_REFS = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
/** Small fetches leave loose objects and packs behind; this often they are put together. */
const FETCHES_PER_REPACK = 100;

export function createFetcher(options: FetcherOptions): Fetcher {
  const { dir, local, remote, flights, lock } = options;
  const stopped = new AbortController();
  let fetches = 0;
  /** False once the server refused to send files by their names: then nothing is left out. */
  let sendsFiles = true;

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

  return {
    all: (signal) => fetch(ALL_REFS, signal),
    commit: (commit, signal) => fetchCommit(commit, signal),
    shallow: fetchShallow,
    leftOut,
    async [Symbol.asyncDispose]() {
      stopped.abort(
        new TiphysError('Internal', `repository ${withoutCredentials(options.repoUrl)}: closed`),
      );
      await lock.run('fetch', new AbortController().signal, async () => {}); // waits for the one under way
    },
  };
}

const NOT_THERE = /not our ref|couldn't find remote|unadvertised object/i;
const isNotThere = (error: unknown): boolean =>
  hasCode(error, 'GitUnreachable') && NOT_THERE.test(error.message);
