import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import { excess, type KeptFile } from '../runtime/excess.ts';

const SPACE_MS = 600_000;

export interface MirrorSpaceOptions {
  /** Holds one folder for each mirror or artifact. */
  readonly dir: string;
  /** Default: no bound. */
  readonly maxBytes: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Folders that are in use: they stay, whatever their size. */
  usedNames(): ReadonlySet<string>;
  discard(name: string, signal: AbortSignal): Promise<void>;
}

/** Keeps what is fetched within a bound. Disposing ends it, and waits for what is under way. */
export interface MirrorSpace extends AsyncDisposable {
  /** Removes what is too much, now and from then on from time to time. */
  makeRoom(): Promise<void>;
}

export function createMirrorSpace(options: MirrorSpaceOptions): MirrorSpace {
  const { dir, maxBytes, clock, logger } = options;
  const stopped = new AbortController();
  const rounds = new Set<Promise<void>>();
  let timer: Disposable | undefined;

  async function makeRoom(): Promise<void> {
    if (maxBytes === undefined || stopped.signal.aborted) return;
    const used = options.usedNames();
    for (const name of await mirrorsBeyond(dir, maxBytes, (one) => used.has(one))) {
      await options.discard(name, stopped.signal);
      logger.info({ path: name }, 'a mirror that is not in use was removed to make room');
    }
    timer = clock.schedule(SPACE_MS, () => {
      const round = makeRoom()
        .catch((error: unknown) => {
          if (!stopped.signal.aborted) logger.warn({ err: error }, 'mirrors could not be removed');
        })
        .finally(() => rounds.delete(round));
      rounds.add(round);
    });
  }

  return {
    makeRoom,
    async [Symbol.asyncDispose]() {
      stopped.abort(new Error('shutdown'));
      timer?.[Symbol.dispose]();
      await Promise.all(rounds);
    },
  };
}

/**
 * Mirrors in a folder that have to go so that the rest fits, those used longest ago first; never one
 * that is in use. Their folders' times say when they were used. Total: what cannot be read counts nothing.
 */
export async function mirrorsBeyond(
  folder: string,
  maxBytes: number,
  inUse: (name: string) => boolean,
): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const kept: (KeptFile & { readonly name: string })[] = [];
  let heldBytes = 0;
  for (const name of names) {
    const path = join(folder, name);
    const bytes = await bytesBelow(path);
    const used = await stat(path).catch(() => undefined);
    if (used === undefined) continue;
    if (inUse(name)) heldBytes += bytes;
    else kept.push({ path, name, bytes, usedAtMs: used.mtimeMs });
  }
  const limits = { maxBytes: maxBytes - heldBytes, maxAgeMs: Number.POSITIVE_INFINITY, now: 0 };
  return excess(kept, limits).map(({ name }) => name);
}

/** As files are long; a mirror is few large ones. */
async function bytesBelow(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += found?.size ?? 0;
  }
  return bytes;
}
