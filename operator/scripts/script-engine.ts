import type { Clock } from '../ports/clock.ts';
import type { ScriptEngine } from '../ports/script-engine.ts';
import { createJobQueue } from './job-queue.ts';
import { createScriptWorker } from './script-worker.ts';

export interface ScriptEngineOptions {
  readonly clock: Clock;
  /** How long a program may take for one object. Default 1 s. */
  readonly budgetMs?: number;
  /** Instructions of one Lua run. Default 100 million, about a third of a second. */
  readonly maxInstructions?: number;
  /** Memory of the Lua machine and of jq's, and half of that for links. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Path of `links.wasm.br`, for those who move files of the package. Default: beside the worker. */
  readonly linksFile?: string;
}

/**
 * Builds the engine. Its threads start with the first program: one for links, so that nobody's health waits for
 * them, and one for all else. See `createJobQueue` for who goes first.
 *
 * Cancellation: a call rejects at once; the object under way is finished or ended in its time.
 * Disposing ends the threads and rejects what is waiting with `Internal`.
 */
export function createScriptEngine({
  clock,
  budgetMs = 1_000,
  maxInstructions = 100_000_000,
  maxBytes = 64 * 1024 * 1024,
  linksFile,
}: ScriptEngineOptions): ScriptEngine {
  const limits = { maxInstructions, maxBytes, ...(linksFile !== undefined && { linksFile }) };
  const queueOfItsOwn = () =>
    createJobQueue(createScriptWorker({ clock, budgetMs, limits }), clock);
  const scripts = queueOfItsOwn();
  const links = queueOfItsOwn();
  const { run } = scripts;

  return {
    luaHealth: ({ source, openLibs }, objects, signal) =>
      run({ type: 'lua-health', source, openLibs }, objects, signal),
    celHealth: ({ rules }, objects, signal) => run({ type: 'cel-health', rules }, objects, signal),
    async checkCel({ rules }, signal) {
      const [outcome] = await run<readonly string[]>({ type: 'cel-check', rules }, [{}], signal);
      if (outcome === undefined) return [];
      return outcome.type === 'value' ? outcome.value : [outcome.reason];
    },
    async luaAction({ source, openLibs }, object, parameters, signal) {
      const program = { type: 'lua-action', source, openLibs, parameters } as const;
      const [outcome] = await run(program, [object], signal);
      // One object has one outcome; what an action returns is JSON.
      return outcome as Awaited<ReturnType<ScriptEngine['luaAction']>>;
    },
    jqPaths: (expression, objects, signal) =>
      run({ type: 'jq-paths', expression }, objects, signal),
    async linkUrl(link, variables, signal) {
      const [outcome] = await links.run<string | undefined>(
        { type: 'link', link },
        [variables],
        signal,
      );
      // One object has one outcome.
      return outcome as Awaited<ReturnType<ScriptEngine['linkUrl']>>;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([scripts[Symbol.asyncDispose](), links[Symbol.asyncDispose]()]);
    },
  };
}
