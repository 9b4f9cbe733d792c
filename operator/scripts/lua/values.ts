import { isJsonArray, type JsonValue } from '../../core/objects/json.ts';
import type { LuaResult } from './machine.ts';
import { type LuaApi, LuaPanic } from './wasm-host.ts';

/** Copies values into Lua and out of it: nothing in Lua ever refers to an object of this process. */
export interface LuaValues {
  /**
   * Pushes a copy. Lists become tables that begin at 1. Nothing stands for null in Lua: null members
   * and items are left out.
   */
  push(value: JsonValue): void;
  pushText(text: string): void;
  /** Compiles a text and pushes the function, or the error. Returns Lua's status, 0 for success. */
  load(source: string, name: string): number;
  /** The text or number at an index as text, at most 4 KiB of it; `undefined` for everything else. */
  text(index: number): string | undefined;
  typeName(index: number): string;
  /** What a script returned. An empty table is an empty list. */
  result(index: number): LuaResult;
}

/** A value that is nested deeper than Lua's stack is sure to hold. */
export class TooDeep extends Error {
  override readonly name = 'TooDeep';
}

/** A value that JSON cannot hold. */
export class Unconvertible extends Error {
  override readonly name = 'Unconvertible';
}

const MAX_DEPTH = 400;
const SCRATCH_BYTES = 65_536;
/** A thread that asks for one huge piece of memory takes the whole process with it. */
const MAX_RESULT = 8 * 1024 * 1024;
const MAX_MESSAGE = 4_096;
/** What a value counts, about as much as it takes in memory. */
const VALUE_SIZE = 16;
const TYPES = [
  ...['nil', 'boolean', 'userdata', 'number', 'string', 'table', 'function', 'userdata', 'thread'],
];
const [NIL, BOOLEAN, NUMBER, STRING, TABLE] = [0, 1, 3, 4, 5];

export function createValues(api: LuaApi, state: number): LuaValues {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const scratch = api.malloc(SCRATCH_BYTES);
  const lengthAt = api.malloc(4);
  let bytes = new Uint8Array(api.memory.buffer);
  let room = MAX_RESULT;

  /** The memory; its buffer is another one after it grew. */
  function memory(): Uint8Array {
    if (bytes.length === 0) bytes = new Uint8Array(api.memory.buffer);
    return bytes;
  }

  /** Writes a text where C can read it, and frees it afterwards. */
  function withText(text: string, use: (at: number, length: number) => void): void {
    const most = text.length * 3;
    const at = most <= SCRATCH_BYTES ? scratch : api.malloc(most);
    if (at === 0) throw new LuaPanic('out of memory');
    const { written } = encoder.encodeInto(text, memory().subarray(at, at + most));
    use(at, written);
    if (at !== scratch) api.free(at);
  }

  function pushText(text: string): void {
    withText(text, (at, length) => api.lua_pushlstring(state, at, length));
  }

  function push(value: JsonValue, depth = 0): void {
    if (depth > MAX_DEPTH) throw new TooDeep(`nested deeper than ${MAX_DEPTH} levels`);
    if (typeof value === 'string') return pushText(value);
    if (typeof value === 'number') return api.lua_pushnumber(state, value);
    if (typeof value === 'boolean') return api.lua_pushboolean(state, value ? 1 : 0);
    if (value === null) return api.lua_pushnil(state);
    if (isJsonArray(value)) {
      api.lua_createtable(state, value.length, 0);
      let index = 0;
      for (const item of value) {
        if (item === null) continue;
        push(item, depth + 1);
        api.lua_rawseti(state, -2, ++index);
      }
      return;
    }
    const names = Object.keys(value);
    api.lua_createtable(state, 0, names.length);
    for (const name of names) {
      const member = value[name];
      if (member === undefined || member === null) continue;
      pushText(name);
      push(member, depth + 1);
      api.lua_rawset(state, -3);
    }
  }

  function readText(index: number, most: number): string {
    const at = api.lua_tolstring(state, index, lengthAt);
    const length = Math.min(most, new DataView(memory().buffer).getUint32(lengthAt, true));
    return decoder.decode(memory().subarray(at, at + length));
  }

  /** Takes its share of what the result may be: one table may stand in it any number of times. */
  function take(size: number): void {
    room -= size;
    if (room < 0) throw new Unconvertible(`the result is larger than ${MAX_RESULT >> 20} MiB`);
  }

  function takeText(index: number): string {
    take(api.lua_objlen(state, index));
    return readText(index, MAX_RESULT);
  }

  function pull(depth: number): JsonValue {
    take(VALUE_SIZE);
    if (depth > MAX_DEPTH)
      throw new TooDeep(`the result is nested deeper than ${MAX_DEPTH} levels`);
    const type = api.lua_type(state, -1);
    if (type === STRING) return takeText(-1);
    if (type === BOOLEAN) return api.lua_toboolean(state, -1) !== 0;
    if (type === TABLE) return pullTable(depth);
    if (type !== NUMBER) throw new Unconvertible(`the result holds a ${TYPES[type]}`);
    const value = api.lua_tonumber(state, -1);
    if (!Number.isFinite(value)) throw new Unconvertible(`the result holds the number ${value}`);
    return value;
  }

  function pullTable(depth: number): JsonValue {
    const members: [string, JsonValue][] = [];
    const items: JsonValue[] = [];
    let count = 0;
    api.lua_pushnil(state);
    while (api.lua_next(state, -2) !== 0) {
      const type = api.lua_type(state, -2);
      if (type === STRING) members.push([takeText(-2), pull(depth + 1)]);
      else if (type === NUMBER) {
        const index = api.lua_tonumber(state, -2);
        if (!Number.isInteger(index) || index < 1)
          throw new Unconvertible(`the result holds a table with the key ${index}`);
        items[index - 1] = pull(depth + 1);
        count++;
      } else throw new Unconvertible(`the result holds a table with a ${TYPES[type]} as key`);
      api.lua_settop(state, -2);
    }
    if (members.length === 0) {
      if (items.length !== count) throw new Unconvertible('the result holds a list with gaps');
      return items;
    }
    if (count > 0) throw new Unconvertible('the result holds a table that is list and map at once');
    return Object.fromEntries(members);
  }

  return {
    push,
    pushText,
    load(source, name) {
      let status = 0;
      withText(source, (at, length) => {
        const nameAt = api.malloc(name.length + 1);
        encoder.encodeInto(`${name}\0`, memory().subarray(nameAt));
        status = api.luaL_loadbuffer(state, at, length, nameAt);
        api.free(nameAt);
      });
      return status;
    },
    text(index) {
      const type = api.lua_type(state, index);
      return type === STRING || type === NUMBER ? readText(index, MAX_MESSAGE) : undefined;
    },
    typeName: (index) => TYPES[api.lua_type(state, index)] ?? 'nothing',
    result(index) {
      const type = api.lua_type(state, index);
      room = MAX_RESULT;
      if (type === TABLE) return { type: 'table', value: pull(0) };
      return type === NIL ? { type: 'nothing' } : { type: 'other', luaType: TYPES[type] ?? '?' };
    },
  };
}
