import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { instanceName } from '../core/app/names.ts';
import { sourcesOf } from '../core/app/sources.ts';
import type { Application } from '../core/app/types.ts';
import { isNamespacedKind } from '../core/objects/scopes.ts';
import { prepareTargets, type Targets } from '../core/sync/prepare-targets.ts';
import { DEFAULT_TRACKING } from '../core/tracking/tracking.ts';
import { createDefaultGenerators } from '../default-generators.ts';
import { createManifestSource } from '../engine/manifests/index.ts';
import { createFolderRepositories, createGitRepositories } from '../git/index.ts';
import type { SourceRepositories } from '../ports/source-repositories.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLogger } from '../telemetry/silent.ts';
import type { CommandIo } from './command.ts';

/** Options that `render` and `plan` share. */
export const RENDER_OPTIONS = {
  'repo-dir': { type: 'string' },
  namespace: { type: 'string', default: 'argocd' },
  'kube-version': { type: 'string', default: 'v1.36.0' },
  'api-versions': { type: 'string', default: '' },
  git: { type: 'string', default: 'git' },
  helm: { type: 'string' },
  kustomize: { type: 'string' },
  kubectl: { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const;

export const RENDER_HELP = `  --repo-dir DIR       take every repository from this folder instead of from Git
  --namespace NS       namespace of the control plane (argocd)
  --kube-version V     version that charts see (v1.36.0)
  --api-versions LIST  API versions that charts see, with commas between
  --helm --kustomize --kubectl --git PROGRAM`;

export interface RenderFlags {
  readonly 'repo-dir'?: string | undefined;
  readonly namespace: string;
  readonly 'kube-version': string;
  readonly 'api-versions': string;
  readonly git: string;
  readonly helm?: string | undefined;
  readonly kustomize?: string | undefined;
  readonly kubectl?: string | undefined;
}

export interface RenderedApplication {
  readonly targets: Targets;
  readonly revision: string;
}

const TIMEOUT_MS = 90_000;
const MAX_CACHE_BYTES = 64 * 2 ** 20;

/**
 * The desired objects of an Application, rendered without a cluster: scopes of built-in kinds are
 * known, all other kinds are taken for namespaced. Errors: those of `ManifestSource`.
 */
export async function renderApplication(
  app: Application,
  flags: RenderFlags,
  io: CommandIo,
): Promise<RenderedApplication> {
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'tiphys-render-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const path = io.env['PATH'] ?? '';
  const programs = Object.fromEntries(
    (['helm', 'kustomize', 'kubectl'] as const).flatMap((name) => {
      const program = flags[name] ?? io.env[name.toUpperCase()];
      return program === undefined ? [] : [[name, program]];
    }),
  );
  const manifests = createManifestSource({
    repositories: openRepositories(flags, dataDir, path, io, stack),
    generators: createDefaultGenerators({ dataDir, clock: systemClock, path, programs }),
    settings: () => ({}),
    limits: { maxCacheBytes: MAX_CACHE_BYTES, failureMs: 0 },
    clock: systemClock,
  });
  const sources = sourcesOf(app.spec);
  const instance = instanceName(app.metadata, flags.namespace);
  const namespace = app.spec.destination.namespace ?? '';
  const rendered = await manifests.manifests(
    {
      sources,
      revisions: sources.map(() => ''),
      instance,
      appName: app.metadata.name,
      project: app.spec.project,
      namespace,
      kubeVersion: flags['kube-version'],
      apiVersions: flags['api-versions'].split(',').filter((version) => version !== ''),
      freshRevisions: true,
      freshManifests: true,
    },
    io.signal,
  );
  const targets = prepareTargets(rendered.objects, {
    namespace,
    instance,
    tracking: DEFAULT_TRACKING,
    isNamespaced: isNamespacedKind,
  });
  for (const { message } of targets.warnings) io.stderr.write(`warning: ${message}\n`);
  return { targets, revision: rendered.revisions[0] ?? '' };
}

function openRepositories(
  flags: RenderFlags,
  dataDir: string,
  path: string,
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
      program: flags.git,
      path,
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
      credentials: () => undefined,
      pollIntervalMs: TIMEOUT_MS,
      pollJitterMs: 0,
      timeoutMs: TIMEOUT_MS,
      maxConcurrent: 4,
      allowLocal: true,
    }),
  );
}
