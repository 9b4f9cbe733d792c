import type { JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { KindActions } from './action.ts';
import { mapIn, nameFrom, ownedBy, specOf } from './edit.ts';
import { suspendActions } from './pausing.ts';

export const cronJob: KindActions = {
  project: 'Kubernetes',
  docs: 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/',
  group: 'batch',
  kinds: ['CronJob'],
  actions: [
    {
      name: 'create-job',
      displayName: 'Create Job',
      iconClass: 'fa fa-fw fa-plus',
      does: 'makes a Job from `spec.jobTemplate` now, owned by the CronJob',
      plan: (object, { now }) => [{ operation: 'create', object: jobFrom(object, now) }],
    },
    ...suspendActions,
  ],
};

/** As `kubectl create job --from=cronjob/…` makes it. */
function jobFrom(cronJobObject: KubeObject, now: string): KubeObject {
  const template = mapIn(specOf(cronJobObject), 'jobTemplate');
  const { labels, annotations } = mapIn(template, 'metadata');
  const metadata: JsonObject = {
    name: nameFrom(cronJobObject, now),
    namespace: cronJobObject.metadata.namespace,
    labels,
    annotations: {
      'cronjob.kubernetes.io/instantiate': 'manual',
      ...mapIn({ annotations }, 'annotations'),
    },
    ownerReferences: [ownedBy(cronJobObject)],
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: mapIn(template, 'spec'),
  } as KubeObject;
}
