import type { JsonObject, KubeObject } from 'tiphys';
import { desiredObject, liveObject, type Made, nameOf, owned, whenOf } from './cached-metadata.ts';

/** A kind of the bench: what Git holds of its objects, and what the cluster makes of that. */
export interface BenchKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly count: number;
  /** Absent where no Git holds such objects: the cluster's own controllers make them. */
  readonly desired: ((index: number) => KubeObject) | undefined;
  /** As the API server returns it, with all field managers. */
  readonly live: (index: number) => KubeObject;
}

const probe = (path: string): JsonObject => ({
  httpGet: { path, port: 'http' },
  periodSeconds: 10,
});
const probeDefaults = { timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
const probed = (path: string): JsonObject => ({
  httpGet: { path, port: 'http', scheme: 'HTTP' },
  periodSeconds: 10,
  ...probeDefaults,
});

function container(index: number, filled: boolean): JsonObject {
  const probeOf = filled ? probed : probe;
  return {
    name: 'server',
    image: `registry.example.com/team/${nameOf(index)}:1.14.2`,
    args: ['--listen=:8080', '--log-format=json', `--shard=${index % 16}`],
    ports: [{ name: 'http', containerPort: 8080, ...(filled ? { protocol: 'TCP' } : {}) }],
    env: [
      { name: 'DATABASE_HOST', value: `db-${index % 50}.example.com` },
      { name: 'LOG_LEVEL', value: 'info' },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: nameOf(index), key: 'token' } } },
      { name: 'REGION', value: 'eu-west-1' },
    ],
    resources: {
      requests: { cpu: filled ? '250m' : '0.25', memory: '256Mi' },
      limits: { memory: filled ? '1Gi' : '1024Mi' },
    },
    livenessProbe: probeOf('/live'),
    readinessProbe: probeOf('/ready'),
    volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }],
    securityContext: { runAsNonRoot: true, readOnlyRootFilesystem: true },
    ...(filled
      ? {
          imagePullPolicy: 'IfNotPresent',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        }
      : {}),
  };
}

const podSpec = (index: number, filled: boolean): JsonObject => ({
  serviceAccountName: nameOf(index),
  containers: [container(index, filled)],
  volumes: [
    {
      name: 'settings',
      configMap: { name: nameOf(index), ...(filled ? { defaultMode: 420 } : {}) },
    },
  ],
  ...(filled
    ? {
        serviceAccount: nameOf(index),
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        schedulerName: 'default-scheduler',
      }
    : {}),
});

const template = (index: number, filled: boolean): JsonObject => ({
  metadata: { labels: { 'app.kubernetes.io/name': nameOf(index) } },
  spec: podSpec(index, filled),
});
const selector = (index: number): JsonObject => ({
  matchLabels: { 'app.kubernetes.io/name': nameOf(index) },
});
const condition = (index: number, type: string, reason: string, message: string): JsonObject => ({
  type,
  status: 'True',
  reason,
  message,
  lastUpdateTime: whenOf(index),
  lastTransitionTime: whenOf(index),
});

const deployment = (index: number): KubeObject =>
  desiredObject('apps/v1', 'Deployment', index, {
    spec: { replicas: 2, selector: selector(index), template: template(index, false) },
  } as unknown as Made);

const service = (index: number): KubeObject =>
  desiredObject('v1', 'Service', index, {
    spec: {
      selector: { 'app.kubernetes.io/name': nameOf(index) },
      ports: [{ name: 'http', port: 80, targetPort: 'http' }],
    },
  } as unknown as Made);

const configMap = (index: number): KubeObject =>
  desiredObject('v1', 'ConfigMap', index, {
    data: {
      'application.yaml': `server:\n  port: 8080\n  shard: ${index}\n${'  setting: value of some length\n'.repeat(24)}`,
      LOG_LEVEL: 'info',
    },
  } as unknown as Made);

const secret = (index: number): KubeObject =>
  desiredObject('v1', 'Secret', index, {
    type: 'Opaque',
    data: { token: Buffer.from(`token ${index} ${'x'.repeat(180)}`).toString('base64') },
  } as unknown as Made);

const database = (index: number): KubeObject =>
  desiredObject('databases.example.com/v1', 'Database', index, {
    spec: {
      engine: { name: 'postgres', version: '17' },
      storage: { size: '20Gi', class: 'fast' },
      replicas: 3,
      parameters: { max_connections: '200', work_mem: '8MB' },
      backups: [{ name: 'nightly', schedule: '0 3 * * *', keep: 7 }],
      users: ['app', 'reports'].map((name) => ({ name, secret: `${nameOf(index)}-${name}` })),
    },
  } as unknown as Made);

const PER_THOUSAND = {
  Deployment: 150,
  Service: 150,
  ConfigMap: 150,
  Secret: 100,
  Database: 50,
  ReplicaSet: 150,
  Pod: 250,
} as const;

/** A cluster of so many objects: five kinds that Git holds, ReplicaSets and Pods. */
export function createBenchKinds(total: number): readonly BenchKind[] {
  const kind = (
    name: keyof typeof PER_THOUSAND,
    [group, version, plural]: readonly [string, string, string],
    desired: BenchKind['desired'],
    live: BenchKind['live'],
  ): BenchKind => ({
    ...{ group, version, kind: name, plural, desired, live },
    count: Math.round((total * PER_THOUSAND[name]) / 1000),
  });
  return [
    kind('Deployment', ['apps', 'v1', 'deployments'], deployment, liveDeployment),
    kind('Service', ['', 'v1', 'services'], service, liveService),
    kind('ConfigMap', ['', 'v1', 'configmaps'], configMap, (index) => {
      const object = configMap(index);
      return liveObject(object, index, {}, object);
    }),
    kind('Secret', ['', 'v1', 'secrets'], secret, (index) => {
      const object = secret(index);
      return liveObject(object, index, {}, object);
    }),
    kind('Database', ['databases.example.com', 'v1', 'databases'], database, (index) => {
      const object = database(index);
      const status = {
        observedGeneration: 1,
        conditions: [condition(index, 'Ready', 'Running', 'all is well')],
      };
      return liveObject(object, index, { generation: 1, status }, object);
    }),
    kind('ReplicaSet', ['apps', 'v1', 'replicasets'], undefined, liveReplicaSet),
    kind('Pod', ['', 'v1', 'pods'], undefined, livePod),
  ];
}

function liveDeployment(index: number): KubeObject {
  const status = {
    observedGeneration: 1,
    ...{ replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 },
    conditions: [
      condition(
        index,
        'Available',
        'MinimumReplicasAvailable',
        'Deployment has minimum availability.',
      ),
      condition(
        index,
        'Progressing',
        'NewReplicaSetAvailable',
        `ReplicaSet "${nameOf(index)}" has progressed.`,
      ),
    ],
  };
  return liveObject(
    deployment(index),
    index,
    { generation: 1, annotations: { 'deployment.kubernetes.io/revision': '1' }, status },
    {
      spec: {
        replicas: 2,
        selector: selector(index),
        template: template(index, true),
        strategy: {
          type: 'RollingUpdate',
          rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
        },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
      },
    } as unknown as Made,
  );
}

function liveService(index: number): KubeObject {
  const address = `10.96.${(index >> 8) & 255}.${index & 255}`;
  return liveObject(service(index), index, { status: { loadBalancer: {} } }, {
    spec: {
      selector: { 'app.kubernetes.io/name': nameOf(index) },
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 'http' }],
      ...{ clusterIP: address, clusterIPs: [address], type: 'ClusterIP', sessionAffinity: 'None' },
      ...{ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', internalTrafficPolicy: 'Cluster' },
    },
  } as unknown as Made);
}

const liveReplicaSet = (index: number): KubeObject =>
  owned('apps/v1', 'ReplicaSet', index, 'Deployment', {
    spec: { replicas: 2, selector: selector(index), template: template(index, true) },
    status: {
      ...{ replicas: 2, fullyLabeledReplicas: 2, readyReplicas: 2, availableReplicas: 2 },
      observedGeneration: 1,
    },
  } as unknown as Made);

function livePod(index: number): KubeObject {
  const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  const image = `registry.example.com/team/${nameOf(index)}:1.14.2`;
  return owned('v1', 'Pod', index, 'ReplicaSet', {
    spec: {
      ...podSpec(index, true),
      ...{ nodeName: `node-${index % 300}`, priority: 0, preemptionPolicy: 'PreemptLowerPriority' },
      tolerations: ['not-ready', 'unreachable'].map((key) => ({
        key: `node.kubernetes.io/${key}`,
        ...{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      })),
    },
    status: {
      phase: 'Running',
      conditions: [
        'PodReadyToStartContainers',
        'Initialized',
        'Ready',
        'ContainersReady',
        'PodScheduled',
      ].map((type) => ({
        type,
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: whenOf(index),
      })),
      ...{ hostIP: `192.168.0.${index % 250}`, podIP: address, podIPs: [{ ip: address }] },
      ...{ startTime: whenOf(index), qosClass: 'Burstable' },
      containerStatuses: [
        {
          name: 'server',
          state: { running: { startedAt: whenOf(index) } },
          lastState: {},
          ...{ ready: true, started: true, restartCount: 0, image },
          imageID: `${image}@sha256:${'0123456789abcdef'.repeat(4)}`,
          containerID: `containerd://${index.toString(16).padStart(64, 'c')}`,
        },
      ],
    },
  } as unknown as Made);
}
