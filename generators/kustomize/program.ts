import { hasCode, TiphysError } from '../../operator/core/errors.ts';
import { openRunFolder, runTool, type ToolOptions } from '../process/tool.ts';
import type { AskVersion } from '../process/tool-version.ts';

/** A program that can build kustomizations, and how to ask it. */
export interface KustomizeProgram {
  readonly program: string;
  /** What comes before the folder: `build`, or `kustomize` for kubectl. */
  readonly command: string;
  /** Of kustomize, e.g. `v5.8.1`. */
  readonly version: string;
}

export interface KustomizeProgramOptions extends ToolOptions {
  /** Default `kustomize`, looked up in `path`. */
  readonly program?: string;
  /** Used when there is no kustomize. Default `kubectl`. */
  readonly kubectl?: string;
}

/** Finds kustomize, or a kubectl with one in it. Errors: `ToolMissing` when there is neither. */
export async function findKustomize(
  options: KustomizeProgramOptions,
  remembered: AskVersion,
  signal: AbortSignal,
): Promise<KustomizeProgram> {
  try {
    return await kustomize(options, options.program ?? 'kustomize', remembered, signal);
  } catch (error) {
    if (!hasCode(error, 'ToolMissing')) throw error;
    return await kubectl(options, options.kubectl ?? 'kubectl', error, remembered, signal);
  }
}

/** One particular kustomize. */
export async function kustomize(
  options: ToolOptions,
  program: string,
  remembered: AskVersion,
  signal: AbortSignal,
): Promise<KustomizeProgram> {
  const args = ['version'];
  const output = await remembered(program, args, () => ask(options, program, args, signal), signal);
  const version = /v?\d+\.\d+\.\d+\S*/.exec(output)?.[0] ?? output.trim();
  return { program, command: 'build', version };
}

async function kubectl(
  options: ToolOptions,
  program: string,
  why: TiphysError,
  remembered: AskVersion,
  signal: AbortSignal,
): Promise<KustomizeProgram> {
  try {
    const args = ['version', '--client'];
    const again = () => ask(options, program, args, signal);
    const output = await remembered(program, args, again, signal);
    const version = /Kustomize Version:\s*(\S+)/.exec(output)?.[1];
    if (version === undefined) throw new TiphysError('ToolMissing', `${program}: has no kustomize`);
    return { program, command: 'kustomize', version };
  } catch (error) {
    if (!hasCode(error, 'ToolMissing')) throw error;
    throw new TiphysError('ToolMissing', `${why.message}; ${error.message}`, {
      cause: error,
      hint: why.hint,
    });
  }
}

async function ask(
  options: ToolOptions,
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  await using folder = await openRunFolder(options);
  const { dir } = folder;
  const result = await runTool(options, { program, args, cwd: dir, home: dir }, signal);
  if (result.exitCode === 0) return result.stdout.toString('utf8');
  throw new TiphysError('ToolMissing', `${program} ${args.join(' ')}: ${result.stderr.trim()}`);
}
