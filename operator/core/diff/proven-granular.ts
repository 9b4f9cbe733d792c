import { isJsonObject, type JsonObject } from '../objects/json.ts';
import type { FieldSet } from '../objects/field-set.ts';

/**
 * Maps in which only live has some members, and of which nothing shows that the API server merges
 * them member by member: it may as well replace them as a whole, and these members would go. Where we
 * own single members it does merge. Of a kind whose schema is not at hand.
 *
 * Paths as those of `compareObject`; lists are compared as a whole anyway.
 */
export function notProvenGranular(
  fields: FieldSet,
  desired: JsonObject,
  live: JsonObject,
): readonly string[] {
  const found: string[] = [];
  walk(fields, desired, live, '', found);
  return found;
}

function walk(
  fields: FieldSet,
  desired: JsonObject,
  live: JsonObject,
  path: string,
  found: string[],
): void {
  for (const [name, wanted] of Object.entries(desired)) {
    // The metadata of every object is of the same type.
    if (path === '' && name === 'metadata') continue;
    const actual = live[name];
    if (!isJsonObject(wanted) || !isJsonObject(actual)) continue;
    const here = path === '' ? name : `${path}.${name}`;
    const below = fields[`f:${name}`];
    const inside = isJsonObject(below) ? below : {};
    if (hasMore(wanted, actual) && !holdsMembers(inside)) found.push(here);
    else walk(inside, wanted, actual, here, found);
  }
}

const hasMore = (desired: JsonObject, live: JsonObject): boolean => {
  for (const name in live)
    if (live[name] !== undefined && live[name] !== null && desired[name] === undefined) return true;
  return false;
};

const holdsMembers = (fields: FieldSet): boolean => {
  for (const step in fields) if (step !== '.') return true;
  return false;
};
