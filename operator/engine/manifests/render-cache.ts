import { jsonEqual } from '../../core/objects/json.ts';
import { type KubeObject, keyOf } from '../../core/objects/kube-object.ts';
import type { SourceTree } from '../../ports/source-tree.ts';
import { createLruCache } from '../../runtime/lru-cache.ts';
import type { FactName, Facts } from './facts.ts';
import type { Reads } from './reads.ts';

/** What one source of an application renders to. Frozen. */
export interface Rendered {
  readonly objects: readonly KubeObject[];
  readonly sourceType: string;
  readonly commands: readonly string[];
}

/** A render together with everything it depended on. */
export interface RenderRecord {
  readonly rendered: Rendered;
  readonly generatorVersion: string;
  readonly facts: ReadonlyMap<FactName, string>;
  /** By name of the tree: `` for the source's own, else the `ref`. */
  readonly reads: ReadonlyMap<string, Reads>;
  /** Rough size in bytes. */
  readonly weight: number;
}

/** What is known when a render is wanted. */
export interface Situation {
  readonly facts: Facts;
  readonly trees: ReadonlyMap<string, SourceTree>;
  /** Names the commits of all trees. */
  readonly commits: string;
}

/** Renders by their parameters, found again in any commit that shows them the same files. */
export interface RenderCache {
  find(
    key: string,
    situation: Situation,
    version: (sourceType: string) => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<Rendered | undefined>;
  /** Objects equal to those rendered before under the key come back as the very same objects. */
  keep(key: string, situation: Situation, record: RenderRecord): Rendered;
}

interface Variant extends RenderRecord {
  /** Situations in which it was found to hold, so that the trees need not be asked again. */
  readonly commits: Set<string>;
}

/** A branch and its tag, a preview and production: few commits are wanted in turn. */
const VARIANTS_PER_KEY = 4;
const COMMITS_PER_VARIANT = 16;

export function createRenderCache(maxBytes: number): RenderCache {
  const cache = createLruCache<string, readonly Variant[]>(maxBytes);

  return {
    async find(key, situation, version, signal) {
      for (const variant of cache.get(key) ?? []) {
        if (!factsHold(variant, situation.facts)) continue;
        if ((await version(variant.rendered.sourceType)) !== variant.generatorVersion) continue;
        if (variant.commits.has(situation.commits)) return variant.rendered;
        if (!(await readsHold(variant, situation.trees, signal))) continue;
        remember(variant, situation.commits);
        return variant.rendered;
      }
      return undefined;
    },
    keep(key, situation, record) {
      const before = cache.get(key) ?? [];
      const rendered = reuse(record.rendered, before[0]?.rendered);
      const variant = { ...record, rendered, commits: new Set([situation.commits]) };
      const kept = before.filter((other) => !sameQuestion(other, variant));
      const variants = [variant, ...kept].slice(0, VARIANTS_PER_KEY);
      const weight = variants.reduce((sum, one) => sum + one.weight, 0);
      cache.set(key, variants, weight);
      return rendered;
    },
  };
}

function factsHold(variant: Variant, facts: Facts): boolean {
  for (const [name, text] of variant.facts) if (facts[name] !== text) return false;
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
