import {
  condition,
  is,
  observed,
  present,
  ready,
  suspended,
  waiting,
  words,
  type Project,
  type Step,
} from '../table-row.ts';

/** Both contracts: v1beta1 has severities and a failure message, v1beta2 `Available` and no severities. */
const machinery: readonly Step[] = [
  suspended('spec.paused'),
  condition('Paused', 'True', 'Suspended'),
  observed(),
  present('status.failureMessage', 'Degraded'),
  words('status.phase', { Degraded: ['Failed'] }, ['status.failureReason']),
  condition('Ready', 'False', 'Degraded', { severity: 'Error' }),
  condition('Ready', 'False', 'Progressing'),
  condition('Available', 'False', 'Progressing'),
  condition('Ready', 'Unknown', 'Progressing'),
  condition('Available', 'Unknown', 'Progressing'),
];

export const clusterApi: Project = {
  name: 'Cluster API',
  docs: 'https://cluster-api.sigs.k8s.io/reference/api/',
  rows: [
    {
      groups: ['cluster.x-k8s.io'],
      kinds: ['Cluster'],
      steps: [
        ...machinery,
        words('status.phase', {
          Progressing: ['Pending', 'Provisioning', 'Deleting', 'Unknown'],
        }),
        condition('Ready', 'True', 'Healthy'),
        condition('Available', 'True', 'Healthy'),
        words('status.phase', { Healthy: ['Provisioned'] }),
        waiting(),
      ],
    },
    {
      groups: ['cluster.x-k8s.io'],
      kinds: ['Machine', 'MachineDeployment', 'MachinePool', 'MachineSet'],
      steps: [
        ...machinery,
        words('status.phase', {
          Progressing: [
            'Pending',
            'Provisioning',
            // There is a machine, and no node yet.
            'Provisioned',
            'ScalingUp',
            'ScalingDown',
            'Scaling',
            'Updating',
            'Deleting',
            'Deleted',
            'Unknown',
          ],
        }),
        condition('Ready', 'True', 'Healthy'),
        condition('Available', 'True', 'Healthy'),
        words('status.phase', { Healthy: ['Running'] }),
        waiting(),
      ],
    },
    {
      groups: ['cluster.x-k8s.io'],
      kinds: ['MachineHealthCheck'],
      steps: [suspended('spec.paused'), observed(), ...ready('RemediationAllowed'), waiting()],
    },
    {
      groups: ['cluster.x-k8s.io'],
      kinds: ['ClusterClass'],
      steps: [
        observed(),
        condition('VariablesReconciled', 'False', 'Degraded'),
        condition('VariablesReady', 'False', 'Degraded'),
        condition('RefVersionsUpToDate', 'False', 'Degraded'),
        condition('VariablesReconciled', 'True', 'Healthy'),
        condition('VariablesReady', 'True', 'Healthy'),
      ],
    },
    {
      groups: ['addons.cluster.x-k8s.io'],
      kinds: ['ClusterResourceSet'],
      steps: [
        condition('ResourcesApplied', 'False', 'Degraded', { severity: 'Error' }),
        condition('ResourcesApplied', 'False', 'Progressing'),
        condition('ResourcesApplied', 'True', 'Healthy'),
        condition('ResourceSetApplied', 'True', 'Healthy'),
      ],
    },
    {
      groups: ['*.cluster.x-k8s.io'],
      kinds: ['*'],
      // Of providers: their templates and identities never get a status.
      steps: [
        ...machinery,
        condition('Ready', 'True', 'Healthy'),
        condition('Available', 'True', 'Healthy'),
        is('status.ready', true, 'Healthy'),
        is('status.initialization.provisioned', true, 'Healthy'),
        is('status.ready', false, 'Progressing'),
      ],
    },
  ],
};
