import { Worker } from 'node:worker_threads';
import type { Clock } from '../ports/clock.ts';
import type { ScriptOutcome } from '../ports/script-engine.ts';
import {
  BOARD,
  BOARD_BYTES,
  type Chunk,
  LOADING,
  type Report,
  type ScriptLimits,
} from './protocol.ts';

/** The thread that runs programs, started when it is first needed and again after it was ended. */
export interface ScriptWorker extends AsyncDisposable {
  /** One chunk at a time. When `stop` aborts, the chunk ends after the input under way. */
  run(chunk: Chunk, stop: AbortSignal): Promise<ChunkResult>;
}

export interface ChunkResult {
  /** Outcomes by index; those that are missing were not worked on. */
  readonly outcomes: ReadonlyMap<number, ScriptOutcome<unknown>>;
  /** Where the thread was when it had to be ended, or ended by itself. */
  readonly fault?: { readonly index: number; readonly reason: string };
}

export interface ScriptWorkerOptions {
  readonly clock: Clock;
  /** How long one input may take. */
  readonly budgetMs: number;
  readonly limits: ScriptLimits;
}

/** Looks at the worker in one budget; a busy main thread looks later, but never too early. */
const LOOKS = 4;
/** How much of a look one counts that comes too late. */
const LATE_WEIGHT = 0.25;
/** How many budgets the worker may take to start and to load a language. */
const LOADING_BUDGETS = 30;
/** Of the worker's JavaScript; the machines of Lua and jq have bounds of their own. */
const HEAP_MB = 128;

/** In the sources the neighbour ends in `.ts`, in the package in `.js`. */
const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js',
  import.meta.url,
);

export function createScriptWorker({ clock, budgetMs, limits }: ScriptWorkerOptions): ScriptWorker {
  const shared = new SharedArrayBuffer(BOARD_BYTES);
  const board = new Int32Array(shared);
  let worker: Worker | undefined;

  function start(): Worker {
    const started = new Worker(WORKER_URL, {
      name: 'tiphys-scripts',
      workerData: { limits, board: shared },
      env: {},
      execArgv: [],
      argv: [],
      stdin: false,
      // Kept from the process's own, and never read: a reader would keep the process alive. Little is
      // written there: a word of jq's when it runs out of memory.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 16 },
    });
    const forget = () => {
      if (worker === started) worker = undefined;
    };
    started.on('error', forget);
    started.on('exit', forget);
    return started;
  }

  async function end(ended: Worker): Promise<void> {
    if (worker === ended) worker = undefined;
    await ended.terminate();
  }

  function watch(stuck: () => void): Disposable {
    const pauseMs = budgetMs / LOOKS;
    let seen = -1;
    let looks = 0;
    let dueMs = 0;
    let timer = next();

    function next(): Disposable {
      dueMs = clock.monotonic() + pauseMs;
      return clock.schedule(pauseMs, look);
    }
    function look(): void {
      // On a machine that lets this thread wait, the other one waits too.
      const weight = clock.monotonic() - dueMs > pauseMs ? LATE_WEIGHT : 1;
      const steps = Atomics.load(board, BOARD.steps);
      const budgets = Atomics.load(board, BOARD.index) === LOADING ? LOADING_BUDGETS : 1;
      looks = steps === seen ? looks + weight : 0;
      seen = steps;
      if (looks >= LOOKS * budgets) stuck();
      else timer = next();
    }
    return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }

  return {
    async run(chunk, stop) {
      const current = (worker ??= start());
      current.ref();
      Atomics.store(board, BOARD.index, LOADING);
      Atomics.store(board, BOARD.stop, stop.aborted ? 1 : 0);
      const askToStop = () => void Atomics.store(board, BOARD.stop, 1);
      stop.addEventListener('abort', askToStop, { once: true });
      const outcomes = new Map<number, ScriptOutcome<unknown>>();
      const { promise, resolve } = Promise.withResolvers<ChunkResult>();
      const fault = (reason: string) =>
        resolve({ outcomes, fault: { index: Atomics.load(board, BOARD.index), reason } });

      const onReport = (report: Report) => {
        report.outcomes.forEach((outcome, nth) => {
          outcomes.set(report.from + nth, outcome);
        });
        if (report.ended) resolve({ outcomes });
      };
      const onError = (error: NodeJS.ErrnoException) =>
        fault(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'not enough memory' : error.message);
      const onExit = () => fault('the script thread ended');
      current.on('message', onReport).on('error', onError).on('exit', onExit);
      using _watch = watch(() => fault(`did not end within ${budgetMs / 1000}s`));
      try {
        current.postMessage(chunk);
        const result = await promise;
        if (result.fault !== undefined) await end(current);
        return result;
      } finally {
        stop.removeEventListener('abort', askToStop);
        current.off('message', onReport).off('error', onError).off('exit', onExit);
        current.unref();
      }
    },
    async [Symbol.asyncDispose]() {
      if (worker !== undefined) await end(worker);
    },
  };
}
