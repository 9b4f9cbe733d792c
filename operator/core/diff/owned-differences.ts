import { jsonEqual, type JsonValue } from '../objects/json.ts';
import type { JsonPath } from '../objects/json-path.ts';
import { followStep, stepsOf, type FieldSet } from '../objects/field-set.ts';
import type { KubeObject } from '../objects/kube-object.ts';

/** One place where desired and live both have a value and the values differ. */
export interface OwnedDifference {
  /** Items of a list may stand at different indexes on the two sides. */
  readonly desired: JsonPath;
  readonly live: JsonPath;
}

/**
 * Where live differs from desired within the fields that a manager owns. Fields that only one side
 * has are no such places: they were added or removed, not modified.
 */
export function ownedDifferences(
  fields: FieldSet,
  desired: JsonValue,
  live: JsonValue,
): readonly OwnedDifference[] {
  const found: OwnedDifference[] = [];
  walk(fields, { path: [], value: desired }, { path: [], value: live }, found);
  return found;
}

interface Side {
  readonly path: JsonPath;
  readonly value: JsonValue;
}

function walk(fields: FieldSet, desired: Side, live: Side, found: OwnedDifference[]): void {
  const steps = stepsOf(fields);
  if (steps.length === 0) {
    if (!jsonEqual(desired.value, live.value))
      found.push({ desired: desired.path, live: live.path });
    return;
  }
  for (const [step, below] of steps) {
    const left = followStep(desired.value, step);
    const right = followStep(live.value, step);
    if (left === undefined || right === undefined) continue;
    walk(
      below,
      { path: [...desired.path, left.at], value: left.value },
      { path: [...live.path, right.at], value: right.value },
      found,
    );
  }
}

/** A manager and the differing places it owns. */
export interface Opponent {
  readonly manager: string;
  readonly operation: string;
  readonly differences: readonly OwnedDifference[];
}

/** The managers, other than ours, that own a differing place; live must have all its `managedFields`. */
export function opponentsOf(
  desired: KubeObject,
  live: KubeObject,
  ours: string,
): readonly Opponent[] {
  return (live.metadata.managedFields ?? []).flatMap(
    ({ manager = '', operation = '', fieldsV1, subresource }) => {
      if (manager === ours || fieldsV1 === undefined || subresource === 'status') return [];
      const differences = ownedDifferences(fieldsV1, desired, live);
      return differences.length === 0 ? [] : [{ manager, operation, differences }];
    },
  );
}
