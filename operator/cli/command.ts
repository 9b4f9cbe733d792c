import type { Readable } from 'node:stream';

/** What a command may touch of the process; `main.ts` is the only file that knows the real one. */
export interface CommandIo {
  readonly stdout: { write(text: string): void };
  readonly stderr: { write(text: string): void };
  readonly stdin: Readable;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted when the process is asked to stop. */
  readonly signal: AbortSignal;
}

/** One word of the command line. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Everything behind `tiphys NAME`. */
  readonly usage: string;
  /** Longer help, below the usage. */
  readonly help: string;
  /** Resolves with the exit code. Errors: `TiphysError`, shown with its hint; the exit code is then 2. */
  run(args: readonly string[], io: CommandIo): Promise<number>;
}

export const EXIT_OK = 0;
/** `diff`: the two differ. */
export const EXIT_DIFFERENT = 1;
export const EXIT_ERROR = 2;
