import type { CelRule } from '../core/settings/resource-settings.ts';
import type { LinkTexts, ScriptOutcome } from '../ports/script-engine.ts';

/** What the main thread and the worker say to each other. One chunk is under way at a time. */
export type Program =
  | { readonly type: 'lua-health'; readonly source: string; readonly openLibs: boolean }
  | {
      readonly type: 'lua-action';
      readonly source: string;
      readonly openLibs: boolean;
      readonly parameters: Readonly<Record<string, string>>;
    }
  | { readonly type: 'cel-health' | 'cel-check'; readonly rules: readonly CelRule[] }
  | { readonly type: 'jq-paths'; readonly expression: string }
  | { readonly type: 'link'; readonly link: LinkTexts };

export interface Chunk {
  readonly program: Program;
  /** Objects as JSON. */
  readonly inputs: readonly string[];
  /** False: the worker may take all inputs in one step where that is cheaper. */
  readonly oneByOne: boolean;
  /** What the programs see as the time, milliseconds since 1970. */
  readonly now: number;
}

/** Outcomes of `chunk.inputs` from index `from` on. `ended`: the worker is ready for another chunk. */
export interface Report {
  readonly from: number;
  readonly outcomes: readonly ScriptOutcome<unknown>[];
  readonly ended: boolean;
}

/** What a worker is started with. */
export interface WorkerSetup {
  readonly limits: ScriptLimits;
  readonly board: SharedArrayBuffer;
}

export interface ScriptLimits {
  /** Of one Lua run. */
  readonly maxInstructions: number;
  /** Of each of the machines for Lua and jq, and half of that for links. */
  readonly maxBytes: number;
  /** The program for links, where it is not in its place. */
  readonly linksFile?: string;
}

/**
 * Memory that both threads see, because a worker in the middle of a program hears no message. Places
 * of the `Int32Array` over it.
 */
export const BOARD = {
  /** Counts up whenever the worker begins something: it stands still while one program runs. */
  steps: 0,
  /** Which input is being worked on; `LOADING` while there is none. */
  index: 1,
  /** Set to 1 by the main thread: end the chunk after this input. */
  stop: 2,
} as const;
export const BOARD_BYTES = 12;
export const LOADING = -1;

/** True for the outcome of a program that used up what it may use. */
export const isOverBudget = (outcome: ScriptOutcome<unknown>): boolean =>
  outcome.type === 'failed' && outcome.kind === 'budget';
