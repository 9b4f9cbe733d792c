import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { limitMemory } from '../limit-memory.ts';
import { wasm, type WasmModule } from '../web-assembly.ts';

/** What `make build` makes of `program/`: beside the worker in the package, in `dist` for the sources. */
const BUILT = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../../dist/links.wasm.br' : './links.wasm.br',
    import.meta.url,
  ),
);

/** More than the program has: taken apart in one piece it leaves 40 MiB less behind in the process. */
const ROOM_BYTES = 16 * 1024 * 1024;

export interface LinkLimits {
  readonly maxBytes: number;
  /** The program, where it is not in its place. */
  readonly linksFile?: string;
}

/** The program for links; why there is none. */
export async function compileLinks({
  maxBytes,
  linksFile = BUILT,
}: LinkLimits): Promise<WasmModule | { readonly missing: string }> {
  try {
    const packed = await readFile(linksFile);
    const program = await promisify(brotliDecompress)(packed, { chunkSize: ROOM_BYTES });
    return await wasm.compile(limitMemory(program, maxBytes));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? `there is no ${linksFile}`
        : `${linksFile}: is not the program for links: ${message}`;
    return {
      missing: `this build cannot read templates and conditions: ${why}; run make build where Go 1.26 or newer is, or set linksFile of createScriptEngine`,
    };
  }
}
