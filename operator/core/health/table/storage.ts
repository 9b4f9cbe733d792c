import {
  absent,
  condition,
  is,
  observed,
  present,
  waiting,
  words,
  type Project,
} from '../table-row.ts';

export const longhorn: Project = {
  name: 'Longhorn',
  docs: 'https://longhorn.io/docs/latest/',
  rows: [
    {
      groups: ['longhorn.io'],
      kinds: ['Volume'],
      steps: [
        words('status.robustness', { Degraded: ['faulted', 'degraded'] }, []),
        condition('Scheduled', 'False', 'Degraded'),
        condition('WaitForBackingImage', 'True', 'Degraded', {
          reasons: ['GetBackingImageFailed'],
        }),
        condition('WaitForBackingImage', 'True', 'Progressing'),
        words(
          'status.state',
          {
            Healthy: ['attached', 'detached'],
            Progressing: ['creating', 'attaching', 'detaching', 'deleting'],
          },
          [],
        ),
        waiting(),
      ],
    },
    {
      groups: ['longhorn.io'],
      kinds: ['Node'],
      steps: [
        condition('Ready', 'False', 'Degraded'),
        condition('Schedulable', 'False', 'Suspended', { reasons: ['KubernetesNodeCordoned'] }),
        condition('Schedulable', 'False', 'Degraded'),
        condition('Ready', 'True', 'Healthy'),
        waiting(),
      ],
    },
    {
      groups: ['longhorn.io'],
      kinds: ['Backup', 'Snapshot', 'SystemBackup', 'SystemRestore'],
      steps: [
        words(
          'status.state',
          {
            Healthy: ['Completed', 'Ready'],
            Progressing: [
              'New',
              'Pending',
              'InProgress',
              // Of backups of the whole system.
              'Generating',
              'CreatingVolumeBackups',
              'CreatingBackingImageBackups',
              'Uploading',
              'Syncing',
              // Of their restores.
              'Initializing',
              'Downloading',
              'Unpacking',
              'Restoring',
              'Deleting',
            ],
            Degraded: ['Error', 'Unknown'],
          },
          ['status.error'],
        ),
        is('status.readyToUse', true, 'Healthy'),
        present('status.error', 'Degraded'),
        waiting(),
      ],
    },
    {
      groups: ['longhorn.io'],
      kinds: ['BackupTarget'],
      steps: [
        // One without a URL is switched off, and says of itself that it is not available.
        absent('spec.backupTargetURL', 'Healthy', 'no backup target'),
        condition('Unavailable', 'True', 'Degraded'),
        is('status.available', true, 'Healthy'),
        waiting('the target to be reached'),
      ],
    },
    {
      groups: ['longhorn.io'],
      kinds: ['EngineImage'],
      steps: [
        words(
          'status.state',
          {
            Healthy: ['deployed'],
            Progressing: ['deploying'],
            Degraded: ['incompatible', 'error'],
          },
          [],
        ),
        waiting(),
      ],
    },
  ],
};

export const rook: Project = {
  name: 'Rook',
  docs: 'https://rook.io/docs/rook/latest/CRDs/specification/',
  rows: [
    {
      groups: ['ceph.rook.io'],
      kinds: ['CephCluster'],
      steps: [
        observed(),
        words('status.state', { Degraded: ['Error'] }),
        words('status.phase', {
          Degraded: ['Failure'],
          Progressing: ['Progressing', 'Connecting', 'Deleting', ''],
        }),
        words('status.ceph.health', {
          Healthy: ['HEALTH_OK'],
          Degraded: ['HEALTH_WARN', 'HEALTH_ERR'],
        }),
        words('status.phase', { Healthy: ['Connected'] }),
        waiting('the health of Ceph'),
      ],
    },
    // No controller writes a status of them.
    { groups: ['ceph.rook.io'], kinds: ['CephBucketNotification', 'CephCOSIDriver'], steps: [] },
    {
      groups: ['ceph.rook.io'],
      kinds: ['*'],
      steps: [
        observed(),
        words('status.phase', {
          Healthy: ['Ready', 'Connected'],
          Progressing: ['Progressing', 'Processing', 'Reconciling', 'Connecting', 'Deleting'],
          Degraded: ['Failure', 'Failed', 'ReconcileFailed', 'DeletionIsBlocked'],
        }),
        waiting(),
      ],
    },
    {
      groups: ['objectbucket.io'],
      kinds: ['ObjectBucketClaim'],
      steps: [
        words('status.phase', {
          Healthy: ['Bound'],
          Progressing: ['Pending'],
          Degraded: ['Released', 'Failed'],
        }),
        waiting(),
      ],
    },
  ],
};

export const minio: Project = {
  name: 'MinIO',
  docs: 'https://min.io/docs/minio/kubernetes/upstream/reference/operator-crd.html',
  rows: [
    {
      groups: ['minio.min.io'],
      kinds: ['Tenant'],
      steps: [
        words(
          'status.currentState',
          {
            Progressing: ['Waiting *', 'Provisioning *', 'Restarting *', 'Updating *'],
            Degraded: [
              'Another MinIO Tenant already exists in the namespace',
              'Different versions across MinIO Pools',
              'Pool Decommissioning Not Allowed',
              'Statefulset not controlled by operator',
              'Tenant credentials are not set properly',
            ],
          },
          ['status.currentState'],
        ),
        // Offline or without a quorum; and with some drives offline.
        words('status.healthStatus', { Degraded: ['red', 'yellow'] }, []),
        words('status.currentState', { Healthy: ['Initialized'] }, []),
        waiting(),
      ],
    },
  ],
};
