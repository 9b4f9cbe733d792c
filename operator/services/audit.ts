import type { Requester } from '../core/access/requester.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { EventSink } from '../ports/telemetry.ts';

/** What somebody did to an object through a service; the reason of its Event. */
export type MutationReason =
  | 'ResourceCreated'
  | 'ResourceUpdated'
  | 'ResourceDeleted'
  | 'OperationStarted'
  | 'ResourceActionRan';

export interface Mutation {
  readonly reason: MutationReason;
  /** What was changed, as it is stored now; of what was deleted, as it was. */
  readonly object: KubeObject;
  /** What was done, after the name of who did it: `created application`. No values of Secrets. */
  readonly what: string;
}

/** Records a mutation as an Event on its object, with who asked for it. Never fails or waits. */
export function recordMutation(
  events: EventSink,
  { username }: Pick<Requester, 'username'>,
  { reason, object, what }: Mutation,
): void {
  const { apiVersion, kind, metadata } = object;
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata;
  events.publish({
    type: 'Normal',
    reason,
    message: `${username === '' ? 'somebody without a token' : username} ${what}`,
    object: { apiVersion, kind, name, namespace, uid, resourceVersion },
  });
}
