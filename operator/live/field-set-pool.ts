import { deepFreeze } from '../core/objects/freeze.ts';
import { isJsonObject, type JsonObject } from '../core/objects/json.ts';

/** Field sets of `managedFields` that say the same, held once. */
export interface FieldSetPool {
  /** How many field sets are known. */
  readonly size: number;
  /** The known one that says the same, or this one made small. The argument must be one's own. */
  share(fields: JsonObject): JsonObject;
}

/** What stands below every field that nothing stands below: most of a field set. */
const NOTHING: JsonObject = Object.freeze({});

/** Then the pool begins anew; what is in use stays shared. */
const MAX_SETS = 2_000;
/** Longer ones are hardly ever the same, and their texts cost what sharing saves. */
const LONGEST_TEXT = 8_192;

/**
 * Objects that one template made have the same fields, and so the same field sets, which are a third
 * of what a Deployment takes up. Bounded.
 */
export function createFieldSetPool(maxSets: number = MAX_SETS): FieldSetPool {
  const sets = new Map<string, JsonObject>();
  return {
    get size() {
      return sets.size;
    },
    share(fields) {
      const text = JSON.stringify(fields);
      const known = sets.get(text);
      if (known !== undefined) return known;
      const small = deepFreeze(withoutCopies(fields));
      if (text.length > LONGEST_TEXT) return small;
      if (sets.size >= maxSets) sets.clear();
      sets.set(text, small);
      return small;
    },
  };
}

function withoutCopies(fields: JsonObject): JsonObject {
  if (Object.isFrozen(fields)) return fields;
  const members = fields as Record<string, JsonObject[string]>;
  let isEmpty = true;
  for (const name of Object.keys(members)) {
    isEmpty = false;
    const member = members[name];
    if (isJsonObject(member)) members[name] = withoutCopies(member);
  }
  return isEmpty ? NOTHING : fields;
}
