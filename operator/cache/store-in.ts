import type { ManifestStore } from '../ports/manifest-store.ts';
import type { TextCache } from '../ports/text-cache.ts';

/** Renders in a cache of texts, by their key alone. */
export function storeIn(cache: TextCache): ManifestStore {
  return {
    load: ({ key }, signal) => cache.get(`render ${key}`, signal),
    save: ({ key }, value, _what, signal) => cache.set(`render ${key}`, value, signal),
  };
}
