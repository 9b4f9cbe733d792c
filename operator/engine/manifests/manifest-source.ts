import { TiphysError } from '../../core/errors.ts';
import type { ApplicationSource } from '../../core/app/types.ts';
import { deepFreeze } from '../../core/objects/freeze.ts';
import { canonicalJson, type JsonObject } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { repositoryIdentity } from '../../core/revision/repository-url.ts';
import type { ChartRepositories } from '../../ports/chart-repositories.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  GenerateRequest,
  GeneratorRegistry,
  GeneratorSettings,
} from '../../ports/generator.ts';
import type { ManifestRequest, Manifests, ManifestSource } from '../../ports/manifest-source.ts';
import type { SourceRepositories } from '../../ports/source-repositories.ts';
import type { SourceTree } from '../../ports/source-tree.ts';
import type { Metrics } from '../../ports/telemetry.ts';
import { sha256 } from '../../runtime/hash.ts';
import { createLruCache } from '../../runtime/lru-cache.ts';
import { mapLimit } from '../../runtime/map-limit.ts';
import { createSingleFlight } from '../../runtime/single-flight.ts';
import { chartOf, checkSources, folderOf, rendersNothing } from './check-source.ts';
import { type FactName, type Facts, watchFacts, watchSource } from './facts.ts';
import { noteReadSet, recordReads } from './recording-tree.ts';
import { createRenderCache, type Rendered, type Situation } from './render-cache.ts';

export interface ManifestSourceOptions {
  readonly repositories: SourceRepositories;
  /** Helm repositories and registries. Without them sources with a `chart` are an error. */
  readonly charts?: ChartRepositories;
  readonly generators: GeneratorRegistry;
  /** Asked at every request, so that a changed configuration takes effect without a restart. */
  readonly settings: () => GeneratorSettings;
  readonly limits: {
    /** Bound of the cache, by the size of the objects as JSON. */
    readonly maxCacheBytes: number;
    /** A render that failed is not tried again on the same commit for so long; 0 tries every time. */
    readonly failureMs: number;
  };
  readonly clock: Clock;
  readonly metrics?: Metrics;
}

/** One source with everything that its render may see. */
interface Job {
  readonly request: ManifestRequest;
  readonly source: ApplicationSource;
  readonly folder: string;
  readonly settings: GeneratorSettings;
  readonly situation: Situation;
  /** Parameters of the render: everything but files and facts. */
  readonly key: string;
}

const PARALLEL_SOURCES = 4;
const FAILURES_KEPT = 1_000;
const CONCATENATIONS_KEPT = 10_000;

/**
 * Desired objects from Git: resolves revisions, renders, and remembers each render by what it read.
 * A commit that changes none of that is answered from the cache, with the same array of objects,
 * and no process is started. Errors: see the port; a source among several is named in the message.
 */
export function createManifestSource(options: ManifestSourceOptions): ManifestSource {
  const { repositories, generators, clock, metrics } = options;
  const cache = createRenderCache(options.limits.maxCacheBytes);
  const failures = createLruCache<string, { readonly error: unknown; readonly untilMs: number }>(
    FAILURES_KEPT,
  );
  const concatenations = createLruCache<string, Concatenation>(CONCATENATIONS_KEPT);
  const flights = createSingleFlight();
  const listHashes = new WeakMap<readonly string[], string>();

  async function manifests(request: ManifestRequest, signal: AbortSignal): Promise<Manifests> {
    const { sources } = request;
    checkSources(sources, options.charts !== undefined);
    const revisions = await eachSource(sources, signal, (source, index, stop) =>
      resolveSigned(request, source, index, stop),
    );
    const trees = await openRefs(request, revisions, signal);
    const parts = await eachSource(sources, signal, (source, index, stop) =>
      renderSource(request, source, revisions[index] ?? '', trees, stop),
    );
    const rendered = parts.filter((part) => part !== undefined);
    return {
      objects: concatenate(request.instance, rendered),
      revisions,
      sourceTypes: rendered.map((part) => part.sourceType),
      commands: rendered.flatMap((part) => part.commands),
    };
  }

  // A cluster's list of API versions is one array for all its applications.
  function hashOfList(list: readonly string[]): string {
    let hash = listHashes.get(list);
    if (hash === undefined) {
      hash = sha256(list.join('\n'));
      listHashes.set(list, hash);
    }
    return hash;
  }

  async function resolveSigned(
    request: ManifestRequest,
    source: ApplicationSource,
    index: number,
    signal: AbortSignal,
  ): Promise<string> {
    const commit = await resolve(request, source, index, signal);
    const criteria = request.signatures?.[index] ?? { type: 'none' };
    if (criteria.type === 'none') return commit;
    const revisions = [request.revisions[index] ?? '', source.targetRevision ?? ''];
    const question = { commit, revisions, criteria };
    const problems = await repositories.verify(source.repoURL, question, request, signal);
    if (problems.length === 0) return commit;
    throw new TiphysError('SignatureRefused', `GIT/GPG: ${problems.join('; ')}`);
  }

  function resolve(
    request: ManifestRequest,
    source: ApplicationSource,
    index: number,
    signal: AbortSignal,
  ): Promise<string> {
    const asked = request.revisions[index] ?? '';
    const revision = asked === '' ? (source.targetRevision ?? '') : asked;
    const fresh = request.freshRevisions || request.freshManifests;
    const chart = chartOf(source);
    if (chart !== undefined && options.charts !== undefined) {
      return options.charts.resolve(chart, revision, { fresh, project: request.project }, signal);
    }
    return repositories.resolve(
      source.repoURL,
      revision,
      { fresh, project: request.project },
      signal,
    );
  }

  async function openRefs(
    { sources, project }: ManifestRequest,
    revisions: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, SourceTree>> {
    const refs = new Map<string, SourceTree>();
    for (const [index, { ref, repoURL }] of sources.entries()) {
      if (ref === undefined || ref === '') continue;
      const revision = revisions[index] ?? '';
      refs.set(ref, await repositories.tree(repoURL, revision, { project }, signal));
    }
    return refs;
  }

  async function renderSource(
    request: ManifestRequest,
    source: ApplicationSource,
    revision: string,
    refs: ReadonlyMap<string, SourceTree>,
    signal: AbortSignal,
  ): Promise<Rendered | undefined> {
    if (rendersNothing(source)) return undefined;
    const folder = folderOf(source);
    const tree = await openTree(request, source, revision, signal);
    await checkFolder(tree, folder, source.path ?? '', signal);
    const settings = options.settings();
    const { project, kubeVersion } = request;
    const apiVersions = hashOfList(request.apiVersions);
    const targetRevision = source.targetRevision ?? '';
    const facts: Facts = { revision, targetRevision, project, kubeVersion, apiVersions };
    const commits = [revision, ...Array.from(refs, ([name, ref]) => `${name}=${ref.revision}`)];
    const situation = {
      facts,
      trees: new Map([['', tree], ...refs]),
      commits: commits.join(' '),
    };
    const key = parametersKey(request, source, folder, settings);
    const job: Job = { request, source, folder, settings, situation, key };
    if (!request.freshManifests) {
      const known = await cache.find(key, situation, versionOf(signal), signal);
      metrics?.count('tiphys_manifest_cache_total', { result: known ? 'hit' : 'miss' });
      if (known !== undefined) return known;
    }
    return await renderOnce(job, signal);
  }

  async function openTree(
    request: ManifestRequest,
    source: ApplicationSource,
    revision: string,
    signal: AbortSignal,
  ): Promise<SourceTree> {
    const { project, freshManifests: fresh } = request;
    const chart = chartOf(source);
    if (chart === undefined || options.charts === undefined) {
      return await repositories.tree(source.repoURL, revision, { project }, signal);
    }
    return await options.charts.tree(chart, revision, { fresh, project }, signal);
  }

  /** The version of a generator now; a program that was replaced renders anew. */
  function versionOf(signal: AbortSignal) {
    return async (name: string): Promise<string | undefined> =>
      await generators.generators.find((one) => one.name === name)?.version(signal);
  }

  async function renderOnce(job: Job, signal: AbortSignal): Promise<Rendered> {
    const { facts, commits } = job.situation;
    const names: readonly FactName[] = ['targetRevision', 'project', 'kubeVersion', 'apiVersions'];
    const flight = [job.key, commits, ...names.map((name) => facts[name])].join('\n');
    const failure = failures.get(flight);
    if (failure !== undefined && !job.request.freshManifests) {
      if (clock.monotonic() < failure.untilMs) throw failure.error;
      failures.delete(flight);
    }
    return await flights.run(
      flight,
      async (stop) => {
        try {
          return await render(job, stop);
        } catch (error) {
          // What fails by its content fails again; what failed by its surroundings may not.
          if (error instanceof TiphysError && error.retry === 'never') {
            const untilMs = clock.monotonic() + options.limits.failureMs;
            failures.set(flight, { error, untilMs }, 1);
          }
          throw error;
        }
      },
      signal,
    );
  }

  async function render(job: Job, signal: AbortSignal): Promise<Rendered> {
    const { request, folder, settings, situation } = job;
    const used = new Set<FactName>();
    const use = (name: FactName) => void used.add(name);
    const recordings = new Map(
      Array.from(situation.trees, ([name, tree]) => [
        name,
        recordReads(tree, name === '' ? () => use('revision') : () => {}),
      ]),
    );
    const main = recordings.get('');
    const mainTree = situation.trees.get('');
    if (main === undefined || mainTree === undefined) throw new Error('a source has a tree');

    const startedMs = clock.monotonic();
    const { generator, source } = await generators.select(
      {
        tree: main.tree,
        path: folder,
        source: watchSource(job.source, use),
        instance: request.instance,
        settings,
      },
      signal,
    );
    const refs = new Map(Array.from(recordings, ([name, one]) => [name, one.tree]));
    refs.delete('');
    const generateRequest: GenerateRequest = {
      tree: main.tree,
      path: folder,
      source,
      instance: request.instance,
      appName: request.appName,
      project: request.project,
      namespace: request.namespace,
      revision: situation.facts.revision,
      kubeVersion: request.kubeVersion,
      apiVersions: request.apiVersions,
      refs,
      multipleSources: request.sources.length > 1,
      settings: settings[generator.name] ?? {},
    };
    const generatorVersion = await generator.version(signal);
    const generated = await counted(generator.name, signal, () =>
      generator.generate(watchFacts(generateRequest, use), signal),
    );
    await noteReadSet(main, mainTree, generated.readSet, signal);
    const seconds = (clock.monotonic() - startedMs) / 1_000;
    metrics?.observe('tiphys_manifest_render_seconds', { generator: generator.name }, seconds);

    const objects = Object.freeze(generated.objects.map((object) => deepFreeze(object)));
    return cache.keep(job.key, situation, {
      rendered: { objects, sourceType: generator.name, commands: generated.commands ?? [] },
      generatorVersion,
      facts: new Map(Array.from(used, (name) => [name, situation.facts[name]])),
      reads: new Map(Array.from(recordings, ([name, one]) => [name, one.reads])),
      weight: objects.reduce((sum, object) => sum + JSON.stringify(object).length, 1_000),
    });
  }

  /** An abort says nothing about the source. */
  async function counted<T>(
    generator: string,
    signal: AbortSignal,
    render: () => Promise<T>,
  ): Promise<T> {
    try {
      const result = await render();
      metrics?.count('tiphys_renders_total', { generator, result: 'ok' });
      return result;
    } catch (error) {
      if (!signal.aborted) metrics?.count('tiphys_renders_total', { generator, result: 'failed' });
      throw error;
    }
  }

  /** One array for one list of parts, the same as long as the parts are. */
  function concatenate(instance: string, parts: readonly Rendered[]): readonly KubeObject[] {
    const [first] = parts;
    if (parts.length <= 1) return first?.objects ?? NOTHING;
    const known = concatenations.get(instance);
    const same =
      known?.parts.length === parts.length &&
      known.parts.every((part, index) => part === parts[index]?.objects);
    if (known !== undefined && same) return known.objects;
    const objects = Object.freeze(parts.flatMap((part) => part.objects));
    concatenations.set(instance, { parts: parts.map((part) => part.objects), objects }, 1);
    return objects;
  }

  return { manifests };
}

interface Concatenation {
  readonly parts: readonly (readonly KubeObject[])[];
  readonly objects: readonly KubeObject[];
}

const NOTHING: readonly KubeObject[] = Object.freeze([]);

/** Runs for every source; with several, an error says which one it is about. */
async function eachSource<R>(
  sources: readonly ApplicationSource[],
  signal: AbortSignal,
  work: (source: ApplicationSource, index: number, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return [await work(only, 0, signal)];
  return await mapLimit(
    sources,
    PARALLEL_SOURCES,
    async (source, stop, index) => {
      try {
        return await work(source, index, stop);
      } catch (error) {
        if (!(error instanceof TiphysError)) throw error;
        const name = source.name === undefined ? '' : ` (${source.name})`;
        throw new TiphysError(
          error.code,
          `source ${index + 1} of ${sources.length}${name}: ${error.message}`,
          { cause: error, hint: error.hint, retry: error.retry, fields: error.fields },
        );
      }
    },
    signal,
  );
}

async function checkFolder(
  tree: SourceTree,
  folder: string,
  shown: string,
  signal: AbortSignal,
): Promise<void> {
  const entry = await tree.resolve(folder, signal);
  if (entry?.type === 'directory') return;
  const reason = entry === undefined ? 'does not exist' : 'is not a directory';
  throw new TiphysError('PathNotFound', `${shown}: app path ${reason}`, {
    fields: { path: shown, revision: tree.revision },
  });
}

function parametersKey(
  request: ManifestRequest,
  source: ApplicationSource,
  folder: string,
  settings: GeneratorSettings,
): string {
  const { repoURL, targetRevision: _aFact, ...parameters } = source;
  return sha256(
    canonicalJson({
      repository: repositoryIdentity(repoURL),
      folder,
      source: parameters as unknown as JsonObject, // a parsed source is JSON
      instance: request.instance,
      appName: request.appName,
      namespace: request.namespace,
      several: request.sources.length > 1,
      settings,
    }),
  );
}
