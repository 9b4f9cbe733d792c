import { deepFreeze } from '../../core/objects/freeze.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { OtherRepository } from '../../ports/generator.ts';
import type { FactName } from './facts.ts';
import { type Read, Reads } from './reads.ts';

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
  /** Further repositories, each at the commit that was read. */
  readonly others: readonly OtherRepository[];
  /** Rough size in bytes. */
  readonly weight: number;
  /** Wall clock, milliseconds since 1970. */
  readonly renderedAtMs: number;
}

/** A record, and the situations in which it was found to hold: there the trees need not be asked again. */
export interface Variant extends RenderRecord {
  readonly commits: Set<string>;
}

/** Changes whenever an older version would misread what is written. */
const FORMAT = 2;

interface Written {
  readonly format: number;
  readonly variants: readonly {
    readonly rendered: Rendered;
    readonly generatorVersion: string;
    readonly facts: readonly (readonly [FactName, string])[];
    readonly reads: readonly (readonly [string, readonly Read[]])[];
    readonly others: readonly OtherRepository[];
    readonly weight: number;
    readonly renderedAtMs: number;
    readonly commits: readonly string[];
  }[];
}

export function writeVariants(variants: readonly Variant[]): string {
  const written: Written = {
    format: FORMAT,
    variants: variants.map((variant) => ({
      rendered: variant.rendered,
      generatorVersion: variant.generatorVersion,
      facts: [...variant.facts],
      reads: Array.from(variant.reads, ([name, reads]) => [name, reads.all] as const),
      others: variant.others,
      weight: variant.weight,
      renderedAtMs: variant.renderedAtMs,
      commits: [...variant.commits],
    })),
  };
  return JSON.stringify(written);
}

/** What `writeVariants` made; stores vouch for the text, so only its format is checked. */
export function readVariants(text: string): readonly Variant[] {
  const written = JSON.parse(text) as Written;
  if (written.format !== FORMAT) return [];
  return written.variants.map(({ facts, reads, commits, rendered, ...rest }) => {
    const objects = Object.freeze(rendered.objects.map((object) => deepFreeze(object)));
    return {
      ...rest,
      rendered: { ...rendered, objects },
      facts: new Map(facts),
      reads: new Map(reads.map(([name, all]) => [name, new Reads(all)])),
      commits: new Set(commits),
    };
  });
}
