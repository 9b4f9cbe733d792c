import type { BuiltInAction, KindActions } from './action.ts';
import { annotated, patchOf } from './edit.ts';

const PROJECT = 'External Secrets';
const DOCS = 'https://external-secrets.io/latest/introduction/faq/';
const GROUP = 'external-secrets.io';

/** Any change of an annotation makes the controller look again. */
function requested(
  annotation: string,
  names: { readonly name: string; readonly displayName: string },
): BuiltInAction {
  return {
    ...names,
    iconClass: 'fa fa-fw fa-sync-alt',
    does: `sets the annotation \`${annotation}\` to the time`,
    plan: (object, { now }) => patchOf(annotated(object, { [annotation]: now })),
  };
}

const refresh = { name: 'refresh', displayName: 'Refresh' };

export const externalSecret: KindActions = {
  project: PROJECT,
  docs: DOCS,
  group: GROUP,
  kinds: ['ExternalSecret'],
  actions: [requested('force-sync', refresh)],
};

export const clusterExternalSecret: KindActions = {
  project: PROJECT,
  docs: DOCS,
  group: GROUP,
  kinds: ['ClusterExternalSecret'],
  actions: [requested('external-secrets.io/force-sync', refresh)],
};

export const pushSecret: KindActions = {
  project: PROJECT,
  docs: DOCS,
  group: GROUP,
  kinds: ['PushSecret'],
  actions: [requested('force-sync', { name: 'push', displayName: 'Push' })],
};
