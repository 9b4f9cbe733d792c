import { condition, is, ready, suspended, waiting, type Project, type Step } from '../table-row.ts';

export const keda: Project = {
  name: 'KEDA',
  docs: 'https://keda.sh/docs/latest/reference/scaledobject-spec/',
  rows: [
    {
      groups: ['keda.sh'],
      kinds: ['ScaledObject', 'ScaledJob'],
      steps: [
        condition('Paused', 'True', 'Suspended'),
        condition('Ready', 'False', 'Degraded'),
        condition('Fallback', 'True', 'Degraded'),
        condition('Ready', 'True', 'Healthy'),
        waiting(),
      ],
    },
    {
      groups: ['keda.sh'],
      kinds: ['TriggerAuthentication', 'ClusterTriggerAuthentication'],
      steps: [],
    },
    { groups: ['http.keda.sh'], kinds: ['HTTPScaledObject'], steps: [...ready(), waiting()] },
  ],
};

export const karpenter: Project = {
  name: 'Karpenter',
  docs: 'https://karpenter.sh/docs/concepts/',
  rows: [
    {
      groups: ['karpenter.sh'],
      kinds: ['NodeClaim'],
      steps: [
        condition('Launched', 'False', 'Degraded'),
        // Older ones say so while the node has not come; newer ones that it is unknown.
        condition('Registered', 'False', 'Degraded', { exceptReasons: ['NodeNotFound'] }),
        condition('ConsistentStateFound', 'False', 'Degraded'),
        ...ready('Ready', 'Progressing'),
        waiting('the node'),
      ],
    },
    {
      groups: ['karpenter.sh'],
      kinds: ['NodePool', 'NodeOverlay'],
      steps: [...ready(), waiting()],
    },
    { groups: ['karpenter.k8s.aws'], kinds: ['EC2NodeClass'], steps: [...ready(), waiting()] },
    { groups: ['karpenter.azure.com'], kinds: ['AKSNodeClass'], steps: [...ready(), waiting()] },
  ],
};

export const verticalPodAutoscaler: Project = {
  name: 'Vertical Pod Autoscaler',
  docs: 'https://github.com/kubernetes/autoscaler/tree/master/vertical-pod-autoscaler',
  rows: [
    {
      groups: ['autoscaling.k8s.io'],
      kinds: ['VerticalPodAutoscaler'],
      steps: [
        condition('ConfigUnsupported', 'True', 'Degraded'),
        condition('RecommendationProvided', 'True', 'Healthy'),
      ],
    },
  ],
};

const stopped: readonly Step[] = [
  is('spec.stopPolicy', 'Hold', 'Suspended', 'spec.stopPolicy is Hold'),
  is('spec.stopPolicy', 'HoldAndDrain', 'Suspended', 'spec.stopPolicy is HoldAndDrain'),
];

export const kueue: Project = {
  name: 'Kueue',
  docs: 'https://kueue.sigs.k8s.io/docs/reference/kueue.v1beta1/',
  rows: [
    {
      groups: ['kueue.x-k8s.io'],
      kinds: ['ClusterQueue'],
      steps: [...stopped, ...ready('Active'), waiting()],
    },
    {
      groups: ['kueue.x-k8s.io'],
      kinds: ['LocalQueue', 'AdmissionCheck'],
      steps: [...stopped, ...ready('Active'), waiting()],
    },
    {
      groups: ['kueue.x-k8s.io'],
      kinds: ['MultiKueueCluster'],
      steps: [...ready('Active'), waiting('the cluster to be reached')],
    },
    {
      groups: ['kueue.x-k8s.io'],
      kinds: ['Workload'],
      steps: [
        condition('Finished', 'True', 'Degraded', {
          reasons: ['Failed', 'AdmissionChecksRejected', 'OutOfSync'],
        }),
        condition('Finished', 'True', 'Healthy'),
        condition('Evicted', 'True', 'Degraded', {
          reasons: [
            'DeactivatedDueToAdmissionCheck',
            'DeactivatedDueToMaximumExecutionTimeExceeded',
            'DeactivatedDueToRequeuingLimitExceeded',
          ],
        }),
        is('spec.active', false, 'Suspended', 'spec.active is false'),
        condition('Evicted', 'True', 'Suspended', {
          reasons: ['ClusterQueueStopped', 'LocalQueueStopped', 'Deactivated'],
        }),
        // Back in the queue, by itself.
        condition('Evicted', 'True', 'Progressing'),
        condition('Admitted', 'True', 'Healthy'),
        waiting('admission'),
      ],
    },
  ],
};

export const jobSets: Project = {
  name: 'JobSet and LeaderWorkerSet',
  docs: 'https://jobset.sigs.k8s.io/docs/reference/jobset.v1alpha2/',
  rows: [
    {
      groups: ['jobset.x-k8s.io'],
      kinds: ['JobSet'],
      steps: [
        condition('Failed', 'True', 'Degraded'),
        condition('Completed', 'True', 'Healthy'),
        condition('Suspended', 'True', 'Suspended'),
        suspended(),
        waiting('its jobs to complete'),
      ],
    },
    {
      groups: ['leaderworkerset.x-k8s.io'],
      kinds: ['LeaderWorkerSet'],
      steps: [
        condition('UpdateInProgress', 'True', 'Progressing'),
        condition('Available', 'True', 'Healthy'),
        condition('Progressing', 'True', 'Progressing'),
        waiting('its groups'),
      ],
    },
  ],
};
