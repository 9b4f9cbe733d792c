import { hasCode, TiphysError } from '../../operator/core/errors.ts';
import type { GenerateRequest, Generator, SelectRequest } from '../../operator/ports/generator.ts';
import type { SourceTree } from '../../operator/ports/source-tree.ts';
import { sha256 } from '../../operator/runtime/hash.ts';
import { createLruCache } from '../../operator/runtime/lru-cache.ts';
import type { ToolOptions } from '../process/tool.ts';
import { type Environment, parameterVariables, pluginEnvironment } from './environment.ts';
import type { Plugin, PluginJob, PluginTraits } from './plugin.ts';
import type { ParameterAnnouncement } from './plugin-config.ts';
import { listSidecars } from './sidecars.ts';
import { commonRoot, openSourceCopy, type SourceCopy } from './source-copy.ts';

export interface PluginGeneratorOptions extends ToolOptions {
  /** Folder with the sockets of sidecars; looked into at every use. Default: none. */
  readonly socketDir?: string;
  /** Folder with the `plugin.yaml` of plugins whose commands run here. Default: none. */
  readonly localDir?: string;
  /** Globs over paths from the root of the repository: what plugins do not get. Default: none. */
  readonly exclusions?: readonly string[];
  /**
   * Plugins get only the deepest folder that holds the application's and what the annotation
   * `manifest-generate-paths` names. Default false.
   */
  readonly useGeneratePaths?: boolean;
}

const CHECKS_KEPT = 1_000;

/** The generator `Plugin`, which can also tell what people may set. */
export interface PluginGenerator extends Generator {
  /** The parameters that the plugin of a source announces. Errors: as `generate`. */
  announcements(
    request: GenerateRequest,
    signal: AbortSignal,
  ): Promise<readonly ParameterAnnouncement[]>;
}

/**
 * Config management plugins: sidecars behind Unix sockets, and those that the administrator lets run
 * here. A source that names none gets the first, by name, whose discovery rule recognises it.
 *
 * A plugin reads what it likes of the repository and is told the commit, so every commit renders anew;
 * options bound what is sent. Errors: `ToolMissing` when no plugin fits or the one that does is not there; `RenderFailed`,
 * `InvalidManifest`, `UnsafePath`, `PathNotFound`, `Timeout`, `LimitExceeded`. None repeats what a
 * command has printed.
 */
export function createPluginGenerator(options: PluginGeneratorOptions): PluginGenerator {
  const { exclusions = [] } = options;
  /** What recognised a tree, so that it is not asked again for the same render. */
  const recognised = new WeakMap<SourceTree, ReadonlyMap<string, Plugin>>();
  /** Of the plugins that were there last. */
  let names = '';
  /** By identity: a plugin that is another one by now is asked again. */
  const checked = createLruCache<string, PluginTraits>(CHECKS_KEPT);

  async function check(plugin: Plugin, signal: AbortSignal): Promise<PluginTraits> {
    const known = checked.get(plugin.identity);
    if (known !== undefined) return known;
    const traits = await plugin.check(signal);
    checked.set(plugin.identity, traits, 1);
    return traits;
  }

  async function plugins(): Promise<readonly Plugin[]> {
    const { socketDir = '', localDir = '' } = options;
    const found = [
      ...(socketDir === '' ? [] : await listSidecars(socketDir, options)),
      ...(localDir === ''
        ? []
        : await import('./local.ts').then(({ readLocalPlugins }) =>
            readLocalPlugins(localDir, options),
          )),
    ];
    return found.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** What of the tree plugins get, and where the application is in it. */
  function openCopy(
    tree: SourceTree,
    path: string,
    { source, generatePaths }: Pick<SelectRequest, 'source' | 'generatePaths'>,
  ): { readonly copy: SourceCopy; readonly pathInCopy: string } {
    const limited = options.useGeneratePaths === true && generatePaths !== undefined;
    const root = limited ? commonRoot(path, generatePaths, source.path ?? '') : '';
    const copy = openSourceCopy({ tree, root, workDir: options.workDir, exclusions });
    return { copy, pathInCopy: root === '' ? path : path.slice(root.length + 1) };
  }

  /**
   * Only plugins with a discovery rule are asked. One that does not answer is an error: it may be the
   * one that has rendered the source until now.
   */
  async function firstMatch(
    plugins: readonly Plugin[],
    job: PluginJob,
    signal: AbortSignal,
  ): Promise<Plugin | undefined> {
    for (const plugin of plugins) {
      const { discovers } = await check(plugin, signal);
      if (discovers && (await plugin.matches(job, signal))) return plugin;
    }
    return undefined;
  }

  /** The plugin that a source names or that recognises it. */
  async function choose(
    request: GenerateRequest,
    job: PluginJob,
    signal: AbortSignal,
  ): Promise<Plugin> {
    const name = request.source.plugin?.name ?? '';
    const all = await plugins();
    if (name === '') {
      const known = recognised.get(request.tree)?.get(request.path);
      const plugin = known ?? (await firstMatch(all, job, signal));
      if (plugin !== undefined) return plugin;
      throw missing('could not find plugin supporting the given repository', all);
    }
    const plugin = all.find((one) => one.name === name);
    const fits =
      plugin !== undefined &&
      (!(await check(plugin, signal)).discovers || (await plugin.matches(job, signal)));
    if (fits) return plugin;
    const problem = `could not find cmp-server plugin with name "${name}" supporting the given repository`;
    throw missing(problem, all, plugin !== undefined);
  }

  async function withPlugin<T>(
    request: GenerateRequest,
    signal: AbortSignal,
    work: (plugin: Plugin, job: PluginJob) => Promise<T>,
  ): Promise<T> {
    const { tree, path, instance: appName } = request;
    await using stack = new AsyncDisposableStack();
    const { copy, pathInCopy } = openCopy(tree, path, request);
    stack.use(copy);
    const env = pluginEnvironment(request);
    const job: PluginJob = { appName, tree, path, pathInCopy, copy, env };
    try {
      const plugin = await choose(request, job, signal);
      if (!(await check(plugin, signal)).wantsCredentials) return await work(plugin, job);
      const credentials = await request.gitEnvironment?.(signal);
      if (credentials === undefined) return await work(plugin, job);
      stack.use(credentials);
      return await work(plugin, { ...job, env: { ...env, ...credentials.env } });
    } catch (error) {
      if (signal.aborted || !(error instanceof TiphysError)) throw error;
      const message = `CMP processing failed for application "${appName}": ${error.message}`;
      const { code, hint, retry, fields } = error;
      throw new TiphysError(code, message, { cause: error, hint, retry, fields });
    }
  }

  return {
    name: 'Plugin',
    claims: (source) => source.plugin !== undefined,
    async version() {
      const identities = (await plugins()).map(({ identity }) => identity);
      return `plugins ${sha256(identities.join('\n')).slice(0, 16)}`;
    },
    // Names only: a sidecar that starts again must not render everything else anew.
    async detectVersion() {
      try {
        names = (await plugins()).map(({ name }) => name).join(' ');
      } catch (error) {
        // Told by `detect` to whom it concerns; sources that name another type go on.
        if (!hasCode(error, 'InvalidConfig')) throw error;
      }
      return names;
    },
    async detect(tree, path, signal, request) {
      const all = await plugins();
      if (all.length === 0) return false;
      const { copy, pathInCopy } = openCopy(tree, path, request);
      await using _copy = copy;
      const env = discoveryEnvironment(request);
      const job = { appName: request.instance, tree, path, pathInCopy, copy, env };
      const plugin = await firstMatch(all, job, signal);
      if (plugin === undefined) return false;
      recognised.set(tree, new Map([[path, plugin]]));
      return true;
    },
    async generate(request, signal) {
      const objects = await withPlugin(request, signal, (plugin, job) =>
        plugin.generate(job, signal),
      );
      return { objects, readSet: [] };
    },
    announcements: (request, signal) =>
      withPlugin(request, signal, (plugin, job) => plugin.announce(job, signal)),
  };
}

/** What is known before a generator is chosen. */
function discoveryEnvironment({ instance, source, path }: SelectRequest): Environment {
  return {
    ARGOCD_APP_NAME: instance,
    ARGOCD_APP_SOURCE_REPO_URL: source.repoURL,
    ARGOCD_APP_SOURCE_PATH: source.path ?? path,
    ...parameterVariables({}),
  };
}

function missing(problem: string, all: readonly Plugin[], isThere = false): TiphysError {
  const names = all.map(({ name }) => name).join(', ') || 'none';
  const known = names === 'none' ? 'There is no plugin' : `There are the plugins ${names}`;
  const hint = isThere
    ? 'The plugin is there, but its discovery rule does not recognise the folder.'
    : `${known}. Correct source.plugin.name, or see whether the sidecar runs (docs/plugins.md).`;
  const next = isThere ? 'its discovery rule does not recognise the folder' : `there are: ${names}`;
  return new TiphysError('ToolMissing', `${problem} (${next})`, { hint });
}
