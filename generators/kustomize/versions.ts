import { isAbsolute } from 'node:path';
import { hasCode, TiphysError } from '../../operator/core/errors.ts';
import { isJsonObject, type JsonObject } from '../../operator/core/objects/json.ts';
import type { ToolOptions } from '../process/tool.ts';
import type { AskVersion } from '../process/tool-version.ts';
import { kustomize, type KustomizeProgram } from './program.ts';

/** Paths of programs by the version that `source.kustomize.version` asks for. */
export type Registered = ReadonlyMap<string, string>;

/** The programs of the settings (`kustomize.path.V` in `argocd-cm`) before those of the options. */
export function registered(
  { versions = {} }: { readonly versions?: Readonly<Record<string, string>> },
  settings: JsonObject,
): Registered {
  return new Map([...Object.entries(versions), ...textsIn(settings, 'versions')]);
}

/** A setting that has one text for each version. */
export function textsIn(settings: JsonObject, name: string): ReadonlyMap<string, string> {
  const texts = settings[name];
  return new Map(
    Object.entries(isJsonObject(texts) ? texts : {}).flatMap(([version, text]) =>
      typeof text === 'string' ? [[version, text] as const] : [],
    ),
  );
}

/**
 * The program for one version. Errors: `InvalidSpec` for a version that nobody has registered,
 * `InvalidConfig` for a path that is not absolute (programs run within repositories, which could hold one
 * of that name), `ToolMissing` for one that is no program or does not say its version.
 */
export async function ofVersion(
  wanted: string,
  programs: Registered,
  options: ToolOptions,
  remembered: AskVersion,
  signal: AbortSignal,
): Promise<KustomizeProgram> {
  const path = programs.get(wanted);
  if (path === undefined) {
    const known = [...programs.keys()].sort().join(', ');
    throw new TiphysError('InvalidSpec', `kustomize version ${wanted} is not registered`, {
      hint: `${known === '' ? 'Leave source.kustomize.version out' : `Ask for one of ${known}`}, or have an administrator set kustomize.path.${wanted} in argocd-cm.`,
    });
  }
  if (!isAbsolute(path)) {
    throw new TiphysError(
      'InvalidConfig',
      `kustomize version ${wanted}: the path ${path} of kustomize.path.${wanted} in argocd-cm is not absolute`,
    );
  }
  try {
    return await kustomize(options, path, remembered, signal);
  } catch (error) {
    if (!hasCode(error, 'ToolMissing')) throw error;
    throw new TiphysError('ToolMissing', `kustomize version ${wanted}: ${error.message}`, {
      cause: error,
      hint: `Correct kustomize.path.${wanted} in argocd-cm: an absolute path of a program.`,
    });
  }
}

/** What each registered program is now; one that cannot be used is only its name. */
export async function otherVersions(
  programs: Registered,
  options: ToolOptions,
  remembered: AskVersion,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const wanted of [...programs.keys()].sort()) {
    try {
      const { version } = await ofVersion(wanted, programs, options, remembered, signal);
      found.push(`${wanted} is ${version}`);
    } catch (error) {
      if (!hasCode(error, 'ToolMissing', 'InvalidConfig')) throw error;
      found.push(`${wanted} is missing`); // told to who asks for it
    }
  }
  return found;
}
