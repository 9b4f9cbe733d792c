import {
  availableProgressingDegraded,
  condition,
  each,
  ready,
  waiting,
  words,
  type Project,
} from '../table-row.ts';

export const metalLb: Project = {
  name: 'MetalLB',
  docs: 'https://metallb.io/apis/',
  rows: [
    {
      groups: ['metallb.io'],
      kinds: [
        'AddressPool',
        'BFDProfile',
        'BGPAdvertisement',
        'BGPPeer',
        'Community',
        'IPAddressPool',
        'L2Advertisement',
      ],
      // Read by the speakers, who write no health of them; of pools how many addresses are left.
      steps: [],
    },
    {
      groups: ['metallb.io'],
      kinds: ['ConfigurationState'],
      steps: [
        words(
          'status.result',
          { Healthy: ['Valid'], Degraded: ['Invalid'], Progressing: ['Unknown'] },
          ['status.lastError'],
        ),
        waiting(),
      ],
    },
    {
      groups: ['metallb.io'],
      kinds: ['MetalLB'],
      steps: [...availableProgressingDegraded, waiting()],
    },
  ],
};

export const contour: Project = {
  name: 'Contour',
  docs: 'https://projectcontour.io/docs/main/config/api/',
  rows: [
    {
      groups: ['projectcontour.io'],
      kinds: ['HTTPProxy', 'ExtensionService'],
      steps: [
        condition('Valid', 'False', 'Degraded'),
        words(
          'status.currentStatus',
          { Degraded: ['invalid', 'orphaned'], Progressing: ['NotReconciled'] },
          ['status.description'],
        ),
        condition('Valid', 'True', 'Healthy'),
        words('status.currentStatus', { Healthy: ['valid'] }, ['status.description']),
        waiting('Contour to read it'),
      ],
    },
    {
      groups: ['projectcontour.io'],
      kinds: ['TLSCertificateDelegation', 'ContourConfiguration'],
      // Contour only says so of those that it reads.
      steps: [condition('Valid', 'False', 'Degraded'), condition('Valid', 'True', 'Healthy')],
    },
  ],
};

export const cilium: Project = {
  name: 'Cilium',
  docs: 'https://docs.cilium.io/en/stable/network/kubernetes/policy/',
  rows: [
    {
      groups: ['cilium.io'],
      kinds: ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'],
      // Older agents say nothing of a policy.
      steps: [condition('Valid', 'False', 'Degraded'), condition('Valid', 'True', 'Healthy')],
    },
    {
      groups: ['cilium.io'],
      kinds: ['CiliumLoadBalancerIPPool'],
      steps: [
        condition('cilium.io/PoolConflict', 'True', 'Degraded'),
        condition('cilium.io/PoolConflict', 'False', 'Healthy'),
        // As it was called first.
        condition('io.cilium/conflict', 'True', 'Degraded'),
        condition('io.cilium/conflict', 'False', 'Healthy'),
      ],
    },
  ],
};

export const emissary: Project = {
  name: 'Emissary',
  docs: 'https://www.getambassador.io/docs/emissary/latest/topics/running/host-crd',
  rows: [
    {
      groups: ['getambassador.io'],
      kinds: ['Host', 'Mapping'],
      steps: [
        words(
          'status.state',
          {
            Healthy: ['Ready', 'Running'],
            Progressing: ['Initial', 'Pending'],
            Degraded: ['Error', 'Inactive'],
          },
          ['status.errorReason', 'status.reason'],
        ),
      ],
    },
  ],
};

export const nginx: Project = {
  name: 'NGINX Ingress Controller',
  docs: 'https://docs.nginx.com/nginx-ingress-controller/configuration/',
  rows: [
    {
      groups: ['k8s.nginx.org'],
      kinds: ['VirtualServer', 'VirtualServerRoute', 'TransportServer', 'Policy'],
      steps: [
        words('status.state', { Healthy: ['Valid'], Degraded: ['Invalid', 'Warning'] }),
        // Who does not ask for statuses gets none.
      ],
    },
  ],
};

export const consul: Project = {
  name: 'Consul',
  docs: 'https://developer.hashicorp.com/consul/docs/k8s/crds',
  rows: [
    {
      groups: ['consul.hashicorp.com'],
      kinds: ['*'],
      steps: [...ready('Synced')],
    },
  ],
};

export const calico: Project = {
  name: 'Tigera operator',
  docs: 'https://docs.tigera.io/calico/latest/reference/installation/api',
  rows: [
    {
      groups: ['operator.tigera.io'],
      kinds: ['*'],
      steps: [
        condition('Degraded', 'True', 'Degraded'),
        condition('Progressing', 'True', 'Progressing'),
        condition('Available', 'True', 'Healthy'),
        condition('Available', 'False', 'Progressing'),
        condition('Ready', 'True', 'Healthy'),
        condition('Ready', 'False', 'Progressing'),
      ],
    },
  ],
};

export const gkeNetworking: Project = {
  name: 'GKE managed certificates',
  docs: 'https://cloud.google.com/kubernetes-engine/docs/how-to/managed-certs',
  rows: [
    {
      groups: ['networking.gke.io'],
      kinds: ['ManagedCertificate'],
      steps: [
        words('status.certificateStatus', {
          Healthy: ['Active'],
          Degraded: ['ProvisioningFailed*', 'RenewalFailed'],
        }),
        // What is not visible may only be a name that is not known everywhere yet.
        each('status.domainStatus', [
          words(
            'status.status',
            {
              Degraded: ['FailedCaaChecking', 'FailedCaaForbidden'],
              Progressing: ['FailedNotVisible', 'FailedRateLimited'],
            },
            [],
          ),
        ]),
        words('status.certificateStatus', { Progressing: ['Provisioning'] }),
        waiting('the certificate to be provisioned'),
      ],
    },
  ],
};

export const appMesh: Project = {
  name: 'AWS App Mesh',
  docs: 'https://aws.github.io/aws-app-mesh-controller-for-k8s/reference/api_spec/',
  rows: [
    { groups: ['appmesh.k8s.aws'], kinds: ['*'], steps: [...ready('*Active', 'Progressing')] },
  ],
};

export const tailscale: Project = {
  name: 'Tailscale operator',
  docs: 'https://github.com/tailscale/tailscale/blob/main/k8s-operator/api.md',
  rows: [
    {
      groups: ['tailscale.com'],
      kinds: ['Connector', 'DNSConfig', 'ProxyClass', 'ProxyGroup', 'Recorder', 'Tailnet'],
      // Each has a condition with its own name: `ConnectorReady`, `NameserverReady`.
      steps: [
        condition('*Ready', 'False', 'Progressing', {
          reasons: ['ConnectorCreating', 'ProxyGroupCreating', 'RecorderCreating'],
        }),
        condition('*Ready', 'False', 'Degraded'),
        condition('*Ready', 'True', 'Healthy'),
        waiting(),
      ],
    },
  ],
};
