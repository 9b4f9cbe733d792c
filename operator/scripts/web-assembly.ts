/** The part of the global `WebAssembly` that is used here: TypeScript knows it only with the DOM. */
export interface WasmApi {
  compile(program: Uint8Array<ArrayBuffer>): Promise<WasmModule>;
  readonly Module: {
    new (program: Uint8Array<ArrayBuffer>): WasmModule;
    imports(module: WasmModule): readonly { readonly name: string }[];
  };
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, WasmImports>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  /** A trap, such as a memory access out of bounds, or a deliberate abort. */
  readonly RuntimeError: new (
    message?: string,
  ) => Error;
}

/** Imports of one namespace: numbers in, a number or nothing out. */
type WasmImports = Readonly<Record<string, (...args: number[]) => number | void>>;

declare const moduleBrand: unique symbol;
/** A compiled program; may be started any number of times. */
export interface WasmModule {
  readonly [moduleBrand]: true;
}

export interface WasmMemory {
  /** Another one after the memory grew. */
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface WasmTable {
  get(index: number): unknown;
  set(index: number, value: unknown): void;
  grow(entries: number): number;
}

export const wasm: WasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;
