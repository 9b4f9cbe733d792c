import type { HealthStatusCode } from '../app/types.ts';
import { isJsonObject, type JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { messageOf, outOfDate } from './condition-age.ts';
import { items, judge, notObserved, text, type Judgement } from './health.ts';

/** Members of `spec` that stop a controller when they are true. */
export const SUSPENDING_FIELDS: readonly string[] = ['suspend', 'suspended', 'paused'];

/**
 * Judges an object of a kind that nothing is known of, by the conventions that most controllers
 * keep. Careful: a word that is not in these lists says nothing, and an object without a status may
 * be one that no controller ever answers, so it has no health.
 */
export function judgeByConventions(object: KubeObject): Judgement | undefined {
  const spec = isJsonObject(object['spec']) ? object['spec'] : {};
  for (const field of SUSPENDING_FIELDS)
    if (spec[field] === true) return judge('Suspended', `spec.${field} is true`);
  const status = object['status'];
  if (!isJsonObject(status)) return undefined;
  return notObserved(object) ?? byConditions(status, object) ?? byPhase(status);
}

/** What conditions of some types mean when they have one status. */
export interface Meaning {
  readonly types: readonly string[];
  readonly is: 'True' | 'False' | 'Unknown';
  readonly means: HealthStatusCode;
  /** Only with a reason that tells of a failure. */
  readonly ofFailure?: boolean;
  readonly exceptReasons?: readonly string[];
}

/** The conditions that sum up others, the most telling first. */
const POSITIVE = [
  'Ready',
  'Healthy',
  'Available',
  'Programmed',
  'Established',
  'Deployed',
  'Synced',
  'Accepted',
  'Valid',
];

const FINISHED = ['Succeeded', 'Successful', 'Complete', 'Completed', 'Finished', 'Done'];

/** In this order: failures, pauses, ends, work in progress, means the first of the positive ones. */
export const MEANINGS: readonly Meaning[] = [
  {
    types: [
      'Stalled',
      'Failed',
      'Failure',
      'Degraded',
      'Error',
      'ReconcileError',
      'ReleaseFailed',
      'Irreconcilable',
    ],
    is: 'True',
    means: 'Degraded',
  },
  { types: ['Healthy'], is: 'False', means: 'Degraded' },
  // A composite resource of Crossplane, of whatever group: what was made before may still be ready.
  { types: ['Synced'], is: 'False', means: 'Degraded', ofFailure: true },
  { types: ['Suspended', 'Paused', 'ReconciliationPaused'], is: 'True', means: 'Suspended' },
  { types: ['Reconciling'], is: 'True', means: 'Progressing' },
  { types: FINISHED, is: 'True', means: 'Degraded', ofFailure: true },
  { types: FINISHED, is: 'True', means: 'Healthy' },
  { types: ['Succeeded', 'Successful'], is: 'False', means: 'Degraded' },
  { types: ['Ready'], is: 'True', means: 'Healthy' },
  {
    types: ['Progressing', 'Pending'],
    is: 'True',
    means: 'Progressing',
    // A Deployment, and what copies it, stays so for ever.
    exceptReasons: ['NewReplicaSetAvailable', 'Complete', 'Completed'],
  },
  { types: ['Progressing'], is: 'False', means: 'Degraded', ofFailure: true },
  // An operator built on Ansible: `Running` with reason `Successful` is one that rests.
  { types: ['Running'], is: 'True', means: 'Healthy', exceptReasons: ['Running'] },
  { types: ['Running'], is: 'True', means: 'Progressing' },
  ...POSITIVE.flatMap((type): readonly Meaning[] => [
    { types: [type], is: 'False', means: 'Degraded', ofFailure: true },
    { types: [type], is: 'False', means: 'Progressing' },
    { types: [type], is: 'Unknown', means: 'Progressing' },
    { types: [type], is: 'True', means: 'Healthy' },
  ]),
  { types: FINISHED, is: 'False', means: 'Degraded', ofFailure: true },
  { types: FINISHED, is: 'False', means: 'Progressing' },
  { types: FINISHED, is: 'Unknown', means: 'Progressing' },
];

function byConditions(status: JsonObject, object: KubeObject): Judgement | undefined {
  const conditions = items(status, 'conditions');
  if (conditions.length === 0) return undefined;
  for (const meaning of MEANINGS) {
    const found = conditions.find((condition) => matches(meaning, condition));
    if (found === undefined) continue;
    return outOfDate(found, object) ?? judge(meaning.means, messageOf(found));
  }
  return undefined;
}

function matches(meaning: Meaning, condition: JsonObject): boolean {
  const { types, is, exceptReasons = [], ofFailure = false } = meaning;
  const reason = text(condition, 'reason');
  return (
    condition['status'] === is &&
    types.includes(text(condition, 'type')) &&
    !exceptReasons.includes(reason) &&
    (!ofFailure || tellsOfFailure(reason))
  );
}

/** Reasons are words in CamelCase: `InstallFailed`, `ErrorFetching`, `DeadlineExceeded`. */
function tellsOfFailure(reason: string): boolean {
  return /(?:^|[a-z0-9_])(?:Fail(?:ed|ure|ing)?|Error(?:ed|s)?|Invalid|Exceeded|Denied|Forbidden|BackOff)(?![a-z])/.test(
    reason,
  );
}

/** What a phase means, in lower case. */
export const PHASE_WORDS: Readonly<Partial<Record<HealthStatusCode, readonly string[]>>> = {
  Healthy: [
    'ready',
    'running',
    'active',
    'bound',
    'succeeded',
    'success',
    'successful',
    'complete',
    'completed',
    'healthy',
    'available',
    'online',
    'deployed',
    'established',
    'synced',
    'ok',
  ],
  Progressing: [
    'pending',
    'creating',
    'provisioning',
    'initializing',
    'initialising',
    'installing',
    'starting',
    'updating',
    'upgrading',
    'scaling',
    'reconciling',
    'progressing',
    'inprogress',
    'deploying',
    'configuring',
    'waiting',
    'restarting',
    'restoring',
    'deleting',
    'terminating',
  ],
  Degraded: ['failed', 'failure', 'error', 'errored', 'degraded', 'unhealthy', 'invalid', 'lost'],
  Suspended: ['suspended', 'paused', 'hibernated'],
};

const BY_WORD: ReadonlyMap<string, HealthStatusCode> = new Map(
  Object.entries(PHASE_WORDS).flatMap(([status, list]) =>
    list.map((word) => [word, status as HealthStatusCode] as const),
  ),
);

/** Members of `status` that may hold such a word; the first that does counts. */
export const PHASE_FIELDS: readonly string[] = ['phase', 'state', 'status'];

function byPhase(status: JsonObject): Judgement | undefined {
  for (const field of PHASE_FIELDS) {
    const word = text(status, field);
    const known = BY_WORD.get(word.toLowerCase());
    if (known === undefined) continue;
    const message = text(status, 'message') || text(status, 'reason');
    return judge(known, message || (known === 'Healthy' ? '' : `status.${field} is ${word}`));
  }
  return undefined;
}

/** Groups that Kubernetes itself serves; what of their kinds has health has a check of its own. */
const BUILT_IN_GROUPS: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'custom.metrics.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'extensions',
  'external.metrics.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'metrics.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'settings.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
]);

/** Whether Kubernetes itself serves the group, so that no convention needs to be guessed. */
export function isBuiltInGroup(group: string): boolean {
  return BUILT_IN_GROUPS.has(group);
}
