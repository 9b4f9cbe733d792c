import { jsonEqual } from '../../core/objects/json.ts';
import { keyOf } from '../../core/objects/kube-object.ts';
import type { ManifestStore, RenderName } from '../../ports/manifest-store.ts';
import type { OtherRepository } from '../../ports/generator.ts';
import type { SourceTree } from '../../ports/source-tree.ts';
import { createLruCache } from '../../runtime/lru-cache.ts';
import type { Facts } from './facts.ts';
import {
  readVariants,
  type Rendered,
  type RenderRecord,
  type Variant,
  writeVariants,
} from './render-record.ts';

/** What is known when a render is wanted. */
export interface Situation {
  readonly name: RenderName;
  readonly facts: Facts;
  /** Names the commits of all trees, and who reads them. */
  readonly commits: string;
  /** Opens the trees, by name: `` for the source's own, else the `ref`. Once, however often it is asked. */
  readonly trees: (signal: AbortSignal) => Promise<ReadonlyMap<string, SourceTree>>;
  /** What the revision of another repository stands for now; `undefined` when that cannot be told. */
  readonly commitOf: (
    other: Pick<OtherRepository, 'repoUrl' | 'revision'>,
    signal: AbortSignal,
  ) => Promise<string | undefined>;
}

/** Renders by their parameters, found again in any commit that shows them the same files. */
export interface RenderCache {
  /** Opens the trees only when it does not know the commits. Errors: those of opening them. */
  find(
    situation: Situation,
    version: (sourceType: string) => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<Rendered | undefined>;
  /** Objects equal to those rendered before under the key come back as the very same objects. */
  keep(situation: Situation, record: RenderRecord, signal: AbortSignal): Promise<Rendered>;
  /** What a render has read, by name of the tree, while the cache holds it. */
  readsOf(rendered: Rendered): RenderRecord['reads'] | undefined;
  /** Further repositories that a render has read, while the cache holds it. */
  othersRead(rendered: Rendered): RenderRecord['others'];
  /** Those of all renders under a key. */
  othersOf(key: string): RenderRecord['others'];
}

export interface RenderCacheOptions {
  /** Bound of what is in memory, by the size of the objects as JSON. */
  readonly maxBytes: number;
  /** A render that is older is made again. */
  readonly maxAgeMs: number;
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
  /** Where renders outlive this process; asked in order for what is not in memory. */
  readonly stores: readonly ManifestStore[];
}

/** A branch and its tag, a preview and production: few commits are wanted in turn. */
const VARIANTS_PER_KEY = 4;
const COMMITS_PER_VARIANT = 16;

export function createRenderCache(options: RenderCacheOptions): RenderCache {
  const cache = createLruCache<string, readonly Variant[]>(options.maxBytes);

  const records = new WeakMap<Rendered, RenderRecord>();

  function put(key: string, variants: readonly Variant[]): void {
    for (const variant of variants) records.set(variant.rendered, variant);
    const weight = variants.reduce((sum, one) => sum + one.weight, 0);
    cache.set(key, variants, weight);
  }

  /** Those that may hold: young enough, of this program, with the same facts. */
  async function candidates(
    variants: readonly Variant[],
    situation: Situation,
    version: (sourceType: string) => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<readonly Variant[]> {
    const { facts } = situation;
    const oldest = options.now() - options.maxAgeMs;
    const possible: Variant[] = [];
    for (const variant of variants) {
      if (variant.renderedAtMs < oldest || !factsHold(variant, facts)) continue;
      if ((await version(variant.rendered.sourceType)) !== variant.generatorVersion) continue;
      if (await othersHold(variant, situation, signal)) possible.push(variant);
    }
    return possible;
  }

  async function choose(
    possible: readonly Variant[],
    situation: Situation,
    signal: AbortSignal,
  ): Promise<Rendered | undefined> {
    const known = possible.find(({ commits }) => commits.has(situation.commits));
    if (known !== undefined || possible.length === 0) return known?.rendered;
    const trees = await situation.trees(signal);
    for (const variant of possible) {
      if (!(await readsHold(variant, trees, signal))) continue;
      remember(variant, situation.commits);
      return variant.rendered;
    }
    return undefined;
  }

  return {
    async find(situation, version, signal) {
      const { key } = situation.name;
      const inMemory = cache.get(key) ?? [];
      const possible = await candidates(inMemory, situation, version, signal);
      const known = await choose(possible, situation, signal);
      if (known !== undefined) return known;
      for (const store of options.stores) {
        const text = await store.load(situation.name, signal);
        if (text === undefined) continue;
        const stored = readVariants(text);
        const young = await candidates(stored, situation, version, signal);
        const found = await choose(young, situation, signal);
        if (found === undefined) continue;
        put(key, stored);
        return found;
      }
      return undefined;
    },
    async keep({ name, commits }, record, signal) {
      const before = cache.get(name.key) ?? [];
      const rendered = reuse(record.rendered, before[0]?.rendered);
      const variant = { ...record, rendered, commits: new Set([commits]) };
      const kept = before.filter((other) => !sameQuestion(other, variant));
      const variants = [variant, ...kept].slice(0, VARIANTS_PER_KEY);
      put(name.key, variants);
      if (options.stores.length > 0) {
        const text = writeVariants(variants);
        const secret = variants.some((one) => one.rendered.objects.some(isSecret));
        for (const store of options.stores) await store.save(name, text, { secret }, signal);
      }
      return rendered;
    },
    readsOf: (rendered) => records.get(rendered)?.reads,
    othersRead: (rendered) => records.get(rendered)?.others ?? [],
    othersOf: (key) => (cache.get(key) ?? []).flatMap(({ others }) => others),
  };
}

function isSecret({ apiVersion, kind }: { apiVersion: string; kind: string }): boolean {
  return apiVersion === 'v1' && kind === 'Secret';
}
function factsHold(variant: Variant, facts: Facts): boolean {
  for (const [name, text] of variant.facts) if (facts[name] !== text) return false;
  return true;
}

/** A server that does not answer takes nothing away from what was rendered. */
async function othersHold(
  { others }: Variant,
  { commitOf }: Situation,
  signal: AbortSignal,
): Promise<boolean> {
  for (const other of others) {
    const commit = await commitOf(other, signal);
    if (commit !== undefined && commit !== other.commit) return false;
  }
  return true;
}

async function readsHold(
  variant: Variant,
  trees: ReadonlyMap<string, SourceTree>,
  signal: AbortSignal,
): Promise<boolean> {
  for (const [name, reads] of variant.reads) {
    const tree = trees.get(name);
    if (tree === undefined || !(await reads.sameIn(tree, signal))) return false;
  }
  return true;
}

function remember(variant: Variant, commits: string): void {
  const [oldest] = variant.commits;
  if (variant.commits.size >= COMMITS_PER_VARIANT && oldest !== undefined) {
    variant.commits.delete(oldest);
  }
  variant.commits.add(commits);
}

/** A hard refresh renders again what is known: the new answer takes the place of the old one. */
function sameQuestion(old: Variant, fresh: Variant): boolean {
  return [...fresh.commits].some((commits) => old.commits.has(commits));
}

/** Identity is what later steps go by to see that nothing changed. */
function reuse(fresh: Rendered, known: Rendered | undefined): Rendered {
  if (known === undefined) return fresh;
  const byKey = new Map(known.objects.map((object) => [keyOf(object), object]));
  const objects = fresh.objects.map((object) => {
    const old = byKey.get(keyOf(object));
    return old !== undefined && jsonEqual(old, object) ? old : object;
  });
  const same =
    objects.length === known.objects.length &&
    objects.every((object, index) => object === known.objects[index]);
  return { ...fresh, objects: same ? known.objects : Object.freeze(objects) };
}
