import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  createDirectoryGenerator,
  createGeneratorRegistry,
  createHelmGenerator,
  createKustomizeGenerator,
} from '../generators/index.ts';
import type { Clock } from './ports/clock.ts';
import type { Generator, GeneratorRegistry } from './ports/generator.ts';
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
  /** Programs that run at the same time. Default: the number of cores. */
  readonly parallelism?: number;
  /** Longest time of one render. Default 90 s. */
  readonly timeoutMs?: number;
  /** Generators of your own, asked before the shipped ones. */
  readonly extra?: readonly Generator[];
}

/** The shipped generators behind your own: Kustomize, Helm, plain folders. */
export function createDefaultGenerators(options: DefaultGeneratorsOptions): GeneratorRegistry {
  const { clock, path, toolCache, timeoutMs, programs = {} } = options;
  const tool = {
    clock,
    workDir: join(options.dataDir, 'render'),
    limiter: createLimiter(options.parallelism ?? availableParallelism()),
    ...(path === undefined ? {} : { path }),
    ...(toolCache === undefined ? {} : { toolCache }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  const { helm, kustomize, kubectl, jsonnet } = programs;
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
    }),
  ]);
}
