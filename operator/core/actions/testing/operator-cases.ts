import { flux } from '../flux.ts';
import { object, NOW, type ActionCase } from './action-case.ts';

const suspending = (kind: readonly string[]): readonly ActionCase[] => [
  { object: object(kind, {}), action: 'suspend', patch: { spec: { suspend: true } } },
  {
    object: object(kind, { spec: { suspend: true } }),
    action: 'suspend',
    idle: 'it is suspended already',
  },
  {
    object: object(kind, { spec: { suspend: true } }),
    action: 'resume',
    patch: { spec: { suspend: false } },
  },
  { object: object(kind, {}), action: 'resume', idle: 'it is not suspended' },
];

const reconciling = (kind: readonly string[]): readonly ActionCase[] => [
  {
    object: object(kind, {}),
    action: 'reconcile',
    patch: { metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': NOW } } },
  },
  {
    object: object(kind, { spec: { suspend: true } }),
    action: 'reconcile',
    refused: 'it is suspended: resume it first',
  },
];

const fluxCases = flux.flatMap(({ group, kinds, actions }) =>
  kinds.flatMap((name) => {
    const kind = [`${group}/v1`, name];
    const reconciles = actions.some((action) => action.name === 'reconcile');
    return [...suspending(kind), ...(reconciles ? reconciling(kind) : [])];
  }),
);

const annotated = (annotations: Readonly<Record<string, string | null>>) => ({
  metadata: { annotations },
});

const PAUSED = 'autoscaling.keda.sh/paused';
const PAUSED_REPLICAS = 'autoscaling.keda.sh/paused-replicas';
const withAnnotations = (kind: readonly string[], annotations: Readonly<Record<string, string>>) =>
  object(kind, { metadata: { annotations } });

const pausing = (kind: readonly string[]): readonly ActionCase[] => [
  { object: object(kind, {}), action: 'pause', patch: annotated({ [PAUSED]: 'true' }) },
  {
    object: withAnnotations(kind, { [PAUSED]: 'true' }),
    action: 'pause',
    idle: 'it is paused already',
  },
  {
    object: withAnnotations(kind, { [PAUSED]: 'true', other: '1' }),
    action: 'resume',
    patch: annotated({ [PAUSED]: null }),
  },
  { object: object(kind, {}), action: 'resume', idle: 'it is not paused' },
];

const SCALED_OBJECT = ['keda.sh/v1alpha1', 'ScaledObject'];
const keda: readonly ActionCase[] = [
  ...pausing(SCALED_OBJECT),
  ...pausing(['keda.sh/v1alpha1', 'ScaledJob']),
  {
    object: object(SCALED_OBJECT, {}),
    action: 'paused-replicas',
    parameters: { replicas: '03' },
    patch: annotated({ [PAUSED_REPLICAS]: '3' }),
  },
  {
    object: object(SCALED_OBJECT, {}),
    action: 'paused-replicas',
    parameters: { replicas: 'few' },
    error: /ScaledObject\/shop\/web: action paused-replicas: replicas "few" is not a whole number/,
  },
  {
    why: 'from a number of replicas',
    object: withAnnotations(SCALED_OBJECT, { [PAUSED_REPLICAS]: '3' }),
    action: 'resume',
    patch: annotated({ [PAUSED_REPLICAS]: null }),
  },
  {
    object: withAnnotations(SCALED_OBJECT, { [PAUSED]: 'false' }),
    action: 'resume',
    idle: 'it is not paused',
  },
];

const CLUSTER = ['postgresql.cnpg.io/v1', 'Cluster'];
const running = {
  instanceNames: ['db-1', 'db-2', 'db-3'],
  instancesStatus: { healthy: ['db-1', 'db-3'], failed: ['db-2'] },
  currentPrimary: 'db-1',
  targetPrimary: 'db-1',
};
const promotion = (targetPrimary: string) => ({
  status: {
    targetPrimary,
    targetPrimaryTimestamp: '2026-11-21T11:10:15.000000Z',
    phase: 'Switchover in progress',
    phaseReason: `Switching over to ${targetPrimary}`,
  },
});
const promote = (instance: string, status = {}) => ({
  object: object(CLUSTER, { status: { ...running, ...status } }),
  action: 'promote',
  parameters: { instance },
});
const hibernation = 'cnpg.io/hibernation';

const cnpg: readonly ActionCase[] = [
  {
    object: object(CLUSTER, {}),
    action: 'restart',
    patch: annotated({ 'kubectl.kubernetes.io/restartedAt': NOW }),
  },
  {
    object: object(CLUSTER, {}),
    action: 'reload',
    patch: annotated({ 'cnpg.io/reloadedAt': '2026-11-21T11:10:15.000000Z' }),
  },
  { ...promote('db-2'), status: promotion('db-2') },
  { ...promote('any'), why: 'whichever is healthy', status: promotion('db-3') },
  {
    ...promote('db-1'),
    why: 'of the primary',
    error: /instance "db-1" is not a standby; standbys are db-2, db-3 \(or `any`\)$/,
  },
  { ...promote('other'), why: 'of a stranger', error: /instance "other" is not a standby/ },
  { ...promote('db-2', { targetPrimary: 'db-3' }), refused: 'a switchover is under way' },
  { ...promote('any', { instancesStatus: {} }), refused: 'it has no healthy standby' },
  { ...promote('any', { currentPrimary: '' }), refused: 'it has no primary yet' },
  {
    ...promote('any'),
    object: withAnnotations(CLUSTER, { [hibernation]: 'on' }),
    refused: 'it is hibernated',
  },
  { object: object(CLUSTER, {}), action: 'suspend', patch: annotated({ [hibernation]: 'on' }) },
  {
    object: withAnnotations(CLUSTER, { [hibernation]: 'on' }),
    action: 'suspend',
    idle: 'it is hibernated already',
  },
  {
    object: withAnnotations(CLUSTER, { [hibernation]: 'on' }),
    action: 'resume',
    patch: annotated({ [hibernation]: 'off' }),
  },
  { object: object(CLUSTER, {}), action: 'resume', idle: 'it is not hibernated' },
];

const CERTIFICATE = ['cert-manager.io/v1', 'Certificate'];
const ready = { type: 'Ready', status: 'True' };
const issuing = {
  type: 'Issuing',
  status: 'True',
  reason: 'ManuallyTriggered',
  message: 'Renewal asked for by a resource action',
  lastTransitionTime: NOW,
  observedGeneration: 4,
};
const POD_SET = ['core.strimzi.io/v1beta2', 'StrimziPodSet'];
const rolling = { 'strimzi.io/manual-rolling-update': 'true' };

const others: readonly ActionCase[] = [
  ...['ExternalSecret', 'PushSecret'].map((kind) => ({
    object: object(['external-secrets.io/v1', kind], {}),
    action: kind === 'PushSecret' ? 'push' : 'refresh',
    patch: annotated({ 'force-sync': NOW }),
  })),
  {
    object: object(['external-secrets.io/v1', 'ClusterExternalSecret'], {}),
    action: 'refresh',
    patch: annotated({ 'external-secrets.io/force-sync': NOW }),
  },
  { object: object(POD_SET, {}), action: 'rolling-update', patch: annotated(rolling) },
  {
    object: withAnnotations(POD_SET, rolling),
    action: 'rolling-update',
    idle: 'it is asked for already',
  },
  {
    object: object(CERTIFICATE, {
      metadata: { generation: 4 },
      status: { conditions: [{ type: 'Issuing', status: 'False' }, ready], revision: 1 },
    }),
    action: 'renew',
    status: { status: { conditions: [ready, issuing] } },
  },
  {
    why: 'of one without conditions',
    object: object(CERTIFICATE, { metadata: { generation: 4 } }),
    action: 'renew',
    status: { status: { conditions: [issuing] } },
  },
  {
    object: object(CERTIFICATE, { status: { conditions: [{ ...issuing, reason: 'Expiring' }] } }),
    action: 'renew',
    idle: 'it is being issued already',
  },
  ...['MariaDB', 'MaxScale'].flatMap((kind) => suspending(['k8s.mariadb.com/v1alpha1', kind])),
  ...['Pipeline', 'MonoVertex'].flatMap((name): readonly ActionCase[] => {
    const kind = ['numaflow.numaproj.io/v1alpha1', name];
    const phase = (desiredPhase: string) => ({ spec: { lifecycle: { desiredPhase } } });
    return [
      { object: object(kind, {}), action: 'pause', patch: phase('Paused') },
      { object: object(kind, phase('Paused')), action: 'pause', idle: 'it is paused already' },
      { object: object(kind, phase('Paused')), action: 'unpause', patch: phase('Running') },
      { object: object(kind, {}), action: 'unpause', idle: 'it is not paused' },
    ];
  }),
];

export const OPERATOR_CASES: readonly ActionCase[] = [...fluxCases, ...keda, ...cnpg, ...others];
