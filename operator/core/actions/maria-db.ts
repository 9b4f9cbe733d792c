import type { KindActions } from './action.ts';
import { suspendActions } from './pausing.ts';

export const mariaDb: KindActions = {
  project: 'mariadb-operator',
  docs: 'https://github.com/mariadb-operator/mariadb-operator/blob/main/docs/suspend.md',
  group: 'k8s.mariadb.com',
  kinds: ['MariaDB', 'MaxScale'],
  actions: suspendActions,
};
