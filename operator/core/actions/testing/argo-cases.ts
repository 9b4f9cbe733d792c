import { object, NOW, type ActionCase } from './action-case.ts';

const APPLICATION = ['argoproj.io/v1alpha1', 'Application'];
const ROLLOUT = ['argoproj.io/v1alpha1', 'Rollout'];
const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }];
const canary = { strategy: { canary: { steps } } };
const underWay = { stableRS: 'old', currentPodHash: 'new' };
const promoted = { stableRS: 'new', currentPodHash: 'new' };
const pauseConditions = [{ reason: 'CanaryPauseStep', startTime: NOW }];

const automated = (value: object | undefined) =>
  object(APPLICATION, {
    spec: { project: 'p', ...(value && { syncPolicy: { automated: { ...value } } }) },
  });
const enabled = (is: boolean) => ({ spec: { syncPolicy: { automated: { enabled: is } } } });

const toggles: readonly ActionCase[] = [
  { why: 'on', object: automated(undefined), action: 'toggle-auto-sync', patch: enabled(true) },
  {
    why: 'off, its settings stay',
    object: automated({ prune: true, selfHeal: true }),
    action: 'toggle-auto-sync',
    patch: enabled(false),
  },
  {
    why: 'off, when it says that it is on',
    object: automated({ enabled: true }),
    action: 'toggle-auto-sync',
    patch: enabled(false),
  },
  {
    why: 'on again',
    object: automated({ enabled: false, prune: true }),
    action: 'toggle-auto-sync',
    patch: enabled(true),
  },
];

const rollouts: readonly ActionCase[] = [
  { object: object(ROLLOUT, {}), action: 'restart', patch: { spec: { restartAt: NOW } } },
  { object: object(ROLLOUT, {}), action: 'pause', patch: { spec: { paused: true } } },
  {
    object: object(ROLLOUT, { spec: { paused: true } }),
    action: 'pause',
    idle: 'it is paused already',
  },
  {
    why: 'of one that somebody paused',
    object: object(ROLLOUT, { spec: { paused: true } }),
    action: 'resume',
    patch: { spec: { paused: false } },
  },
  {
    why: 'of one that waits at a step',
    object: object(ROLLOUT, { status: { pauseConditions, phase: 'Paused' } }),
    action: 'resume',
    status: { status: { pauseConditions: null } },
  },
  {
    why: 'of both',
    object: object(ROLLOUT, { spec: { paused: true }, status: { pauseConditions } }),
    action: 'resume',
    patch: { spec: { paused: false } },
    status: { status: { pauseConditions: null } },
  },
  {
    object: object(ROLLOUT, { spec: { paused: false } }),
    action: 'resume',
    idle: 'it is not paused',
  },
  {
    object: object(ROLLOUT, { status: underWay }),
    action: 'abort',
    status: { status: { abort: true } },
  },
  {
    object: object(ROLLOUT, { status: { ...underWay, abort: true } }),
    action: 'abort',
    idle: 'it is aborted already',
  },
  {
    object: object(ROLLOUT, { status: promoted }),
    action: 'abort',
    refused: 'it is fully promoted',
  },
  {
    object: object(ROLLOUT, { status: { abort: true } }),
    action: 'retry',
    status: { status: { abort: false } },
  },
  { object: object(ROLLOUT, { status: underWay }), action: 'retry', idle: 'it is not aborted' },
  {
    object: object(ROLLOUT, { spec: { paused: true }, status: underWay }),
    action: 'promote-full',
    patch: { spec: { paused: false } },
    status: { status: { promoteFull: true } },
  },
  {
    object: object(ROLLOUT, { status: promoted }),
    action: 'promote-full',
    refused: 'it is fully promoted',
  },
  {
    object: object(ROLLOUT, { status: { ...underWay, promoteFull: true } }),
    action: 'promote-full',
    idle: 'it is being promoted already',
  },
  {
    object: object(ROLLOUT, {
      spec: canary,
      status: { ...underWay, currentStepIndex: 1, pauseConditions },
    }),
    action: 'skip-current-step',
    status: { status: { currentStepIndex: 2, pauseConditions: null } },
  },
  {
    why: 'at its first step',
    object: object(ROLLOUT, { spec: canary, status: underWay }),
    action: 'skip-current-step',
    status: { status: { currentStepIndex: 1 } },
  },
  {
    object: object(ROLLOUT, { spec: canary, status: { ...underWay, currentStepIndex: 3 } }),
    action: 'skip-current-step',
    refused: 'all steps are done',
  },
  {
    object: object(ROLLOUT, { spec: { strategy: { blueGreen: {} } }, status: underWay }),
    action: 'skip-current-step',
    refused: 'it has no steps',
  },
  {
    object: object(ROLLOUT, { spec: canary, status: { ...promoted, currentStepIndex: 1 } }),
    action: 'skip-current-step',
    refused: 'it is fully promoted',
  },
];

const runs = ['AnalysisRun', 'Experiment'].flatMap((kind): readonly ActionCase[] => {
  const run = ['argoproj.io/v1alpha1', kind];
  return [
    {
      object: object(run, { status: { phase: 'Running' } }),
      action: 'terminate',
      patch: { spec: { terminate: true } },
    },
    {
      object: object(run, { spec: { terminate: true }, status: { phase: 'Running' } }),
      action: 'terminate',
      idle: 'it is being terminated already',
    },
    {
      object: object(run, { status: { phase: 'Successful' } }),
      action: 'terminate',
      refused: 'it has finished',
    },
  ];
});

const cronWorkflow = object(['argoproj.io/v1alpha1', 'CronWorkflow'], {
  spec: {
    workflowMetadata: { labels: { team: 'a' }, annotations: { note: 'n' } },
    workflowSpec: { entrypoint: 'main', templates: [{ name: 'main' }] },
  },
});
const template = object(['argoproj.io/v1alpha1', 'WorkflowTemplate'], {
  spec: { entrypoint: 'x' },
});

const workflows: readonly ActionCase[] = [
  {
    object: cronWorkflow,
    action: 'create-workflow',
    creates: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Workflow',
      metadata: {
        name: 'web-20261121111015',
        namespace: 'shop',
        labels: { team: 'a', 'workflows.argoproj.io/cron-workflow': 'web' },
        annotations: { note: 'n', 'workflows.argoproj.io/scheduled-time': NOW },
        ownerReferences: [
          {
            apiVersion: 'argoproj.io/v1alpha1',
            kind: 'CronWorkflow',
            name: 'web',
            uid: 'u1',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: { entrypoint: 'main', templates: [{ name: 'main' }] },
    },
  },
  { object: cronWorkflow, action: 'suspend', patch: { spec: { suspend: true } } },
  { object: cronWorkflow, action: 'resume', idle: 'it is not suspended' },
  {
    object: object(['argoproj.io/v1alpha1', 'CronWorkflow'], { spec: { suspend: true } }),
    action: 'suspend',
    idle: 'it is suspended already',
  },
  {
    object: object(['argoproj.io/v1alpha1', 'CronWorkflow'], { spec: { suspend: true } }),
    action: 'resume',
    patch: { spec: { suspend: false } },
  },
  {
    object: template,
    action: 'create-workflow',
    creates: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Workflow',
      metadata: {
        name: 'web-20261121111015',
        namespace: 'shop',
        labels: { 'workflows.argoproj.io/workflow-template': 'web' },
      },
      spec: { workflowTemplateRef: { name: 'web' } },
    },
  },
];

const PULL_REQUEST = ['promoter.argoproj.io/v1alpha1', 'PullRequest'];
const pullRequests: readonly ActionCase[] = [
  {
    object: object(PULL_REQUEST, { spec: { state: 'open' } }),
    action: 'merge',
    patch: { spec: { state: 'merged' } },
  },
  {
    object: object(PULL_REQUEST, { spec: { state: 'merged' } }),
    action: 'merge',
    idle: 'it is merged already',
  },
  {
    object: object(PULL_REQUEST, { spec: { state: 'closed' } }),
    action: 'merge',
    refused: 'it is closed already',
  },
];

export const ARGO_CASES: readonly ActionCase[] = [
  ...toggles,
  ...rollouts,
  ...runs,
  ...workflows,
  ...pullRequests,
];
