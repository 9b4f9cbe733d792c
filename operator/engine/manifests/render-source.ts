import type { ApplicationSource } from '../../core/app/types.ts';
import { deepFreeze } from '../../core/objects/freeze.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  GenerateRequest,
  Generator,
  GeneratorRegistry,
  GeneratorSettings,
} from '../../ports/generator.ts';
import type { ManifestRequest } from '../../ports/manifest-source.ts';
import type { ManifestStore } from '../../ports/manifest-store.ts';
import type { SourceRepositories } from '../../ports/source-repositories.ts';
import type { SourceTree } from '../../ports/source-tree.ts';
import type { Metrics } from '../../ports/telemetry.ts';
import { createLimiter, type Limiter } from '../../runtime/limiter.ts';
import { createSingleFlight } from '../../runtime/single-flight.ts';
import { chartOf } from './check-source.ts';
import { type FactName, watchFacts, watchSource } from './facts.ts';
import { createFailingRenders } from './failing-renders.ts';
import type { PauseRule } from './pause.ts';
import { noteReadSet, recordReads } from './recording-tree.ts';
import { createRenderCache, type Situation } from './render-cache.ts';
import type { Rendered, RenderRecord } from './render-record.ts';

export interface RenderSourceOptions {
  /** Asked when a program of somebody else is to sign in. */
  readonly repositories: Pick<SourceRepositories, 'signInVariables'>;
  readonly generators: GeneratorRegistry;
  readonly limits: RenderLimits;
  /** Where renders outlive this process, asked in order. Default: nowhere. */
  readonly stores?: readonly ManifestStore[];
  readonly clock: Clock;
  readonly metrics?: Metrics;
}

export interface RenderLimits {
  /** Bound of the cache in memory, by the size of the objects as JSON. */
  readonly maxCacheBytes: number;
  /** A render that is older is made again. Default 24 hours. */
  readonly maxAgeMs?: number;
  /** A render that failed by its content is not tried again on the same commit for so long; 0 tries every time. */
  readonly failureMs: number;
  /** Default: after three failures, for an hour from the first. */
  readonly pause?: PauseRule;
}

/** One source with everything that its render may see. */
export interface Job {
  readonly request: ManifestRequest;
  readonly source: ApplicationSource;
  readonly folder: string;
  readonly settings: GeneratorSettings;
  readonly situation: Situation;
}

interface KnownVersion {
  readonly version: string;
  /** Of the generator, as JSON. */
  readonly settings: string;
  readonly atMs: number;
}

const DAY_MS = 86_400_000;
/** Renders of one generator at the same time, and looks at what is known; each holds what it reads. */
const PARALLEL = 20;
/** Programs and sidecars are looked for in folders: not for each of a thousand applications of one commit. */
const VERSION_HOLDS_MS = 200;
export const DEFAULT_PAUSE: PauseRule = { afterFailures: 3, forMs: 3_600_000, forRequests: 0 };

export interface SourceRenderer {
  /** Renders one source, or finds what it rendered to before. Errors: those of trees and generators. */
  render(job: Job, signal: AbortSignal): Promise<Rendered>;
  /** What a render has read, by name of the tree: `` for the source's own, else the `ref`. */
  readsOf(rendered: Rendered): RenderRecord['reads'] | undefined;
  /** The repositories that a render has read besides those of its application's sources. */
  othersRead(rendered: Rendered): RenderRecord['others'];
}

export function createSourceRenderer(options: RenderSourceOptions): SourceRenderer {
  const { generators, clock, metrics, limits } = options;
  const cache = createRenderCache({
    maxBytes: limits.maxCacheBytes,
    maxAgeMs: limits.maxAgeMs ?? DAY_MS,
    now: () => clock.now(),
    stores: options.stores ?? [],
  });
  const failing = createFailingRenders({
    pause: limits.pause ?? DEFAULT_PAUSE,
    failureMs: limits.failureMs,
    clock,
  });
  const flights = createSingleFlight();
  const lookups = createLimiter(PARALLEL);
  const versions = new Map<string, KnownVersion>();
  /** One for each generator: programs that hang are nobody else's trouble. */
  const renders = new Map<string, Limiter>();

  function placeOf(generator: string): Limiter {
    const known = renders.get(generator);
    if (known !== undefined) return known;
    const made = createLimiter(PARALLEL);
    renders.set(generator, made);
    return made;
  }

  /** The version of a generator, at most a moment ago; a program that was replaced renders anew. */
  function versionOf({ settings }: Job, signal: AbortSignal) {
    return async (name: string): Promise<string | undefined> => {
      const before = versions.get(name);
      const nowMs = clock.monotonic();
      const given = JSON.stringify(settings[name] ?? {});
      const isFresh = before?.settings === given && nowMs - before.atMs < VERSION_HOLDS_MS;
      if (isFresh) return before.version;
      const generator = generators.generators.find((one) => one.name === name);
      if (generator === undefined) return undefined;
      const version = await versionWithChoice(generator, settings, signal);
      versions.set(name, { version, settings: given, atMs: nowMs });
      return version;
    };
  }

  /** A generator that was not there when the choice was made could be chosen now. */
  async function versionWithChoice(
    generator: Generator,
    settings: GeneratorSettings,
    signal: AbortSignal,
  ): Promise<string> {
    const parts = [await generator.version(signal, settings[generator.name])];
    for (const one of generators.generators) {
      const detected = await one.detectVersion?.(signal);
      if (detected) parts.push(`${one.name}: ${detected}`);
    }
    return parts.join(', ');
  }

  /** Where other repositories stand that earlier renders have read: a render that failed there is tried again. */
  async function othersNow({ situation }: Job, signal: AbortSignal): Promise<readonly string[]> {
    const now: string[] = [];
    for (const other of cache.othersOf(situation.name.key))
      now.push((await situation.commitOf(other, signal)) ?? '');
    return now;
  }

  async function renderOnce(job: Job, signal: AbortSignal): Promise<Rendered> {
    const { facts, commits } = job.situation;
    const names: readonly FactName[] = ['targetRevision', 'project', 'kubeVersion', 'apiVersions'];
    const { key } = job.situation.name;
    const others = await othersNow(job, signal);
    const flight = [key, commits, ...names.map((name) => facts[name]), ...others].join('\n');
    failing.check(flight, job.request.freshManifests);
    return await flights.run(
      flight,
      async (stop) => {
        try {
          const trees = await job.situation.trees(stop);
          const rendered = await generate(job, trees, stop);
          failing.succeeded(flight);
          return rendered;
        } catch (error) {
          if (!stop.aborted) failing.failed(flight, error);
          throw error;
        }
      },
      signal,
    );
  }

  async function generate(
    job: Job,
    trees: ReadonlyMap<string, SourceTree>,
    signal: AbortSignal,
  ): Promise<Rendered> {
    const { request, folder, settings, situation } = job;
    const used = new Set<FactName>();
    const use = (name: FactName) => void used.add(name);
    const recordings = new Map(
      Array.from(trees, ([name, tree]) => [
        name,
        recordReads(tree, name === '' ? () => use('revision') : () => {}),
      ]),
    );
    const main = recordings.get('');
    const mainTree = trees.get('');
    if (main === undefined || mainTree === undefined) throw new Error('a source has a tree');

    const { generatePaths } = request;
    const paths = generatePaths === undefined ? {} : { generatePaths };
    const startedMs = clock.monotonic();
    const { generator, source } = await generators.select(
      {
        tree: main.tree,
        path: folder,
        source: watchSource(job.source, use),
        instance: request.instance,
        ...paths,
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
      ...paths,
      settings: settings[generator.name] ?? {},
      ...(chartOf(source) === undefined && {
        gitEnvironment: (stop: AbortSignal) =>
          options.repositories.signInVariables(source.repoURL, { project: request.project }, stop),
      }),
    };
    const generatorVersion = await versionWithChoice(generator, settings, signal);
    const generated = await placeOf(generator.name).run(signal, () =>
      counted(generator.name, signal, () =>
        generator.generate(watchFacts(generateRequest, use), signal),
      ),
    );
    await noteReadSet(main, mainTree, generated.readSet, signal);
    const seconds = (clock.monotonic() - startedMs) / 1_000;
    metrics?.observe('tiphys_manifest_render_seconds', { generator: generator.name }, seconds);

    const objects = Object.freeze(generated.objects.map((object) => deepFreeze(object)));
    const record = {
      rendered: { objects, sourceType: generator.name, commands: generated.commands ?? [] },
      generatorVersion,
      facts: new Map(Array.from(used, (name) => [name, situation.facts[name]])),
      reads: new Map(Array.from(recordings, ([name, one]) => [name, one.reads])),
      others: generated.others ?? [],
      weight: objects.reduce((sum, object) => sum + JSON.stringify(object).length, 1_000),
      renderedAtMs: clock.now(),
    };
    return await cache.keep(situation, record, signal);
  }

  /** An abort says nothing about the source. */
  async function counted<T>(
    generator: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      const result = await work();
      metrics?.count('tiphys_renders_total', { generator, result: 'ok' });
      return result;
    } catch (error) {
      if (!signal.aborted) metrics?.count('tiphys_renders_total', { generator, result: 'failed' });
      throw error;
    }
  }

  return {
    async render(job, signal) {
      if (!job.request.freshManifests) {
        const known = await lookups.run(signal, () =>
          cache.find(job.situation, versionOf(job, signal), signal),
        );
        metrics?.count('tiphys_manifest_cache_total', { result: known ? 'hit' : 'miss' });
        if (known !== undefined) return known;
      }
      return await renderOnce(job, signal);
    },
    readsOf: (rendered) => cache.readsOf(rendered),
    othersRead: (rendered) => cache.othersRead(rendered),
  };
}
