import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../../operator/core/errors.ts';
import type { KustomizeSource } from '../../operator/core/app/types.ts';
import { isJsonObject } from '../../operator/core/objects/json.ts';
import type { Generated, GenerateRequest, Generator } from '../../operator/ports/generator.ts';
import { buildEnvironment } from '../build-environment.ts';
import { plainVersion } from '../kubernetes-version.ts';
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
import { findKustomizeFiles } from './find-files.ts';
import { joinPath, KUSTOMIZATION_FILES, readKustomization } from './kustomization.ts';
import {
  findKustomize,
  kustomize,
  type KustomizeProgram,
  type KustomizeProgramOptions,
} from './program.ts';

export interface KustomizeGeneratorOptions extends KustomizeProgramOptions {
  /** Other programs by the version that `source.kustomize.version` asks for. */
  readonly versions?: Readonly<Record<string, string>>;
}

/**
 * Kustomizations, built by `kustomize` (or the one in `kubectl`) on a private copy of the files that
 * they name. Overrides are worked into that copy as data.
 *
 * Settings (`settings.Kustomize`): `buildOptions`, text split at blanks; `allowRemoteBases`, default
 * false; `versions`, more programs by version; `versionOptions`, build options instead of the others by
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
    version: async (signal) => `kustomize ${(await program(signal)).version}`,
    async generate(request, signal) {
      const wanted = request.source.kustomize?.version ?? '';
      if (wanted === '') return await generate(options, await program(signal), request, signal);
      const path = ofVersion(request, 'versions', wanted) ?? options.versions?.[wanted];
      if (path === undefined) {
        throw new TiphysError('InvalidSpec', `kustomize version ${wanted} is not registered`);
      }
      return await generate(
        options,
        await kustomize(options, path, remembered, signal),
        request,
        signal,
      );
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
    ofVersion(request, 'versionOptions', source.version ?? '') ??
    textSetting(request, 'buildOptions')
  )
    .split(/\s+/)
    .filter(Boolean);
  const allowHelm = buildOptions.includes('--enable-helm');
  const allowRemote = request.settings['allowRemoteBases'] === true;

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
  const files = await findKustomizeFiles(tree, path, edited, { allowRemote, allowHelm }, signal);

  await using written = await tree.materialise(files, signal);
  await using run = await openRunFolder(options);
  // JSON is YAML: no text can come out with another meaning than it went in with.
  await writeFile(join(written.root, file.path), JSON.stringify(content));
  const args = [tool.command, join(written.root, path), ...buildOptions];
  if (allowHelm) args.push(...helmFlags(request, source));
  const shown = new Map([[written.root, '.']]);
  const command = describeCommand(tool.program, args, shown);
  const home = join(run.dir, 'home');
  await mkdir(home);
  const result = await runTool(
    options,
    { program: tool.program, args, cwd: written.root, home },
    signal,
  );
  if (result.exitCode !== 0) {
    const words = lastWords(withoutPaths(result.stderr, shown), 20);
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
  return { objects, readSet: [], commands: [command] };
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

function helmFlags(request: GenerateRequest, source: KustomizeSource): readonly string[] {
  const kubeVersion = source.kubeVersion || request.kubeVersion;
  const apiVersions = source.apiVersions?.length ? source.apiVersions : request.apiVersions;
  const flags = kubeVersion === '' ? [] : ['--helm-kube-version', plainVersion(kubeVersion)];
  return [...flags, ...apiVersions.flatMap((version) => ['--helm-api-versions', version])];
}

/** A setting that has one text for each version. */
function ofVersion(request: GenerateRequest, name: string, version: string): string | undefined {
  const versions = request.settings[name];
  const value = isJsonObject(versions) ? versions[version] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function textSetting(request: GenerateRequest, name: string): string {
  const value = request.settings[name];
  return typeof value === 'string' ? value : '';
}
