import type { ResourceResult } from '../core/app/types.ts';
import { redactSecrets } from '../core/diff/mask-secret.ts';
import { toTiphysError } from '../core/errors.ts';
import { definedKind, type SyncTask, type TaskKey } from '../core/sync/plan-sync.ts';
import type { NextStep } from '../core/sync/next-step.ts';
import { isSent } from '../core/sync/preflight.ts';
import { resultOf } from '../core/sync/observe-results.ts';
import { explainRefusal } from '../core/sync/explain-refusal.ts';
import { permissionOf, type SyncOptions } from '../core/sync/options.ts';
import { instanceName } from '../core/app/names.ts';
import { isOwnOf } from '../core/tracking/tracking.ts';
import { isJsonArray, isJsonObject } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Deletion } from '../ports/kube-client.ts';
import { withDeadline } from '../runtime/deadline.ts';
import { mapLimit } from '../runtime/map-limit.ts';
import { deleteObject } from './delete-object.ts';
import { addressOf, applyObject, kubectlName } from './apply-object.ts';
import { migrationManagerOf, operationOptions } from './operation-options.ts';
import { removeHook } from './release-hooks.ts';
import type { SyncPassRequest } from './run-sync-pass.ts';

type RunStep = Extract<NextStep, { type: 'run' }>;

/** How long a new CRD may take until the API server serves it. */
const CRD_ESTABLISHED_MS = 10_000;
const CRD_POLL_MS = 100;

/**
 * Carries out one group: prunes, clears old hooks, then applies kind after kind, each kind in
 * parallel. A failure of one object is that object's result and stops nothing else.
 */
export async function runGroup(
  request: SyncPassRequest,
  step: RunStep,
  signal: AbortSignal,
): Promise<ReadonlyMap<TaskKey, ResourceResult>> {
  const options = operationOptions(request.state);
  const results = new Map<TaskKey, ResourceResult>();
  const width = request.settings.applyParallelism;
  const each = async (
    tasks: readonly SyncTask[],
    run: (task: SyncTask, stop: AbortSignal) => Promise<ResourceResult | undefined>,
  ) => {
    const done = await mapLimit(tasks, width, run, signal);
    done.forEach((result, index) => {
      const task = tasks[index];
      if (task !== undefined && result !== undefined) results.set(task.key, result);
    });
  };
  await each(step.prune, (task, stop) => pruneOne(request, task, options, stop));
  await each(step.clear, (task, stop) => clearHook(request, task, options, stop));
  for (const batch of byKind(step.apply))
    await each(batch, (task, stop) => applyOne(request, task, options, stop));
  return results;
}

function byKind(tasks: readonly SyncTask[]): readonly (readonly SyncTask[])[] {
  const batches: SyncTask[][] = [];
  for (const task of tasks) {
    const last = batches.at(-1);
    if (last?.[0]?.kind === task.kind && last[0].group === task.group) last.push(task);
    else batches.push([task]);
  }
  return batches;
}

async function pruneOne(
  request: SyncPassRequest,
  task: SyncTask,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<ResourceResult> {
  const dryRun = request.state.operation.sync?.dryRun === true;
  const done = resultOf(task, 'Succeeded', '');
  if (request.state.operation.sync?.prune !== true)
    return { ...done, status: 'PruneSkipped', message: 'ignored (requires pruning)' };
  if (task.prune === 'no')
    return { ...done, status: 'PruneSkipped', message: 'ignored (no prune)' };
  if (dryRun) return { ...done, status: 'Pruned', message: 'pruned (dry run)' };
  try {
    const isGoing = task.live?.metadata.deletionTimestamp !== undefined;
    const kept = !isGoing && (await deleteLive(request, task, options, signal)) === 'kept';
    if (kept) return { ...done, status: 'PruneSkipped', message: 'ignored (changed meanwhile)' };
    return { ...done, status: 'Pruned', message: 'pruned' };
  } catch (error) {
    signal.throwIfAborted();
    return resultOf(task, 'Failed', toTiphysError(error).message);
  }
}

async function clearHook(
  request: SyncPassRequest,
  task: SyncTask,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<ResourceResult | undefined> {
  if (request.state.operation.sync?.dryRun === true)
    return resultOf(task, 'Succeeded', `${task.kind}/${task.name} created (dry run)`);
  try {
    const live = request.cluster.live.get(task.resource);
    if (live !== undefined) await removeHook(request.cluster, live, options.propagation, signal);
    return undefined; // made in a later pass, when the old one is gone
  } catch (error) {
    signal.throwIfAborted();
    return resultOf(task, 'Failed', toTiphysError(error).message);
  }
}

async function deleteLive(
  request: SyncPassRequest,
  task: SyncTask,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<Deletion['type'] | 'kept'> {
  const { cluster } = request;
  const live = cluster.live.get(task.resource);
  const resource = cluster.live.catalogue.find(task) ?? cluster.live.catalogue.findKind(task);
  if (resource === undefined || live === undefined) return 'absent';
  const address = {
    resource,
    namespace: resource.namespaced ? task.namespace : '',
    name: task.name,
  };
  const { tracking } = request.settings;
  const instance = instanceName(request.app.metadata, request.settings.namespace);
  const permission = (object: KubeObject) => permissionOf('Prune', object, options.prune);
  const decided = permission(task.live ?? live);
  const mayGo = (now: KubeObject): boolean =>
    isOwnOf(instance, now, tracking) && permission(now) === decided;
  const { propagation } = options;
  const { type } = await deleteObject(cluster, address, { live, propagation, mayGo }, signal);
  return type;
}

async function applyOne(
  request: SyncPassRequest,
  task: SyncTask,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<ResourceResult> {
  const { cluster, settings } = request;
  const { target } = task;
  if (target === undefined) return resultOf(task, 'Failed', 'nothing to apply');
  const dryRun = request.state.operation.sync?.dryRun === true;
  if (!isSent(task, options))
    return resultOf(task, dryRun ? 'Succeeded' : 'Running', `${kubectlName(target)} unchanged`);
  try {
    const wanted =
      options.respectIgnoreDifferences && task.live !== undefined
        ? await request.respectIgnored(target, task.live, signal)
        : target;
    const applied = await applyObject(
      cluster,
      {
        target: wanted,
        live: task.live,
        options,
        fieldManager: settings.fieldManager,
        dryRun,
        clock: request.clock,
        migrationManager: migrationManagerOf(request.app),
      },
      signal,
    );
    if (!dryRun && definedKind(target) !== undefined)
      await untilEstablished(request, target, signal);
    const message = dryRun ? `${applied.message} (dry run)` : applied.message;
    const images = imagesOf(target);
    const result = resultOf(task, dryRun ? 'Succeeded' : 'Running', message);
    return images.length === 0 ? result : { ...result, images };
  } catch (error) {
    signal.throwIfAborted();
    const message = explainRefusal(toTiphysError(error).message);
    const versions = task.live === undefined ? [target] : [target, task.live];
    return resultOf(task, 'Failed', redactSecrets(message, versions));
  }
}

/** Waits until a new kind is served and watched, so that its objects in the same set can be applied. */
async function untilEstablished(
  { cluster, clock }: SyncPassRequest,
  crd: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  using deadline = withDeadline(signal, CRD_ESTABLISHED_MS, clock);
  const address = addressOf(cluster, crd);
  try {
    for (;;) {
      const live = await cluster.client.get(address, deadline.signal);
      if (live !== undefined && isEstablished(live)) break;
      await clock.sleep(CRD_POLL_MS, deadline.signal);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.signal.aborted) throw error;
    // Not established in time: objects of its kind report that themselves, with a clearer message.
  }
  await cluster.live.rediscover(signal);
}

function isEstablished(crd: KubeObject): boolean {
  const status = crd['status'];
  const conditions = isJsonObject(status) ? status['conditions'] : undefined;
  return (
    isJsonArray(conditions) &&
    conditions.some(
      (condition) =>
        isJsonObject(condition) &&
        condition['type'] === 'Established' &&
        condition['status'] === 'True',
    )
  );
}

/** Images in the pod template of a workload, for the result entry. */
function imagesOf(target: KubeObject): readonly string[] {
  const images = new Set<string>();
  const visit = (value: unknown): void => {
    if (!isJsonObject(value)) return;
    for (const list of [value['initContainers'], value['containers']])
      if (isJsonArray(list))
        for (const container of list)
          if (isJsonObject(container) && typeof container['image'] === 'string')
            images.add(container['image']);
    visit(value['spec']);
    visit(value['template']);
    visit(value['jobTemplate']);
  };
  visit(target['spec']);
  return [...images].sort();
}
