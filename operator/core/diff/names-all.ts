import { followStep, type FieldSet } from '../objects/field-set.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../objects/json.ts';

/**
 * Whether a value has every field of a set. The common answer is yes, and this way to it is short:
 * it makes nothing and parses no step that it can read as it stands.
 */
export function namesAll(fields: FieldSet, value: JsonValue): boolean {
  for (const step in fields) {
    const below = fields[step];
    if (step === '.' || !isJsonObject(below)) continue;
    const inside = stepInto(value, step);
    if (inside === undefined || !namesAll(below, inside)) return false;
  }
  return true;
}

const INHERITED: unknown = Object.prototype;
const FIELD = 'f'.charCodeAt(0);
const KEY = 'k'.charCodeAt(0);

function stepInto(value: JsonValue, step: string): JsonValue | undefined {
  const kind = step.charCodeAt(0);
  if (kind === FIELD) {
    const member = isJsonObject(value) ? value[step.slice(2)] : undefined;
    // What every object inherits is a function, or that object itself: nothing that JSON holds.
    return typeof member === 'function' || member === INHERITED ? undefined : member;
  }
  if (kind === KEY && step.startsWith('k:{"') && isJsonArray(value)) {
    const item = itemByOneText(value, step);
    if (item !== undefined) return item;
  }
  return followStep(value, step)?.value;
}

/** Reads `k:{"name":"web"}`: one key, whose text needs no unescaping. */
function itemByOneText(list: readonly JsonValue[], step: string): JsonValue | undefined {
  const end = step.indexOf('":"', 4);
  if (end < 0 || step.includes('\\') || step.indexOf('"', end + 3) !== step.length - 2)
    return undefined;
  const key = step.slice(4, end);
  const text = step.slice(end + 3, -2);
  for (const item of list) if (isJsonObject(item) && item[key] === text) return item;
  return undefined;
}
