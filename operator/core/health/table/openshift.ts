import {
  availableProgressingDegraded,
  condition,
  each,
  fewer,
  mustObserve,
  observed,
  otherwise,
  suspended,
  waiting,
  words,
  type Project,
} from '../table-row.ts';

export const openShift: Project = {
  name: 'OpenShift',
  docs: 'https://docs.redhat.com/en/documentation/openshift_container_platform/latest',
  rows: [
    {
      groups: ['route.openshift.io'],
      kinds: ['Route'],
      steps: [
        each('status.ingress', [
          condition('Admitted', 'False', 'Degraded'),
          condition('Admitted', 'True', 'Healthy'),
          waiting('the router to admit it'),
        ]),
        waiting('a router to admit it'),
      ],
    },
    {
      groups: ['apps.openshift.io'],
      kinds: ['DeploymentConfig'],
      steps: [
        suspended('spec.paused'),
        mustObserve(),
        condition('Progressing', 'False', 'Degraded'),
        condition('ReplicaFailure', 'True', 'Degraded'),
        fewer('status.updatedReplicas', 'spec.replicas', 'new replicas are updated'),
        fewer('status.availableReplicas', 'spec.replicas', 'replicas are available'),
        otherwise('Healthy'),
      ],
    },
    {
      groups: ['build.openshift.io'],
      kinds: ['Build'],
      steps: [
        words('status.phase', {
          Healthy: ['Complete'],
          Progressing: ['New', 'Pending', 'Running'],
          Degraded: ['Failed', 'Error', 'Cancelled'],
        }),
        waiting(),
      ],
    },
    {
      groups: ['config.openshift.io'],
      kinds: ['ClusterOperator', 'ClusterVersion'],
      steps: [
        condition('Failing', 'True', 'Degraded'),
        condition('Invalid', 'True', 'Degraded'),
        ...availableProgressingDegraded,
        waiting(),
      ],
    },
    {
      groups: ['operator.openshift.io'],
      kinds: ['*'],
      steps: [observed(), ...availableProgressingDegraded],
    },
    {
      groups: ['machineconfiguration.openshift.io'],
      kinds: ['MachineConfigPool'],
      steps: [
        condition('Degraded', 'True', 'Degraded'),
        suspended('spec.paused'),
        observed(),
        condition('Updating', 'True', 'Progressing'),
        condition('Updated', 'True', 'Healthy'),
        waiting('the machines to be updated'),
      ],
    },
  ],
};

export const operatorLifecycleManager: Project = {
  name: 'Operator Lifecycle Manager',
  docs: 'https://olm.operatorframework.io/docs/concepts/crds/',
  rows: [
    {
      groups: ['operators.coreos.com'],
      kinds: ['Subscription'],
      steps: [
        condition('CatalogSourcesUnhealthy', 'True', 'Degraded'),
        condition('ResolutionFailed', 'True', 'Degraded'),
        condition('InstallPlanFailed', 'True', 'Degraded'),
        condition('BundleUnpackFailed', 'True', 'Degraded'),
        condition('InstallPlanMissing', 'True', 'Degraded'),
        // Somebody has to approve it.
        condition('InstallPlanPending', 'True', 'Suspended', { reasons: ['RequiresApproval'] }),
        condition('InstallPlanPending', 'True', 'Progressing'),
        words('status.state', {
          Healthy: ['AtLatestKnown'],
          Progressing: ['UpgradeAvailable', 'UpgradePending'],
          Degraded: ['UpgradeFailed'],
        }),
        waiting('the operator to be installed'),
      ],
    },
    {
      groups: ['operators.coreos.com'],
      kinds: ['ClusterServiceVersion'],
      steps: [
        words('status.phase', {
          Healthy: ['Succeeded'],
          Progressing: ['Pending', 'InstallReady', 'Installing', 'Replacing', 'Deleting'],
          Degraded: ['Failed'],
          Unknown: ['Unknown'],
        }),
        waiting(),
      ],
    },
    {
      groups: ['operators.coreos.com'],
      kinds: ['InstallPlan'],
      steps: [
        words('status.phase', {
          Healthy: ['Complete'],
          Progressing: ['Planning', 'Installing'],
          Degraded: ['Failed'],
          Suspended: ['RequiresApproval'],
        }),
        waiting(),
      ],
    },
    {
      groups: ['operators.coreos.com'],
      kinds: ['CatalogSource'],
      steps: [
        words('status.connectionState.lastObservedState', {
          Healthy: ['READY'],
          Progressing: ['CONNECTING', 'IDLE'],
          Degraded: ['TRANSIENT_FAILURE', 'SHUTDOWN'],
        }),
        waiting('the catalogue to be reached'),
      ],
    },
    { groups: ['operators.coreos.com'], kinds: ['OperatorGroup', 'OperatorCondition'], steps: [] },
    {
      groups: ['olm.operatorframework.io'],
      kinds: ['ClusterExtension', 'ClusterCatalog'],
      steps: [
        condition('Progressing', 'False', 'Degraded', {
          reasons: ['Blocked', 'InvalidConfiguration', 'ProgressDeadlineExceeded'],
        }),
        condition('Progressing', 'True', 'Degraded', { reasons: ['Retrying'] }),
        condition('Progressing', 'True', 'Progressing', { reasons: ['RollingOut'] }),
        condition('Installed', 'True', 'Healthy'),
        condition('Serving', 'True', 'Healthy'),
        waiting('the installation'),
      ],
    },
  ],
};
