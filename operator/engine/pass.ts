import type { AppKey } from '../core/app/app-key.ts';
import type { RefreshNeed } from '../core/app/refresh.ts';
import type { Application, OperationState } from '../core/app/types.ts';
import type { ReconcileOutcome } from '../runtime/controller.ts';
import type { Aside } from '../runtime/places.ts';
import type { AppMemories, AppMemory } from './app-memory.ts';
import type { Windows } from './check-windows.ts';
import type { HealthJudge } from './health-judge.ts';
import type { LoadedState, LoadRequest } from './load-state.ts';
import type { EnginePorts, EngineSettings } from './ports.ts';
import type { Reporter } from './report.ts';

/** What the parts of a pass share. */
export interface Engine {
  readonly ports: EnginePorts;
  readonly settings: EngineSettings;
  readonly memories: AppMemories;
  readonly reporter: Reporter;
  readonly health: HealthJudge;
  /** For what only takes time; what the pass holds may be out of date afterwards. */
  readonly aside: Aside;
}

/** A pass with desired and live state at hand. */
export interface Pass {
  readonly key: AppKey;
  readonly app: Application;
  readonly memory: AppMemory;
  readonly request: LoadRequest;
  readonly loaded: LoadedState;
  /** The operation that has begun, perhaps in this very pass. */
  readonly begun: OperationState | undefined;
  readonly need: RefreshNeed;
  readonly windows: Windows;
  /** Why nothing may be written. */
  readonly refusal: string | undefined;
}

export const DONE: ReconcileOutcome = { type: 'done' };
export const again = (afterMs: number): ReconcileOutcome => ({ type: 'requeue', afterMs });

/** Of an operation: what has begun is brought to its end before others begin. */
export const goOn = (afterMs: number): ReconcileOutcome => ({
  type: 'requeue',
  afterMs,
  priority: UNDER_WAY,
});

/** The priority of applications that an operation runs for. */
export const UNDER_WAY = 1;
