import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from '../ports/clock.ts';

const PAUSE_MS = 50;

/**
 * Looks at the memory of a process and of those that it started, twenty times a second, and calls once
 * when it is more than `maxBytes` (resident). What a program takes between two looks is on top. Does
 * nothing on systems without `/proc`.
 */
export function watchMemory(
  pid: number,
  { maxBytes, clock }: { readonly maxBytes: number; readonly clock: Clock },
  onExceeded: () => void,
): Disposable {
  let timer = clock.schedule(PAUSE_MS, look);
  function look(): void {
    const bytes = residentBytes(pid);
    if (bytes === undefined) return;
    if (bytes > maxBytes) onExceeded();
    else timer = clock.schedule(PAUSE_MS, look);
  }
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

/** `undefined` when there is no such process, or no way to ask. */
function residentBytes(pid: number): number | undefined {
  const status = read(`/proc/${pid}/status`);
  if (status === undefined) return undefined;
  const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  const children = childrenOf(pid).map((child) => residentBytes(child) ?? 0);
  return children.reduce((sum, bytes) => sum + bytes, own);
}

/** Each thread has a list of the processes that it started. */
function childrenOf(pid: number): readonly number[] {
  let threads: readonly string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // it ended meanwhile
  }
  return threads.flatMap((thread) =>
    (read(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // it ended meanwhile, or this system has no such file
  }
}
