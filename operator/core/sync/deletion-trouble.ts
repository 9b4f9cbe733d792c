import type { Condition } from '../app/types.ts';
import { LET_GO_ANNOTATION } from './deletion-hooks.ts';

const SHORTEST_MS = 5_000;
const LONGEST_MS = 300_000;

/** Why a deletion does not go on, as its condition says, and when to try again. */
export interface DeletionTrouble {
  readonly message: string;
  readonly afterMs: number;
}

export interface TroubleInput {
  readonly conditions: readonly Condition[];
  /** How many objects the status knows. */
  readonly objects: number;
  readonly nowMs: number;
  readonly parseTime: (text: string) => number;
  readonly formatTime: (ms: number) => string;
}

/**
 * What is told of a cluster that does not answer: since when, what that holds up, and the way out.
 * The condition itself keeps the time, so that a restart does not begin anew. Pure.
 */
export function unreachableCluster(
  server: string,
  reason: string,
  { conditions, objects, nowMs, parseTime, formatTime }: TroubleInput,
): DeletionTrouble {
  const prefix = `cluster ${server} has not answered since `;
  const before = conditions.find(
    ({ type, message }) => type === 'DeletionError' && message.startsWith(prefix),
  );
  const told = parseTime(before?.message.slice(prefix.length).split(' ')[0] ?? '');
  const sinceMs = Number.isNaN(told) ? nowMs : told;
  const held = objects === 0 ? 'what was deployed there stays' : `${objects} objects there stay`;
  return {
    message: `${prefix}${formatTime(sinceMs)} (${reason}); until it does ${held}, and the Application with it. It is tried again by itself, less and less often; to go on and leave all objects alone set the annotation ${LET_GO_ANNOTATION}: "true"`,
    afterMs: retryAfter(nowMs - sinceMs),
  };
}

/** As long again as it has been going on, within bounds. */
export function retryAfter(forMs: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, forMs));
}
