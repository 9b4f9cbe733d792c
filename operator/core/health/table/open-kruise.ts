import {
  condition,
  fewer,
  is,
  mustObserve,
  observed,
  otherwise,
  present,
  suspended,
  waiting,
  words,
  type Project,
} from '../table-row.ts';

export const openKruise: Project = {
  name: 'OpenKruise',
  docs: 'https://openkruise.io/docs/user-manuals/cloneset',
  rows: [
    {
      groups: ['apps.kruise.io'],
      kinds: ['CloneSet'],
      steps: [
        suspended('spec.updateStrategy.paused'),
        mustObserve(),
        condition('FailedScale', 'True', 'Degraded'),
        condition('FailedUpdate', 'True', 'Degraded'),
        fewer('status.replicas', 'spec.replicas', 'replicas exist'),
        fewer('status.updatedReplicas', 'status.expectedUpdatedReplicas', 'replicas are updated'),
        fewer('status.availableReplicas', 'spec.replicas', 'replicas are available'),
        otherwise('Healthy'),
      ],
    },
    {
      groups: ['apps.kruise.io'],
      kinds: ['StatefulSet'],
      steps: [
        suspended('spec.updateStrategy.rollingUpdate.paused'),
        mustObserve(),
        condition('FailedCreatePod', 'True', 'Degraded'),
        condition('FailedUpdatePod', 'True', 'Degraded'),
        fewer('status.readyReplicas', 'spec.replicas', 'replicas are ready'),
        is('spec.updateStrategy.type', 'OnDelete', 'Healthy'),
        // With a partition some are meant to stay behind.
        present('spec.updateStrategy.rollingUpdate.partition', 'Healthy', 'partitioned roll out'),
        fewer('status.updatedReplicas', 'spec.replicas', 'replicas are updated'),
        otherwise('Healthy'),
      ],
    },
    {
      groups: ['apps.kruise.io'],
      kinds: ['DaemonSet'],
      steps: [
        suspended('spec.updateStrategy.rollingUpdate.paused'),
        mustObserve(),
        fewer('status.numberAvailable', 'status.desiredNumberScheduled', 'Pods are available'),
        is('spec.updateStrategy.type', 'OnDelete', 'Healthy'),
        present('spec.updateStrategy.rollingUpdate.partition', 'Healthy', 'partitioned roll out'),
        fewer('status.updatedNumberScheduled', 'status.desiredNumberScheduled', 'Pods are updated'),
        otherwise('Healthy'),
      ],
    },
    {
      groups: ['apps.kruise.io'],
      kinds: ['SidecarSet'],
      steps: [
        suspended('spec.updateStrategy.paused'),
        mustObserve(),
        fewer('status.readyPods', 'status.matchedPods', 'Pods are ready'),
        // Each of these leaves Pods behind on purpose.
        is('spec.updateStrategy.type', 'NotUpdate', 'Healthy'),
        present('spec.updateStrategy.partition', 'Healthy', 'partitioned roll out'),
        present('spec.updateStrategy.selector', 'Healthy', 'some Pods are chosen'),
        fewer('status.updatedPods', 'status.matchedPods', 'Pods are updated'),
        otherwise('Healthy'),
      ],
    },
    {
      groups: ['apps.kruise.io'],
      kinds: ['UnitedDeployment'],
      steps: [
        mustObserve(),
        fewer('status.readyReplicas', 'spec.replicas', 'replicas are ready'),
        present('spec.updateStrategy.manualUpdate.partitions', 'Healthy', 'partitioned roll out'),
        fewer('status.updatedReplicas', 'spec.replicas', 'replicas are updated'),
        otherwise('Healthy'),
      ],
    },
    {
      groups: ['apps.kruise.io'],
      kinds: ['BroadcastJob'],
      steps: [
        words('status.phase', {
          Healthy: ['completed'],
          Progressing: ['running'],
          Degraded: ['failed'],
          Suspended: ['paused'],
        }),
        condition('Failed', 'True', 'Degraded'),
        condition('Complete', 'True', 'Healthy'),
        waiting(),
      ],
    },
    {
      groups: ['apps.kruise.io'],
      kinds: ['AdvancedCronJob'],
      // As with a CronJob, one that is suspended on purpose has nothing to wait for.
      steps: [is('spec.paused', true, 'Healthy', 'suspended'), otherwise('Healthy')],
    },
    {
      groups: ['apps.kruise.io'],
      kinds: ['ImagePullJob', 'ImageListPullJob'],
      steps: [
        present('status.failedNodes', 'Degraded', 'some nodes cannot pull the image'),
        present('status.failedImageStatuses', 'Degraded', 'some images cannot be pulled'),
        present('status.completionTime', 'Healthy'),
        fewer('status.succeeded', 'status.desired', 'are pulled'),
        // One that is never to complete goes on with nodes that come later.
        present('status.startTime', 'Healthy'),
        waiting('the nodes to pull the image'),
      ],
    },
    {
      groups: ['rollouts.kruise.io'],
      kinds: ['Rollout'],
      steps: [
        observed(),
        words('status.canaryStatus.currentStepState', { Suspended: ['StepPaused'] }),
        words('status.blueGreenStatus.currentStepState', { Suspended: ['StepPaused'] }),
        words('status.phase', {
          Healthy: ['Healthy'],
          Progressing: ['Initial', 'Progressing', 'Terminating', 'Disabling'],
          Suspended: ['Disabled'],
        }),
        waiting(),
      ],
    },
  ],
};
