import {
  absent,
  condition,
  is,
  present,
  suspended,
  waiting,
  words,
  type Project,
} from '../table-row.ts';

export const velero: Project = {
  name: 'Velero',
  docs: 'https://velero.io/docs/main/api-types/',
  rows: [
    {
      groups: ['velero.io'],
      kinds: [
        'Backup',
        'Restore',
        'PodVolumeBackup',
        'PodVolumeRestore',
        'DataUpload',
        'DataDownload',
      ],
      steps: [
        words(
          'status.phase',
          {
            Healthy: ['Completed'],
            Progressing: [
              'New',
              'Queued',
              'ReadyToStart',
              'Accepted',
              'Prepared',
              'InProgress',
              'WaitingForPluginOperations*',
              'Finalizing*',
              'Canceling',
              'Deleting',
            ],
            Degraded: ['PartiallyFailed', 'Failed', 'FailedValidation', 'Canceled'],
          },
          ['status.failureReason', 'status.message'],
        ),
        waiting(),
      ],
    },
    {
      groups: ['velero.io'],
      kinds: ['Schedule'],
      steps: [
        suspended('spec.paused'),
        words('status.phase', {
          Healthy: ['Enabled'],
          Progressing: ['New'],
          Degraded: ['FailedValidation'],
        }),
        waiting(),
      ],
    },
    {
      groups: ['velero.io'],
      kinds: ['BackupStorageLocation', 'BackupRepository'],
      steps: [
        words('status.phase', {
          Healthy: ['Available', 'Ready'],
          Progressing: ['New'],
          Degraded: ['Unavailable', 'NotReady'],
        }),
        waiting(),
      ],
    },
    { groups: ['velero.io'], kinds: ['VolumeSnapshotLocation'], steps: [] },
  ],
};

export const volumeSnapshots: Project = {
  name: 'CSI snapshots',
  docs: 'https://kubernetes-csi.github.io/docs/snapshot-restore-feature.html',
  rows: [
    {
      groups: ['snapshot.storage.k8s.io'],
      kinds: ['VolumeSnapshot', 'VolumeSnapshotContent'],
      steps: [
        present('status.error.message', 'Degraded'),
        present('status.error', 'Degraded'),
        is('status.readyToUse', true, 'Healthy'),
        waiting('the snapshot to be ready'),
      ],
    },
    {
      groups: ['groupsnapshot.storage.k8s.io'],
      kinds: ['VolumeGroupSnapshot', 'VolumeGroupSnapshotContent'],
      steps: [
        present('status.error.message', 'Degraded'),
        present('status.error', 'Degraded'),
        is('status.readyToUse', true, 'Healthy'),
        waiting('the snapshots to be ready'),
      ],
    },
    {
      groups: ['snapshot.storage.k8s.io', 'groupsnapshot.storage.k8s.io'],
      kinds: ['*'],
      steps: [],
    },
  ],
};

export const k8up: Project = {
  name: 'K8up',
  docs: 'https://docs.k8up.io/k8up/references/status.html',
  rows: [
    {
      groups: ['k8up.io'],
      kinds: ['Backup', 'Restore', 'Archive', 'Check', 'Prune'],
      steps: [
        condition('PreBackupPodReady', 'False', 'Degraded', {
          exceptReasons: ['Succeeded', 'Waiting', 'NoPreBackupPodsFound', 'Ready'],
        }),
        condition('Completed', 'True', 'Degraded', { exceptReasons: ['Succeeded'] }),
        condition('Completed', 'True', 'Healthy'),
        waiting('its job to complete'),
      ],
    },
  ],
};

export const volSync: Project = {
  name: 'VolSync',
  docs: 'https://volsync.readthedocs.io/en/stable/usage/index.html',
  rows: [
    {
      groups: ['volsync.backube'],
      kinds: ['ReplicationSource', 'ReplicationDestination'],
      steps: [
        suspended('spec.paused'),
        condition('Synchronizing', 'False', 'Degraded', { reasons: ['Error'] }),
        words('status.latestMoverStatus.result', { Degraded: ['Failed'] }, []),
        condition('Synchronizing', 'False', 'Healthy'),
        absent('status.lastSyncTime', 'Progressing', 'waiting for the first sync'),
        condition('Synchronizing', 'True', 'Healthy'),
      ],
    },
  ],
};
