import type { KubeObject } from '../core/objects/kube-object.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import { ownAddress } from './own-objects.ts';

const PAGE = 500;
/** More are not read: Kubernetes keeps Events for an hour, and nobody reads a thousand. */
const MAX_EVENTS = 1000;

/** The Events about an object, at most a thousand, as its API server has them. */
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
    if (events.length >= MAX_EVENTS) break;
  }
  return events.slice(0, MAX_EVENTS);
}
