import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { TiphysError } from '../../operator/core/errors.ts';

export interface ProgramPlaces {
  /** Folders like in PATH. Default: the usual system folders. */
  readonly path?: string;
  /** A folder that is looked into last; where the project's own build keeps programs. */
  readonly toolCache?: string;
}

export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const SOURCES: Readonly<Record<string, string>> = {
  helm: 'https://helm.sh/docs/intro/install/',
  kustomize: 'https://kubectl.docs.kubernetes.io/installation/kustomize/',
  jsonnet: 'https://github.com/google/go-jsonnet#installation-instructions',
  kubectl: 'https://kubernetes.io/docs/tasks/tools/',
};

/**
 * The absolute path of a program: the one configured when it has a slash, else the first of that
 * name in `path` and then in the tool cache. Folders that are not absolute are passed over, because
 * programs run inside repositories, which could hold a program of that name.
 *
 * Errors: `ToolMissing` with every place that was looked into and how to get the program.
 */
export async function locateProgram(name: string, places: ProgramPlaces): Promise<string> {
  if (name.includes('/')) {
    // Programs run inside repositories: seen from there, it would be another one.
    if (await isProgram(name)) return resolve(name);
    throw new TiphysError('ToolMissing', `${name}: no such program`, {
      hint: 'Correct the configured path, or leave it out so that PATH is searched.',
    });
  }
  const folders = (places.path ?? SYSTEM_PATH).split(delimiter).filter(isAbsolute);
  const { toolCache } = places;
  for (const folder of [...folders, ...(toolCache === undefined ? [] : [toolCache])]) {
    const path = join(folder, name);
    if (await isProgram(path)) return path;
  }
  throw notFound(name, folders, toolCache);
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false; // absent, or not for us: the next place is as good
  }
}

function notFound(
  name: string,
  folders: readonly string[],
  toolCache: string | undefined,
): TiphysError {
  const searched = folders.length === 0 ? 'it has no absolute folder' : folders.join(', ');
  const cache = toolCache === undefined ? '' : ` nor in the tool cache (${toolCache})`;
  const isKnown = SOURCES[name] !== undefined;
  const source = isKnown ? ` (${SOURCES[name]})` : '';
  const setting = isKnown ? ` with --${name}` : '';
  const orCache = toolCache === undefined ? '' : `, put it into ${toolCache}`;
  return new TiphysError('ToolMissing', `${name}: not found in PATH (${searched})${cache}`, {
    hint: `Install ${name}${source}${orCache}, or name its path${setting}.`,
  });
}
