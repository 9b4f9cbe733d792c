import { Readable } from 'node:stream';
import { runCli } from '../run-cli.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this folder, with nothing of this process. */
export async function runIn(
  cwd: string,
  args: readonly string[],
  stdin = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const exitCode = await runCli(args, {
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
    stdin: Readable.from([stdin]),
    env,
    cwd,
    signal: new AbortController().signal,
  });
  return { exitCode, stdout, stderr };
}
