import type { KubeObject, ResourceKey } from '../core/objects/kube-object.ts';

/** Finds objects by terms computed from them, such as the uids of their owners. */
export interface ObjectIndex {
  /** Objects that have this term, in no particular order. */
  find(term: string): readonly KubeObject[];
  /** Takes in that an object appeared (no `before`), changed, or went (no `after`). */
  update(key: ResourceKey, before: KubeObject | undefined, after: KubeObject | undefined): void;
}

/** `termsOf` must give the same terms for the same object at any time. */
export function createObjectIndex(termsOf: (object: KubeObject) => readonly string[]): ObjectIndex {
  const byTerm = new Map<string, Map<ResourceKey, KubeObject>>();

  function remove(term: string, key: ResourceKey): void {
    const entry = byTerm.get(term);
    if (entry?.delete(key) === true && entry.size === 0) byTerm.delete(term);
  }

  return {
    find: (term) => [...(byTerm.get(term)?.values() ?? [])],
    update(key, before, after) {
      const terms = after === undefined ? [] : termsOf(after);
      for (const term of before === undefined ? [] : termsOf(before)) {
        if (!terms.includes(term)) remove(term, key);
      }
      if (after === undefined) return;
      for (const term of terms) {
        let entry = byTerm.get(term);
        if (entry === undefined) byTerm.set(term, (entry = new Map()));
        entry.set(key, after);
      }
    },
  };
}
