import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../../operator/core/errors.ts';
import { sha256 } from '../../operator/runtime/hash.ts';
import {
  DEFAULT_MAX_MEMORY_BYTES,
  DEFAULT_MAX_OUTPUT_BYTES,
  openRunFolder,
  privateEnvironment,
  type ToolOptions,
} from '../process/tool.ts';
import { findMatch, type Found } from './find-match.ts';
import { restrictModes } from './file-modes.ts';
import type { Plugin, PluginJob } from './plugin.ts';
import {
  type ParameterAnnouncement,
  type PluginConfig,
  parsePluginConfig,
} from './plugin-config.ts';
import {
  announceParameters,
  generateManifests,
  matchesSource,
  type PluginRun,
} from './run-plugin.ts';

const DEFAULT_TIMEOUT_MS = 90_000;
const MAX_CONFIG_BYTES = 1_000_000;

/**
 * The plugins whose `plugin.yaml` the administrator has put into a folder, under any name, or one folder
 * below it. Their commands run here, with an environment of their own.
 * Errors: `InvalidConfig` for one that cannot be read, or a name that two have.
 */
export async function readLocalPlugins(
  dir: string,
  options: ToolOptions,
): Promise<readonly Plugin[]> {
  const plugins = new Map<string, Plugin>();
  for (const file of await configFiles(dir)) {
    const text = await readFile(file, 'utf8');
    if (text.length > MAX_CONFIG_BYTES) {
      throw new TiphysError('InvalidConfig', `${file}: larger than ${MAX_CONFIG_BYTES} bytes`);
    }
    const config = parsePluginConfig(text, file);
    if (plugins.has(config.name)) {
      throw new TiphysError('InvalidConfig', `${file}: there is another plugin ${config.name}`);
    }
    plugins.set(config.name, localPlugin(config, sha256(text), options));
  }
  return [...plugins.values()];
}

async function configFiles(dir: string): Promise<readonly string[]> {
  const isConfig = (name: string) => /\.ya?ml$/.test(name) && !name.startsWith('.');
  const files: string[] = [];
  for (const name of (await readFolder(dir)).toSorted()) {
    if (name.startsWith('.')) continue; // a mounted ConfigMap has its versions there
    const path = join(dir, name);
    if ((await stat(path)).isDirectory()) {
      const inner = await readFolder(path);
      files.push(
        ...inner
          .filter(isConfig)
          .toSorted()
          .map((one) => join(path, one)),
      );
    } else if (isConfig(name)) files.push(path);
  }
  return files;
}

function readFolder(dir: string): Promise<readonly string[]> {
  return readdir(dir).catch((cause: NodeJS.ErrnoException) => {
    throw new TiphysError('InvalidConfig', `${dir}: cannot be read: ${cause.code}`, {
      cause,
      hint: 'Correct --plugin-dir.',
    });
  });
}

function localPlugin(config: PluginConfig, hash: string, options: ToolOptions): Plugin {
  const { clock, limiter, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { name, discovery } = config;

  /** With a copy of the files to itself, which init may change. */
  function run<T>(
    job: PluginJob,
    signal: AbortSignal,
    work: (run: PluginRun, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return limiter.run(signal, async () => {
      await using files = await job.copy.files(signal);
      if (!config.preserveFileMode) await restrictModes(files.root, signal);
      await using folder = await openRunFolder(options);
      const home = join(folder.dir, 'home');
      await mkdir(home);
      const pluginRun = {
        config,
        root: files.root,
        path: job.pathInCopy,
        env: { ...privateEnvironment(options, home), ...job.env },
        untilMs: clock.monotonic() + timeoutMs,
        maxOutputBytes: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
        maxMemoryBytes: options.maxMemoryBytes ?? DEFAULT_MAX_MEMORY_BYTES,
        clock,
        onStderr: () => {}, // there is no log of its own that it could go to
      };
      return await named(name, timeoutMs, signal, () => work(pluginRun, signal));
    });
  }

  return {
    name,
    identity: `${name} ${hash}`,
    check: async () => ({
      discovers: discovery.type !== 'none',
      wantsCredentials: config.provideGitCreds,
    }),
    async matches(job, signal) {
      if (discovery.type === 'none') return true;
      if (discovery.type === 'command') return await run(job, signal, matchesSource);
      // Nothing is written to disk, and only these folders are read.
      const list = (path: string) => listTree(job, path, signal);
      return await findMatch(discovery.pattern, { deep: discovery.type === 'glob' }, list);
    },
    generate: (job, signal) => run(job, signal, generateManifests),
    announce: (job, signal): Promise<readonly ParameterAnnouncement[]> =>
      run(job, signal, announceParameters),
  };
}

async function listTree(
  { tree, path: folder }: PluginJob,
  path: string,
  signal: AbortSignal,
): Promise<readonly Found[] | undefined> {
  const full = [folder, path].filter((part) => part !== '').join('/');
  const entry = await tree.resolve(full, signal);
  if (entry?.type !== 'directory') return undefined;
  const entries = await tree.list(full, { recurse: false }, signal);
  return entries.map((one) => ({
    name: one.path.slice(one.path.lastIndexOf('/') + 1),
    type: one.type === 'submodule' ? 'other' : one.type,
  }));
}

/** Errors say whose they are, and what can be done here, where no sidecar has a log. */
async function named<T>(
  name: string,
  timeoutMs: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof TiphysError)) throw error;
    const late = error.code === 'Timeout' ? ` (${timeoutMs} ms)` : '';
    const next = error.code === 'RenderFailed' ? ' (run its commands in a checkout)' : late;
    throw new TiphysError(error.code, `plugin ${name}: ${error.message}${next}`, {
      cause: error,
      hint:
        error.code === 'RenderFailed'
          ? 'Run its commands in a checkout; tiphys.io/show-stderr in the plugin.yaml shows what they say.'
          : error.hint,
      retry: error.retry,
      fields: error.fields,
    });
  }
}
