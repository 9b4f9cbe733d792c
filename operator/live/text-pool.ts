import { isJsonArray, isJsonObject, type JsonValue } from '../core/objects/json.ts';

/** Texts that occur in many objects, or many times in one, held once. */
export interface TextPool {
  /** How many texts are known. */
  readonly size: number;
  /**
   * Makes equal texts in a value the same text in memory; nobody can tell but by the memory. The
   * value must be one's own, as fresh from a parser; what is frozen is passed over.
   */
  share(value: JsonValue): void;
}

/** V8's JSON parser holds shorter ones once by itself. */
const SHORTEST = 11;
/** Longer ones are hardly ever the same. */
const LONGEST = 128;
/** Then the pool begins anew: what is in use stays shared, and what was rare is let go. */
const MAX_TEXTS = 20_000;

/**
 * Every image, timestamp, reason and label value that JSON is parsed from is a text of its own: a
 * quarter of what Pods take up. Bounded.
 */
export function createTextPool(maxTexts: number = MAX_TEXTS): TextPool {
  const texts = new Map<string, string>();

  function pooled(text: string): string {
    const known = texts.get(text);
    if (known !== undefined) return known;
    if (texts.size >= maxTexts) texts.clear();
    texts.set(text, text);
    return text;
  }

  function share(value: JsonValue): void {
    if (!(isJsonObject(value) || isJsonArray(value)) || Object.isFrozen(value)) return;
    const members = value as Record<string, JsonValue | undefined>; // lists by index
    for (const name of Object.keys(members)) {
      const member = members[name];
      if (typeof member === 'object' && member !== null) share(member);
      else if (typeof member === 'string' && member.length >= SHORTEST && member.length <= LONGEST)
        members[name] = pooled(member);
    }
  }

  return {
    get size() {
      return texts.size;
    },
    share,
  };
}
