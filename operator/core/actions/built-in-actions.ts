import type { GroupKind } from '../objects/kube-object.ts';
import type { BuiltInAction, KindActions } from './action.ts';
import { analysisRun } from './analysis-run.ts';
import { application } from './application.ts';
import { certificate } from './certificate.ts';
import { cnpgCluster } from './cnpg-cluster.ts';
import { cronJob } from './cron-job.ts';
import { daemonSet } from './daemon-set.ts';
import { deployment } from './deployment.ts';
import { clusterExternalSecret, externalSecret, pushSecret } from './external-secrets.ts';
import { flux } from './flux.ts';
import { job } from './job.ts';
import { scaledJob, scaledObject } from './keda.ts';
import { mariaDb } from './maria-db.ts';
import { numaflow } from './numaflow.ts';
import { promoterPullRequest } from './promoter-pull-request.ts';
import { rollout } from './rollout.ts';
import { statefulSet } from './stateful-set.ts';
import { strimziPodSet } from './strimzi-pod-set.ts';
import { cronWorkflow, workflowTemplate } from './workflows.ts';

/** Every kind that has actions without anybody writing a script. */
export const BUILT_IN_ACTIONS: readonly KindActions[] = [
  deployment,
  statefulSet,
  daemonSet,
  cronJob,
  job,
  application,
  rollout,
  analysisRun,
  cronWorkflow,
  workflowTemplate,
  certificate,
  cnpgCluster,
  externalSecret,
  clusterExternalSecret,
  pushSecret,
  ...flux,
  promoterPullRequest,
  scaledObject,
  scaledJob,
  mariaDb,
  numaflow,
  strimziPodSet,
];

const BY_KIND: ReadonlyMap<string, readonly BuiltInAction[]> = new Map(
  BUILT_IN_ACTIONS.flatMap(({ group, kinds, actions }) =>
    kinds.map((kind) => [`${group}/${kind}`, actions] as const),
  ),
);

/** The built-in actions of a kind, in any of its versions; empty when there are none. */
export function builtInActionsOf({ group, kind }: GroupKind): readonly BuiltInAction[] {
  return BY_KIND.get(`${group}/${kind}`) ?? [];
}
