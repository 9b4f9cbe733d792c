import { existsSync, readFileSync } from 'node:fs';
import type { ProgramResult } from './run-program.ts';

/** A program and its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

const PLACES: readonly string[] = ['/usr/bin/prlimit', '/bin/prlimit'];

/**
 * The command with a bound that the kernel keeps: no process of it may map more private memory than so
 * many bytes (RLIMIT_DATA), however fast it asks. `undefined` where there is no `prlimit` (util-linux), or
 * where a smaller bound holds for this process and so for its children.
 */
export function boundedByKernel(
  { program, args }: Command,
  maxDataBytes: number,
): Command | undefined {
  const prlimit = PLACES.find((path) => existsSync(path));
  if (prlimit === undefined || hardLimit() <= maxDataBytes) return undefined;
  return { program: prlimit, args: [`--data=${maxDataBytes}`, '--', program, ...args] };
}

/** What prlimit says in place of the program, which has not run then. */
export function boundRefused({ exitCode, stderr }: ProgramResult): boolean {
  return exitCode !== 0 && /^prlimit: (?!failed to execute)/.test(stderr);
}

/** Why prlimit could not start the program; `undefined` when it did. */
export function notExecuted({ exitCode, stderr }: ProgramResult): string | undefined {
  if (exitCode !== 126 && exitCode !== 127) return undefined;
  return /^prlimit: failed to execute .*: (.+)$/m.exec(stderr)?.[1];
}

/** Whether a program of Go ended because the kernel gave it no more memory. */
export function endedWithoutMemory({ exitCode, stderr }: ProgramResult): boolean {
  return (
    exitCode !== 0 && /^(?:fatal error|runtime): .*(?:out of|cannot allocate) memory/m.test(stderr)
  );
}

function hardLimit(): number {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return Number.POSITIVE_INFINITY; // no such file on this system: prlimit will tell
  }
  const hard = /^Max data size\s+\S+\s+(\d+)\s/m.exec(limits)?.[1];
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard);
}
