import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  createChartRepositories,
  createDirectoryGenerator,
  createGeneratorRegistry,
  createHelmGenerator,
  createKustomizeGenerator,
  createPluginGenerator,
  type ToolOptions,
} from '../../generators/index.ts';
import { openFolderTree } from '../git/index.ts';
import type { ChartRepositories } from '../ports/chart-repositories.ts';
import type { Clock } from '../ports/clock.ts';
import type { Generator, GeneratorRegistry } from '../ports/generator.ts';
import type { AccessLookup, SourceReach } from '../ports/source-repositories.ts';
import type { TextCache } from '../ports/text-cache.ts';
import { createLimiter } from '../runtime/limiter.ts';

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
  /** How long a program may take to end when its time is up, before it is killed. Default 2 s. */
  readonly stopMs?: number;
  /** Bound of an unpacked chart. Default 1,000,000,000. */
  readonly maxChartBytes?: number;
  /** Bound of the index of a Helm repository. Default 1,000,000,000. */
  readonly maxHelmIndexBytes?: number;
  /** Bound of all manifest files of an Application of plain files. Default 10,000,000. */
  readonly maxDirectoryBytes?: number;
  /** Variables such as `https_proxy`, by which Helm gets to repositories that are registered without a proxy. */
  readonly proxies?: Readonly<Record<string, string>>;
  /** Config management plugins. Default: none. */
  readonly plugins?: {
    /** Folder with the sockets of sidecars. */
    readonly socketDir?: string;
    /** Folder with the `plugin.yaml` of plugins whose commands run here. */
    readonly localDir?: string;
    /** Globs of what they do not get, over paths from the root of the repository. */
    readonly exclusions?: readonly string[];
    /** They get no more than `manifest-generate-paths` of the Application says. */
    readonly useGeneratePaths?: boolean;
  };
  /** What charts and kustomizations may fetch with credentials. Default: what everybody may read. */
  readonly reach?: SourceReach;
  /** Generators of your own, asked before the shipped ones. */
  readonly extra?: readonly Generator[];
}

/** The shipped generators behind your own: plugins, Kustomize, Helm, plain folders. */
export function createDefaultGenerators(options: DefaultGeneratorsOptions): GeneratorRegistry {
  const { templates, tool } = toolOptions(options);
  const { helm, kustomize, kubectl, jsonnet } = options.programs ?? {};
  return createGeneratorRegistry([
    ...(options.extra ?? []),
    ...(options.plugins === undefined
      ? []
      : [createPluginGenerator({ ...tool, ...options.plugins })]),
    createKustomizeGenerator({
      ...tool,
      ...(options.proxies === undefined ? {} : { env: options.proxies }),
      ...(kustomize === undefined ? {} : { program: kustomize }),
      ...(kubectl === undefined ? {} : { kubectl }),
      ...(helm === undefined ? {} : { helm }),
      ...(options.reach === undefined ? {} : { reach: options.reach }),
    }),
    createHelmGenerator({
      ...tool,
      ...(options.proxies === undefined ? {} : { env: options.proxies }),
      ...(helm === undefined ? {} : { program: helm }),
      ...(options.reach === undefined ? {} : { reach: options.reach }),
      ...indexBound(options),
    }),
    createDirectoryGenerator({
      jsonnet: { ...tool, ...(jsonnet === undefined ? {} : { program: jsonnet }) },
      jinja: templates,
      ...(options.maxDirectoryBytes === undefined ? {} : { maxBytes: options.maxDirectoryBytes }),
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
  const limits = { maxFiles: MAX_CHART_FILES, maxBytes: options.maxChartBytes ?? MAX_CHART_BYTES };
  const { workDir } = tool;
  return createChartRepositories({
    ...tool,
    ...(options.proxies === undefined ? {} : { env: options.proxies }),
    ...(helm === undefined ? {} : { program: helm }),
    dir: join(options.dataDir, 'charts'),
    access,
    ...indexBound(options),
    openFolder: (dir, signal) => openFolderTree(dir, { workDir, limits }, signal),
  });
}

function indexBound({ maxHelmIndexBytes }: DefaultGeneratorsOptions): {
  readonly maxIndexBytes?: number;
} {
  return maxHelmIndexBytes === undefined ? {} : { maxIndexBytes: maxHelmIndexBytes };
}

/** For programs, and for templates, which have a shorter time of their own. One limiter for both. */
function toolOptions(options: DefaultGeneratorsOptions): {
  readonly templates: ToolOptions;
  readonly tool: ToolOptions;
} {
  const { clock, path, toolCache, timeoutMs, stopMs, remembered } = options;
  const templates = {
    clock,
    workDir: join(options.dataDir, 'render'),
    limiter: createLimiter(options.parallelism ?? availableParallelism()),
    ...(path === undefined ? {} : { path }),
    ...(toolCache === undefined ? {} : { toolCache }),
    ...(remembered === undefined ? {} : { remembered }),
    ...(stopMs === undefined ? {} : { stopMs }),
  };
  return { templates, tool: { ...templates, ...(timeoutMs === undefined ? {} : { timeoutMs }) } };
}
