import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { hasCode, TiphysError } from '../../operator/core/errors.ts';
import type { KustomizeSource } from '../../operator/core/app/types.ts';
import { isJsonArray, type JsonValue } from '../../operator/core/objects/json.ts';
import type {
  Generated,
  GenerateRequest,
  Generator,
  OtherRepository,
} from '../../operator/ports/generator.ts';
import type { SourceReach } from '../../operator/ports/source-repositories.ts';
import { buildEnvironment } from '../build-environment.ts';
import { proxyVariables } from '../process/proxy-variables.ts';
import { plainVersion } from '../kubernetes-version.ts';
import { locateProgram } from '../process/locate-program.ts';
import {
  DEFAULT_MAX_OUTPUT_BYTES,
  describeCommand,
  lastWords,
  openRunFolder,
  runTool,
  withoutPaths,
} from '../process/tool.ts';
import { rememberVersions } from '../process/tool-version.ts';
import { isMeaningful, KUSTOMIZE_FLAGS } from '../registry.ts';
import { DEFAULT_YAML_LIMITS } from '../yaml/parse-documents.ts';
import { parseManifests } from '../yaml/parse-manifests.ts';
import { editKustomization } from './edit.ts';
import { findKustomizeFiles, type FindOptions, type FoundTree } from './find-files.ts';
import { joinPath, KUSTOMIZATION_FILES, readKustomization } from './kustomization.ts';
import { findKustomize, type KustomizeProgram, type KustomizeProgramOptions } from './program.ts';
import { ofVersion, otherVersions, registered, textsIn } from './versions.ts';

export interface KustomizeGeneratorOptions extends KustomizeProgramOptions {
  /** Other programs by the version that `source.kustomize.version` asks for. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Bases and files of other servers, as far as the project permits. Without it they are refused. */
  readonly reach?: SourceReach;
  /** For `--enable-helm`. Default `helm`, looked up in `path`. */
  readonly helm?: string;
}

/**
 * Kustomizations, built by `kustomize` (or the one in `kubectl`) on a private copy of the files that
 * they name. Overrides are worked into that copy as data.
 *
 * Settings (`settings.Kustomize`): `buildOptions`, text split at blanks; `allowRemoteBases`, false
 * refuses what the project would permit; `versions`, more programs by version; `versionOptions`, build options instead of the others by
 * version. Errors: `RenderFailed` with kustomize's own words, `InvalidSpec`, `InvalidManifest`,
 * `PathNotFound`, `UnsafePath`, `ToolMissing`, `Timeout`, `LimitExceeded`.
 */
export function createKustomizeGenerator(options: KustomizeGeneratorOptions): Generator {
  const remembered = rememberVersions(options);
  const program = (signal: AbortSignal) => findKustomize(options, remembered, signal);

  return {
    name: 'Kustomize',
    claims: (source) => isMeaningful(source.kustomize, KUSTOMIZE_FLAGS),
    async detect(tree, path, signal) {
      const entries = await tree.list(path, { recurse: false }, signal);
      const names = KUSTOMIZATION_FILES.map((name) => joinPath(path, name));
      return entries.some((entry) => entry.type !== 'directory' && names.includes(entry.path));
    },
    async version(signal, settings = {}) {
      const others = await otherVersions(
        registered(options, settings),
        options,
        remembered,
        signal,
      );
      try {
        return [`kustomize ${(await program(signal)).version}`, ...others].join(', ');
      } catch (error) {
        // Who names no version is told so by `generate`; the others need not care.
        if (others.length === 0 || !hasCode(error, 'ToolMissing')) throw error;
        return ['kustomize -', ...others].join(', ');
      }
    },
    async generate(request, signal) {
      const wanted = request.source.kustomize?.version ?? '';
      const tool =
        wanted === ''
          ? await program(signal)
          : await ofVersion(
              wanted,
              registered(options, request.settings),
              options,
              remembered,
              signal,
            );
      return await generate(options, tool, request, signal);
    },
  };
}

async function generate(
  options: KustomizeGeneratorOptions,
  tool: KustomizeProgram,
  request: GenerateRequest,
  signal: AbortSignal,
): Promise<Generated> {
  const { tree, path } = request;
  const source = request.source.kustomize ?? {};
  const buildOptions = (
    textsIn(request.settings, 'versionOptions').get(source.version ?? '') ??
    textSetting(request, 'buildOptions')
  )
    .split(/\s+/)
    .filter(Boolean);
  const allowHelm = buildOptions.includes('--enable-helm');

  const file = await readKustomization(tree, path, signal);
  if (file === undefined) {
    throw new TiphysError(
      'PathNotFound',
      `${path || '.'}: kustomization file not found in the path`,
    );
  }
  const components = await wantedComponents(request, source, signal);
  const content = editKustomization(file.content, source, components, buildEnvironment(request));
  const edited = { ...file, content };
  const others: OtherRepository[] = [];
  const remotes = remoteAccess(request, options.reach, others, signal);
  const found = await findKustomizeFiles(tree, path, edited, { ...remotes, allowHelm }, signal);

  await using disk = new AsyncDisposableStack();
  const run = disk.use(await openRunFolder(options));
  const roots = await writeTrees(found, disk, signal);
  const root = roots.get(found[0]) ?? '';
  // JSON is YAML: no text can come out with another meaning than it went in with.
  if (found[0]?.bases.has(file.path) !== true) {
    await writeFile(join(root, file.path), JSON.stringify(content));
  }
  const args = [tool.command, join(root, path), ...buildOptions];
  if (allowHelm) {
    args.push(...(await helmCommand(options, buildOptions)), ...helmFlags(request, source));
  }
  const shown = new Map(
    found.flatMap((one) => {
      const place = roots.get(one) ?? '';
      return [place, basename(place)].map((name): [string, string] => [name, one.shown]);
    }),
  );
  const command = describeCommand(tool.program, args, shown);
  const home = join(run.dir, 'home');
  await mkdir(home);
  const { repoURL } = request.source;
  const access = options.reach?.access(repoURL, request.project);
  // Bases are fetched as repositories are; files by URL and charts by kustomize itself.
  const env = { ...options.env, ...(access === undefined ? {} : proxyVariables(access)) };
  const build = { program: tool.program, args, cwd: root, home };
  const result = await runTool({ ...options, env }, build, signal);
  if (result.exitCode !== 0) {
    const stderr = result.stderr.replace(/(:\/\/)[^/@\s]*@/g, '$1'); // a proxy may have a password
    const words = lastWords(withoutPaths(stderr, shown), 20);
    throw new TiphysError('RenderFailed', `${path || '.'}: kustomize build failed: ${words}`, {
      hint: `Run at the root of the repository: ${command}`,
      fields: { path: path || '.', command },
    });
  }
  const objects = parseManifests(result.stdout.toString('utf8'), {
    file: `output of kustomize build for ${path || '.'}`,
    limits: {
      ...DEFAULT_YAML_LIMITS,
      maxBytes: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
    },
  });
  return { objects, readSet: [], others, commands: [command] };
}

/** Puts what was found on disk, with the bases of other repositories as the folders they are now. */
async function writeTrees(
  found: readonly FoundTree[],
  disk: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<ReadonlyMap<FoundTree | undefined, string>> {
  const roots = new Map<FoundTree | undefined, string>();
  for (const one of found) {
    const written = disk.use(await one.tree.materialise([...one.files], signal));
    roots.set(one, written.root);
  }
  for (const one of found) {
    for (const [path, { content }] of one.contents) {
      const file = join(roots.get(one) ?? '', path);
      const entries = one.bases.get(path) ?? new Map<string, never>();
      const local = (entry: JsonValue): JsonValue => {
        const base = typeof entry === 'string' ? entries.get(entry) : undefined;
        if (base === undefined) return entry;
        return relative(dirname(file), join(roots.get(base.of) ?? '', base.path)) || '.';
      };
      const lists = Object.entries(content).map(([field, value]) => [
        field,
        isJsonArray(value) ? value.map(local) : value,
      ]);
      await writeFile(file, JSON.stringify(Object.fromEntries(lists)));
    }
  }
  return roots;
}

/** Other repositories and servers, as far as the project permits them; `opened` is told of the former. */
function remoteAccess(
  request: GenerateRequest,
  reach: SourceReach | undefined,
  opened: OtherRepository[],
  signal: AbortSignal,
): Pick<FindOptions, 'openBase' | 'checkUrl'> {
  const check = (what: string, url: string): SourceReach => {
    if (reach === undefined || request.settings['allowRemoteBases'] === false) {
      throw new TiphysError('RenderFailed', `${what} ${url} is not allowed here`, {
        hint: 'Commit the files to this repository, or set kustomize.allowRemoteBases in argocd-cm.',
      });
    }
    const why = reach.refusal(url, request.project);
    if (why === undefined) return reach;
    throw new TiphysError('NotPermitted', `${what} ${url}: ${why}`, {
      hint: 'Add it to spec.sourceRepos of the AppProject.',
    });
  };
  return {
    async openBase({ repoUrl, revision }) {
      const { tree } = check('remote base', repoUrl);
      const base = await tree(repoUrl, revision, request.project, signal);
      opened.push({ repoUrl, revision, commit: base.revision });
      return base;
    },
    checkUrl: (url) => void check('remote file', url),
  };
}

async function wantedComponents(
  request: GenerateRequest,
  source: KustomizeSource,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const components = source.components ?? [];
  if (source.ignoreMissingComponents !== true) return components;
  const present: string[] = [];
  for (const component of components) {
    const path = joinPath(request.path, component);
    if ((await request.tree.resolve(path, signal)) !== undefined) present.push(component);
  }
  return present;
}

/** Kustomize looks for helm in PATH, where it need not be. */
async function helmCommand(
  options: KustomizeGeneratorOptions,
  buildOptions: readonly string[],
): Promise<readonly string[]> {
  if (buildOptions.some((option) => option.startsWith('--helm-command'))) return [];
  return ['--helm-command', await locateProgram(options.helm ?? 'helm', options)];
}

function helmFlags(request: GenerateRequest, source: KustomizeSource): readonly string[] {
  const kubeVersion = source.kubeVersion || request.kubeVersion;
  const apiVersions = source.apiVersions?.length ? source.apiVersions : request.apiVersions;
  const flags = kubeVersion === '' ? [] : ['--helm-kube-version', plainVersion(kubeVersion)];
  return [...flags, ...apiVersions.flatMap((version) => ['--helm-api-versions', version])];
}

function textSetting(request: GenerateRequest, name: string): string {
  const value = request.settings[name];
  return typeof value === 'string' ? value : '';
}
