import type { JsonValue } from '../../core/objects/json.ts';
import { wasm, type WasmModule } from '../web-assembly.ts';
import { ENVIRONMENT } from './environment.ts';
import { createValues, TooDeep, Unconvertible, type LuaValues } from './values.ts';
import { withoutGoto } from './without-goto.ts';
import { asCFunction, type LuaApi, LuaPanic, startLua } from './wasm-host.ts';

/** How one run of a script ended. `budget` and `broken` machines must not be used again. */
export type LuaOutcome =
  | { readonly type: 'value'; readonly value: LuaResult }
  | { readonly type: 'compile' | 'run' | 'budget'; readonly reason: string };

/** The first thing a script returned: a table as JSON, nothing, or the name of another type. */
export type LuaResult =
  | { readonly type: 'table'; readonly value: JsonValue }
  | { readonly type: 'nothing' }
  | { readonly type: 'other'; readonly luaType: string };

export interface LuaRun {
  readonly source: string;
  readonly openLibs: boolean;
  readonly globals: Readonly<Record<string, JsonValue>>;
}

/** One Lua state. Each script is compiled once; each run has globals of its own. */
export interface LuaMachine {
  run(run: LuaRun): LuaOutcome;
  /** False after a run that left the machine in an unknown state. */
  readonly usable: boolean;
}

export interface LuaLimits {
  readonly maxInstructions: number;
  readonly maxBytes: number;
}

const REGISTRY = -10_000;
const MASK_COUNT = 8;
/** Instructions between two looks at the budget. Each coroutine counts by itself, so not too many. */
const COUNT = 10_000;
const ERR_RUN = 2;
const ERR_MEMORY = 4;
/** More scripts than anyone configures; then the machine is made anew. */
const MAX_SCRIPTS = 500;

/** How a compiled program begins: Lua 5.1 runs those unchecked. */
const BYTECODE = '\u001b';

/** Thrown through Lua, which cannot catch it: a script that caught its own end would go on. */
class OutOfInstructions extends Error {
  override readonly name = 'OutOfInstructions';
}

export function createLuaMachine(
  module: WasmModule,
  limits: LuaLimits,
  now: () => number,
): LuaMachine {
  const api = startLua(module, { maxBytes: limits.maxBytes, now });
  const state = api.luaL_newstate();
  api.lua_checkstack(state, 1_000);
  for (const open of ['base', 'table', 'string', 'math', 'os'] as const)
    api[`luaopen_${open}`](state);
  const values = createValues(api, state);
  const { environment, textMethods } = prepareEnvironment(api, state, values);
  const chunks = new Map<string, { ref: number } | { error: string }>();
  let usable = true;
  let instructions = 0;
  let methodsOpen: boolean | undefined;

  const hook = asCFunction(api, () => {
    instructions += COUNT;
    if (instructions >= limits.maxInstructions) throw new OutOfInstructions();
  });
  api.lua_sethook(state, hook, MASK_COUNT, COUNT);

  function compile(source: string): { ref: number } | { error: string } {
    const known = chunks.get(source);
    if (known !== undefined) return known;
    if (chunks.size >= MAX_SCRIPTS) usable = false;
    const chunk = load(source);
    chunks.set(source, chunk);
    return chunk;
  }

  function load(source: string): { ref: number } | { error: string } {
    if (source.startsWith(BYTECODE)) return { error: 'script: precompiled code is not taken' };
    const rewritten = withoutGoto(source);
    if ('error' in rewritten) return rewritten;
    const status = values.load(rewritten.source, '=script');
    if (status === ERR_MEMORY) throw new LuaPanic('out of memory');
    return status === 0 ? { ref: api.luaL_ref(state, REGISTRY) } : { error: failure(status) };
  }

  function failure(status: number): string {
    if (status === ERR_MEMORY) return 'not enough memory';
    const text = values.text(-1);
    return text ?? `error with a value of type ${values.typeName(-1)}`;
  }

  function call({ source, openLibs, globals }: LuaRun): LuaOutcome {
    const chunk = compile(source);
    if ('error' in chunk) return { type: 'compile', reason: chunk.error };
    if (methodsOpen !== openLibs) {
      callWithFlag(textMethods, openLibs, 0);
      methodsOpen = openLibs;
    }
    api.lua_rawgeti(state, REGISTRY, chunk.ref);
    callWithFlag(environment, openLibs, 1);
    for (const [name, value] of Object.entries(globals)) {
      values.pushText(name);
      values.push(value);
      api.lua_rawset(state, -3);
    }
    api.lua_setfenv(state, -2);
    const status = api.lua_pcall(state, 0, 1, 0);
    if (status === 0) return { type: 'value', value: values.result(-1) };
    const reason = failure(status);
    return {
      type: status === ERR_MEMORY || reason.endsWith('not enough memory') ? 'budget' : 'run',
      reason,
    };
  }

  function callWithFlag(ref: number, flag: boolean, results: number): void {
    api.lua_rawgeti(state, REGISTRY, ref);
    api.lua_pushboolean(state, flag ? 1 : 0);
    if (api.lua_pcall(state, 1, results, 0) !== 0) throw new Error(failure(ERR_RUN));
  }

  return {
    run(run) {
      instructions = 0;
      try {
        const outcome = call(run);
        api.lua_settop(state, 0);
        if (outcome.type === 'budget') usable = false;
        return outcome;
      } catch (error) {
        if (error instanceof TooDeep || error instanceof Unconvertible) {
          api.lua_settop(state, 0);
          return { type: 'run', reason: error.message };
        }
        usable = false;
        return { type: 'budget', reason: reasonOf(error, limits) };
      }
    },
    get usable() {
      return usable;
    },
  };
}

function reasonOf(error: unknown, limits: LuaLimits): string {
  if (error instanceof OutOfInstructions)
    return `did not end within ${limits.maxInstructions} instructions`;
  if (error instanceof RangeError) return 'nested too deeply';
  if (error instanceof LuaPanic) return 'not enough memory';
  if (error instanceof wasm.RuntimeError) return `the Lua machine broke: ${error.message}`;
  throw error;
}

/** Leaves an empty machine behind: the two functions are all that is left of the libraries. */
function prepareEnvironment(
  api: LuaApi,
  state: number,
  values: LuaValues,
): { readonly environment: number; readonly textMethods: number } {
  api.lua_settop(state, 0);
  const loaded = values.load(ENVIRONMENT, '=environment');
  const status = loaded === 0 ? api.lua_pcall(state, 0, 2, 0) : loaded;
  if (status !== 0) throw new Error(`the Lua environment does not start: ${values.text(-1)}`);
  const textMethods = api.luaL_ref(state, REGISTRY);
  const environment = api.luaL_ref(state, REGISTRY);
  return { environment, textMethods };
}
