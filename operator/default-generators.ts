import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  createChartRepositories,
  createDirectoryGenerator,
  createGeneratorRegistry,
  createHelmGenerator,
  createKustomizeGenerator,
  type ToolOptions,
} from '../generators/index.ts';
import { openFolderTree } from './git/index.ts';
import type { ChartRepositories } from './ports/chart-repositories.ts';
import type { Clock } from './ports/clock.ts';
import type { Generator, GeneratorRegistry } from './ports/generator.ts';
import type { AccessLookup } from './ports/source-repositories.ts';
import type { TextCache } from './ports/text-cache.ts';
import { createLimiter } from './runtime/limiter.ts';

export interface DefaultGeneratorsOptions {
  /** Folder for temporary files. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** Where programs are found, like PATH. Default: the usual system folders. */
  readonly path?: string;
  /** A folder of programs that is looked into after `path`. */
  readonly toolCache?: string;
  /** Names or paths of the programs. Defaults: `helm`, `kustomize`, `kubectl`, `jsonnet`. */
  readonly programs?: {
    readonly helm?: string;
    readonly kustomize?: string;
    readonly kubectl?: string;
    readonly jsonnet?: string;
  };
  /** Keeps the versions of programs over restarts. Default: they are asked anew. */
  readonly remembered?: TextCache;
  /** Programs that run at the same time. Default: the number of cores. */
  readonly parallelism?: number;
  /** Longest time of one render. Default 90 s. */
  readonly timeoutMs?: number;
  /** Generators of your own, asked before the shipped ones. */
  readonly extra?: readonly Generator[];
}

/** The shipped generators behind your own: Kustomize, Helm, plain folders. */
export function createDefaultGenerators(options: DefaultGeneratorsOptions): GeneratorRegistry {
  const { templates, tool } = toolOptions(options);
  const { helm, kustomize, kubectl, jsonnet } = options.programs ?? {};
  return createGeneratorRegistry([
    ...(options.extra ?? []),
    createKustomizeGenerator({
      ...tool,
      ...(kustomize === undefined ? {} : { program: kustomize }),
      ...(kubectl === undefined ? {} : { kubectl }),
    }),
    createHelmGenerator({ ...tool, ...(helm === undefined ? {} : { program: helm }) }),
    createDirectoryGenerator({
      jsonnet: { ...tool, ...(jsonnet === undefined ? {} : { program: jsonnet }) },
      jinja: templates,
    }),
  ]);
}

const MAX_CHART_FILES = 20_000;
const MAX_CHART_BYTES = 1_000_000_000;

/** Charts of Helm repositories and registries, fetched by helm; `access` says how to sign in. */
export function createDefaultCharts(
  options: DefaultGeneratorsOptions,
  access: AccessLookup,
): ChartRepositories {
  const { tool } = toolOptions(options);
  const helm = options.programs?.helm;
  const limits = { maxFiles: MAX_CHART_FILES, maxBytes: MAX_CHART_BYTES };
  const { workDir } = tool;
  return createChartRepositories({
    ...tool,
    ...(helm === undefined ? {} : { program: helm }),
    dir: join(options.dataDir, 'charts'),
    access,
    openFolder: (dir, signal) => openFolderTree(dir, { workDir, limits }, signal),
  });
}

/** For programs, and for templates, which have a shorter time of their own. One limiter for both. */
function toolOptions(options: DefaultGeneratorsOptions): {
  readonly templates: ToolOptions;
  readonly tool: ToolOptions;
} {
  const { clock, path, toolCache, timeoutMs, remembered } = options;
  const templates = {
    clock,
    workDir: join(options.dataDir, 'render'),
    limiter: createLimiter(options.parallelism ?? availableParallelism()),
    ...(path === undefined ? {} : { path }),
    ...(toolCache === undefined ? {} : { toolCache }),
    ...(remembered === undefined ? {} : { remembered }),
  };
  return { templates, tool: { ...templates, ...(timeoutMs === undefined ? {} : { timeoutMs }) } };
}
