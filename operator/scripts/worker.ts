import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import type { ScriptOutcome } from '../ports/script-engine.ts';
import {
  BOARD,
  type Chunk,
  isOverBudget,
  LOADING,
  type Report,
  type WorkerSetup,
} from './protocol.ts';
import { createRunner, type Runner } from './runner.ts';
import { withShortReason } from './shorten.ts';

/**
 * The thread in which programs run. It takes one chunk at a time, writes on the board what it is
 * working on, and reports what it has every few milliseconds, so that little is lost when it is
 * ended in the middle of a program.
 */
const FLUSH_MS = 10;
const { limits, board: shared } = workerData as WorkerSetup;
const board = new Int32Array(shared);

let runner: Promise<Runner> | undefined;

parentPort?.on('message', (chunk: Chunk) => {
  void work(chunk);
});

async function work(chunk: Chunk): Promise<void> {
  begin(LOADING);
  runner ??= createRunner(limits);
  const run = await (await runner).prepare(chunk);
  let from = 0;
  let outcomes: ScriptOutcome<unknown>[] = [];
  let flushed = performance.now();

  function report(ended: boolean): void {
    const message: Report = { from, outcomes, ended };
    parentPort?.postMessage(message);
    from += outcomes.length;
    outcomes = [];
    flushed = performance.now();
  }

  if (!chunk.oneByOne) {
    begin(0);
    outcomes.push(...(run.all?.() ?? []));
  }
  for (let index = outcomes.length; index < chunk.inputs.length; index++) {
    begin(index);
    const outcome = withShortReason(await run.one(index));
    outcomes.push(outcome);
    // Whoever runs out of its budget goes to the end of the queue.
    if (isOverBudget(outcome) || Atomics.load(board, BOARD.stop) === 1) break;
    if (performance.now() - flushed > FLUSH_MS) report(false);
  }
  begin(LOADING);
  report(true);
}

function begin(index: number): void {
  Atomics.store(board, BOARD.index, index);
  Atomics.add(board, BOARD.steps, 1);
}
