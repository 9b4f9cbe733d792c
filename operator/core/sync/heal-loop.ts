import type { ComparedResource } from '../app/compared-resource.ts';

/** How often one object was healed of the same drift, without a long pause in between. */
export interface HealRecord {
  /** Hash of what Git wanted; a new wish is a new try. */
  readonly targetHash: string;
  /** Fields that differed the last time. */
  readonly paths: readonly string[];
  readonly count: number;
  /** Monotonic milliseconds of the last healing. */
  readonly atMs: number;
}

export interface HealLoopSettings {
  /** Healings in a row after which an object is left alone; 0 never stops. */
  readonly limit: number;
  /** Drift that comes back later than this is no loop, milliseconds. */
  readonly windowMs: number;
}

/** What the incumbent has no answer to: five healings take about 80 s with the default backoff. */
export const DEFAULT_HEAL_LOOP: HealLoopSettings = { limit: 5, windowMs: 900_000 };

/** The record after healing once more. */
export function recordHeal(
  before: HealRecord | undefined,
  drift: { readonly targetHash: string; readonly paths: readonly string[] },
  nowMs: number,
  { windowMs }: HealLoopSettings,
): HealRecord {
  const again =
    before !== undefined &&
    before.targetHash === drift.targetHash &&
    nowMs - before.atMs <= windowMs &&
    overlap(before.paths, drift.paths);
  return { ...drift, count: again ? before.count + 1 : 1, atMs: nowMs };
}

/** Whether this drift came back so often that healing it once more is pointless. */
export function isHealLoop(
  record: HealRecord,
  drift: { readonly targetHash: string; readonly paths: readonly string[] },
  { limit }: HealLoopSettings,
): boolean {
  return (
    limit > 0 &&
    record.count >= limit &&
    record.targetHash === drift.targetHash &&
    overlap(record.paths, drift.paths)
  );
}

/** No known path means any: it was read back from a condition, which does not list all. */
const overlap = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === 0 || right.length === 0 || left.some((path) => right.includes(path));

/** Whether the drift can be somebody's doing: both sides exist and differ. */
export function canLoop(resource: ComparedResource): boolean {
  return resource.comparison.type === 'different' && !resource.hook && resource.selfReferenced;
}
