import { TiphysError } from '../core/errors.ts';
import type { JsonObject } from '../core/objects/json.ts';
import type { Clock } from '../ports/clock.ts';
import type { ScriptOutcome } from '../ports/script-engine.ts';
import { createBreaker } from './breaker.ts';
import { type Chunk, isOverBudget, LOADING, type Program } from './protocol.ts';
import type { ChunkResult, ScriptWorker } from './script-worker.ts';

/** Objects that go to the worker at once: few enough for the caller's thread not to stutter. */
const CHUNK_OBJECTS = 128;
const CHUNK_CHARACTERS = 1_000_000;

/** One call: a program, and what became of it on each object so far. */
interface Job {
  readonly program: Program;
  readonly key: string;
  readonly objects: readonly JsonObject[];
  readonly outcomes: (ScriptOutcome<unknown> | undefined)[];
  /** Indexes of objects without an outcome, in order. */
  waiting: readonly number[];
  /** After a chunk that had to be ended, the objects are taken one by one to find the culprit. */
  oneByOne: boolean;
  readonly signal: AbortSignal;
  readonly resolve: (outcomes: readonly ScriptOutcome<unknown>[]) => void;
  readonly reject: (reason: unknown) => void;
}

/** Calls that wait for a thread. */
export interface JobQueue extends AsyncDisposable {
  /** Outcomes in the order of `objects`. Rejects with `signal.reason`, and with `Internal` when it is closed. */
  run<T>(
    program: Program,
    objects: readonly JsonObject[],
    signal: AbortSignal,
  ): Promise<readonly ScriptOutcome<T>[]>;
}

/**
 * Jobs take turns chunk by chunk, and one whose program used up its budget goes to the end of the queue. A
 * program that did so three times in a row is not run for a minute. Disposing ends the thread and rejects what
 * is waiting.
 */
export function createJobQueue(worker: ScriptWorker, clock: Clock): JobQueue {
  const breaker = createBreaker(clock);
  const jobs = new Set<Job>();
  let pumping: Promise<void> | undefined;
  let closed: TiphysError | undefined;

  async function run<T>(
    program: Program,
    objects: readonly JsonObject[],
    signal: AbortSignal,
  ): Promise<readonly ScriptOutcome<T>[]> {
    signal.throwIfAborted();
    if (closed !== undefined) throw closed;
    if (objects.length === 0) return [];
    const { promise, resolve, reject } = Promise.withResolvers<readonly ScriptOutcome<unknown>[]>();
    const job: Job = {
      program,
      key: JSON.stringify(program),
      objects,
      outcomes: new Array<undefined>(objects.length).fill(undefined),
      waiting: [...objects.keys()],
      oneByOne: false,
      signal,
      resolve,
      reject,
    };
    const abort = () => {
      jobs.delete(job);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    jobs.add(job);
    // Never at once: a pump that has nothing to wait for would end before it is noted as running.
    pumping ??= Promise.resolve().then(pump);
    try {
      // The worker answers a program with outcomes of its type.
      return (await promise) as readonly ScriptOutcome<T>[];
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async function pump(): Promise<void> {
    for (const job of jobs) {
      // A set is walked in the order of adding, also what is added meanwhile: this is the queue.
      jobs.delete(job);
      try {
        const refusal = breaker.refusal(job.key);
        if (refusal === undefined) await takeTurn(job);
        else record(job, new Map(job.waiting.map((index) => [index, refusal])));
      } catch (error) {
        job.reject(error);
        continue;
      }
      if (closed !== undefined) job.reject(closed);
      else if (job.waiting.length === 0) job.resolve(job.outcomes as ScriptOutcome<unknown>[]);
      else if (!job.signal.aborted) jobs.add(job);
    }
    pumping = undefined;
  }

  async function takeTurn(job: Job): Promise<void> {
    const { indexes, chunk } = nextChunk(job, clock.now());
    const result = await worker.run(chunk, job.signal);
    const outcomes = new Map<number, ScriptOutcome<unknown>>();
    for (const [nth, outcome] of outcomesOf(result, chunk)) {
      const index = indexes[nth];
      if (index === undefined) continue;
      outcomes.set(index, outcome);
      breaker.note(job.key, isOverBudget(outcome));
    }
    record(job, outcomes);
    if (result.fault !== undefined) job.oneByOne = true;
  }

  return {
    run,
    async [Symbol.asyncDispose]() {
      closed ??= new TiphysError('Internal', 'scripts: not run: the engine is closed');
      for (const job of jobs) job.reject(closed);
      jobs.clear();
      await worker[Symbol.asyncDispose]();
      await pumping;
    },
  };
}

function record(job: Job, outcomes: ReadonlyMap<number, ScriptOutcome<unknown>>): void {
  for (const [index, outcome] of outcomes) job.outcomes[index] = outcome;
  job.waiting = job.waiting.filter((index) => !outcomes.has(index));
}

/** The next objects of a job, and which ones they are. */
function nextChunk(job: Job, now: number): { indexes: readonly number[]; chunk: Chunk } {
  const indexes: number[] = [];
  const inputs: string[] = [];
  let characters = 0;
  for (const index of job.waiting) {
    if (inputs.length === CHUNK_OBJECTS || characters > CHUNK_CHARACTERS) break;
    const input = JSON.stringify(job.objects[index]);
    indexes.push(index);
    inputs.push(input);
    characters += input.length;
  }
  return { indexes, chunk: { program: job.program, inputs, oneByOne: job.oneByOne, now } };
}

/**
 * Outcomes of a chunk, also of the input at which the thread had to be ended. Where all inputs were
 * taken at once, nobody knows which one it was.
 */
function* outcomesOf(
  { outcomes, fault }: ChunkResult,
  { inputs, oneByOne, program }: Chunk,
): Iterable<[number, ScriptOutcome<unknown>]> {
  yield* outcomes;
  if (fault === undefined) return;
  const failed = { type: 'failed', kind: 'budget', reason: fault.reason } as const;
  // A thread that does not even start has said nothing about any input.
  if (fault.index === LOADING) for (const nth of inputs.keys()) yield [nth, failed];
  else if (oneByOne || program.type !== 'jq-paths' || inputs.length === 1)
    yield [fault.index, failed];
}
