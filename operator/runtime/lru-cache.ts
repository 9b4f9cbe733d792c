/** Keeps what was used last, up to a total weight. */
export interface LruCache<K, V> {
  /** Counts as a use. */
  get(key: K): V | undefined;
  /** Replaces what stood under the key. A value heavier than the whole cache is not kept. */
  set(key: K, value: V, weight: number): void;
  delete(key: K): void;
  clear(): void;
  readonly size: number;
  readonly weight: number;
}

/** `maxWeight` is in whatever unit the caller weighs with: bytes, entries. */
export function createLruCache<K, V>(maxWeight: number): LruCache<K, V> {
  // A Map iterates in order of insertion, so re-inserting on use keeps the oldest first.
  const entries = new Map<K, { readonly value: V; readonly weight: number }>();
  let total = 0;

  function remove(key: K): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    total -= entry.weight;
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, weight) {
      remove(key);
      if (weight > maxWeight) return;
      entries.set(key, { value, weight });
      total += weight;
      for (const oldest of entries.keys()) {
        if (total <= maxWeight) break;
        remove(oldest);
      }
    },
    delete: remove,
    clear() {
      entries.clear();
      total = 0;
    },
    get size() {
      return entries.size;
    },
    get weight() {
      return total;
    },
  };
}
