import type { KindActions } from './action.ts';
import { annotated, annotationOf, patchOf } from './edit.ts';

const ROLLING_UPDATE = 'strimzi.io/manual-rolling-update';

export const strimziPodSet: KindActions = {
  project: 'Strimzi',
  docs: 'https://strimzi.io/docs/operators/latest/deploying',
  group: 'core.strimzi.io',
  kinds: ['StrimziPodSet'],
  actions: [
    {
      name: 'rolling-update',
      displayName: 'Rolling Update',
      iconClass: 'fa fa-fw fa-redo',
      does: `sets the annotation \`${ROLLING_UPDATE}\` to true; the operator removes it when all Pods were restarted`,
      refusal: (object) =>
        annotationOf(object, ROLLING_UPDATE) === 'true' ? 'it is asked for already' : undefined,
      plan: (object) => patchOf(annotated(object, { [ROLLING_UPDATE]: 'true' })),
    },
  ],
};
