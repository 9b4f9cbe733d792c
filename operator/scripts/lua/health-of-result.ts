import type { HealthStatusCode } from '../../core/app/types.ts';
import { isJsonObject, type JsonValue } from '../../core/objects/json.ts';
import type { ScriptHealth, ScriptOutcome } from '../../ports/script-engine.ts';
import type { LuaResult } from './machine.ts';

const CODES: ReadonlySet<unknown> = new Set<HealthStatusCode>([
  ...(['Healthy', 'Progressing', 'Degraded', 'Suspended', 'Missing', 'Unknown'] as const),
]);

const isCode = (status: unknown): status is HealthStatusCode => CODES.has(status);

/** Reads what a health script returned: nothing or an empty table say nothing about the object. */
export function healthOfResult(result: LuaResult): ScriptOutcome<ScriptHealth> {
  if (result.type === 'nothing') return { type: 'value', value: undefined };
  if (result.type === 'other')
    return failed(`expect table output from Lua script, not ${result.luaType}`);
  const { value } = result;
  if (Array.isArray(value) && value.length === 0) return { type: 'value', value: undefined };
  if (!isJsonObject(value)) return failed('expect a table with status and message, not a list');
  const { status, message } = value;
  if (message !== undefined && typeof message !== 'string')
    return failed(`expect a text as message, not a ${luaTypeOf(message)}`);
  if (!isCode(status)) return { type: 'value', value: INVALID };
  return { type: 'value', value: message === undefined ? { status } : { status, message } };
}

const luaTypeOf = (value: JsonValue): string =>
  typeof value === 'object' ? 'table' : typeof value;

const INVALID = { status: 'Unknown', message: 'Lua returned an invalid health status' } as const;

const failed = (reason: string): ScriptOutcome<ScriptHealth> => ({
  type: 'failed',
  kind: 'run',
  reason,
});
