import type { BuiltInAction } from './action.ts';
import { patchOf, specOf, withSpec } from './edit.ts';

type Pair = readonly [off: BuiltInAction, on: BuiltInAction];

export const PAUSE_ICON = 'fa fa-fw fa-pause-circle';
export const RESUME_ICON = 'fa fa-fw fa-play-circle';

/** Two actions around a field of the spec that is true while an object rests, such as `paused`. */
export function pauseActions(
  field: 'paused' | 'suspend',
  names: { readonly off: string; readonly offDisplayName: string },
): Pair {
  const rests = field === 'paused' ? 'paused' : 'suspended';
  const isResting = (spec: { readonly [name: string]: unknown }): boolean => spec[field] === true;
  return [
    {
      name: names.off,
      displayName: names.offDisplayName,
      iconClass: PAUSE_ICON,
      does: `sets \`spec.${field}\` to true`,
      refusal: (object) => (isResting(specOf(object)) ? `it is ${rests} already` : undefined),
      plan: (object) => patchOf(withSpec(object, { [field]: true })),
    },
    {
      name: 'resume',
      displayName: 'Resume',
      iconClass: RESUME_ICON,
      does: `sets \`spec.${field}\` to false`,
      refusal: (object) => (isResting(specOf(object)) ? undefined : `it is not ${rests}`),
      plan: (object) =>
        patchOf(isResting(specOf(object)) ? withSpec(object, { [field]: false }) : object),
    },
  ];
}

/** `suspend` and `resume` around `spec.suspend`, which many projects share. */
export const suspendActions: Pair = pauseActions('suspend', {
  off: 'suspend',
  offDisplayName: 'Suspend',
});
