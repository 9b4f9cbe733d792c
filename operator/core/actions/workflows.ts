import type { JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { BuiltInAction, KindActions } from './action.ts';
import { mapIn, nameFrom, ownedBy, specOf } from './edit.ts';
import { suspendActions } from './pausing.ts';

const createWorkflow = {
  name: 'create-workflow',
  displayName: 'Create Workflow',
  iconClass: 'fa fa-fw fa-plus',
} as const satisfies Partial<BuiltInAction>;

export const cronWorkflow: KindActions = {
  project: 'Argo Workflows',
  docs: 'https://argo-workflows.readthedocs.io/en/latest/cron-workflows/',
  group: 'argoproj.io',
  kinds: ['CronWorkflow'],
  actions: [
    {
      ...createWorkflow,
      does: 'makes a Workflow from `spec.workflowSpec` now, owned by the CronWorkflow',
      plan: (object, { now }) => {
        const { labels, annotations } = mapIn(specOf(object), 'workflowMetadata');
        const metadata = {
          labels: {
            ...mapIn({ labels }, 'labels'),
            'workflows.argoproj.io/cron-workflow': object.metadata.name ?? '',
          },
          annotations: {
            ...mapIn({ annotations }, 'annotations'),
            'workflows.argoproj.io/scheduled-time': now,
          },
          ownerReferences: [ownedBy(object)],
        };
        const spec = mapIn(specOf(object), 'workflowSpec');
        return [{ operation: 'create', object: workflow(object, now, metadata, spec) }];
      },
    },
    ...suspendActions,
  ],
};

export const workflowTemplate: KindActions = {
  project: 'Argo Workflows',
  docs: 'https://argo-workflows.readthedocs.io/en/latest/workflow-templates/',
  group: 'argoproj.io',
  kinds: ['WorkflowTemplate'],
  actions: [
    {
      ...createWorkflow,
      does: 'makes a Workflow with `spec.workflowTemplateRef` now',
      plan: (object, { now }) => {
        const { name = '' } = object.metadata;
        const metadata = { labels: { 'workflows.argoproj.io/workflow-template': name } };
        const spec = { workflowTemplateRef: { name } };
        return [{ operation: 'create', object: workflow(object, now, metadata, spec) }];
      },
    },
  ],
};

function workflow(
  from: KubeObject,
  now: string,
  metadata: JsonObject,
  spec: JsonObject,
): KubeObject {
  return {
    apiVersion: from.apiVersion,
    kind: 'Workflow',
    metadata: {
      name: nameFrom(from, now),
      ...(from.metadata.namespace === undefined ? {} : { namespace: from.metadata.namespace }),
      ...metadata,
    },
    spec,
  };
}
