import type { KindActions } from './action.ts';
import { patchOf, specOf, withSpec } from './edit.ts';

/** The pull requests of GitOps Promoter. */
export const promoterPullRequest: KindActions = {
  project: 'GitOps Promoter',
  docs: 'https://gitops-promoter.readthedocs.io/en/stable/crd-specs/',
  group: 'promoter.argoproj.io',
  kinds: ['PullRequest'],
  actions: [
    {
      name: 'merge',
      displayName: 'Merge',
      iconClass: 'fa fa-fw fa-code-branch',
      does: 'sets `spec.state` to merged',
      refusal: (object) => {
        const { state } = specOf(object);
        return state === 'merged' || state === 'closed' ? `it is ${state} already` : undefined;
      },
      plan: (object) => patchOf(withSpec(object, { state: 'merged' })),
    },
  ],
};
