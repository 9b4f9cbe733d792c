import type { BuiltInAction, KindActions } from './action.ts';
import { annotated, patchOf, specOf } from './edit.ts';
import { suspendActions } from './pausing.ts';

const REQUESTED_AT = 'reconcile.fluxcd.io/requestedAt';

const reconcile: BuiltInAction = {
  name: 'reconcile',
  displayName: 'Reconcile',
  iconClass: 'fa fa-fw fa-sync-alt',
  does: `sets the annotation \`${REQUESTED_AT}\` to the time`,
  refusal: (object) =>
    specOf(object)['suspend'] === true ? 'it is suspended: resume it first' : undefined,
  plan: (object, { now }) => patchOf(annotated(object, { [REQUESTED_AT]: now })),
};

const kindsOf = (
  component: string,
  kinds: readonly string[],
  actions: readonly BuiltInAction[] = [reconcile, ...suspendActions],
): KindActions => ({
  project: 'Flux',
  docs: `https://fluxcd.io/flux/components/${component}/`,
  group: `${component}.toolkit.fluxcd.io`,
  kinds,
  actions,
});

export const flux: readonly KindActions[] = [
  kindsOf('kustomize', ['Kustomization']),
  kindsOf('helm', ['HelmRelease']),
  kindsOf('source', ['GitRepository', 'OCIRepository', 'HelmRepository', 'HelmChart', 'Bucket']),
  kindsOf('image', ['ImageRepository', 'ImageUpdateAutomation']),
  kindsOf('notification', ['Receiver']),
  // Nothing reconciles these: they are read when there is something to tell.
  kindsOf('notification', ['Alert', 'Provider'], suspendActions),
];
