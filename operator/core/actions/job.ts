import { conditionOf } from '../health/health.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { BuiltInAction, KindActions } from './action.ts';
import { patchOf, specOf, statusOf, withSpec } from './edit.ts';
import { suspendActions } from './pausing.ts';

const unlessFinished = (action: BuiltInAction): BuiltInAction => ({
  ...action,
  refusal: (object) => finishedBecause(object) ?? action.refusal?.(object),
});

export const job: KindActions = {
  project: 'Kubernetes',
  docs: 'https://kubernetes.io/docs/concepts/workloads/controllers/job/',
  group: 'batch',
  kinds: ['Job'],
  actions: [
    ...suspendActions.map(unlessFinished),
    unlessFinished({
      name: 'terminate',
      displayName: 'Terminate',
      iconClass: 'fa fa-fw fa-stop-circle',
      does: 'sets `spec.activeDeadlineSeconds` to 1: its Pods are ended and the Job has Failed, with the reason DeadlineExceeded',
      refusal: (object) =>
        specOf(object)['suspend'] === true ? 'it is suspended: nothing runs' : undefined,
      plan: (object) => patchOf(withSpec(object, { activeDeadlineSeconds: 1 })),
    }),
  ],
};

function finishedBecause(object: KubeObject): string | undefined {
  const status = statusOf(object);
  for (const type of ['Complete', 'Failed'])
    if (conditionOf(status, type)?.['status'] === 'True') return 'it has finished';
  return undefined;
}
