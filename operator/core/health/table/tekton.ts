import { condition, is, observed, ready, waiting, type Project } from '../table-row.ts';

export const tekton: Project = {
  name: 'Tekton',
  docs: 'https://tekton.dev/docs/pipelines/',
  rows: [
    {
      groups: ['tekton.dev'],
      kinds: ['PipelineRun', 'TaskRun', 'CustomRun', 'Run'],
      steps: [
        condition('Succeeded', 'True', 'Healthy'),
        condition('Succeeded', 'False', 'Degraded'),
        is('spec.status', 'PipelineRunPending', 'Suspended', 'spec.status is PipelineRunPending'),
        condition('Succeeded', 'Unknown', 'Progressing'),
        waiting('the run to start'),
      ],
    },
    {
      groups: ['tekton.dev'],
      kinds: ['Pipeline', 'Task', 'ClusterTask', 'StepAction'],
      steps: [],
    },
    {
      groups: ['triggers.tekton.dev'],
      kinds: ['EventListener'],
      steps: [...ready('Ready', 'Progressing'), waiting()],
    },
    {
      groups: ['operator.tekton.dev'],
      kinds: ['*'],
      steps: [
        observed(),
        condition('PreInstall', 'False', 'Degraded'),
        condition('PostInstall', 'False', 'Degraded'),
        condition('PreReconciler', 'False', 'Degraded'),
        condition('PostReconciler', 'False', 'Degraded'),
        condition('Ready', 'True', 'Healthy'),
        // Its reason is `Error` also while what it installs is starting.
        condition('Ready', 'False', 'Progressing'),
        waiting(),
      ],
    },
  ],
};
