import type { SyncPhase } from '../app/types.ts';
import type { GroupKind, KubeObject } from '../objects/kube-object.ts';

export const WAVE_ANNOTATION = 'argocd.argoproj.io/sync-wave';
const HELM_WEIGHT_ANNOTATION = 'helm.sh/hook-weight';

export const PHASES: readonly SyncPhase[] = ['PreSync', 'Sync', 'PostSync', 'SyncFail'];

/** Kinds in the order they are applied within a wave; all others come after, in order of names. */
const KIND_ORDER: readonly string[] = [
  'Namespace',
  'NetworkPolicy',
  'ResourceQuota',
  'LimitRange',
  'PodSecurityPolicy',
  'PodDisruptionBudget',
  'ServiceAccount',
  'Secret',
  'SecretList',
  'ConfigMap',
  'StorageClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleList',
  'ClusterRoleBinding',
  'ClusterRoleBindingList',
  'Role',
  'RoleList',
  'RoleBinding',
  'RoleBindingList',
  'Service',
  'DaemonSet',
  'Pod',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'StatefulSet',
  'Job',
  'CronJob',
  'IngressClass',
  'Ingress',
  'APIService',
];

const KIND_RANK: ReadonlyMap<string, number> = new Map(
  KIND_ORDER.map((kind, rank) => [kind, rank]),
);

/** Position of a kind in the apply order. The group is not considered. */
export function kindRank(kind: string): number {
  return KIND_RANK.get(kind) ?? KIND_ORDER.length;
}

/** The wave an object asks for: the annotation, else Helm's hook weight, else 0. */
export function waveOf(object: KubeObject): number {
  for (const annotation of [WAVE_ANNOTATION, HELM_WEIGHT_ANNOTATION]) {
    const text = object.metadata.annotations?.[annotation];
    if (text !== undefined && /^[+-]?\d+$/.test(text.trim())) return Number(text);
  }
  return 0;
}

/** What the order of sync tasks is decided by. */
export interface Ordered extends GroupKind {
  readonly phase: SyncPhase;
  readonly wave: number;
  readonly namespace: string;
  readonly name: string;
}

/** Total order of tasks: 1. phase 2. wave 3. kind 4. name 5. whatever else tells two apart. */
export function compareTasks(left: Ordered, right: Ordered): number {
  return PHASES.indexOf(left.phase) - PHASES.indexOf(right.phase) || compareInPhase(left, right);
}

/** As `compareTasks`, for those of one phase. */
export function compareInPhase(
  left: Omit<Ordered, 'phase'>,
  right: Omit<Ordered, 'phase'>,
): number {
  return (
    left.wave - right.wave ||
    kindRank(left.kind) - kindRank(right.kind) ||
    byText(left.name, right.name) ||
    byText(left.kind, right.kind) ||
    byText(left.namespace, right.namespace) ||
    byText(left.group, right.group)
  );
}

function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Waves for pruning, in reverse: the distinct waves of everything to prune are swapped end to end,
 * so that what was applied last goes first. The middle one of an odd number keeps its place.
 */
export function reversePruneWaves(waves: readonly number[]): ReadonlyMap<number, number> {
  const distinct = [...new Set(waves)].sort((a, b) => a - b);
  return new Map(
    distinct.map((wave, index) => [wave, distinct[distinct.length - 1 - index] ?? wave]),
  );
}
