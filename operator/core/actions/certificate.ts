import { conditionOf } from '../health/health.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { KindActions } from './action.ts';
import { patchOf, statusOf, withStatus } from './edit.ts';

const isIssuing = (object: KubeObject): boolean =>
  conditionOf(statusOf(object), 'Issuing')?.['status'] === 'True';

/** cert-manager. What `cmctl renew` does. */
export const certificate: KindActions = {
  project: 'cert-manager',
  docs: 'https://cert-manager.io/docs/reference/cmctl/#renew',
  group: 'cert-manager.io',
  kinds: ['Certificate'],
  actions: [
    {
      name: 'renew',
      displayName: 'Renew',
      iconClass: 'fa fa-fw fa-sync-alt',
      does: 'sets the condition `Issuing` to True with the reason ManuallyTriggered',
      refusal: (object) => (isIssuing(object) ? 'it is being issued already' : undefined),
      plan: (object, { now }) =>
        patchOf(
          isIssuing(object) ? object : withStatus(object, { conditions: issuing(object, now) }),
        ),
    },
  ],
};

function issuing(object: KubeObject, now: string): readonly JsonObject[] {
  const { conditions } = statusOf(object);
  const others = isJsonArray(conditions) ? conditions.filter(isJsonObject) : [];
  return [
    ...others.filter(({ type }) => type !== 'Issuing'),
    {
      type: 'Issuing',
      status: 'True',
      reason: 'ManuallyTriggered',
      message: 'Renewal asked for by a resource action',
      lastTransitionTime: now,
      observedGeneration: object.metadata.generation,
    },
  ];
}
