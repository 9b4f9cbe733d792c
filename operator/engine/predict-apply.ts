import { undeclaredFields } from '../core/diff/undeclared-fields.ts';
import { toTiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { removePaths } from '../core/objects/json-path.ts';
import { resourceOptions } from '../core/sync/options.ts';

/**
 * What applying would make of the object. With `Validate=false` the API server will drop fields that
 * its schema does not have, which it refuses in a server-side apply: they are left out of the question.
 */
export async function predict(
  target: KubeObject,
  { validates }: { readonly validates: boolean },
  apply: (target: KubeObject) => Promise<KubeObject>,
): Promise<{ readonly predicted: KubeObject; readonly isAll: boolean }> {
  try {
    return { predicted: await apply(target), isAll: true };
  } catch (error) {
    if (validates && !resourceOptions(target).has('Validate=false')) throw error;
    const undeclared = undeclaredFields(toTiphysError(error).message, target);
    if (undeclared.length === 0) throw error;
    return { predicted: await apply(removePaths(target, undeclared)), isAll: false };
  }
}
