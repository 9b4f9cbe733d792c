import type { ActionPlan, ActionStep } from '../../core/actions/action.ts';
import { readPlan } from '../../core/actions/lua-actions.ts';
import { planAction, unknownAction } from '../../core/actions/plan-action.ts';
import { builtInActionsOf } from '../../core/actions/built-in-actions.ts';
import type { Project } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import { describeResource, idOf, type KubeObject } from '../../core/objects/kube-object.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Cluster } from '../../ports/clusters.ts';
import { addressOf } from '../apply-object.ts';
import { timestamp } from '../run-sync-pass.ts';
import type { ActionDeps } from './list-resource-actions.ts';
import { refuseForbidden } from './refuse-forbidden.ts';
import { runScript, understand } from './run-script.ts';
import { carryOut, type ActionChange } from './carry-out.ts';

export interface RunActionRequest extends ActionDeps {
  /** The object to act on. It is read anew; of this one, what identifies it counts, its uid included. */
  readonly live: KubeObject;
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly cluster: Cluster;
  /** Every object that the action changes or makes must be permitted by it. */
  readonly project: Project;
  /**
   * The object is the Application whose project this is, which need not permit its namespace: it may
   * be changed, while what is made must be permitted all the same. Default false.
   */
  readonly isOwnApplication?: boolean;
  readonly clock: Clock;
  /** Under which name fields are written. Default `tiphys-actions`. */
  readonly fieldManager?: string;
}

/**
 * Never the name under which syncs apply: what an action sets could count as what was applied last,
 * and a comparison take it for a field that was removed from Git.
 */
const FIELD_MANAGER = 'tiphys-actions';

/**
 * Runs an action on an object: the administrator's definition of that name, else the built-in one,
 * whether or not lists show it.
 *
 * Flow: the object is read; the action plans on what was read; every object of the plan is checked
 * against the project; what is created is tried by the API server first, and so are patches when
 * there is more than one step; then the plan is carried out in its order.
 *
 * Guarantees: only objects of the plan are written; a patch is bound to the uid and resourceVersion
 * of the object. When the object changed meanwhile, but not in what the patch writes, the patch is
 * sent again. Values of Secrets are in no error. Returns what was written, nothing when the object is
 * as the action wants it already.
 *
 * Caveats: several writes are no transaction. When a later one fails, the earlier ones stay.
 *
 * Errors: `InvalidAction`, `ScriptFailed`, `NotPermitted`, `KubeNotFound` when the object is gone,
 * `KubeConflict` when it is another one by now or others keep changing it, and what else the API
 * server says. Cancellation: rejects with `signal.reason`; a write that was sent may have happened.
 */
export async function runResourceAction(
  request: RunActionRequest,
  signal: AbortSignal,
): Promise<readonly ActionChange[]> {
  const { cluster, project, isOwnApplication = false, fieldManager = FIELD_MANAGER } = request;
  const object = await readAgain(request, signal);
  const plan = await planOn(object, request, signal);
  const isFree = (step: ActionStep): boolean => isOwnApplication && step.operation === 'patch';
  const toBePermitted = plan.filter((step) => !isFree(step));
  refuseForbidden(toBePermitted, cluster, project);
  return await carryOut(plan, { object, cluster, fieldManager }, signal);
}

/** The store may hold less than the object and be a moment behind. */
async function readAgain(
  { live, action, cluster }: RunActionRequest,
  signal: AbortSignal,
): Promise<KubeObject> {
  const resource = describeResource(idOf(live));
  const object = await cluster.client.get(addressOf(cluster, live), signal);
  if (object === undefined)
    throw new TiphysError('KubeNotFound', `${resource}: action ${action}: the object is gone`);
  if (live.metadata.uid !== undefined && object.metadata.uid !== live.metadata.uid)
    throw new TiphysError(
      'KubeConflict',
      `${resource}: action ${action}: it was deleted, and made anew by somebody`,
      { hint: 'Look at the new object, then run the action on it.' },
    );
  return object;
}

async function planOn(
  object: KubeObject,
  { action, parameters, settings, scripts, clock }: RunActionRequest,
  signal: AbortSignal,
): Promise<ActionPlan> {
  const definitions = settings.kind(idOf(object)).actions?.definitions ?? [];
  const definition = definitions.find(({ name }) => name === action);
  if (definition !== undefined) {
    const run = { object, what: `action ${action}`, source: definition.source, parameters };
    return understand(run, readPlan(object, await runScript(run, scripts, signal)));
  }
  if (!builtInActionsOf(idOf(object)).some(({ name }) => name === action))
    throw unknownAction(
      object,
      action,
      definitions.map(({ name }) => name),
    );
  return planAction(object, action, parameters, { now: timestamp(clock) });
}
