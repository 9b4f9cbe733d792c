import { mkdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../ports/clock.ts';
import type { KeyedLock } from '../runtime/keyed-lock.ts';
import { gitFailure } from './git-error.ts';
import type { LocalGit } from './local-git.ts';
import type { ObjectFormat } from './tree-object.ts';

/** The folder of a mirror: an empty bare repository at first. */
export interface MirrorFolder {
  isMade(): boolean;
  /** Whether it was made and is gone: somebody else removed it. */
  isLost(): Promise<boolean>;
  /** Makes it, and makes it anew when the server changed how it names objects. */
  make(wanted: ObjectFormat, signal: AbortSignal): Promise<void>;
  /** Throws it away, when no fetch is under way; the next who needs it makes it anew. Nothing but time is lost. */
  discard(signal: AbortSignal): Promise<void>;
}

export interface MirrorFolderOptions {
  readonly dir: string;
  readonly repoUrl: string;
  readonly clock: Clock;
  readonly local: LocalGit;
  /** Its key `fetch` is held by whoever fetches. */
  readonly lock: KeyedLock;
  /** Told before the folder goes: whoever reads from it must let go. */
  readonly onRemove: () => void;
}

export function createMirrorFolder(options: MirrorFolderOptions): MirrorFolder {
  const { dir, repoUrl, clock, local, lock, onRemove } = options;
  let made: ObjectFormat | undefined;

  async function make(wanted: ObjectFormat, signal: AbortSignal): Promise<void> {
    if (made === wanted) return;
    await lock.run('make', signal, async () => {
      if (made === wanted) return;
      const there = await stat(join(dir, 'HEAD')).catch(() => undefined);
      if (there === undefined || (await formatOnDisk(signal)) !== wanted) {
        // Whatever stands here is half a repository: a process was killed while making it.
        onRemove();
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

  async function discard(signal: AbortSignal): Promise<void> {
    const away = async (): Promise<void> => {
      onRemove();
      made = undefined;
      await rm(dir, { recursive: true, force: true });
    };
    await lock.run('fetch', signal, () => lock.run('make', signal, away));
  }

  return {
    isMade: () => made !== undefined,
    isLost: async () =>
      made !== undefined && (await stat(dir).catch(() => undefined)) === undefined,
    make,
    discard,
  };
}
