import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonValue } from '../../core/objects/json.ts';
import { createLuaMachine, type LuaLimits, type LuaOutcome } from '../lua/machine.ts';
import { wasm } from '../web-assembly.ts';

const file = fileURLToPath(import.meta.resolve('wasmoon-lua5.1/dist/liblua5.1.wasm'));
const module = new wasm.Module(new Uint8Array(readFileSync(file)));

export interface TestRun {
  readonly obj?: JsonValue;
  readonly openLibs?: boolean;
  readonly actionParams?: JsonValue;
}

/** Runs scripts one after the other in one machine; `broken` ones are replaced as the worker does. */
export function createTestLua(
  limits: Partial<LuaLimits> = {},
  now = 0,
): (source: string, run?: TestRun) => LuaOutcome {
  const all = { maxInstructions: 10_000_000, maxBytes: 32 * 1024 * 1024, ...limits };
  const start = () => createLuaMachine(module, all, () => now);
  let machine = start();
  return (source, { obj = {}, openLibs = false, actionParams = {} } = {}) => {
    if (!machine.usable) machine = start();
    return machine.run({ source, openLibs, globals: { obj, actionParams } });
  };
}
