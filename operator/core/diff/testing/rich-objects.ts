import type { JsonObject } from '../../objects/json.ts';
import type { KubeObject } from '../../objects/kube-object.ts';

const labels = { app: 'web', tier: 'front' };
const container: JsonObject = {
  name: 'web',
  image: 'web:1',
  args: ['--port', '80'],
  env: [
    { name: 'A', value: '1' },
    { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    {
      name: 'C',
      valueFrom: { secretKeyRef: { name: 'web', key: 'password', optional: true } },
    },
    { name: 'D', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
  ],
  envFrom: [{ configMapRef: { name: 'web' } }],
  ports: [
    { containerPort: 80, name: 'http' },
    { containerPort: 53, protocol: 'UDP' },
  ],
  resources: { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: 0.5 } },
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
  livenessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
  securityContext: { runAsNonRoot: true, capabilities: { drop: ['ALL'] } },
};
const pod: JsonObject = {
  containers: [container, { name: 'side', image: 'side:1' }],
  initContainers: [{ name: 'init', image: 'init:1', command: ['true'] }],
  serviceAccountName: 'web',
  nodeSelector: { disk: 'ssd', zone: 'a' },
  tolerations: [{ key: 'special', operator: 'Exists', effect: 'NoSchedule' }],
  imagePullSecrets: [{ name: 'registry' }],
  hostAliases: [{ ip: '10.1.2.3', hostnames: ['db'] }],
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' },
  ],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] },
        ],
      },
    },
  },
  volumes: [
    { name: 'data', emptyDir: {} },
    { name: 'config', configMap: { name: 'web', items: [{ key: 'a', path: 'a' }] } },
    {
      name: 'tokens',
      projected: { sources: [{ serviceAccountToken: { path: 'token' } }] },
    },
  ],
};
const template = { metadata: { labels, annotations: { note: 'x' } }, spec: pod };
const selector = { matchLabels: { app: 'web' } };

function object(apiVersion: string, kind: string, body: JsonObject): KubeObject {
  return {
    apiVersion,
    kind,
    metadata: { labels: { ...labels, team: 'a' }, annotations: { note: 'x', 'a.b/c': 'y' } },
    ...body,
  };
}

/** Valid objects as people write them, with fields of many types; names are for the test to give. */
export const RICH_OBJECTS: readonly KubeObject[] = [
  object('apps/v1', 'Deployment', {
    spec: {
      replicas: 2,
      revisionHistoryLimit: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '30%' } },
      selector,
      template,
    },
  }),
  object('apps/v1', 'StatefulSet', {
    spec: {
      serviceName: 'web',
      selector,
      template,
      podManagementPolicy: 'Parallel',
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  }),
  object('apps/v1', 'DaemonSet', { spec: { selector, template, minReadySeconds: 5 } }),
  object('batch/v1', 'CronJob', {
    spec: {
      schedule: '* * * * *',
      concurrencyPolicy: 'Forbid',
      jobTemplate: {
        spec: { backoffLimit: 2, template: { spec: { ...pod, restartPolicy: 'Never' } } },
      },
    },
  }),
  object('v1', 'Service', {
    spec: {
      selector: { app: 'web', tier: 'front' },
      ports: [
        { name: 'http', port: 80, targetPort: 'http' },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
      sessionAffinity: 'ClientIP',
    },
  }),
  object('v1', 'ConfigMap', { data: { a: '1', b: 'text\n' }, binaryData: { c: 'YQ==' } }),
  object('v1', 'Secret', { type: 'Opaque', data: { a: 'YQ==', b: 'Yg==' } }),
  object('v1', 'ServiceAccount', {
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: 'registry' }],
    secrets: [{ name: 'token' }],
  }),
  object('v1', 'PersistentVolumeClaim', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }),
  object('v1', 'LimitRange', {
    spec: { limits: [{ type: 'Container', max: { cpu: '2' }, default: { cpu: 1 } }] },
  }),
  object('v1', 'ResourceQuota', { spec: { hard: { pods: '4', 'requests.cpu': '2000m' } } }),
  object('networking.k8s.io/v1', 'Ingress', {
    spec: {
      ingressClassName: 'nginx',
      rules: [
        {
          host: 'web.example.com',
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: 'web', port: { number: 80 } } },
              },
            ],
          },
        },
      ],
      tls: [{ hosts: ['web.example.com'], secretName: 'tls' }],
    },
  }),
  object('networking.k8s.io/v1', 'NetworkPolicy', {
    spec: {
      podSelector: { matchLabels: labels },
      ingress: [
        { from: [{ namespaceSelector: {} }, { podSelector: selector }], ports: [{ port: 80 }] },
      ],
      egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }],
      policyTypes: ['Ingress', 'Egress'],
    },
  }),
  object('autoscaling/v2', 'HorizontalPodAutoscaler', {
    spec: {
      minReplicas: 2,
      maxReplicas: 5,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
        },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
    },
  }),
  object('policy/v1', 'PodDisruptionBudget', { spec: { selector, maxUnavailable: '50%' } }),
  object('rbac.authorization.k8s.io/v1', 'Role', {
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
  }),
  object('rbac.authorization.k8s.io/v1', 'RoleBinding', {
    roleRef: { kind: 'Role', name: 'web', apiGroup: 'rbac.authorization.k8s.io' },
    subjects: [
      { kind: 'User', name: 'jo' },
      { kind: 'ServiceAccount', name: 'web', namespace: 'default' },
    ],
  }),
  object('rbac.authorization.k8s.io/v1', 'ClusterRole', {
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }] },
    rules: [],
  }),
  object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', {
    webhooks: [
      {
        name: 'a.example.com',
        clientConfig: { service: { name: 'web', namespace: 'default' } },
        rules: [
          { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['x'] },
        ],
        namespaceSelector: { matchLabels: labels },
        failurePolicy: 'Ignore',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  }),
  object('storage.k8s.io/v1', 'StorageClass', {
    provisioner: 'example.com/disk',
    parameters: { type: 'fast' },
    mountOptions: ['ro'],
    allowVolumeExpansion: true,
  }),
];
