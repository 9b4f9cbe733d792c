import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitServer, startGitServer } from '../../../../e2e/controlplane/git-server.ts';
import {
  createDirectoryGenerator,
  createGeneratorRegistry,
  defineGenerator,
  type GenerateRequest,
  type Generator,
} from '../../../../generators/index.ts';
import type { ApplicationSource } from '../../../core/app/types.ts';
import { ANONYMOUS } from '../../../core/repository/access.ts';
import { createGitRepositories, type GitRepositories } from '../../../git/index.ts';
import type { ManifestRequest, ManifestSource } from '../../../ports/manifest-source.ts';
import type { ManifestStore, RenderName } from '../../../ports/manifest-store.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../telemetry/silent.ts';
import { createManifestSource, type ManifestSourceOptions } from '../manifest-source.ts';

/** A Git server, what reads from it, and manifest sources on top. */
export interface ManifestWorld extends AsyncDisposable {
  readonly server: GitServer;
  readonly repositories: GitRepositories;
  /** A manifest source of these generators, and of plain folders. */
  open(...generators: readonly Generator[]): ManifestSource;
  openWith(
    options: Partial<ManifestSourceOptions>,
    ...generators: readonly Generator[]
  ): ManifestSource;
}

export async function startManifestWorld(signal: AbortSignal): Promise<ManifestWorld> {
  const server = await startGitServer({ signal });
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-manifests-'));
  const repositories = createGitRepositories({
    dir,
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
    access: () => ANONYMOUS,
    pollIntervalMs: 60_000,
    pollJitterMs: 0,
    timeoutMs: 20_000,
    maxConcurrent: 4,
  });
  const openWith: ManifestWorld['openWith'] = (options, ...generators) =>
    createManifestSource({
      repositories,
      generators: createGeneratorRegistry([...generators, createDirectoryGenerator()]),
      settings: () => ({}),
      limits: { maxCacheBytes: 10_000_000, failureMs: 60_000 },
      clock: systemClock,
      ...options,
    });
  return {
    server,
    repositories,
    open: (...generators) => openWith({}, ...generators),
    openWith,
    async [Symbol.asyncDispose]() {
      await repositories[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

/** What `web` in `prod` wants rendered of these sources, unless `changes` say otherwise. */
export function requestFor(
  sources: readonly ApplicationSource[],
  changes: Partial<ManifestRequest> = {},
): ManifestRequest {
  return {
    sources,
    revisions: [],
    instance: 'web',
    appName: 'web',
    project: 'default',
    namespace: 'prod',
    kubeVersion: 'v1.36.3',
    apiVersions: ['apps/v1', 'v1'],
    freshRevisions: true,
    freshManifests: false,
    ...changes,
  };
}

export const configMap = (name: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

/** Counts its renders, and lets a test say what it looks at. */
export function spy(look: (request: GenerateRequest) => Promise<string>): {
  readonly generator: Generator;
  renders: number;
} {
  const result: { readonly generator: Generator; renders: number } = {
    renders: 0,
    generator: defineGenerator({
      name: 'Spy',
      version: async () => 'spy 1',
      claims: () => false,
      detect: async (tree, path, stop) => (await tree.entry(`${path}/spy`, stop)) !== undefined,
      async generate(request) {
        result.renders += 1;
        const value = await look(request);
        const metadata = { name: 'spy', annotations: { value } };
        return { objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata }], readSet: [] };
      },
    }),
  };
  return result;
}

/** A store as a restart finds it: texts, and nothing else. */
export function keptTexts(): ManifestStore & {
  readonly texts: Map<string, string>;
  loads: number;
} {
  const texts = new Map<string, string>();
  const store = {
    texts,
    loads: 0,
    async load({ key }: RenderName) {
      store.loads += 1;
      return texts.get(key);
    },
    async save({ key }: RenderName, value: string) {
      texts.set(key, value);
    },
  };
  return store;
}
