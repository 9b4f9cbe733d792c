import { gmtime, mktime, strftime } from './calendar.ts';
import { wasm, type WasmMemory, type WasmModule, type WasmTable } from '../web-assembly.ts';

/** The C functions of Lua 5.1 that are used here; pointers and states are numbers. */
export interface LuaApi {
  readonly memory: WasmMemory;
  readonly __indirect_function_table: WasmTable;
  __wasm_call_ctors(): void;
  emscripten_stack_get_current(): number;
  stackSave(): number;
  stackRestore(pointer: number): void;
  setThrew(threw: number, value: number): void;
  setTempRet0(high: number): void;
  malloc(bytes: number): number;
  free(pointer: number): void;
  luaL_newstate(): number;
  luaopen_base(state: number): number;
  luaopen_table(state: number): number;
  luaopen_string(state: number): number;
  luaopen_math(state: number): number;
  luaopen_os(state: number): number;
  luaL_loadbuffer(state: number, text: number, bytes: number, name: number): number;
  luaL_ref(state: number, table: number): number;
  lua_pcall(state: number, args: number, results: number, handler: number): number;
  lua_sethook(state: number, hook: number, mask: number, count: number): number;
  lua_checkstack(state: number, extra: number): number;
  lua_settop(state: number, index: number): void;
  lua_pushvalue(state: number, index: number): void;
  lua_pushnil(state: number): void;
  lua_pushnumber(state: number, value: number): void;
  lua_pushboolean(state: number, value: number): void;
  lua_pushlstring(state: number, text: number, bytes: number): void;
  lua_createtable(state: number, items: number, members: number): void;
  lua_rawset(state: number, index: number): void;
  lua_rawseti(state: number, index: number, item: number): void;
  lua_rawgeti(state: number, index: number, item: number): void;
  lua_setfield(state: number, index: number, name: number): void;
  lua_setfenv(state: number, index: number): number;
  lua_setmetatable(state: number, index: number): number;
  lua_getmetatable(state: number, index: number): number;
  lua_next(state: number, index: number): number;
  lua_type(state: number, index: number): number;
  lua_toboolean(state: number, index: number): number;
  lua_tonumber(state: number, index: number): number;
  lua_tolstring(state: number, index: number, bytes: number): number;
  lua_objlen(state: number, index: number): number;
}

/** Lua wants to end the process: it ran out of memory where nothing could catch that. */
export class LuaPanic extends Error {
  override readonly name = 'LuaPanic';
}

export interface HostOptions {
  /** Memory of the whole machine. It never shrinks, so a machine that hit it is thrown away. */
  readonly maxBytes: number;
  /** Milliseconds since 1970; what `os.time()` and `os.clock()` see. */
  readonly now: () => number;
}

const PAGE = 65_536;
/** `EPERM` as WASI and as a system call spell it. */
const WASI_REFUSED = 63;
const SYSCALL_REFUSED = -1;
/** What Emscripten throws for `longjmp`; everything else that is thrown must fall through. */
const LONGJMP = Number.POSITIVE_INFINITY;

/**
 * Starts the Lua machine of `wasmoon-lua5.1` without the JavaScript of that package, which would
 * give it a shell, files and the objects of this process. All that a program can reach through this
 * host is memory of its own and the time.
 */
export function startLua(module: WasmModule, { maxBytes, now }: HostOptions): LuaApi {
  const bytes = () => new Uint8Array(api.memory.buffer);
  const view = () => new DataView(api.memory.buffer);
  const refused = () => SYSCALL_REFUSED;
  const refusedByWasi = () => WASI_REFUSED;

  const env = {
    exit() {
      throw new LuaPanic('out of memory');
    },
    /** Calls a C function that may `longjmp` out: this is how Lua's errors travel. */
    invoke_vii(index: number, first: number, second: number) {
      const stack = api.stackSave();
      try {
        const fn = api.__indirect_function_table.get(index) as (a: number, b: number) => void;
        fn(first, second);
      } catch (error) {
        if (error !== LONGJMP) throw error;
        api.stackRestore(stack);
        api.setThrew(1, 0);
      }
    },
    _emscripten_throw_longjmp() {
      throw LONGJMP;
    },
    emscripten_resize_heap(wanted: number) {
      if (wanted >>> 0 > maxBytes) return 0;
      const have = api.memory.buffer.byteLength;
      const goal = Math.min(maxBytes, Math.max(wanted >>> 0, have + have / 4));
      api.memory.grow(Math.ceil((goal - have) / PAGE));
      return 1;
    },
    emscripten_memcpy_js: (to: number, from: number, count: number) =>
      void bytes().copyWithin(to, from, from + count),
    emscripten_date_now: now,
    _emscripten_get_now_is_monotonic: () => 0,
    _tzset_js(zone: number, daylight: number) {
      view().setInt32(zone, 0, true);
      view().setInt32(daylight, 0, true);
    },
    _gmtime_js: (low: number, high: number, tm: number) => gmtime(view(), seconds(low, high), tm),
    _localtime_js: (low: number, high: number, tm: number) =>
      gmtime(view(), seconds(low, high), tm),
    _mktime_js(tm: number) {
      const time = mktime(view(), tm);
      api.setTempRet0(Math.floor(time / 2 ** 32) | 0);
      return time | 0;
    },
    strftime: (to: number, max: number, format: number, tm: number) =>
      strftime(bytes(), { to, max, format, tm }),
    _emscripten_system: refused,
    __syscall_openat: refused,
    __syscall_fcntl64: refused,
    __syscall_ioctl: refused,
    __syscall_dup3: refused,
    __syscall_unlinkat: refused,
    __syscall_rmdir: refused,
    __syscall_renameat: refused,
    __syscall_readlinkat: refused,
  };
  const wasi = {
    /** What Lua writes, such as its last words, goes nowhere, and succeeds. */
    fd_write(_file: number, buffers: number, count: number, written: number) {
      let total = 0;
      for (let index = 0; index < count; index++)
        total += view().getUint32(buffers + index * 8 + 4, true);
      view().setUint32(written, total, true);
      return 0;
    },
    fd_read: refusedByWasi,
    fd_close: refusedByWasi,
    fd_seek: refusedByWasi,
    environ_sizes_get(count: number, size: number) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return 0;
    },
    environ_get: () => 0,
  };
  const instance = new wasm.Instance(module, { env, wasi_snapshot_preview1: wasi });
  // The names and types of the interface above are those of the exports of the pinned package.
  const api = instance.exports as unknown as LuaApi;
  api.__wasm_call_ctors();
  return api;
}

const seconds = (low: number, high: number): number => high * 2 ** 32 + (low >>> 0);

/** Puts a function of ours where Lua can call it, as `void (*)(int, int)`. Returns its pointer. */
export function asCFunction(api: LuaApi, call: (first: number, second: number) => void): number {
  const wrapper = new wasm.Instance(new wasm.Module(TRAMPOLINE), { e: { f: call } });
  const index = api.__indirect_function_table.grow(1);
  api.__indirect_function_table.set(index, wrapper.exports['f']);
  return index;
}

/** A module that imports `e.f`, of type (i32, i32) → (), and exports it: only such may stand in a table. */
const TRAMPOLINE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x06, 0x01, 0x60, 0x02, 0x7f, 0x7f, 0x00],
  ...[0x02, 0x07, 0x01, 0x01, 0x65, 0x01, 0x66, 0x00, 0x00],
  ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
);
