import type { KubeObject } from '../../objects/kube-object.ts';
import { object, NOW, type ActionCase } from './action-case.ts';

const DEPLOYMENT = ['apps/v1', 'Deployment'];
const STATEFUL_SET = ['apps/v1', 'StatefulSet'];
const CRON_JOB = ['batch/v1', 'CronJob'];
const JOB = ['batch/v1', 'Job'];

const restarted = (annotations = {}) => ({
  spec: {
    template: {
      metadata: { annotations: { ...annotations, 'kubectl.kubernetes.io/restartedAt': NOW } },
    },
  },
});

const scaling = (kind: readonly string[]): readonly ActionCase[] => {
  const two = object(kind, { spec: { replicas: 2 } });
  const scale = (replicas: string) => ({ object: two, action: 'scale', parameters: { replicas } });
  const wrong = (why: string, replicas: string): ActionCase => ({
    ...scale(replicas),
    why,
    error: /web: action scale: replicas ".*" is not a whole number from 0 to 2147483647$/,
  });
  return [
    { ...scale('5'), patch: { spec: { replicas: 5 } } },
    { ...scale('0'), why: 'to nothing', patch: { spec: { replicas: 0 } } },
    { ...scale('2'), why: 'to what it is' },
    { ...scale('2147483647'), why: 'to the most', patch: { spec: { replicas: 2_147_483_647 } } },
    wrong('less than nothing', '-1'),
    wrong('a fraction', '1.5'),
    wrong('an exponent', '1e3'),
    wrong('no number', 'many'),
    wrong('nothing', ''),
    wrong('blank', ' '),
    wrong('more than Kubernetes can count', '2147483648'),
    wrong('digits of another script', '٣'),
    { object: two, action: 'scale', error: /action scale: needs the parameter replicas$/ },
    {
      ...scale('5'),
      why: 'of an object without replicas',
      object: object(kind, {}),
      patch: { spec: { replicas: 5 } },
    },
  ];
};

const suspending = (kind: readonly string[], spec = {}): readonly ActionCase[] => [
  { object: object(kind, { spec }), action: 'suspend', patch: { spec: { suspend: true } } },
  {
    why: 'of one that says it is not suspended',
    object: object(kind, { spec: { ...spec, suspend: false } }),
    action: 'suspend',
    patch: { spec: { suspend: true } },
  },
  {
    object: object(kind, { spec: { ...spec, suspend: true } }),
    action: 'suspend',
    idle: 'it is suspended already',
  },
  {
    object: object(kind, { spec: { ...spec, suspend: true } }),
    action: 'resume',
    patch: { spec: { suspend: false } },
  },
  { object: object(kind, { spec }), action: 'resume', idle: 'it is not suspended' },
];

const cronJob = object(CRON_JOB, {
  spec: {
    schedule: '0 * * * *',
    jobTemplate: {
      metadata: { labels: { app: 'report' }, annotations: { note: 'hourly' } },
      spec: { backoffLimit: 2, template: { spec: { containers: [], securityContext: {} } } },
    },
  },
});

const jobOf = (name: string, from: KubeObject, metadata = {}): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    name,
    namespace: 'shop',
    annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
    ownerReferences: [
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        name: from.metadata.name ?? '',
        uid: 'u1',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
    ...metadata,
  },
  spec: {},
});

const longName = object(CRON_JOB, {
  metadata: { name: `${'a'.repeat(47)}-bcde` },
  spec: { jobTemplate: {} },
});

const finished = (type: string) =>
  object(JOB, { spec: {}, status: { conditions: [{ type, status: 'True' }] } });

export const KUBERNETES_CASES: readonly ActionCase[] = [
  { object: object(DEPLOYMENT, {}), action: 'restart', patch: restarted() },
  {
    why: 'keeps other annotations',
    object: object(DEPLOYMENT, {
      spec: { template: { metadata: { annotations: { other: '1' } } } },
    }),
    action: 'restart',
    patch: restarted(),
  },
  {
    object: object(DEPLOYMENT, { spec: { paused: true } }),
    action: 'restart',
    refused: 'it is paused: resume it first',
  },
  { object: object(DEPLOYMENT, {}), action: 'pause', patch: { spec: { paused: true } } },
  {
    object: object(DEPLOYMENT, { spec: { paused: true } }),
    action: 'pause',
    idle: 'it is paused already',
  },
  {
    object: object(DEPLOYMENT, { spec: { paused: true } }),
    action: 'resume',
    patch: { spec: { paused: false } },
  },
  { object: object(DEPLOYMENT, {}), action: 'resume', idle: 'it is not paused' },
  ...scaling(DEPLOYMENT),
  { object: object(STATEFUL_SET, {}), action: 'restart', patch: restarted() },
  ...scaling(STATEFUL_SET),
  { object: object(['apps/v1', 'DaemonSet'], {}), action: 'restart', patch: restarted() },
  {
    object: cronJob,
    action: 'create-job',
    creates: {
      ...jobOf('web-20261121111015', cronJob, {
        labels: { app: 'report' },
        annotations: { 'cronjob.kubernetes.io/instantiate': 'manual', note: 'hourly' },
      }),
      spec: { backoffLimit: 2, template: { spec: { containers: [], securityContext: {} } } },
    },
  },
  {
    why: 'of one with a long name',
    object: longName,
    action: 'create-job',
    creates: jobOf(`${'a'.repeat(47)}-20261121111015`, longName),
  },
  ...suspending(CRON_JOB),
  ...suspending(JOB),
  { object: finished('Complete'), action: 'suspend', refused: 'it has finished' },
  { object: finished('Failed'), action: 'resume', idle: 'it has finished' },
  {
    object: object(JOB, { spec: { activeDeadlineSeconds: 600 } }),
    action: 'terminate',
    patch: { spec: { activeDeadlineSeconds: 1 } },
  },
  { object: finished('Failed'), action: 'terminate', refused: 'it has finished' },
  {
    object: object(JOB, { spec: { suspend: true } }),
    action: 'terminate',
    refused: 'it is suspended: nothing runs',
  },
];
