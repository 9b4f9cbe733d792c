import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { SingleFlight } from '../runtime/single-flight.ts';
import type { LocalGit } from './local-git.ts';

/** Git leaves files out of what servers with a name send, and of no others. */
const SERVER = 'tiphys';

/** Larger than any file: what a mirror asks for that lacks files from another time, and is to lack no more. */
const NO_LIMIT = 2 ** 50;

/**
 * How a fetch begins, and the server it names. With a limit, files of so many bytes and more stay
 * with a server that can leave them out; one that cannot sends all.
 *
 * What says so is on the command line of this one fetch. In the configuration of the mirror it would
 * have every other git fetch file by file whatever it misses, without credentials or limits.
 */
export function fetchFrom(
  url: string,
  limitBytes: number | undefined,
): { readonly before: readonly string[]; readonly server: string } {
  if (limitBytes === undefined) return { before: [], server: url };
  const settings = [
    `url=${url}`,
    'promisor=true',
    `partialclonefilter=blob:limit=${limitBytes === 0 ? NO_LIMIT : limitBytes}`,
  ];
  return { before: settings.flatMap((one) => ['-c', `remote.${SERVER}.${one}`]), server: SERVER };
}

/** Arguments that fetch objects by their names, one a line of the input, and nothing that hangs on them. */
export function fetchObjects(url: string): readonly string[] {
  const { before, server } = fetchFrom(url, 1);
  const flags = ['--quiet', '--no-tags', '--no-write-fetch-head', '--recurse-submodules=no'];
  const alone = ['-c', 'fetch.negotiationAlgorithm=noop']; // what we have is of no use for these
  return [...before, ...alone, 'fetch', ...flags, '--stdin', '--', server];
}

/** Arguments that make one pack of the many that such fetches leave behind. */
export function repackPartial(): readonly string[] {
  const { before } = fetchFrom('file:///dev/null', 1);
  return [...before, 'repack', '-a', '-d', '-k', '--quiet'];
}

/** Whether files were ever left out: git marks the packs of such fetches. */
export async function lacksFiles(dir: string): Promise<boolean> {
  const names = await readdir(join(dir, 'objects/pack')).catch(() => []);
  return names.some((name) => name.endsWith('.promisor'));
}

/** What a reader asks for when the mirror may lack files. */
export interface LeftOut {
  /**
   * Fetches an object, and of the others those that are not there either, if files were ever left out here.
   * Resolves in vain when the server refuses to give them alone.
   */
  bring(hash: string, others: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface LeftOutOptions {
  readonly dir: string;
  readonly flights: SingleFlight;
  /** Runs git in the mirror, without the network. */
  readonly local: LocalGit;
  /** Fetches what `take` names, if anything; asked at the last moment: while a fetch waits for others more may come. */
  readonly fetch: (take: () => Promise<readonly string[]>, signal: AbortSignal) => Promise<void>;
}

/** Fetches what was left out, in as few requests as those who ask leave time for. Errors: those of `fetch`. */
export function createLeftOut({ dir, flights, local, fetch }: LeftOutOptions): LeftOut {
  let batch = 0;
  let wanted = new Set<string>();

  /** Those that are wanted and not there: another fetch may have brought them meanwhile. */
  async function take(signal: AbortSignal): Promise<readonly string[]> {
    const stdin = Array.from(wanted, (hash) => `${hash}\n`).join('');
    wanted = new Set();
    batch += 1;
    const { stdout } = await local(['cat-file', '--batch-check'], signal, { stdin });
    const answers = stdout.toString('latin1').split('\n');
    const missing = answers.filter((line) => line.endsWith(' missing'));
    return missing.map((line) => line.slice(0, line.indexOf(' ')));
  }

  return {
    async bring(hash, others, signal) {
      if (!(await lacksFiles(dir))) return;
      signal.throwIfAborted();
      for (const one of [hash, ...others]) wanted.add(one);
      const together = async (stop: AbortSignal): Promise<void> => {
        await setImmediate(); // those who read at the same time find out at the same time
        await fetch(() => take(stop), stop);
      };
      await flights.run(`left out ${batch}`, together, signal);
    },
  };
}
