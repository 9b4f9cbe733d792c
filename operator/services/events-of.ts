import type { KubeObject } from '../core/objects/kube-object.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import { ownAddress } from './own-objects.ts';

const PAGE = 500;

/** The Events about an object, as its API server has them. */
export async function eventsOf(
  client: KubeClient,
  { metadata: { namespace = '', name = '', uid = '' } }: KubeObject,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const fieldSelector = [
    `involvedObject.name=${name}`,
    `involvedObject.namespace=${namespace}`,
    `involvedObject.uid=${uid}`,
  ].join(',');
  const events: KubeObject[] = [];
  const options = { limit: PAGE, fieldSelector };
  for await (const page of client.list(ownAddress('Event', namespace, ''), options, signal)) {
    if (page.restarted === true) events.length = 0;
    events.push(...page.items);
  }
  return events;
}
