import {
  isJsonArray,
  isJsonObject,
  jsonEqual,
  type JsonObject,
  type JsonValue,
} from '../objects/json.ts';
import { followStep, stepsOf, type FieldSet } from '../objects/field-set.ts';
import { formatPath, type JsonPath } from '../objects/json-path.ts';
import type { KubeObject, ManagedFieldsEntry } from '../objects/kube-object.ts';

/**
 * Where a dry-run apply would change what `manager` owns: both objects as the API server has them,
 * with `managedFields`. What admission webhooks add or rewrite by themselves belongs to nobody, and
 * does not count. Compare the whole objects to count that too.
 *
 * Paths in the order of the field set; empty when applying changes nothing of ours. Where we applied
 * under another version last, our fields have other names, and every change is taken for one of ours.
 */
export function predictedChanges(
  predicted: KubeObject,
  live: KubeObject,
  manager: string,
): readonly string[] {
  const found = new Map<string, JsonPath>();
  const add = (path: JsonPath): void => {
    if (!isBookkeeping(path)) found.set(formatPath(path), path);
  };
  const [after, before] = [entryOf(predicted, manager), entryOf(live, manager)];
  if (before?.apiVersion !== undefined && before.apiVersion !== live.apiVersion) {
    everyChange(predicted, live, [], add);
    return [...found.keys()];
  }
  walk(after?.fieldsV1 ?? {}, predicted, live, [], add); // set or changed
  walk(before?.fieldsV1 ?? {}, live, predicted, [], (path, other) => {
    if (other === undefined) add(path); // taken away
  });
  return [...found.keys()];
}

function entryOf(object: KubeObject, manager: string): ManagedFieldsEntry | undefined {
  return object.metadata.managedFields?.find(
    (item) =>
      item.manager === manager && item.operation === 'Apply' && item.subresource === undefined,
  );
}

/** Lists count as a whole. */
function everyChange(
  value: JsonObject,
  other: JsonObject,
  path: JsonPath,
  differs: (path: JsonPath) => void,
): void {
  for (const name of new Set([...Object.keys(value), ...Object.keys(other)])) {
    const [here, there, at] = [value[name], other[name], [...path, name]];
    if (isBookkeeping(at)) continue;
    if (isJsonObject(here) && isJsonObject(there)) everyChange(here, there, at, differs);
    else if (here === undefined || there === undefined ? here !== there : !jsonEqual(here, there))
      differs(at);
  }
}

function walk(
  fields: FieldSet,
  value: JsonValue,
  other: JsonValue | undefined,
  path: JsonPath,
  differs: (path: JsonPath, other: JsonValue | undefined) => void,
): void {
  for (const [step, below] of stepsOf(fields)) {
    const here = followStep(value, step);
    const there = followStep(other, step);
    if (here === undefined) {
      // Owned and not there: emptied.
      if (there !== undefined && !isEmpty(there.value)) differs([...path, there.at], there.value);
      continue;
    }
    const at = [...path, here.at];
    if (there === undefined) {
      // Storage drops an empty list that a dry run still shows; `emptyDir: {}` says something.
      if (!isEmptyList(here.value)) differs(at, undefined);
    } else if (stepsOf(below).length > 0) {
      walk(below, here.value, there.value, at, differs);
      if (IN_ORDER.has(step) && isReordered(below, here.value, there.value))
        differs(at, there.value);
    } else if (!jsonEqual(here.value, there.value) && !ownsOnlyItself(below, here.value))
      differs(at, there.value);
  }
}

/** Lists by name whose order has a meaning of its own: see `field-knowledge.ts`. */
const IN_ORDER: ReadonlySet<string> = new Set(['f:env', 'f:initContainers']);

/** Whether items of ours that both have stand in another order. */
function isReordered(fields: FieldSet, value: JsonValue, other: JsonValue): boolean {
  const places = stepsOf(fields)
    .flatMap(([step]) => {
      const [here, there] = [followStep(value, step)?.at, followStep(other, step)?.at];
      return typeof here === 'number' && typeof there === 'number' ? [{ here, there }] : [];
    })
    .sort((left, right) => left.here - right.here);
  return places.some(({ there }, index) => there < (places[index - 1]?.there ?? -1));
}

/** A map or list of which only the existence is owned: its content is others'. */
const ownsOnlyItself = (fields: FieldSet, value: JsonValue): boolean =>
  '.' in fields && (isJsonObject(value) || isJsonArray(value));

const isEmpty = (value: JsonValue): boolean =>
  (isJsonArray(value) && value.length === 0) ||
  (isJsonObject(value) && Object.keys(value).length === 0);

const BOOKKEEPING: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'uid',
]);

const isEmptyList = (value: JsonValue): boolean => isJsonArray(value) && value.length === 0;

const isBookkeeping = ([first, second]: JsonPath): boolean =>
  first === 'metadata' && typeof second === 'string' && BOOKKEEPING.has(second);
