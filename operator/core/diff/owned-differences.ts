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

/** A manager that may have set something else, and where. */
export interface Opponent {
  readonly manager: string;
  readonly operation: string;
  /** Empty where all that is known is that it owns fields of another version: see `otherVersion`. */
  readonly differences: readonly OwnedDifference[];
  /** The version it wrote in, when the names of its fields are not those of `live`. */
  readonly otherVersion?: string;
}

/**
 * The managers, other than ours, that own a differing place; live must have all its `managedFields`,
 * and both sides the same version. An entry names fields as they are in the version that was written:
 * one of another version tells of places that are called the same in both. Where nobody owns a
 * differing place by name, whoever owns names that live does not have may own it by another.
 */
export function opponentsOf(
  desired: KubeObject,
  live: KubeObject,
  ours: string,
): readonly Opponent[] {
  const known: Opponent[] = [];
  const possible: Opponent[] = [];
  for (const entry of live.metadata.managedFields ?? []) {
    const { manager = '', operation = '', apiVersion, fieldsV1, subresource } = entry;
    if (manager === ours || fieldsV1 === undefined || subresource === 'status') continue;
    const differences = ownedDifferences(fieldsV1, desired, live);
    if (differences.length > 0) known.push({ manager, operation, differences });
    else if (apiVersion !== undefined && apiVersion !== live.apiVersion)
      if (hasForeignNames(withoutCommon(fieldsV1), live))
        possible.push({ manager, operation, differences, otherVersion: apiVersion });
  }
  return known.length > 0 ? known : possible;
}

/** What is called the same in every version, or is not for desired state to say. */
function withoutCommon({
  'f:metadata': _metadata,
  'f:status': _status,
  ...rest
}: FieldSet): FieldSet {
  return rest;
}

/** Whether a step leads nowhere: what somebody owns exists, and so it must be called otherwise. */
function hasForeignNames(fields: FieldSet, live: JsonValue): boolean {
  return stepsOf(fields).some(([step, below]) => {
    const there = followStep(live, step);
    return there === undefined || hasForeignNames(below, there.value);
  });
}
