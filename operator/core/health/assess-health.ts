import { isJsonArray } from '../objects/json.ts';
import { groupOf, isKubeObject, versionOf, type KubeObject } from '../objects/kube-object.ts';
import { application } from './application.ts';
import { judge, type Health, type HealthCheck } from './health.ts';
import { apiService } from './api-service.ts';
import { cronJob } from './cron-job.ts';
import { customResourceDefinition } from './custom-resource-definition.ts';
import { daemonSet } from './daemon-set.ts';
import { deployment } from './deployment.ts';
import { isBuiltInGroup, judgeByConventions } from './generic.ts';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { ingress } from './ingress.ts';
import { job } from './job.ts';
import { judgeByTable } from './judge-by-table.ts';
import { persistentVolumeClaim } from './persistent-volume-claim.ts';
import { pod } from './pod.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { replicaSet } from './replica-set.ts';
import { service } from './service.ts';
import { statefulSet } from './stateful-set.ts';
import { knownKind } from './table.ts';
import { workflow } from './workflow.ts';

export type { Health } from './health.ts';

export const HOOK_FINALIZER = 'argocd.argoproj.io/hook-finalizer';

interface BuiltInCheck {
  readonly judge: HealthCheck;
  /** The versions it can read; absent means any. */
  readonly versions?: readonly string[];
}

const v1 = ['v1'];

/** By `group/Kind`; the core group is empty. */
const CHECKS: ReadonlyMap<string, BuiltInCheck> = new Map(
  Object.entries({
    'apps/Deployment': { judge: deployment, versions: v1 },
    'apps/StatefulSet': { judge: statefulSet, versions: v1 },
    'apps/DaemonSet': { judge: daemonSet, versions: v1 },
    'apps/ReplicaSet': { judge: replicaSet, versions: v1 },
    'batch/Job': { judge: job, versions: v1 },
    'batch/CronJob': { judge: cronJob },
    '/Pod': { judge: pod, versions: v1 },
    '/PersistentVolumeClaim': { judge: persistentVolumeClaim, versions: v1 },
    '/Service': { judge: service, versions: v1 },
    'networking.k8s.io/Ingress': { judge: ingress },
    'extensions/Ingress': { judge: ingress },
    'autoscaling/HorizontalPodAutoscaler': {
      judge: horizontalPodAutoscaler,
      versions: ['v1', 'v2'],
    },
    'apiregistration.k8s.io/APIService': { judge: apiService, versions: ['v1', 'v1beta1'] },
    'apiextensions.k8s.io/CustomResourceDefinition': { judge: customResourceDefinition },
    'policy/PodDisruptionBudget': { judge: podDisruptionBudget },
    'argoproj.io/Workflow': { judge: workflow, versions: ['v1alpha1'] },
    'argoproj.io/Application': { judge: application },
  } satisfies Record<string, BuiltInCheck>),
);

/** The kinds with a check of their own, as `group/Kind`. */
export const BUILT_IN_KINDS: readonly string[] = [...CHECKS.keys()];

/**
 * How well an object is: by the check of its kind, else by the table of known projects, else by the
 * conventions of custom resources; `undefined` when it has no notion of health, which influences
 * nothing. Depends on the object alone. Never throws: content that makes no sense is Unknown, or
 * has no health where nothing is known of its kind.
 */
export function assessHealth(object: KubeObject): Health | undefined {
  if (!isKubeObject(object)) return undefined;
  if (isPendingDeletion(object))
    return { status: 'Progressing', message: 'Pending deletion', rule: 'deletion' };
  const group = groupOf(object.apiVersion);
  const name = `${group}/${object.kind}`;
  const check = CHECKS.get(name);
  if (check !== undefined) return byCheck(check, name, object);
  if (isBuiltInGroup(group)) return undefined;
  const known = knownKind({ group, kind: object.kind });
  const [judgement, rule] =
    known === undefined
      ? [judgeByConventions(object), 'generic']
      : [judgeByTable(known.steps, object), `table ${known.name}`];
  return judgement && { ...judgement, rule };
}

function byCheck(
  { judge: check, versions }: BuiltInCheck,
  name: string,
  object: KubeObject,
): Health {
  const rule = `built-in ${name.replace(/^\//, '')}`;
  const unknown = (problem: string): Health => ({ ...judge('Unknown', problem), rule, problem });
  if (versions !== undefined && !versions.includes(versionOf(object.apiVersion)))
    return unknown(`unsupported ${object.kind} API version ${object.apiVersion}`);
  try {
    return { ...check(object), rule };
  } catch (error) {
    return unknown(
      `${object.kind} not assessed: ${String(error instanceof Error ? error.message : error)}`,
    );
  }
}

/**
 * Whether the object is to be judged as one that goes, whatever a check or a script would say.
 * A hook that is only kept until its result is read is not.
 *
 * Metadata may also come from a file that no API server has checked: its types are only claimed.
 */
export function isPendingDeletion({ metadata }: KubeObject): boolean {
  const finalizers: unknown = metadata.finalizers;
  const isHeld = isJsonArray(finalizers) && finalizers.includes(HOOK_FINALIZER);
  return typeof metadata.deletionTimestamp === 'string' && !isHeld;
}
