import deepDiff from 'deep-diff';
import { maskSecret } from '../core/diff/mask-secret.ts';
import { normalise } from '../core/diff/normalise.ts';
import type { JsonValue } from '../core/objects/json.ts';
import { formatPath, type JsonPath } from '../core/objects/json-path.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Change } from './list-changes.ts';

/**
 * The fields in which two whole versions of an object differ, ordered by path: live, and what the
 * API server predicts. Values of Secrets are masked before they are looked at, and so are those of
 * the annotations named.
 */
export function changesBetween(
  live: KubeObject,
  predicted: KubeObject,
  sensitiveAnnotations: readonly string[] = [],
): readonly Change[] {
  const [before, after] = maskSecret(normalise(live), normalise(predicted), sensitiveAnnotations);
  return (deepDiff.diff(before, after) ?? [])
    .map((found) => {
      const path = (found.path ?? []) as JsonPath;
      return found.kind === 'A'
        ? changeAt([...path, found.index], found.item)
        : changeAt(path, found);
    })
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

function changeAt(path: JsonPath, sides: object): Change {
  const live = Reflect.get(sides, 'lhs') as JsonValue | undefined; // absent where there is none
  const desired = Reflect.get(sides, 'rhs') as JsonValue | undefined;
  return {
    path: formatPath(path),
    ...(live === undefined ? {} : { live }),
    ...(desired === undefined ? {} : { desired }),
  };
}
