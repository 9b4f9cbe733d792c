import type { GroupKind } from '../objects/kube-object.ts';
import {
  argoCd,
  argoWorkflows,
  argoEvents,
  promoter,
  numaflow,
  kargo,
} from './table/argo-projects.ts';
import { argoRollouts } from './table/argo-rollouts.ts';
import { keda, karpenter, verticalPodAutoscaler, kueue, jobSets } from './table/autoscaling.ts';
import { velero, volumeSnapshots, k8up, volSync } from './table/backup.ts';
import { certManager } from './table/cert-manager.ts';
import { cloudNativePg } from './table/cloud-native-pg.ts';
import {
  configConnector,
  awsControllers,
  azureServiceOperator,
  sealedSecrets,
  onePassword,
} from './table/clouds.ts';
import { clusterApi } from './table/cluster-api.ts';
import { crossplane } from './table/crossplane.ts';
import { spark, flink, ray, kserve, kubeflow, volcano } from './table/data-and-learning.ts';
import {
  zalandoPostgres,
  crunchyPostgres,
  mariaDb,
  percona,
  mongoDb,
  clickHouse,
  cassandra,
  kubeDb,
  solr,
} from './table/databases.ts';
import {
  flagger,
  datadog,
  openTelemetry,
  keptn,
  fleet,
  helmController,
  pulumi,
  actionsRunners,
  kubeVela,
} from './table/delivery.ts';
import { elastic } from './table/elastic.ts';
import { externalSecrets } from './table/external-secrets.ts';
import { flux } from './table/flux.ts';
import { envoyGateway, gatewayApi } from './table/gateway-api.ts';
import { istio } from './table/istio.ts';
import { knative } from './table/knative.ts';
import {
  rabbitMq,
  confluent,
  camelK,
  keycloak,
  grafana,
  loggingOperator,
} from './table/messaging.ts';
import {
  metalLb,
  contour,
  cilium,
  emissary,
  nginx,
  consul,
  calico,
  gkeNetworking,
  appMesh,
  tailscale,
} from './table/network.ts';
import { mySqlOperator, openSearch } from './table/more-databases.ts';
import { openKruise } from './table/open-kruise.ts';
import { openShift, operatorLifecycleManager } from './table/openshift.ts';
import {
  kyverno,
  gatekeeper,
  openClusterManagement,
  hierarchicalNamespaces,
} from './table/policy.ts';
import { prometheusOperator } from './table/prometheus-operator.ts';
import { longhorn, rook, minio } from './table/storage.ts';
import { strimzi } from './table/strimzi.ts';
import { tekton } from './table/tekton.ts';
import { vault } from './table/vault.ts';
import { victoriaMetrics } from './table/victoria-metrics.ts';
import { kubeVirt, metal3, nvidia } from './table/virtual-machines.ts';
import { observed, type Project, type Step, type TableRow } from './table-row.ts';

/** All that is known of kinds that do not come with Kubernetes, one project after the other. */
export const PROJECTS: readonly Project[] = [
  argoCd,
  argoWorkflows,
  argoEvents,
  promoter,
  numaflow,
  kargo,
  argoRollouts,
  keda,
  karpenter,
  verticalPodAutoscaler,
  kueue,
  jobSets,
  velero,
  volumeSnapshots,
  k8up,
  volSync,
  certManager,
  cloudNativePg,
  configConnector,
  awsControllers,
  azureServiceOperator,
  sealedSecrets,
  onePassword,
  clusterApi,
  crossplane,
  spark,
  flink,
  ray,
  kserve,
  kubeflow,
  volcano,
  zalandoPostgres,
  crunchyPostgres,
  mariaDb,
  percona,
  mongoDb,
  clickHouse,
  cassandra,
  kubeDb,
  solr,
  mySqlOperator,
  openSearch,
  flagger,
  datadog,
  openTelemetry,
  keptn,
  fleet,
  helmController,
  pulumi,
  actionsRunners,
  kubeVela,
  elastic,
  externalSecrets,
  flux,
  gatewayApi,
  envoyGateway,
  istio,
  knative,
  rabbitMq,
  confluent,
  camelK,
  keycloak,
  grafana,
  loggingOperator,
  metalLb,
  contour,
  cilium,
  emissary,
  nginx,
  consul,
  calico,
  gkeNetworking,
  appMesh,
  tailscale,
  openKruise,
  openShift,
  operatorLifecycleManager,
  kyverno,
  gatekeeper,
  openClusterManagement,
  hierarchicalNamespaces,
  prometheusOperator,
  victoriaMetrics,
  longhorn,
  rook,
  minio,
  strimzi,
  tekton,
  vault,
  kubeVirt,
  metal3,
  nvidia,
];

export interface KnownKind {
  /** Group and kind as the row writes them, such as `*.crossplane.io/*`. */
  readonly name: string;
  readonly row: TableRow;
  /** Those of the row; where none asks whether the spec has been seen, one that does. */
  readonly steps: readonly Step[];
}

interface Pattern extends KnownKind {
  readonly group: string;
  readonly kind: string;
}

const PATTERNS: readonly Pattern[] = PROJECTS.flatMap(({ rows }) =>
  rows.flatMap((row) =>
    row.groups.flatMap((group) =>
      row.kinds.map((kind) => ({
        name: `${group}/${kind}`,
        group,
        kind,
        row,
        steps: row.hasForeignGeneration ? row.steps : askingForGeneration(row.steps),
      })),
    ),
  ),
);

const EXACT: ReadonlyMap<string, KnownKind> = new Map(
  PATTERNS.map((pattern) => [pattern.name, pattern]),
);

/** Kind by kind before whole groups, then the longer suffix before the shorter. */
const SUFFIXES: readonly Pattern[] = PATTERNS.filter(({ group }) => group.startsWith('*.')).sort(
  (left, right) =>
    Number(left.kind === '*') - Number(right.kind === '*') ||
    right.group.length - left.group.length,
);

/** The row of a kind: the exact one, that of its whole group, then those of groups with wildcards. */
export function knownKind({ group, kind }: GroupKind): KnownKind | undefined {
  return (
    EXACT.get(`${group}/${kind}`) ??
    EXACT.get(`${group}/*`) ??
    SUFFIXES.find(
      (pattern) =>
        group.endsWith(pattern.group.slice(1)) && (pattern.kind === '*' || pattern.kind === kind),
    )
  );
}

/**
 * A status that says which generation it is about is about no other, also where a row does not say so.
 * What the spec itself says, such as that it is paused, goes before.
 */
function askingForGeneration(steps: readonly Step[]): readonly Step[] {
  if (steps.length === 0 || steps.some(asksForGeneration)) return steps;
  const first = steps.findIndex((step) => !isAboutSpec(step));
  const at = first < 0 ? steps.length : first;
  return [...steps.slice(0, at), { ...observed(), isImplied: true }, ...steps.slice(at)];
}

function asksForGeneration(step: Step): boolean {
  return step.type === 'observed' || (step.type === 'each' && step.steps.some(asksForGeneration));
}

/** Whether what a step says depends on the spec alone. */
export function isAboutSpec(step: Step): boolean {
  if (step.type !== 'is' && step.type !== 'present' && step.type !== 'absent') return false;
  return step.field.startsWith('spec.');
}
