import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { JsonValue } from '../core/objects/json.ts';
import type { ScriptOutcome } from '../ports/script-engine.ts';
import type { CelEvaluator } from './cel/cel-health.ts';
import type { JqRunner } from './jq/jq-paths.ts';
import type { Links } from './links/links.ts';
import { healthOfResult } from './lua/health-of-result.ts';
import { createLuaMachine, type LuaMachine, type LuaResult } from './lua/machine.ts';
import type { Chunk, Program, ScriptLimits } from './protocol.ts';
import { withShortMessage } from './shorten.ts';
import { wasm, type WasmModule } from './web-assembly.ts';

/** Runs the programs of chunks, in the worker. Each language is loaded when it is first needed. */
export interface Runner {
  prepare(chunk: Chunk): Promise<PreparedChunk>;
}

export interface PreparedChunk {
  one(index: number): Promise<ScriptOutcome<unknown>> | ScriptOutcome<unknown>;
  /** All inputs in one step; `undefined` when that did not work. Absent where it would bring nothing. */
  readonly all?: () => readonly ScriptOutcome<unknown>[] | undefined;
}

export async function createRunner(limits: ScriptLimits): Promise<Runner> {
  const lua = createLua(limits);
  const jq = createJq(limits);
  let cel: CelEvaluator | undefined;
  let links: Links | undefined;

  return {
    async prepare({ program, inputs, now }) {
      const input = (index: number) => inputs[index] ?? 'null';
      const object = (index: number) => JSON.parse(input(index)) as JsonValue;
      switch (program.type) {
        case 'lua-health':
        case 'lua-action':
          await lua.load();
          return { one: (index) => lua.run(program, object(index), now) };
        case 'cel-health':
        case 'cel-check': {
          const { createCelEvaluator } = await import('./cel/cel-health.ts');
          const evaluator = (cel ??= createCelEvaluator());
          const { type, rules } = program;
          if (type === 'cel-check')
            return { one: () => ({ type: 'value', value: evaluator.check(rules) }) };
          return { one: (index) => withShortMessage(evaluator.health(rules, object(index))) };
        }
        case 'link': {
          const { createLinks } = await import('./links/links.ts');
          links ??= createLinks(limits);
          const render = await links.load(now);
          return { one: (index) => render(program.link, input(index)) };
        }
        case 'jq-paths': {
          const { expression } = program;
          const first = await jq.runner();
          return {
            one: async (index) => (await jq.runner()).paths(expression, input(index)),
            ...(inputs.length > 1 && { all: () => first.pathsOfAll(expression, inputs) }),
          };
        }
      }
    },
  };
}

function createLua(limits: ScriptLimits) {
  let module: WasmModule | undefined;
  let machine: LuaMachine | undefined;
  let time = 0;
  return {
    async load(): Promise<void> {
      if (module !== undefined) return;
      const path = fileURLToPath(import.meta.resolve('wasmoon-lua5.1/dist/liblua5.1.wasm'));
      module = await wasm.compile(await readFile(path));
    },
    run(
      program: Extract<Program, { readonly type: 'lua-health' | 'lua-action' }>,
      obj: JsonValue,
      now: number,
    ): ScriptOutcome<unknown> {
      if (module === undefined) throw new Error('Lua is not loaded');
      time = now;
      if (machine?.usable !== true) machine = createLuaMachine(module, limits, () => time);
      const actionParams = program.type === 'lua-action' ? program.parameters : {};
      const { source, openLibs } = program;
      const outcome = machine.run({ source, openLibs, globals: { obj, actionParams } });
      if (outcome.type !== 'value')
        return {
          type: 'failed',
          kind: outcome.type,
          reason:
            outcome.type === 'compile' ? `does not compile: ${outcome.reason}` : outcome.reason,
        };
      return program.type === 'lua-health'
        ? withShortMessage(healthOfResult(outcome.value))
        : resultOfAction(outcome.value);
    },
  };
}

/** What an action returned as it is: whoever asked for it knows what it may be. */
function resultOfAction(result: LuaResult): ScriptOutcome<JsonValue | undefined> {
  switch (result.type) {
    case 'table':
      return { type: 'value', value: result.value };
    case 'nothing':
      return { type: 'value', value: undefined };
    case 'other': {
      const reason = `expect table output from Lua script, not ${result.luaType}`;
      return { type: 'failed', kind: 'run', reason };
    }
  }
}

function createJq(limits: ScriptLimits) {
  let module: WasmModule | undefined;
  let current: JqRunner | undefined;
  return {
    async runner(): Promise<JqRunner> {
      if (current?.usable === true) return current;
      const { compileJq, createJqRunner } = await import('./jq/jq-paths.ts');
      module ??= await compileJq(limits.maxBytes);
      current = await createJqRunner(module);
      return current;
    },
  };
}
