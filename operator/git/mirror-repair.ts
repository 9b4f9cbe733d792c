import { hasCode } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { isDamage } from './damage.ts';
import type { LocalGit } from './local-git.ts';
import type { MirrorFolder } from './mirror-folder.ts';

const REPAIR_PAUSE_MS = 60_000;

/** Tells whether a mirror is broken, and throws it away when it is. */
export interface MirrorRepair {
  /** Whether a failure says that the mirror is broken. */
  isBroken(error: unknown): Promise<boolean>;
  /** Whether a branch or tag names a commit that is not there: then git believes to have what it has not. */
  hasBrokenRefs(signal: AbortSignal): Promise<boolean>;
  /** False when that was done a short while ago: a disk that breaks everything must not fetch for ever. */
  repair(why: unknown, signal: AbortSignal): Promise<boolean>;
}

export interface MirrorRepairOptions {
  readonly clock: Clock;
  readonly local: LocalGit;
  readonly folder: MirrorFolder;
  /** Told before each repair. Must not throw. */
  readonly onRepair: (why: unknown) => void;
}

export function createMirrorRepair(options: MirrorRepairOptions): MirrorRepair {
  const { clock, local, folder } = options;
  let repairedAtMs: number | undefined;

  return {
    async isBroken(error) {
      if (isDamage(error)) return true;
      // A program that cannot be started may only miss the folder that it is to work in.
      return hasCode(error, 'ToolMissing') && (await folder.isLost());
    },
    async hasBrokenRefs(signal) {
      const args = ['for-each-ref', '--format=%(objecttype)'];
      const result = await local(args, signal).catch(() => undefined); // no folder: broken indeed
      signal.throwIfAborted();
      return result?.exitCode !== 0;
    },
    async repair(why, signal) {
      const now = clock.monotonic();
      if (repairedAtMs !== undefined && now - repairedAtMs < REPAIR_PAUSE_MS) return false;
      repairedAtMs = now;
      options.onRepair(why);
      await folder.discard(signal);
      return true;
    },
  };
}
