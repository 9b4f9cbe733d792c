import type { ActionPlan, ActionStep } from '../../core/actions/action.ts';
import { isUntouched, planPatches, type ObjectPatch } from '../../core/actions/plan-patches.ts';
import { hasCode } from '../../core/errors.ts';
import { mapIn } from '../../core/actions/edit.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { Cluster } from '../../ports/clusters.ts';
import { addressOf } from '../apply-object.ts';

/** One object that was written, as the API server has it now. */
export interface ActionChange {
  readonly operation: ActionStep['operation'];
  readonly object: KubeObject;
}

interface Target {
  /** What the plan was made on. */
  readonly object: KubeObject;
  readonly cluster: Cluster;
  readonly fieldManager: string;
}

/** How often a patch is sent while others change other parts of the object. */
const ATTEMPTS = 5;

/** Writes the plan in its order, after the API server has tried what it can refuse. Errors: `Kube…`. */
export async function carryOut(
  plan: ActionPlan,
  target: Target,
  signal: AbortSignal,
): Promise<readonly ActionChange[]> {
  const needsTrial = plan.length > 1 || plan.some(({ operation }) => operation === 'create');
  if (needsTrial) for (const step of plan) await carryOutStep(step, target, true, signal);
  const changes: ActionChange[] = [];
  for (const step of plan) {
    const object = await carryOutStep(step, target, false, signal);
    if (object === undefined) continue;
    target.cluster.live.observe(object);
    changes.push({ operation: step.operation, object });
  }
  return changes;
}

/** The written object; `undefined` when there was nothing to write. */
async function carryOutStep(
  { operation, object: wanted }: ActionStep,
  target: Target,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const { object, cluster, fieldManager } = target;
  const address = addressOf(cluster, wanted);
  if (operation === 'create')
    return await cluster.client.create(address, wanted, { fieldManager, dryRun }, signal);
  const hasStatus = address.resource.subresources.includes('status');
  let written: KubeObject | undefined;
  // A trial changes nothing, so that its answer is not what the next patch will find.
  for (const part of planPatches(object, wanted, { hasStatus }))
    written = await send(part, target, dryRun ? object : (written ?? object), dryRun, signal);
  return written;
}

/** Sends a patch bound to the object as it is; when that changed elsewhere, bound to the newer one. */
async function send(
  { patch, subresource }: ObjectPatch,
  { object, cluster, fieldManager }: Target,
  known: KubeObject,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<KubeObject> {
  const address = addressOf(cluster, object);
  const options = {
    type: 'merge',
    fieldManager,
    dryRun,
    ...(subresource === undefined ? {} : { subresource }),
  } as const;
  let current = known;
  for (let attempt = 1; ; attempt++) {
    const { uid, resourceVersion } = current.metadata;
    const guarded = { ...patch, metadata: { ...mapIn(patch, 'metadata'), uid, resourceVersion } };
    try {
      return await cluster.client.patch(address, guarded, options, signal);
    } catch (error) {
      if (!hasCode(error, 'KubeConflict') || attempt === ATTEMPTS) throw error;
      const newer = await cluster.client.get(address, signal);
      if (newer === undefined || newer.metadata.uid !== uid) throw error;
      if (!isUntouched(patch, object, newer)) throw error;
      current = newer;
    }
  }
}
