import type { BuiltInAction } from './action.ts';
import { edited, patchOf } from './edit.ts';

export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** Makes all Pods anew, as `kubectl rollout restart` does: a changed template is rolled out. */
export const restartPods: BuiltInAction = {
  name: 'restart',
  displayName: 'Restart',
  iconClass: 'fa fa-fw fa-redo',
  does: `sets the annotation \`${RESTARTED_AT}\` of the Pod template to the time, so that all Pods are made anew`,
  plan: (object, { now }) =>
    patchOf(
      edited(object, ['spec', 'template', 'metadata', 'annotations'], { [RESTARTED_AT]: now }),
    ),
};
