import {
  condition,
  every,
  is,
  mustObserve,
  observed,
  otherwise,
  ready,
  waiting,
  words,
  type Project,
} from '../table-row.ts';

export const argoCd: Project = {
  name: 'Argo CD',
  docs: 'https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/',
  rows: [
    {
      groups: ['argoproj.io'],
      kinds: ['ApplicationSet'],
      steps: [
        condition('ErrorOccurred', 'True', 'Degraded'),
        condition('ResourcesUpToDate', 'False', 'Degraded'),
        condition('RolloutProgressing', 'True', 'Progressing'),
        condition('ResourcesUpToDate', 'True', 'Healthy'),
        waiting('the applications to be made'),
      ],
    },
    { groups: ['argoproj.io'], kinds: ['AppProject'], steps: [] },
  ],
};

export const argoWorkflows: Project = {
  name: 'Argo Workflows',
  docs: 'https://argo-workflows.readthedocs.io/en/latest/fields/',
  rows: [
    {
      groups: ['argoproj.io'],
      kinds: ['CronWorkflow'],
      steps: [
        condition('SubmissionError', 'True', 'Degraded'),
        condition('SpecError', 'True', 'Degraded'),
        // As with a CronJob, one that is suspended on purpose has nothing to wait for.
        is('spec.suspend', true, 'Healthy', 'CronWorkflow is suspended'),
        otherwise('Healthy'),
      ],
    },
  ],
};

export const argoEvents: Project = {
  name: 'Argo Events',
  docs: 'https://argoproj.github.io/argo-events/APIs/',
  rows: [
    {
      groups: ['argoproj.io'],
      kinds: ['EventBus', 'EventSource', 'Sensor'],
      steps: [observed(), every('Degraded'), waiting()],
    },
  ],
};

export const promoter: Project = {
  name: 'GitOps Promoter',
  docs: 'https://gitops-promoter.readthedocs.io/en/latest/crd-specs/',
  rows: [
    {
      groups: ['promoter.argoproj.io'],
      kinds: [
        'ArgoCDCommitStatus',
        'ChangeTransferPolicy',
        'CommitStatus',
        'PromotionStrategy',
        'ProposedCommit',
        'PullRequest',
      ],
      steps: [observed(), ...ready(), waiting()],
    },
    {
      groups: ['promoter.argoproj.io'],
      kinds: ['GitRepository'],
      // Its status has been empty for long.
      steps: [observed(), ...ready()],
    },
  ],
};

export const numaflow: Project = {
  name: 'Numaflow and Numaplane',
  docs: 'https://numaflow.numaproj.io/APIs/',
  rows: [
    {
      groups: ['numaflow.numaproj.io'],
      kinds: ['*'],
      steps: [
        mustObserve(),
        words('status.phase', { Degraded: ['Failed'], Suspended: ['Paused'] }),
        condition('*', 'False', 'Progressing', { reasons: ['Progressing', 'Pending'] }),
        condition('*', 'False', 'Degraded'),
        words('status.phase', {
          Healthy: ['Running', 'Succeeded'],
          Progressing: ['Pending', 'Pausing', 'Deleting', ''],
        }),
      ],
    },
    {
      groups: ['numaplane.numaproj.io'],
      kinds: ['*'],
      steps: [
        mustObserve(),
        words('status.phase', { Degraded: ['Failed'] }),
        condition('ProgressiveUpgradeSucceeded', 'False', 'Degraded'),
        condition('*PausingOrPaused', 'True', 'Suspended', {
          reasons: ['PipelinePaused', 'MonoVertexPaused'],
        }),
        condition('*PausingOrPaused', 'True', 'Progressing'),
        condition('ChildResourcesHealthy', 'False', 'Progressing', { reasons: ['Progressing'] }),
        condition('ChildResourcesHealthy', 'False', 'Degraded'),
        condition('ChildResourcesHealthy', 'Unknown', 'Progressing'),
        words('status.phase', { Healthy: ['Deployed'], Progressing: ['Pending', ''] }),
      ],
    },
  ],
};

export const kargo: Project = {
  name: 'Kargo',
  docs: 'https://docs.kargo.io/user-guide/reference-docs/',
  rows: [
    {
      groups: ['kargo.akuity.io'],
      kinds: ['Stage', 'Warehouse'],
      steps: [
        observed(),
        condition('Stalled', 'True', 'Degraded'),
        condition('Reconciling', 'True', 'Progressing'),
        condition('Promoting', 'True', 'Progressing'),
        condition('Healthy', 'False', 'Degraded'),
        ...ready(),
        waiting(),
      ],
    },
    {
      groups: ['kargo.akuity.io'],
      kinds: ['Promotion'],
      steps: [
        words('status.phase', {
          Healthy: ['Succeeded'],
          Progressing: ['Pending', 'Running'],
          Degraded: ['Failed', 'Errored', 'Aborted'],
        }),
        waiting(),
      ],
    },
  ],
};
