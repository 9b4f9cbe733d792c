import { isJsonArray } from '../objects/json.ts';
import { groupOf, type KubeObject } from '../objects/kube-object.ts';
import { application } from './application.ts';
import { judge, type Health, type HealthCheck } from './health.ts';
import { apiService } from './api-service.ts';
import { cronJob } from './cron-job.ts';
import { customResourceDefinition } from './custom-resource-definition.ts';
import { daemonSet } from './daemon-set.ts';
import { deployment } from './deployment.ts';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { ingress } from './ingress.ts';
import { job } from './job.ts';
import { persistentVolumeClaim } from './persistent-volume-claim.ts';
import { pod } from './pod.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { replicaSet } from './replica-set.ts';
import { service } from './service.ts';
import { statefulSet } from './stateful-set.ts';
import { workflow } from './workflow.ts';

export type { Health } from './health.ts';

export const HOOK_FINALIZER = 'argocd.argoproj.io/hook-finalizer';

/** The built-in checks by `group/Kind`; the core group is empty. */
const CHECKS: Readonly<Record<string, HealthCheck>> = {
  'apps/Deployment': deployment,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'apps/ReplicaSet': replicaSet,
  'batch/Job': job,
  'batch/CronJob': cronJob,
  '/Pod': pod,
  '/PersistentVolumeClaim': persistentVolumeClaim,
  '/Service': service,
  'networking.k8s.io/Ingress': ingress,
  'extensions/Ingress': ingress,
  'autoscaling/HorizontalPodAutoscaler': horizontalPodAutoscaler,
  'apiregistration.k8s.io/APIService': apiService,
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinition,
  'policy/PodDisruptionBudget': podDisruptionBudget,
  'argoproj.io/Workflow': workflow,
  'argoproj.io/Application': application,
};

/**
 * How well an object is, by the built-in rule of its kind; `undefined` when the kind has no notion
 * of health, which influences nothing. Never throws: content that makes no sense is Unknown.
 */
export function assessHealth(object: KubeObject): Health | undefined {
  if (isPendingDeletion(object))
    return { status: 'Progressing', message: 'Pending deletion', rule: 'deletion' };
  const rule = `${groupOf(object.apiVersion)}/${object.kind}`;
  const check = CHECKS[rule];
  if (check === undefined) return undefined;
  try {
    return { ...check(object), rule };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...judge('Unknown', `${rule}: not assessed: ${reason}`), rule };
  }
}

/** Metadata may also come from a file that no API server has checked: its types are only claimed. */
function isPendingDeletion({ metadata }: KubeObject): boolean {
  const finalizers: unknown = metadata.finalizers;
  const isHeld = isJsonArray(finalizers) && finalizers.includes(HOOK_FINALIZER);
  return typeof metadata.deletionTimestamp === 'string' && !isHeld;
}
