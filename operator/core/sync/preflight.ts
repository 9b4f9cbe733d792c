import type { ErrorCode } from '../errors.ts';
import { groupOf } from '../objects/kube-object.ts';
import { applyMode, type SyncOptions } from './options.ts';
import { definedKind, type SyncPlan, type SyncTask, type TaskKey } from './plan-sync.ts';

/** What is known when a sync is about to write. */
export interface PreflightInput {
  readonly plan: SyncPlan;
  /** What the coming step writes; one object alone needs no check, for its own write tells as much. */
  readonly next: readonly SyncTask[];
  readonly options: SyncOptions;
  /** Tasks that were carried out, or that the API server would take. */
  readonly isSettled: (key: TaskKey) => boolean;
  readonly isServed: (task: SyncTask) => boolean;
  readonly hasNamespace: (name: string) => boolean;
}

/**
 * The tasks whose objects the API server should be asked about before anything is written, so that a
 * set with one invalid object changes nothing. Left out is what cannot be known yet: objects whose
 * kind or namespace this very set brings or changes. They are checked before the step after.
 */
export function tasksToCheck(input: PreflightInput): readonly SyncTask[] {
  const { plan, next, options, isSettled } = input;
  const open = plan.tasks.filter((task) => !isSettled(task.key));
  const writes = open.filter((task) => isSent(task, options));
  const kinds = new Set(writes.flatMap(changedKind));
  const namespaces = new Set(
    writes.flatMap((task) => (isNamespace(task) && task.live === undefined ? task.name : [])),
  );
  const checks = writes.filter(
    (task) =>
      input.isServed(task) &&
      !kinds.has(`${task.group}/${task.kind}`) &&
      (task.target?.metadata.namespace === undefined ||
        (!namespaces.has(task.target.metadata.namespace) &&
          input.hasNamespace(task.target.metadata.namespace))) &&
      !(task.accepted && isPlainApply(task, options)),
  );
  const [only, ...others] = checks;
  const alone = others.length === 0 && next.length === 1 && next[0] === only;
  return alone ? [] : checks;
}

/** Whether carrying out the task sends an object: what is as desired stays, unless it is to be made anew. */
export function isSent(
  { target, unchanged }: SyncTask,
  { replace, force }: Pick<SyncOptions, 'replace' | 'force'>,
): boolean {
  return target !== undefined && (!unchanged || replace || force);
}

/** Whether the object is applied just as the comparison tried it. */
function isPlainApply({ type, target, live }: SyncTask, options: SyncOptions): boolean {
  return (
    type === 'apply' &&
    target !== undefined &&
    !options.respectIgnoreDifferences &&
    applyMode(options, target, live) === 'server-side'
  );
}

const isNamespace = ({ kind, group }: SyncTask): boolean => kind === 'Namespace' && group === '';

/**
 * The tasks of a group that others need before they can be checked, when that is not all of it: they
 * are carried out first, so that the rest is checked before it is written.
 */
export function foundationsOf(group: readonly SyncTask[]): readonly SyncTask[] | undefined {
  const foundations = group.filter(isFoundation);
  return foundations.length === 0 || foundations.length === group.length ? undefined : foundations;
}

/** Whether objects may need it to be there before the API server can judge them. */
export function isFoundation(
  task: Pick<SyncTask, 'group' | 'kind'> & Partial<Pick<SyncTask, 'unchanged'>>,
): boolean {
  if (task.unchanged === true) return false;
  return (
    (task.group === '' && task.kind === 'Namespace') ||
    (task.group === 'apiextensions.k8s.io' && task.kind === 'CustomResourceDefinition')
  );
}

/** A CRD that is written may permit what the one in place forbids. */
function changedKind({ target }: SyncTask): string[] {
  const defined = target && definedKind(target);
  return defined === undefined ? [] : [`${defined.group}/${defined.kind}`];
}

/** A dry run that the API server refused. */
export interface Refusal {
  readonly code: ErrorCode;
  /** In the API server's words. */
  readonly message: string;
}

/**
 * Whether a refusal tells nothing about the object: it may be down to the moment, or to something
 * that the set brings before the object's turn comes.
 */
export function isInconclusive({ code, message }: Refusal, plan: SyncPlan): boolean {
  if (/does not support dry run/i.test(message)) return true;
  if (/already allocated/i.test(message)) return true; // by an object that this set changes, perhaps
  switch (code) {
    case 'KubeInvalid':
    case 'IgnoreRuleFailed':
      return false;
    case 'KubeForbidden':
      return plan.tasks.some(decidesAdmission);
    case 'KubeNotFound':
      return plan.tasks.some(({ type }) => type === 'hook');
    default:
      return true;
  }
}

/** Kinds on which it depends whether other objects are admitted. */
const ADMISSION_KINDS: ReadonlySet<string> = new Set([
  '/LimitRange',
  '/Namespace',
  '/ResourceQuota',
  '/ServiceAccount',
  'node.k8s.io/RuntimeClass',
  'scheduling.k8s.io/PriorityClass',
]);
const ADMISSION_GROUPS: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io',
  'rbac.authorization.k8s.io',
]);

const decidesAdmission = ({ target, type, unchanged }: SyncTask): boolean =>
  type === 'hook' ||
  (target !== undefined &&
    !unchanged &&
    (ADMISSION_GROUPS.has(groupOf(target.apiVersion)) ||
      ADMISSION_KINDS.has(`${groupOf(target.apiVersion)}/${target.kind}`)));

/** The message of an operation that ended before it wrote anything. */
export const REFUSED_IN_DRY_RUN = 'one or more objects failed to apply (dry run)';
