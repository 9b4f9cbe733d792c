import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CONFIG_KEYS } from '../config/keys.ts';
import { instanceName } from '../core/app/names.ts';
import { generatePathsOf } from '../core/webhook/affected.ts';
import { askedSources, type PinnedSources } from '../core/app/sources.ts';
import type { Application, SyncOperation } from '../core/app/types.ts';
import { validateStructure } from '../core/app/validate.ts';
import { hasCode, TiphysError } from '../core/errors.ts';
import { ANONYMOUS } from '../core/repository/access.ts';
import { idOf, type GroupKind, type KubeObject } from '../core/objects/kube-object.ts';
import { scopesWith, type ScopeLookup } from '../core/objects/scopes.ts';
import { hasLocalManifests, parseLocalManifests } from '../core/sync/local-manifests.ts';
import { missingNamespace, prepareTargets, type Targets } from '../core/sync/prepare-targets.ts';
import { DEFAULT_TRACKING } from '../core/tracking/tracking.ts';
import {
  createDefaultCharts,
  createDefaultGenerators,
  type DefaultGeneratorsOptions,
} from '../wiring/default-generators.ts';
import { createManifestSource } from '../engine/manifests/index.ts';
import { createFolderRepositories, createGitRepositories } from '../git/index.ts';
import type { Manifests } from '../ports/manifest-source.ts';
import type { SourceRepositories } from '../ports/source-repositories.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLogger } from '../telemetry/silent.ts';
import type { CommandIo } from './command.ts';
import { proxyVariables } from './proxy-variables.ts';
import { toolCacheOf } from './tool-cache.ts';

/** Options that `render` and `plan` share. */
export const RENDER_OPTIONS = {
  'repo-dir': { type: 'string' },
  namespace: { type: 'string', default: 'argocd' },
  'kube-version': { type: 'string', default: 'v1.36.0' },
  'api-versions': { type: 'string', default: '' },
  git: { type: 'string' },
  helm: { type: 'string' },
  kustomize: { type: 'string' },
  kubectl: { type: 'string' },
  jsonnet: { type: 'string' },
  'tool-cache': { type: 'string' },
  'plugin-socket-dir': { type: 'string' },
  'plugin-dir': { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const;

export const RENDER_HELP = `  --repo-dir DIR       take every repository from this folder instead of from Git
  --namespace NS       namespace of the control plane (argocd)
  --kube-version V     version that charts see (v1.36.0)
  --api-versions LIST  API versions that charts see, with commas between
  --helm --kustomize --kubectl --jsonnet --git PROGRAM   as for tiphys run, with the same variables
  --tool-cache --plugin-socket-dir --plugin-dir DIR      the same`;

export interface RenderFlags {
  readonly 'repo-dir'?: string | undefined;
  readonly namespace: string;
  readonly 'kube-version': string;
  readonly 'api-versions': string;
  readonly git?: string | undefined;
  readonly helm?: string | undefined;
  readonly kustomize?: string | undefined;
  readonly kubectl?: string | undefined;
  readonly jsonnet?: string | undefined;
  readonly 'tool-cache'?: string | undefined;
  readonly 'plugin-socket-dir'?: string | undefined;
  readonly 'plugin-dir'?: string | undefined;
}

export interface RenderedApplication {
  readonly targets: Targets;
  /** Resolved revision of the first source. */
  readonly revision: string;
  /** Name of the application in marks. */
  readonly instance: string;
}

const TIMEOUT_MS = 90_000;
const MAX_CACHE_BYTES = 64 * 2 ** 20;

/**
 * The desired objects of an Application, rendered without a cluster. Scopes are those of built-in
 * kinds, of CustomResourceDefinitions among the objects, and of `live`, objects from the cluster; a
 * kind that none of them knows is taken for namespaced, with a warning. `asked` may be about other
 * sources, revisions or manifests than the spec. Errors: `InvalidSpec`, and those of `ManifestSource`.
 */
export async function renderApplication(
  app: Application,
  live: readonly KubeObject[],
  flags: RenderFlags,
  io: CommandIo,
  asked?: SyncOperation,
): Promise<RenderedApplication> {
  const problems = validateStructure(app.spec).map(({ message }) => message);
  if (problems.length > 0) throw new TiphysError('InvalidSpec', problems.join('; '));
  if (!/^v?\d+\.\d+/.test(flags['kube-version']))
    throw new TiphysError(
      'InvalidConfig',
      `--kube-version ${flags['kube-version']}: is no version`,
    );
  // What kubectl apply -n would add.
  const home = app.metadata.namespace === '' ? flags.namespace : app.metadata.namespace;
  const instance = instanceName({ ...app.metadata, namespace: home }, flags.namespace);
  const manifests = hasLocalManifests(asked)
    ? { objects: parseLocalManifests(asked?.manifests ?? []), revisions: [] }
    : await renderManifests(app, instance, flags, io, askedSources(app.spec, asked));
  const isNamespaced = scopesOf(manifests.objects, live);
  const targets = prepareTargets(manifests.objects, {
    namespace: app.spec.destination.namespace ?? '',
    instance,
    tracking: DEFAULT_TRACKING,
    isNamespaced,
  });
  for (const warning of warningsOf(targets, isNamespaced)) io.stderr.write(`warning: ${warning}\n`);
  return { targets, revision: manifests.revisions[0] ?? '', instance };
}

async function renderManifests(
  app: Application,
  instance: string,
  flags: RenderFlags,
  io: CommandIo,
  pinned: PinnedSources,
): Promise<Manifests> {
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'tiphys-render-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const path = io.env['PATH'] ?? '';
  const tools: DefaultGeneratorsOptions = {
    dataDir,
    clock: systemClock,
    path,
    toolCache: toolCacheOf(settingOf('toolCache', flags['tool-cache'], io), io.env),
    plugins: {
      socketDir: settingOf('pluginSocketDir', flags['plugin-socket-dir'], io),
      localDir: settingOf('pluginDir', flags['plugin-dir'], io),
    },
    programs: {
      helm: programOf('helm', flags, io),
      kustomize: programOf('kustomize', flags, io),
      kubectl: programOf('kubectl', flags, io),
      jsonnet: programOf('jsonnet', flags, io),
    },
  };
  const source = createManifestSource({
    repositories: openRepositories(flags, dataDir, io, stack),
    generators: createDefaultGenerators(tools),
    // A folder stands for every repository: then nothing is fetched.
    ...(flags['repo-dir'] === undefined && { charts: createDefaultCharts(tools, () => ANONYMOUS) }),
    settings: () => ({}),
    limits: { maxCacheBytes: MAX_CACHE_BYTES, failureMs: 0 },
    clock: systemClock,
  });
  const request = {
    ...pinned,
    ...generatePathsOf(app.metadata.annotations),
    instance,
    appName: app.metadata.name,
    project: app.spec.project,
    namespace: app.spec.destination.namespace ?? '',
    kubeVersion: flags['kube-version'],
    apiVersions: flags['api-versions'].split(',').filter((version) => version !== ''),
    freshRevisions: true,
    freshManifests: true,
  };
  try {
    return await source.manifests(request, io.signal);
  } catch (error) {
    if (!hasCode(error, 'GitAuthFailed')) throw error;
    throw new TiphysError(error.code, error.message, {
      cause: error,
      hint: 'Nothing signs in here: clone the repository and name the folder with --repo-dir.',
    });
  }
}

/** The flag, else the variables of `tiphys run`, else the name alone. */
function programOf(
  name: 'git' | 'helm' | 'kustomize' | 'kubectl' | 'jsonnet',
  flags: RenderFlags,
  io: CommandIo,
): string {
  return settingOf(name, flags[name], io) || name;
}

/** The flag, else the first variable of `tiphys run` that is set; empty when none is. */
function settingOf(
  name: keyof typeof CONFIG_KEYS,
  flag: string | undefined,
  { env }: CommandIo,
): string {
  const given = [flag, ...CONFIG_KEYS[name].env.map((variable) => env[variable])];
  return given.find((value) => value !== undefined && value !== '') ?? '';
}

/** Objects from a cluster have a namespace exactly when their kind is namespaced. */
function scopesOf(rendered: readonly KubeObject[], live: readonly KubeObject[]): ScopeLookup {
  const known = scopesWith([...rendered, ...live]);
  const seen = new Map(
    live.map((object) => [nameOf(idOf(object)), object.metadata.namespace !== undefined]),
  );
  return (kind) => known(kind) ?? seen.get(nameOf(kind));
}

const nameOf = ({ group, kind }: GroupKind): string => (group === '' ? kind : `${group}/${kind}`);

function warningsOf(targets: Targets, isNamespaced: ScopeLookup): readonly string[] {
  const kinds = new Set(
    [...targets.resources.values(), ...targets.hooks]
      .map(idOf)
      .filter((id) => isNamespaced(id) === undefined)
      .map(nameOf),
  );
  return [
    ...targets.warnings.map(({ message }) => message),
    ...Array.from(
      kinds,
      (kind) => `${kind}: scope not known without a cluster, taken for namespaced`,
    ),
    ...missingNamespace(targets, isNamespaced),
  ];
}

function openRepositories(
  flags: RenderFlags,
  dataDir: string,
  io: CommandIo,
  stack: AsyncDisposableStack,
): SourceRepositories {
  const folder = flags['repo-dir'];
  if (folder !== undefined)
    return createFolderRepositories(resolve(io.cwd, folder), {
      workDir: join(dataDir, 'trees'),
      limits: { maxFiles: 100_000, maxBytes: 1_000_000_000 },
    });
  return stack.use(
    createGitRepositories({
      dir: join(dataDir, 'git'),
      program: programOf('git', flags, io),
      path: io.env['PATH'] ?? '',
      env: proxyVariables(io.env),
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
      access: () => ANONYMOUS,
      pollIntervalMs: TIMEOUT_MS,
      pollJitterMs: 0,
      timeoutMs: TIMEOUT_MS,
      maxConcurrent: 4,
      allowLocal: true,
    }),
  );
}
