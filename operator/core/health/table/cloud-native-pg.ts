import {
  condition,
  fewer,
  is,
  mustObserve,
  otherwise,
  present,
  ready,
  suspended,
  waiting,
  words,
  type Project,
} from '../table-row.ts';

export const cloudNativePg: Project = {
  name: 'CloudNativePG',
  docs: 'https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/',
  rows: [
    {
      groups: ['postgresql.cnpg.io'],
      kinds: ['Cluster'],
      steps: [
        condition('cnpg.io/hibernation', 'True', 'Suspended'),
        words(
          'status.phase',
          {
            Healthy: ['Cluster in healthy state'],
            Suspended: ['Waiting for user action'],
            Degraded: [
              'Cluster is unrecoverable*',
              'Cluster is in an unrecoverable state*',
              'Not enough disk space',
              'Cluster cannot execute instance online upgrade due to missing architecture binary',
              'Cluster has incomplete or invalid image catalog',
              'Cluster cannot proceed to reconciliation*',
              'Unable to create required cluster objects',
              'Invalid cluster definition',
            ],
            Progressing: ['*'],
          },
          ['status.phaseReason', 'status.phase'],
        ),
        ...ready('Ready', 'Progressing'),
        waiting(),
      ],
    },
    {
      groups: ['postgresql.cnpg.io'],
      kinds: ['Backup'],
      steps: [
        words(
          'status.phase',
          {
            Healthy: ['completed'],
            Progressing: ['new', 'pending', 'started', 'running', 'finalizing'],
            Degraded: ['failed', 'walArchivingFailing'],
          },
          ['status.error'],
        ),
        waiting(),
      ],
    },
    {
      groups: ['postgresql.cnpg.io'],
      kinds: ['ScheduledBackup'],
      steps: [suspended(), otherwise('Healthy')],
    },
    {
      groups: ['postgresql.cnpg.io'],
      kinds: ['Pooler'],
      steps: [fewer('status.instances', 'spec.instances', 'instances exist'), otherwise('Healthy')],
    },
    {
      groups: ['postgresql.cnpg.io'],
      kinds: ['Database', 'Publication', 'Subscription'],
      steps: [
        mustObserve(),
        is('status.applied', true, 'Healthy'),
        present('status.message', 'Degraded'),
        is('status.applied', false, 'Degraded'),
        waiting(),
      ],
    },
    {
      groups: ['postgresql.cnpg.io'],
      kinds: ['ImageCatalog', 'ClusterImageCatalog'],
      steps: [],
    },
  ],
};
