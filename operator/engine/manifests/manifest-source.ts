import { TiphysError } from '../../core/errors.ts';
import type { ApplicationSource } from '../../core/app/types.ts';
import { canonicalJson, type JsonObject } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { repositoryIdentity } from '../../core/revision/repository-url.ts';
import type { ChartRepositories } from '../../ports/chart-repositories.ts';
import type { GeneratorSettings } from '../../ports/generator.ts';
import type { ManifestRequest, Manifests, ManifestSource } from '../../ports/manifest-source.ts';
import type { RenderName } from '../../ports/manifest-store.ts';
import type { SourceRepositories } from '../../ports/source-repositories.ts';
import type { SourceTree } from '../../ports/source-tree.ts';
import { sha256 } from '../../runtime/hash.ts';
import { createLruCache } from '../../runtime/lru-cache.ts';
import { mapLimit } from '../../runtime/map-limit.ts';
import { chartOf, checkSources, folderOf, rendersNothing } from './check-source.ts';
import type { Facts } from './facts.ts';
import { learnedPaths, type LearnedSource } from './learned-paths.ts';
import { commitsOfOthers } from './other-repositories.ts';
import type { Situation } from './render-cache.ts';
import type { Rendered } from './render-record.ts';
import { createSourceRenderer, type RenderSourceOptions } from './render-source.ts';

export interface ManifestSourceOptions extends RenderSourceOptions {
  readonly repositories: SourceRepositories;
  /** Helm repositories and registries. Without them sources with a `chart` are an error. */
  readonly charts?: ChartRepositories;
  /** Asked at every request, so that a changed configuration takes effect without a restart. */
  readonly settings: () => GeneratorSettings;
}

const PARALLEL_SOURCES = 4;
const CONCATENATIONS_KEPT = 10_000;

/**
 * Desired objects from Git: resolves revisions, renders, and remembers each render by what it read.
 * A commit that changes none of that is answered from the cache, with the same array of objects,
 * and no process is started. Errors: see the port; a source among several is named in the message.
 */
export function createManifestSource(options: ManifestSourceOptions): ManifestSource {
  const { repositories } = options;
  const renderer = createSourceRenderer(options);
  const learned = createLruCache<string, readonly LearnedSource[]>(CONCATENATIONS_KEPT);
  const concatenations = createLruCache<string, Concatenation>(CONCATENATIONS_KEPT);
  const listHashes = new WeakMap<readonly string[], string>();

  async function manifests(request: ManifestRequest, signal: AbortSignal): Promise<Manifests> {
    const { sources } = request;
    checkSources(sources, options.charts !== undefined);
    const revisions = await eachSource(sources, signal, (source, index, stop) =>
      resolveSigned(request, source, index, stop),
    );
    const refs = refsOf(request, revisions);
    const openRefs = once((stop) => openTrees(refs, request.project, stop));
    const parts = await eachSource(sources, signal, (source, index, stop) =>
      renderSource(request, source, revisions[index] ?? '', { refs, openRefs }, stop),
    );
    const each = sources.map((source, index) => ({ source, rendered: parts[index] }));
    if (request.isTrial !== true) learned.set(request.instance, each, 1);
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
    const question = { commit, revisions, criteria, tagPrefix: source.tagPrefix ?? '' };
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
    const how = { fresh, project: request.project, tagPrefix: source.tagPrefix ?? '' };
    return repositories.resolve(source.repoURL, revision, how, signal);
  }

  async function openTrees(
    refs: Refs,
    project: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, SourceTree>> {
    const trees = new Map<string, SourceTree>();
    for (const [name, { repoUrl, revision }] of refs)
      trees.set(name, await repositories.tree(repoUrl, revision, { project }, signal));
    return trees;
  }

  async function renderSource(
    request: ManifestRequest,
    source: ApplicationSource,
    revision: string,
    { refs, openRefs }: { readonly refs: Refs; readonly openRefs: OpenTrees },
    signal: AbortSignal,
  ): Promise<Rendered | undefined> {
    if (rendersNothing(source, request.sources.length === 1)) return undefined;
    const folder = folderOf(source);
    const settings = options.settings();
    const { project, kubeVersion, instance, namespace } = request;
    const apiVersions = hashOfList(request.apiVersions);
    const targetRevision = source.targetRevision ?? '';
    const facts: Facts = { revision, targetRevision, project, kubeVersion, apiVersions };
    const key = parametersKey(request, source, folder, settings);
    const name = { key, instance, namespace, source, revision, refs, kubeVersion };
    const commits = [
      project,
      revision,
      ...Array.from(refs, ([ref, one]) => `${ref}=${one.revision}`),
    ];
    const situation: Situation = {
      name: { ...name, apiVersions: request.apiVersions },
      facts,
      commits: commits.join(' '),
      trees: once(async (stop) => {
        const tree = await openTree(request, source, revision, stop);
        await checkFolder(tree, folder, source.path ?? '', stop);
        return new Map([['', tree], ...(await openRefs(stop))]);
      }),
      commitOf: commitsOfOthers(repositories, request),
    };
    return await renderer.render({ request, source, folder, settings, situation }, signal);
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

  return {
    manifests,
    pathsRead: (instance, source) =>
      learnedPaths(learned.get(instance) ?? [], source, renderer.readsOf),
    othersRead: (instance) =>
      (learned.get(instance) ?? []).flatMap(({ rendered }) =>
        rendered === undefined ? [] : renderer.othersRead(rendered),
      ),
  };
}

/** Sources with a `ref`, by that name, at their resolved revisions. */
type Refs = RenderName['refs'];
type OpenTrees = Situation['trees'];

function refsOf({ sources }: ManifestRequest, revisions: readonly string[]): Refs {
  const refs = new Map<string, { readonly repoUrl: string; readonly revision: string }>();
  for (const [index, { ref, repoURL }] of sources.entries())
    if (ref !== undefined && ref !== '')
      refs.set(ref, { repoUrl: repoURL, revision: revisions[index] ?? '' });
  return refs;
}

/** Opens at the first call; one that failed, or whose asker went away, is made again. */
function once(open: OpenTrees): OpenTrees {
  let opened: ReadonlyMap<string, SourceTree> | undefined;
  return async (signal) => (opened ??= await open(signal));
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
      ...(request.generatePaths !== undefined && { generatePaths: request.generatePaths }),
      settings,
    }),
  );
}
