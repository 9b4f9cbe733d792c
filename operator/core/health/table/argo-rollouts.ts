import { condition, observed, waiting, words, type Project, type Step } from '../table-row.ts';

const byPhase: readonly Step[] = [
  words('status.phase', {
    Healthy: ['Successful'],
    Progressing: ['Pending', 'Running'],
    Degraded: ['Failed', 'Error'],
    // Neither succeeded nor failed: somebody has to look.
    Unknown: ['Inconclusive'],
  }),
  waiting(),
];

export const argoRollouts: Project = {
  name: 'Argo Rollouts',
  docs: 'https://argo-rollouts.readthedocs.io/en/stable/features/specification/',
  rows: [
    {
      groups: ['argoproj.io'],
      kinds: ['Rollout'],
      steps: [
        observed(),
        words('status.phase', {
          Healthy: ['Healthy'],
          Progressing: ['Progressing'],
          Degraded: ['Degraded'],
          Suspended: ['Paused'],
        }),
        condition('InvalidSpec', 'True', 'Degraded'),
        waiting(),
      ],
    },
    { groups: ['argoproj.io'], kinds: ['AnalysisRun', 'Experiment'], steps: byPhase },
  ],
};
