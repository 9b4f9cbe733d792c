import { getRandomValues } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { wasm, type WasmMemory, type WasmModule } from '../web-assembly.ts';

/** What the program of `program/main.go` offers; addresses are numbers. */
export interface LinksApi {
  readonly memory: WasmMemory;
  _initialize(): void;
  reserve(bytes: number): number;
  render(): number;
  answer(): number;
}

/** The program, started. */
export interface StartedProgram {
  readonly api: LinksApi;
  /** What it wrote, which is why it broke or ended by itself. Then it must not be used again. */
  lastWords(): string;
}

/** The program ended by itself. */
export class ProgramEnded extends Error {
  override readonly name = 'ProgramEnded';
}

const STDERR = 2;
const REALTIME = 0;
const RANDOM_BYTES = 65_536;
const LAST_WORDS = 4_096;
/** As WASI spells them: `EBADF`, for the files that a program begins with, and `ENOSYS`. */
const NO_SUCH_FILE = 8;
const NOT_HERE = 52;

/**
 * Starts the program with nothing but memory of its own, the time (`now`, milliseconds since 1970) and random
 * numbers. All else that WASI has is refused. `node:wasi` would bring files, and warns that it is experimental.
 */
export function startProgram(module: WasmModule, now: () => number): StartedProgram {
  const bytes = () => new Uint8Array(api.memory.buffer);
  const view = () => new DataView(api.memory.buffer);
  let lastWords = '';

  const nothingThere = (count: number, size: number) => {
    view().setUint32(count, 0, true);
    view().setUint32(size, 0, true);
    return 0;
  };
  const here: Readonly<Record<string, (...args: number[]) => number | void>> = {
    args_sizes_get: nothingThere,
    args_get: () => 0,
    environ_sizes_get: nothingThere,
    environ_get: () => 0,
    sched_yield: () => 0,
    // Asked for by a program that wants to wait: it goes on at once.
    poll_oneoff: () => 0,
    fd_prestat_get: () => NO_SUCH_FILE,
    clock_time_get(clock = 0, _precision = 0, time = 0) {
      const ms = clock === REALTIME ? now() : performance.now();
      view().setBigUint64(time, BigInt(Math.floor(ms * 1e6)), true);
      return 0;
    },
    random_get(from = 0, count = 0) {
      for (let at = 0; at < count; at += RANDOM_BYTES)
        getRandomValues(bytes().subarray(from + at, from + Math.min(count, at + RANDOM_BYTES)));
      return 0;
    },
    fd_write(file = 0, buffers = 0, count = 0, written = 0) {
      let total = 0;
      for (let index = 0; index < count; index++) {
        const from = view().getUint32(buffers + index * 8, true);
        const length = view().getUint32(buffers + index * 8 + 4, true);
        if (file === STDERR && lastWords.length < LAST_WORDS)
          lastWords += Buffer.from(bytes().subarray(from, from + length)).toString('latin1');
        total += length;
      }
      view().setUint32(written, total, true);
      return 0;
    },
    proc_exit() {
      throw new ProgramEnded();
    },
  };
  const refused = () => NOT_HERE;
  const imports = Object.fromEntries(
    wasm.Module.imports(module).map(({ name }) => [name, here[name] ?? refused]),
  );
  const instance = new wasm.Instance(module, { wasi_snapshot_preview1: imports });
  // The names and types of the interface above are those of the exports of the program.
  const api = instance.exports as unknown as LinksApi;
  api._initialize();
  return { api, lastWords: () => lastWords };
}
