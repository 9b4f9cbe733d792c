import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { excess, type KeptFile } from '../runtime/excess.ts';

/**
 * Mirrors in a folder that have to go so that the rest fits, those used longest ago first; never one
 * that is in use. Their folders' times say when they were used. Total: what cannot be read counts nothing.
 */
export async function mirrorsBeyond(
  folder: string,
  maxBytes: number,
  inUse: (name: string) => boolean,
): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const kept: (KeptFile & { readonly name: string })[] = [];
  let heldBytes = 0;
  for (const name of names) {
    const path = join(folder, name);
    const bytes = await bytesBelow(path);
    const used = await stat(path).catch(() => undefined);
    if (used === undefined) continue;
    if (inUse(name)) heldBytes += bytes;
    else kept.push({ path, name, bytes, usedAtMs: used.mtimeMs });
  }
  const limits = { maxBytes: maxBytes - heldBytes, maxAgeMs: Number.POSITIVE_INFINITY, now: 0 };
  return excess(kept, limits).map(({ name }) => name);
}

/** As files are long; a mirror is few large ones. */
async function bytesBelow(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += found?.size ?? 0;
  }
  return bytes;
}
