import type { Requester } from '../../core/access/requester.ts';
import { hasCode } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { textsOf, type ObjectTexts } from '../../core/objects/object-texts.ts';
import { type MutationReason, recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { ownAddress } from '../own-objects.ts';

const RETRIES = 10;
const WRITE = { fieldManager: 'argocd-server' } as const;

/** What becomes of a ConfigMap: texts by key, `undefined` for what goes. */
export type Edit = Readonly<Record<string, string | undefined>>;

/**
 * Changes a ConfigMap of the control plane, which is made when it is not there; begins anew when somebody
 * else wrote meanwhile. An edit of nothing writes nothing.
 */
export async function editConfigMap(
  { ports, settings }: ControlPlane,
  requester: Requester,
  name: string,
  { reason, what }: { readonly reason: MutationReason; readonly what: string },
  edit: (texts: ObjectTexts) => Edit,
  signal: AbortSignal,
): Promise<void> {
  const address = ownAddress('ConfigMap', settings.namespace, name);
  for (let attempt = 1; ; attempt += 1) {
    const existing = await ports.client.get(address, signal);
    const texts = textsOf(existing);
    const changes = edit(texts);
    if (Object.keys(changes).length === 0) return;
    const data = Object.fromEntries(
      Object.entries({ ...Object.fromEntries(texts), ...changes }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    );
    const wanted: KubeObject = { ...(existing ?? empty(name, settings.namespace)), data };
    try {
      const stored =
        existing === undefined
          ? await ports.client.create(address, wanted, WRITE, signal)
          : await ports.client.replace(address, wanted, WRITE, signal);
      ports.config.observe(stored);
      recordMutation(ports.events, requester, { reason, object: stored, what });
      return;
    } catch (error) {
      if (!hasCode(error, 'KubeConflict', 'KubeAlreadyExists') || attempt >= RETRIES) throw error;
    }
  }
}

function empty(name: string, namespace: string): KubeObject {
  const labels = { 'app.kubernetes.io/part-of': 'argocd' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels } };
}
