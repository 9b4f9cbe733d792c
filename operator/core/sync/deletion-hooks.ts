import { groupOf, keyOf, type KubeObject, type ResourceKey } from '../objects/kube-object.ts';
import {
  deletePolicies,
  type DeletionPhase,
  holdHook,
  hookRole,
  hookRunOf,
  isHeldHook,
  nameHook,
  withHookRun,
} from './hooks.ts';
import { dueAt, hookDeadline, overdueMessage } from './hook-deadline.ts';
import type { ObservedHealth } from './observe-results.ts';
import { compareInPhase, waveOf } from './order.ts';

export const LET_GO_ANNOTATION = 'tiphys.io/let-go';

/** A failed hook stands at least this long, so that it can be looked at, before it is made anew. */
const RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 3_600_000;

export interface DeletionHooksInput {
  readonly phase: DeletionPhase;
  /** All desired hooks of the application, with its mark. */
  readonly hooks: readonly KubeObject[];
  /** `metadata.deletionTimestamp` of the Application, milliseconds since 1970. */
  readonly deletedAtMs: number;
  readonly live: (key: ResourceKey) => KubeObject | undefined;
  /** `undefined`: the kind has no notion of health. */
  readonly health: (object: KubeObject) => ObservedHealth | undefined;
  readonly nowMs: number;
  /** How long hooks may take that do not say so themselves; 0 is for ever. */
  readonly hookDeadlineMs: number;
  /** When hooks of this phase that failed are made anew, as the status says; `undefined`: it does not. */
  readonly toldRetryAtMs: number | undefined;
  /** RFC 3339 to milliseconds since 1970. */
  readonly parseTime: (text: string) => number;
  /** Back again. */
  readonly formatTime: (ms: number) => string;
}

/** What is to be done about the hooks around a deletion. */
export type DeletionHooksStep =
  /** Take these objects of earlier runs away, or else make these anew, in this order. */
  | {
      readonly type: 'run';
      readonly clear: readonly KubeObject[];
      readonly make: readonly KubeObject[];
    }
  | { readonly type: 'wait'; readonly message: string }
  /** Nothing further is done until `retryAtMs`, when the failed ones are made anew. */
  | {
      readonly type: 'failed';
      readonly message: string;
      readonly retryAtMs: number;
      /** Objects among them that run, and are over their time. */
      readonly overdue: readonly KubeObject[];
    }
  | { readonly type: 'done' };

/**
 * What the hooks around a deletion need next: wave after wave, each waiting for the one before. Pure,
 * and told by the objects alone: each carries the mark of the deletion that made it.
 */
export function nextDeletionHooks(input: DeletionHooksInput): DeletionHooksStep {
  const hooks = input.hooks.filter((hook) => isOfPhase(hook, input.phase));
  const named = hooks.map((hook) => prepare(hook, input));
  named.sort((a, b) => compareInPhase(orderOf(a), orderOf(b)));
  for (const wave of new Set(named.map(waveOf))) {
    const group = named.filter((hook) => waveOf(hook) === wave).map((hook) => stateOf(hook, input));
    const step = stepOfGroup(group, input);
    if (step.type !== 'done') return step;
  }
  return { type: 'done' };
}

/** Whether a hook runs in this phase. */
export function isOfPhase(hook: KubeObject, phase: DeletionPhase): boolean {
  const role = hookRole(hook);
  return role.type === 'hook' && role.phases.includes(phase);
}

/** What every hook object of one deletion is marked with. */
export function deletionRun(phase: DeletionPhase, deletedAtMs: number): string {
  return `${Math.floor(deletedAtMs / 1000)}-${phase}`;
}

/**
 * Objects that ended hooks of a deletion left behind and that their policies take away. The others
 * stay; those with the policy `BeforeHookCreation` too, for there is no next time.
 */
export function hooksToCleanUp(
  live: readonly KubeObject[],
  run: string,
): { readonly remove: readonly KubeObject[]; readonly release: readonly KubeObject[] } {
  const ours = live.filter((object) => hookRunOf(object) === run);
  const remove = ours.filter((object) => deletePolicies(object).has('HookSucceeded'));
  const release = ours.filter((object) => !remove.includes(object) && isHeldHook(object));
  return { remove, release };
}

function prepare(hook: KubeObject, { phase, deletedAtMs }: DeletionHooksInput): KubeObject {
  const run = deletionRun(phase, deletedAtMs);
  const suffix = `${phase}-${Math.floor(deletedAtMs / 1000)}`;
  return holdHook(withHookRun(nameHook(hook, suffix), run));
}

const orderOf = (hook: KubeObject) => ({
  wave: waveOf(hook),
  group: groupOf(hook.apiVersion),
  kind: hook.kind,
  namespace: hook.metadata.namespace ?? '',
  name: hook.metadata.name ?? '',
});

interface HookState {
  readonly hook: KubeObject;
  readonly live: KubeObject | undefined;
  readonly type: 'absent' | 'foreign' | 'leaving' | 'running' | 'succeeded' | 'failed';
  /** Of one that failed: why. */
  readonly reason: string;
  /** Of one that failed: it runs, and its time is over. */
  readonly isOverdue: boolean;
}

function stateOf(hook: KubeObject, input: DeletionHooksInput): HookState {
  const live = input.live(keyOf(hook));
  const state = (type: HookState['type'], reason = '', isOverdue = false): HookState => ({
    ...{ hook, live, type, reason, isOverdue },
  });
  if (live === undefined) return state('absent');
  const isGoing = live.metadata.deletionTimestamp !== undefined;
  if (hookRunOf(live) !== hookRunOf(hook)) {
    if (isGoing) return state('leaving');
    // It stands in the way of the new one, or the new one is applied on top of it.
    return state(deletePolicies(hook).has('BeforeHookCreation') ? 'foreign' : 'absent');
  }
  const health = input.health(live);
  if (health === undefined || health.status === 'Healthy') return state('succeeded');
  // Somebody who deletes one that has not ended well wants it to be made anew.
  if (isGoing) return state('leaving');
  if (health.status === 'Degraded' || health.status === 'Unknown')
    return state('failed', health.message ?? health.status);
  const deadline = hookDeadline(hook, input.hookDeadlineMs);
  const dueAtMs = dueAt(deadline, live, input.parseTime);
  if (dueAtMs !== undefined && dueAtMs <= input.nowMs)
    return state('failed', overdueMessage(deadline), true);
  return state('running');
}

function stepOfGroup(group: readonly HookState[], input: DeletionHooksInput): DeletionHooksStep {
  const of = (type: HookState['type']) => group.filter((state) => state.type === type);
  const failed = of('failed');
  if (failed.length > 0) {
    const retryAtMs = retryAt(failed, input);
    if (retryAtMs > input.nowMs) {
      const overdue = failed.flatMap(({ live, isOverdue }) => (isOverdue && live ? [live] : []));
      const message = describe(failed, retryAtMs, input);
      return { type: 'failed', message, retryAtMs, overdue };
    }
  }
  const held = of('leaving').filter(({ live }) => live !== undefined && isHeldHook(live));
  const clear = [...of('foreign'), ...failed, ...held].flatMap(({ live }) => live ?? []);
  if (clear.length > 0) return { type: 'run', clear, make: [] };
  const leaving = of('leaving');
  if (leaving.length > 0) return wait('deletion of', leaving, input.phase);
  const make = of('absent').map(({ hook }) => hook);
  if (make.length > 0) return { type: 'run', clear: [], make };
  const running = of('running');
  return running.length > 0 ? wait('completion of', running, input.phase) : { type: 'done' };
}

/**
 * After as long again as the deletion had been going on when the hook was made. What was told once
 * stands, whatever else becomes known of those hooks.
 */
function retryAt(failed: readonly HookState[], input: DeletionHooksInput): number {
  if (input.toldRetryAtMs !== undefined) return input.toldRetryAtMs;
  const made = failed.map(({ live }) => input.parseTime(live?.metadata.creationTimestamp ?? ''));
  const since = Math.max(...made, input.deletedAtMs) - input.deletedAtMs;
  const delayMs = Math.min(LONGEST_RETRY_MS, Math.max(RETRY_MS, Number.isNaN(since) ? 0 : since));
  return input.nowMs + delayMs;
}

const failurePrefix = (phase: DeletionPhase): string => `${phase} hooks failed: `;
const RETRY = /; they are made anew at (\S+), or as soon/;

/** When failed hooks are made anew, as the message of a condition says; `undefined`: it is about others. */
export function readRetryAt(message: string, phase: DeletionPhase): string | undefined {
  return message.startsWith(failurePrefix(phase)) ? RETRY.exec(message)?.[1] : undefined;
}

function describe(
  failed: readonly HookState[],
  retryAtMs: number,
  { phase, formatTime }: DeletionHooksInput,
): string {
  const hooks = failed.map(({ hook, reason }) => `${nameOf(hook)} (${reason})`).join(', ');
  const until =
    phase === 'PreDelete'
      ? 'until they end well nothing is deleted'
      : 'until they end well the Application stays';
  return `${failurePrefix(phase)}${hooks}; they are made anew at ${formatTime(retryAtMs)}, or as soon as they are deleted, and ${until}. To go on without them and leave all objects alone set the annotation ${LET_GO_ANNOTATION}: "true"`;
}

function wait(
  what: string,
  states: readonly HookState[],
  phase: DeletionPhase,
): DeletionHooksStep & { readonly type: 'wait' } {
  const [first, ...others] = states.map(({ hook }) => nameOf(hook));
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return { type: 'wait', message: `waiting for ${what} ${phase} hook ${first ?? ''}${more}` };
}

/** `batch/Job shop/backup` */
export function nameOf(hook: KubeObject): string {
  const group = groupOf(hook.apiVersion);
  const { namespace = '', name = '' } = hook.metadata;
  const place = namespace === '' ? name : `${namespace}/${name}`;
  return `${group === '' ? hook.kind : `${group}/${hook.kind}`} ${place}`;
}
