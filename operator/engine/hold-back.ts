import { appKey } from '../core/app/app-key.ts';
import type { ComparedResource, Held } from '../core/app/compared-resource.ts';
import { parseInstanceName } from '../core/app/names.ts';
import type { Application } from '../core/app/types.ts';
import { opponentsOf } from '../core/diff/owned-differences.ts';
import { canonicalJson, isJsonArray, isJsonObject } from '../core/objects/json.ts';
import {
  describeResource,
  type KubeObject,
  type ResourceKey,
} from '../core/objects/kube-object.ts';
import { describeHealLoop } from '../core/sync/describe-heal-loop.ts';
import { canLoop, isHealLoop, recordHeal, type HealRecord } from '../core/sync/heal-loop.ts';
import { toTiphysError } from '../core/errors.ts';
import type { Cluster } from '../ports/clusters.ts';
import { sha256 } from '../runtime/hash.ts';
import type { NewCondition } from './admit.ts';
import { addressOf } from './apply-object.ts';
import type { EnginePorts, EngineSettings } from './ports.ts';

/** Healings of one application's objects; what is lost costs a few more of them. */
export interface HealMemory {
  readonly records: Map<ResourceKey, HealRecord>;
  /** Who was found to set fields back, per loop. */
  readonly messages: Map<ResourceKey, string>;
}

export function createHealMemory(): HealMemory {
  return { records: new Map(), messages: new Map() };
}

export interface HoldRequest {
  readonly app: Application;
  readonly cluster: Cluster;
  readonly memory: HealMemory;
}

export const HEAL_LOOP_WARNING = 'HealLoopWarning';

/**
 * Marks what automated sync leaves alone, and says why: objects that another application wants as
 * well and has, and objects whose healing another manager undoes again and again.
 */
export async function holdBack(
  compared: readonly ComparedResource[],
  request: HoldRequest,
  ports: Pick<EnginePorts, 'apps' | 'logger'>,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<readonly ComparedResource[]> {
  restore(compared, request, settings);
  const marked: ComparedResource[] = [];
  for (const resource of compared) {
    const held =
      sharedWithAnother(resource, ports, settings) ??
      (await healLoop(resource, request, ports, settings, signal));
    marked.push(held === undefined ? resource : { ...resource, held });
  }
  return marked;
}

/** The conditions that tell about loops. */
export function heldConditions(compared: readonly ComparedResource[]): readonly NewCondition[] {
  return compared.flatMap(({ held, id }) =>
    held?.reason === 'heal-loop'
      ? [{ type: HEAL_LOOP_WARNING, message: `${describeResource(id)}: ${held.detail}` }]
      : [],
  );
}

/** Takes down that these objects are about to be healed. */
export function recordHeals(
  healed: readonly ComparedResource[],
  memory: HealMemory,
  nowMs: number,
  settings: EngineSettings,
): void {
  for (const resource of healed) {
    if (!canLoop(resource)) continue;
    const drift = driftOf(resource);
    const before = memory.records.get(resource.key);
    memory.records.set(resource.key, recordHeal(before, drift, nowMs, settings.healLoop));
  }
}

/** Somebody synced by hand, or Git wants something else: everything may be tried again. */
export function forgetHeals(memory: HealMemory): void {
  memory.records.clear();
  memory.messages.clear();
}

const driftOf = ({ target, paths }: ComparedResource) => ({
  targetHash: target === undefined ? '' : sha256(canonicalJson(target)),
  paths,
});

/** After a restart the condition is all that is known of a loop. */
function restore(
  compared: readonly ComparedResource[],
  { app, memory }: HoldRequest,
  { healLoop }: EngineSettings,
): void {
  if (memory.records.size > 0) return;
  const warnings = (app.status.conditions ?? []).filter(({ type }) => type === HEAL_LOOP_WARNING);
  for (const { message } of warnings) {
    const resource = compared.find(({ id }) => message.startsWith(`${describeResource(id)}: `));
    if (resource === undefined || !canLoop(resource)) continue;
    const { targetHash } = driftOf(resource);
    memory.records.set(resource.key, { targetHash, paths: [], count: healLoop.limit, atMs: 0 });
    memory.messages.set(resource.key, message.slice(describeResource(resource.id).length + 2));
  }
}

/** Only an application that exists and lists the object as its own has a claim. */
function sharedWithAnother(
  { sharedWith, target, id }: ComparedResource,
  { apps }: Pick<EnginePorts, 'apps'>,
  settings: EngineSettings,
): Held | undefined {
  if (sharedWith === undefined || target === undefined) return undefined;
  const { namespace, name } = parseInstanceName(sharedWith, settings.namespace);
  const status = apps.get(appKey(namespace, name))?.['status'];
  const resources = isJsonObject(status) ? status['resources'] : undefined;
  const claims =
    isJsonArray(resources) &&
    resources.some(
      (entry) =>
        isJsonObject(entry) &&
        entry['kind'] === id.kind &&
        entry['name'] === id.name &&
        (entry['group'] ?? '') === id.group &&
        (entry['namespace'] ?? '') === id.namespace &&
        entry['requiresPruning'] !== true,
    );
  if (!claims) return undefined;
  const message = `application ${namespace}/${name} has it; sync by hand to take it over`;
  return { reason: 'shared', message, detail: message };
}

async function healLoop(
  resource: ComparedResource,
  { cluster, memory }: HoldRequest,
  { logger }: Pick<EnginePorts, 'logger'>,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<Held | undefined> {
  const record = memory.records.get(resource.key);
  const { target, key } = resource;
  if (record === undefined || target === undefined || !canLoop(resource)) return undefined;
  if (!isHealLoop(record, driftOf(resource), settings.healLoop)) return undefined;
  let detail = memory.messages.get(key);
  if (detail === undefined) {
    detail = await describeLoop(resource, target, record, cluster, settings, signal);
    memory.messages.set(key, detail);
    logger.warn({ resource: key, detail }, 'self-heal of an object stopped');
  }
  return { reason: 'heal-loop', message: 'self-heal stopped, see HealLoopWarning', detail };
}

async function describeLoop(
  { paths }: ComparedResource,
  target: KubeObject,
  { count }: HealRecord,
  cluster: Cluster,
  { fieldManager }: EngineSettings,
  signal: AbortSignal,
): Promise<string> {
  const current = await readWhole(target, cluster, signal);
  const opponents = current === undefined ? [] : opponentsOf(target, current, fieldManager);
  return describeHealLoop({ paths, count, opponents });
}

/** With all its field managers, which the store does not keep. */
async function readWhole(
  target: KubeObject,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await cluster.client.get(addressOf(cluster, target), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (toTiphysError(error).code === 'KubeUnreachable') throw error;
    return undefined; // who it is stays unknown, that there is a loop does not
  }
}
