import type { JsonObject } from '../../objects/json.ts';
import { groupOf, type KubeObject, type ObjectMeta } from '../../objects/kube-object.ts';

export const NOW = '2026-11-21T11:10:15Z';

/** One use of an action, and what the API server is to get. */
export interface ActionCase {
  /** When it is not clear from the rest. */
  readonly why?: string;
  readonly object: KubeObject;
  readonly action: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** The merge patch of the object. */
  readonly patch?: JsonObject;
  /** The merge patch of its status. */
  readonly status?: JsonObject;
  readonly creates?: KubeObject;
  /** Lists show it as disabled, with this reason; running it changes nothing. */
  readonly idle?: string;
  /** Lists show it as disabled, with this reason; running it is an error. */
  readonly refused?: string;
  /** Running it is an error, e.g. because of a parameter. */
  readonly error?: RegExp;
}

export function object(
  [apiVersion = '', kind = '']: readonly string[],
  rest: {
    readonly spec?: JsonObject;
    readonly status?: JsonObject;
    readonly metadata?: ObjectMeta;
  },
): KubeObject {
  return {
    apiVersion,
    kind,
    ...rest,
    metadata: { name: 'web', namespace: 'shop', uid: 'u1', ...rest.metadata },
  };
}

export function nameOf({ object: one, action, why, idle, refused, error }: ActionCase): string {
  const kind = [groupOf(one.apiVersion), one.kind].filter((part) => part !== '').join('/');
  const tail = why ?? idle ?? refused ?? (error === undefined ? '' : 'is an error');
  return `${kind} ${action}${tail === '' ? '' : `: ${tail}`}`;
}
