import { join } from 'node:path';
import { goProgram, KUBE, KWOK } from './go-build.ts';
import { type Environment, isFile, type Progress, toolCacheFolder } from './tool-cache.ts';

export const COMPONENTS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
] as const;

export type Component = (typeof COMPONENTS)[number];

/** Program and first arguments of each component: several may share one program. */
export type Binaries = Readonly<Record<Component, readonly [program: string, ...string[]]>>;

export interface ResolveOptions {
  readonly env: Environment;
  /** Default: `toolCacheFolder(env)`. */
  readonly cacheDir?: string;
  /** Only these are looked for; the others point at the same places unchecked. Default: all. */
  readonly components?: readonly Component[];
  readonly log: Progress;
  readonly signal: AbortSignal;
}

/**
 * Finds the programs of a control plane, each by itself: `KUBEBUILDER_ASSETS` when that folder
 * has it (such folders hold etcd and kube-apiserver, seldom the rest), then the project's cache,
 * then a build from Go modules into that cache.
 *
 * Errors: `MissingToolError` when something has to be built and there is no Go.
 */
export async function resolveBinaries(options: ResolveOptions): Promise<Binaries> {
  const { env, log, signal } = options;
  const wanted = options.components ?? COMPONENTS;
  const build = { cacheDir: options.cacheDir ?? toolCacheFolder(env), log };
  const assets = env['KUBEBUILDER_ASSETS'];
  const found: Record<Component, readonly [string, ...string[]]> = {
    etcd: ['etcd'],
    'kube-apiserver': ['kube-apiserver'],
    'kube-controller-manager': ['kube-controller-manager'],
    'kube-scheduler': ['kube-scheduler'],
    kwok: ['kwok'],
  };
  // One after the other: two Go builds at once only slow each other down.
  for (const component of wanted) {
    const given = assets === undefined || assets === '' ? undefined : join(assets, component);
    if (given !== undefined && (await isFile(given))) found[component] = [given];
    else if (component === 'kwok') found.kwok = [await goProgram(KWOK, build, signal)];
    else found[component] = [await goProgram(KUBE, build, signal), component];
  }
  return found;
}
