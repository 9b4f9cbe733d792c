import type { KindActions } from './action.ts';
import { isJsonObject } from '../objects/json.ts';
import { edited, mapIn, patchOf, specOf } from './edit.ts';

export const application: KindActions = {
  project: 'Tiphys and Argo CD',
  docs: 'https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/',
  group: 'argoproj.io',
  kinds: ['Application'],
  actions: [
    {
      name: 'toggle-auto-sync',
      displayName: 'Toggle Auto-Sync',
      iconClass: 'fa fa-fw fa-sync-alt',
      does: 'turns `spec.syncPolicy.automated.enabled` around; its other settings stay',
      plan: (object) => {
        const automated = mapIn(specOf(object), 'syncPolicy')['automated'];
        const isOn = isJsonObject(automated) && automated['enabled'] !== false;
        const place = ['spec', 'syncPolicy', 'automated'];
        return patchOf(edited(object, place, { enabled: !isOn }));
      },
    },
  ],
};
