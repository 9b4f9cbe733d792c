import type { ActionPlan, ActionStep } from '../../core/actions/action.ts';
import { isUntouched, planPatches, type ObjectPatch } from '../../core/actions/plan-patches.ts';
import { hasCode, TiphysError } from '../../core/errors.ts';
import { mapIn } from '../../core/actions/edit.ts';
import { describeResource, idOf, type KubeObject } from '../../core/objects/kube-object.ts';
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

/**
 * Writes the plan in its order, after the API server has tried what it can refuse. Errors: `Kube…`;
 * one that comes after a write says what was done before.
 */
export async function carryOut(
  plan: ActionPlan,
  target: Target,
  signal: AbortSignal,
): Promise<readonly ActionChange[]> {
  const needsTrial = plan.length > 1 || plan.some(({ operation }) => operation === 'create');
  if (needsTrial) for (const step of plan) await carryOutStep(step, target, TRIAL, signal);
  const changes: ActionChange[] = [];
  const done = (operation: ActionStep['operation'], object: KubeObject): void => {
    target.cluster.live.observe(object);
    changes.push({ operation, object });
  };
  try {
    for (const step of plan) await carryOutStep(step, target, { dryRun: false, done }, signal);
  } catch (error) {
    throw error instanceof TiphysError && changes.length > 0 ? afterwards(error, changes) : error;
  }
  return newest(changes);
}

/** A patch may take two writes; what counts is the last. */
function newest(changes: readonly ActionChange[]): readonly ActionChange[] {
  return changes.filter(
    ({ object }, index) =>
      !changes.slice(index + 1).some((later) => later.object.metadata.uid === object.metadata.uid),
  );
}

function afterwards(error: TiphysError, changes: readonly ActionChange[]): TiphysError {
  const done = newest(changes).map(
    ({ operation, object }) => `${operation} ${describeResource(idOf(object))}`,
  );
  const { code, message, hint, fields } = error;
  return new TiphysError(code, `${message}; done before that: ${done.join(', ')}`, {
    ...{ cause: error, hint, fields },
    // Once more would do twice what was done.
    retry: 'never',
  });
}

interface Writing {
  readonly dryRun: boolean;
  /** Called after each write. */
  readonly done: (operation: ActionStep['operation'], object: KubeObject) => void;
}

const TRIAL: Writing = { dryRun: true, done: () => undefined };

async function carryOutStep(
  { operation, object: wanted }: ActionStep,
  target: Target,
  { dryRun, done }: Writing,
  signal: AbortSignal,
): Promise<void> {
  const { object, cluster, fieldManager } = target;
  const address = addressOf(cluster, wanted);
  if (operation === 'create') {
    const options = { fieldManager, dryRun };
    return done(operation, await cluster.client.create(address, wanted, options, signal));
  }
  const hasStatus = address.resource.subresources.includes('status');
  let current = object;
  for (const part of planPatches(object, wanted, { hasStatus })) {
    const answer = await send(part, target, current, dryRun, signal);
    done(operation, answer);
    // A trial changes nothing: its answer is not what the next patch will find.
    if (!dryRun) current = answer;
  }
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
