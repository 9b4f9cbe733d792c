import { mkdir, readFile, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { TiphysError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';

export interface WorkingAreaOptions {
  /** Made with mode 0700. Several processes may be given the same folder. */
  readonly dir: string;
  /** Folders in an area that hold nothing worth keeping; emptied when the area is taken. */
  readonly temporary: readonly string[];
  readonly owner: AreaOwner;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Who works in an area. */
export interface AreaOwner {
  readonly host: string;
  readonly pid: number;
}

/** A folder that nobody else works in while it is held. Disposing gives it back. */
export interface WorkingArea extends AsyncDisposable {
  /** For this process alone; found again by the next one that takes the area. */
  readonly dir: string;
  /** For all processes that were given the same folder. */
  readonly shared: string;
}

interface Mark extends AreaOwner {
  /** When the process began, as its system counts; empty where that cannot be known. */
  readonly started: string;
  readonly token: string;
}

const MAX_AREAS = 64;
const BEAT_MS = 15_000;
/** A mark from another machine counts while it is renewed. */
const STALE_MS = 90_000;
const GUARD_STALE_MS = 30_000;

/**
 * Takes the first area in a folder that nobody holds: `1`, else `2`, and so on. What a crashed process
 * left in it is removed first; its Git mirrors are kept.
 *
 * *Guarantees:* an area is held by one process. *Assumptions:* processes on one machine see each
 * other's numbers; on several, their clocks agree to within a minute. *Caveats:* an area whose holder
 * died on another machine is free after 90 s. Containers that share the name of their host (host network) and the folder, but not
 * their processes, take each other for dead: give each a folder of its own. Errors: `LimitExceeded` when 64 are held; those of the disk.
 */
export async function openWorkingArea(
  options: WorkingAreaOptions,
  signal: AbortSignal,
): Promise<WorkingArea> {
  const { dir, clock } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const { owner } = options;
  const mark: Mark = { ...owner, started: await startOf(owner.pid), token: randomUUID() };
  for (let number = 1; number <= MAX_AREAS; number += 1) {
    signal.throwIfAborted();
    const lock = join(dir, `${number}.lock`);
    if (!(await take(lock, mark, clock))) continue;
    const area = join(dir, String(number));
    await mkdir(area, { recursive: true, mode: 0o700 });
    for (const name of options.temporary)
      await rm(join(area, name), { recursive: true, force: true });
    return hold(lock, area, options, mark);
  }
  throw new TiphysError('LimitExceeded', `${dir}: ${MAX_AREAS} processes work there already`, {
    hint: 'Give this one a folder of its own with --data-dir.',
  });
}

function hold(
  lock: string,
  area: string,
  { dir, clock, logger }: WorkingAreaOptions,
  mark: Mark,
): WorkingArea {
  const stop = new AbortController();
  const beat = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(BEAT_MS, stop.signal);
      const now = new Date(clock.now());
      await utimes(lock, now, now).catch((error: unknown) =>
        logger.warn({ err: error, path: lock }, 'the mark of the working area cannot be renewed'),
      );
    }
  };
  const beating = beat().catch(() => {}); // ends by being stopped, and in no other way
  return {
    dir: area,
    shared: join(dir, 'shared'),
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('shutdown'));
      await beating;
      if ((await readMark(lock))?.token === mark.token) await rm(lock, { force: true });
    },
  };
}

async function take(lock: string, mark: Mark, clock: Clock): Promise<boolean> {
  if (await create(lock, mark)) return true;
  if (await isHeld(lock, mark, clock)) return false;
  // Of several that find a dead mark one may remove it, or a second would remove the first one's own.
  const guard = `${lock}.taken-over`;
  if (!(await makeGuard(guard, clock))) return false;
  try {
    if (await isHeld(lock, mark, clock)) return false;
    await rm(lock, { force: true });
    return await create(lock, mark);
  } finally {
    await rmdir(guard);
  }
}

async function create(lock: string, mark: Mark): Promise<boolean> {
  try {
    await writeFile(lock, JSON.stringify(mark), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function makeGuard(guard: string, clock: Clock): Promise<boolean> {
  try {
    await mkdir(guard, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const made = await stat(guard).catch(() => undefined);
    if (made !== undefined && clock.now() - made.mtimeMs > GUARD_STALE_MS)
      await rename(guard, `${guard}-${randomUUID()}`).catch(() => {}); // the next one takes it
    return false;
  }
}

async function isHeld(lock: string, mark: Mark, clock: Clock): Promise<boolean> {
  const seen = await stat(lock).catch(() => undefined);
  if (seen === undefined) return false;
  const isFresh = clock.now() - seen.mtimeMs < STALE_MS;
  const other = await readMark(lock);
  if (other === undefined || other.host !== mark.host || mark.started === '') return isFresh;
  return other.started !== '' && (await startOf(other.pid)) === other.started;
}

async function readMark(lock: string): Promise<Mark | undefined> {
  try {
    return JSON.parse(await readFile(lock, 'utf8')) as Mark;
  } catch {
    return undefined; // gone, or half written by a process that died: its age decides
  }
}

/** What tells a process from a later one with the same number: field 22 of its `stat` in Linux. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
