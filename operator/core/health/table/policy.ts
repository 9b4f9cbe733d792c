import {
  condition,
  each,
  fewer,
  is,
  present,
  ready,
  waiting,
  words,
  type Project,
} from '../table-row.ts';

export const kyverno: Project = {
  name: 'Kyverno',
  docs: 'https://kyverno.io/docs/crds/',
  rows: [
    {
      groups: ['kyverno.io'],
      kinds: ['Policy', 'ClusterPolicy'],
      steps: [
        ...ready(),
        is('status.ready', true, 'Healthy'),
        is('status.ready', false, 'Degraded'),
        waiting('the policy to be ready'),
      ],
    },
    {
      groups: ['policies.kyverno.io'],
      kinds: [
        'DeletingPolicy',
        'GeneratingPolicy',
        'ImageValidatingPolicy',
        'MutatingPolicy',
        'ValidatingPolicy',
        'NamespacedDeletingPolicy',
        'NamespacedGeneratingPolicy',
        'NamespacedImageValidatingPolicy',
        'NamespacedMutatingPolicy',
        'NamespacedValidatingPolicy',
      ],
      steps: [
        is('status.conditionStatus.ready', true, 'Healthy'),
        present('status.conditionStatus.message', 'Progressing'),
        waiting('the policy to be ready'),
      ],
    },
    {
      groups: ['kyverno.io'],
      // The status of a clean-up says when it ran last, and nothing of how it is.
      kinds: ['CleanupPolicy', 'ClusterCleanupPolicy', 'PolicyException'],
      steps: [],
    },
    { groups: ['policies.kyverno.io'], kinds: ['PolicyException'], steps: [] },
  ],
};

export const gatekeeper: Project = {
  name: 'Gatekeeper',
  docs: 'https://open-policy-agent.github.io/gatekeeper/website/docs/',
  rows: [
    {
      groups: ['templates.gatekeeper.sh'],
      kinds: ['ConstraintTemplate'],
      steps: [
        each('status.byPod', [
          present('status.errors', 'Degraded', 'status.byPod has errors'),
          fewer('status.observedGeneration', 'metadata.generation', 'generations are observed'),
        ]),
        is('status.created', true, 'Healthy'),
        waiting('the kind of constraint to be made'),
      ],
    },
    {
      groups: ['constraints.gatekeeper.sh'],
      kinds: ['*'],
      steps: [
        each('status.byPod', [
          present('status.errors', 'Degraded', 'status.byPod has errors'),
          fewer('status.observedGeneration', 'metadata.generation', 'generations are observed'),
          is('status.enforced', true, 'Healthy'),
        ]),
        waiting('the constraint to be enforced'),
      ],
    },
  ],
};

export const openClusterManagement: Project = {
  name: 'Open Cluster Management',
  docs: 'https://open-cluster-management.io/docs/concepts/',
  rows: [
    {
      groups: ['policy.open-cluster-management.io'],
      kinds: ['Policy', 'PolicySet'],
      // Those that are placed on no cluster never get one.
      steps: [
        is('spec.disabled', true, 'Suspended', 'spec.disabled is true'),
        words(
          'status.compliant',
          { Healthy: ['Compliant'], Degraded: ['NonCompliant'], Progressing: ['Pending'] },
          [],
        ),
      ],
    },
    {
      groups: ['policy.open-cluster-management.io'],
      kinds: ['ConfigurationPolicy', 'CertificatePolicy', 'OperatorPolicy'],
      steps: [
        words(
          'status.compliant',
          {
            Healthy: ['Compliant'],
            Degraded: ['NonCompliant'],
            Progressing: ['Pending', 'Terminating'],
            Unknown: ['UnknownCompliancy'],
          },
          [],
        ),
        waiting('its compliance'),
      ],
    },
    {
      groups: ['work.open-cluster-management.io'],
      kinds: ['ManifestWork'],
      steps: [
        condition('Applied', 'False', 'Degraded'),
        condition('Degraded', 'True', 'Degraded'),
        ...ready('Available', 'Progressing'),
        waiting(),
      ],
    },
  ],
};

export const hierarchicalNamespaces: Project = {
  name: 'Hierarchical namespaces',
  docs: 'https://github.com/kubernetes-retired/hierarchical-namespaces',
  rows: [
    {
      groups: ['hnc.x-k8s.io'],
      kinds: ['SubnamespaceAnchor'],
      steps: [
        words(
          'status.status',
          { Healthy: ['Ok'], Progressing: ['Missing'], Degraded: ['Conflict', 'Forbidden'] },
          [],
        ),
        waiting(),
      ],
    },
  ],
};
