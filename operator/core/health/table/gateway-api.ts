import {
  absent,
  condition,
  each,
  present,
  ready,
  waiting,
  type Project,
  type Step,
} from '../table-row.ts';

const attached: readonly Step[] = [
  condition('Accepted', 'False', 'Progressing', { reasons: ['Pending'] }),
  condition('Accepted', 'False', 'Degraded'),
  condition('ResolvedRefs', 'False', 'Degraded'),
  condition('PartiallyInvalid', 'True', 'Degraded'),
  condition('Accepted', 'True', 'Healthy'),
  waiting('the parent to accept it'),
];

const listening: readonly Step[] = [
  condition('Accepted', 'False', 'Progressing', {
    reasons: ['Pending', 'Waiting', 'NotReconciled'],
  }),
  condition('Accepted', 'False', 'Degraded'),
  condition('Programmed', 'False', 'Progressing', {
    reasons: ['Pending', 'AddressNotAssigned', 'Waiting'],
  }),
  condition('Programmed', 'False', 'Degraded'),
  each('status.listeners', [
    condition('Conflicted', 'True', 'Degraded'),
    condition('Accepted', 'False', 'Degraded', { exceptReasons: ['Pending'] }),
    condition('ResolvedRefs', 'False', 'Degraded'),
    condition('Programmed', 'False', 'Progressing', { reasons: ['Pending'] }),
    condition('Programmed', 'False', 'Degraded'),
  ]),
  condition('Programmed', 'True', 'Healthy'),
  waiting('a controller to program it'),
];

export const gatewayApi: Project = {
  name: 'Gateway API',
  docs: 'https://gateway-api.sigs.k8s.io/reference/spec/',
  rows: [
    {
      groups: ['gateway.networking.k8s.io'],
      kinds: ['GatewayClass'],
      steps: [
        condition('Accepted', 'False', 'Progressing', { reasons: ['Pending', 'Waiting'] }),
        ...ready('Accepted'),
        waiting('a controller to accept it'),
      ],
    },
    {
      groups: ['gateway.networking.k8s.io'],
      kinds: ['Gateway', 'ListenerSet'],
      steps: [condition('ResolvedRefs', 'False', 'Degraded'), ...listening],
    },
    { groups: ['gateway.networking.x-k8s.io'], kinds: ['XListenerSet'], steps: listening },
    {
      groups: ['gateway.networking.k8s.io'],
      kinds: ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'],
      steps: [
        absent('spec.parentRefs', 'Healthy', 'attached to nothing'),
        each('status.parents', attached),
        waiting('a parent to accept it'),
      ],
    },
    {
      groups: ['gateway.networking.k8s.io'],
      kinds: ['BackendTLSPolicy'],
      steps: [
        each('status.ancestors', attached),
        // An empty list says that it matters to no gateway.
        present('status', 'Healthy', 'no gateway uses it'),
        waiting('a gateway to accept it'),
      ],
    },
    {
      groups: ['inference.networking.k8s.io', 'inference.networking.x-k8s.io'],
      kinds: ['InferencePool'],
      // Only pools that a route uses get a status.
      steps: [each('status.parents', attached), each('status.parent', attached)],
    },
    { groups: ['gateway.networking.k8s.io'], kinds: ['ReferenceGrant'], steps: [] },
  ],
};

export const envoyGateway: Project = {
  name: 'Envoy Gateway',
  docs: 'https://gateway.envoyproxy.io/docs/api/extension_types/',
  rows: [
    {
      groups: ['gateway.envoyproxy.io'],
      kinds: [
        'BackendTrafficPolicy',
        'ClientTrafficPolicy',
        'EnvoyExtensionPolicy',
        'EnvoyPatchPolicy',
        'SecurityPolicy',
      ],
      steps: [
        each('status.ancestors', [condition('Programmed', 'False', 'Degraded'), ...attached]),
        waiting('a gateway to accept it'),
      ],
    },
    { groups: ['gateway.envoyproxy.io'], kinds: ['Backend'], steps: ready('Accepted') },
    { groups: ['gateway.envoyproxy.io'], kinds: ['EnvoyProxy', 'HTTPRouteFilter'], steps: [] },
  ],
};
