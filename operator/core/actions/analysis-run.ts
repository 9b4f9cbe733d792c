import type { KindActions } from './action.ts';
import { patchOf, specOf, statusOf, withSpec } from './edit.ts';

const ENDED: readonly unknown[] = ['Successful', 'Failed', 'Error', 'Inconclusive'];

export const analysisRun: KindActions = {
  project: 'Argo Rollouts',
  docs: 'https://argo-rollouts.readthedocs.io/en/stable/generated/kubectl-argo-rollouts/kubectl-argo-rollouts_terminate/',
  group: 'argoproj.io',
  kinds: ['AnalysisRun', 'Experiment'],
  actions: [
    {
      name: 'terminate',
      displayName: 'Terminate',
      iconClass: 'fa fa-fw fa-stop-circle',
      does: 'sets `spec.terminate` to true',
      refusal: (object) => {
        if (ENDED.includes(statusOf(object)['phase'])) return 'it has finished';
        return specOf(object)['terminate'] === true ? 'it is being terminated already' : undefined;
      },
      plan: (object) => patchOf(withSpec(object, { terminate: true })),
    },
  ],
};
