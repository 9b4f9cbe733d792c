import { realpath, stat } from 'node:fs/promises';
import { locateProgram } from './locate-program.ts';
import type { ToolOptions } from './tool.ts';

/** Asks a program once for its version, also over restarts, until the file is another. */
export type AskVersion = (
  program: string,
  args: readonly string[],
  ask: () => Promise<string>,
  signal: AbortSignal,
) => Promise<string>;

/**
 * Starting a program costs 50 ms and looking at its file next to nothing: the answer is remembered
 * with place, size and times of the file. What a wrapper script starts may change unseen; a hard
 * refresh renders with it anyway. Errors: `ToolMissing`, those of `ask`.
 */
export function rememberVersions(options: ToolOptions): AskVersion {
  const known = new Map<string, string>();
  return async (program, args, ask, signal) => {
    const file = await realpath(await locateProgram(program, options));
    const { size, mtimeMs, ctimeMs, ino } = await stat(file);
    const key = JSON.stringify(['version', file, args, size, mtimeMs, ctimeMs, ino]);
    const remembered = known.get(key) ?? (await options.remembered?.get(key, signal));
    const version = remembered ?? (await ask());
    known.set(key, version);
    if (remembered === undefined) await options.remembered?.set(key, version, signal);
    return version;
  };
}
