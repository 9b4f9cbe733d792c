import {
  absent,
  availableProgressingDegraded,
  condition,
  fewer,
  observed,
  otherwise,
  ready,
  waiting,
  words,
  type Project,
  type Step,
} from '../table-row.ts';

const deployed: readonly Step[] = [
  observed(),
  ...availableProgressingDegraded,
  words('status.phase', { Healthy: ['Deployed'], Degraded: ['Error'] }),
  waiting('the deployment'),
];

export const kubeVirt: Project = {
  name: 'KubeVirt',
  docs: 'https://kubevirt.io/api-reference/',
  rows: [
    {
      groups: ['kubevirt.io'],
      kinds: ['VirtualMachine'],
      steps: [
        observed(),
        condition('Failure', 'True', 'Degraded'),
        // Moving its volumes failed; until somebody helps it does not start.
        condition('ManualRecoveryRequired', 'True', 'Degraded'),
        condition('Paused', 'True', 'Suspended'),
        words('status.printableStatus', {
          Healthy: ['Running', 'Migrating'],
          Progressing: [
            'Provisioning',
            'Starting',
            'Stopping',
            'Terminating',
            'WaitingForVolumeBinding',
            'WaitingForReceiver',
          ],
          Degraded: [
            'CrashLoopBackOff',
            'ErrorUnschedulable',
            'ErrImagePull',
            'ImagePullBackOff',
            'ErrorPvcNotFound',
            'ErrorDataVolumeNotFound',
            'DataVolumeError',
          ],
          Suspended: ['Stopped', 'Paused'],
          Unknown: ['Unknown'],
        }),
        condition('Ready', 'True', 'Healthy'),
        condition('Ready', 'False', 'Progressing'),
        waiting(),
      ],
    },
    {
      groups: ['kubevirt.io'],
      kinds: ['VirtualMachineInstance'],
      steps: [
        condition('Paused', 'True', 'Suspended'),
        condition('Synchronized', 'False', 'Degraded'),
        words('status.phase', {
          Degraded: ['Failed'],
          Progressing: ['Pending', 'Scheduling', 'Scheduled', 'WaitingForSync'],
          Unknown: ['Unknown'],
        }),
        condition('Ready', 'False', 'Progressing', { exceptReasons: ['PodTerminating'] }),
        words('status.phase', { Healthy: ['Running', 'Succeeded'] }),
        waiting(),
      ],
    },
    {
      groups: ['kubevirt.io'],
      kinds: ['VirtualMachineInstanceMigration'],
      steps: [
        words('status.phase', { Healthy: ['Succeeded'], Degraded: ['Failed'] }),
        waiting('the migration'),
      ],
    },
    {
      groups: ['kubevirt.io'],
      kinds: ['VirtualMachineInstanceReplicaSet'],
      steps: [
        condition('ReplicaFailure', 'True', 'Degraded'),
        condition('ReplicaPaused', 'True', 'Suspended'),
        absent('status', 'Progressing', 'waiting for the first status'),
        fewer('status.readyReplicas', 'spec.replicas', 'instances are ready'),
        fewer('status.readyReplicas', 'status.replicas', 'instances are ready'),
        otherwise('Healthy'),
      ],
    },
    {
      groups: ['kubevirt.io'],
      kinds: ['KubeVirt'],
      steps: deployed,
    },
    { groups: ['cdi.kubevirt.io'], kinds: ['CDI'], steps: deployed },
    {
      groups: ['hco.kubevirt.io'],
      kinds: ['HyperConverged'],
      steps: [observed(), ...availableProgressingDegraded, waiting('the deployment')],
    },
    {
      groups: ['cdi.kubevirt.io'],
      kinds: ['DataVolume'],
      steps: [
        words('status.phase', {
          Healthy: ['Succeeded'],
          Degraded: ['Failed'],
          // Nobody uses it yet, or somebody stopped it.
          Suspended: ['WaitForFirstConsumer', 'PendingPopulation', 'Paused'],
          Unknown: ['Unknown'],
        }),
        waiting('the data'),
      ],
    },
    {
      groups: ['cdi.kubevirt.io'],
      kinds: ['DataSource', 'DataImportCron'],
      steps: [...ready('Ready', 'Progressing'), ...ready('UpToDate', 'Progressing'), waiting()],
    },
  ],
};

export const metal3: Project = {
  name: 'Metal³',
  docs: 'https://book.metal3.io/bmo/introduction',
  rows: [
    {
      groups: ['metal3.io'],
      kinds: ['BareMetalHost'],
      steps: [
        words(
          'status.operationalStatus',
          {
            Degraded: ['error'],
            // Of one that is discovered somebody has to say how to log in.
            Suspended: ['detached', 'discovered'],
            Progressing: ['delayed', 'servicing'],
          },
          ['status.errorMessage'],
        ),
        condition('Healthy', 'False', 'Degraded', { reasons: ['CriticalError'] }),
        words(
          'status.provisioning.state',
          {
            Healthy: ['available', 'provisioned', 'externally provisioned', 'ready'],
            // Too little is said of it to register it.
            Suspended: ['unmanaged'],
            Progressing: [
              'registering',
              'match profile',
              'inspecting',
              'preparing',
              'provisioning',
              'deprovisioning',
              'deleting',
              'powering off before delete',
            ],
          },
          [],
        ),
        waiting(),
      ],
    },
  ],
};

export const nvidia: Project = {
  name: 'NVIDIA GPU operator',
  docs: 'https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/',
  rows: [
    {
      groups: ['nvidia.com'],
      kinds: ['ClusterPolicy', 'NVIDIADriver'],
      steps: [
        condition('Error', 'True', 'Degraded', { exceptReasons: ['OperandNotReady'] }),
        words('status.state', {
          Healthy: ['ready'],
          Progressing: ['notReady'],
          Degraded: ['ignored'],
          Suspended: ['disabled'],
        }),
        waiting(),
      ],
    },
  ],
};
