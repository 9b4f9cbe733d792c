import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { TiphysError } from '../core/errors.ts';

/** Bounds of one archive. */
export interface ArchiveLimits {
  readonly maxEntries: number;
  /** Of all files together, unpacked. */
  readonly maxBytes: number;
}

/** Reads the tar archive that is written to it: what `extract()` of tar-stream returns. */
export type TarReader = NodeJS.WritableStream & AsyncIterable<TarEntry> & { destroy(): void };

type TarEntry = AsyncIterable<unknown> & {
  resume(): unknown;
  readonly header: {
    readonly name: string;
    readonly type: string;
    readonly size: number;
    readonly mode: number;
    readonly linkname: string;
  };
};

export interface UnpackOptions {
  /** A new one. */
  readonly extract: TarReader;
  /** Files that may be executed stay so; else all are 0644. */
  readonly preserveFileMode: boolean;
  readonly limits: ArchiveLimits;
  /** Default: gzipped. */
  readonly compression?: 'gzip' | 'none';
  /** Says that the link at a path leads outside. Default: in words for archives. */
  readonly linkOutside?: (path: string) => string;
  /** What to do about an archive that is none. */
  readonly damagedHint: string;
  /** What to do about one that is too large. */
  readonly exceededHint: string;
}

/**
 * Unpacks a tar file into an empty folder: files, folders and links, nothing else.
 *
 * Errors: `UnsafePath` for a path or a link that leads outside, for a path below a link, and for anything
 * that is neither file, folder nor link; `LimitExceeded`; `InvalidManifest` when it is no such archive.
 * The folder is then partly filled.
 */
export async function unpackArchive(
  file: string,
  root: string,
  options: UnpackOptions,
  signal: AbortSignal,
): Promise<void> {
  const { extract } = options;
  const content = createReadStream(file);
  const feeding =
    options.compression === 'none'
      ? pipeline(content, extract, { signal })
      : pipeline(content, createGunzip(), extract, { signal });
  feeding.catch(() => {}); // told by the loop below
  const links = new Map<string, string>();
  try {
    await writeEntries(extract, root, links, options, signal);
    await feeding;
  } catch (error) {
    extract.destroy();
    await feeding.catch(() => {});
    signal.throwIfAborted();
    if (error instanceof TiphysError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new TiphysError('InvalidManifest', `archive: cannot be unpacked: ${reason}`, {
      cause: error,
      hint: options.damagedHint,
    });
  }
  // Last, so that nothing was ever written through one.
  for (const [path, target] of links) {
    checkLink(path, links, (reason) => {
      const message = options.linkOutside?.(path);
      return message === undefined
        ? unsafe(path, reason)
        : new TiphysError('UnsafePath', message, { fields: { path } });
    });
    await mkdir(join(root, dirname(path)), { recursive: true });
    await symlink(target, join(root, path));
  }
}

async function writeEntries(
  extract: TarReader,
  root: string,
  links: Map<string, string>,
  { preserveFileMode, limits, exceededHint }: UnpackOptions,
  signal: AbortSignal,
): Promise<void> {
  const taken = new Map<string, 'file' | 'folder'>();
  let [entries, bytes] = [0, 0];
  for await (const entry of extract) {
    signal.throwIfAborted();
    const { type, size, mode, linkname } = entry.header;
    entries += 1;
    bytes += size;
    if (entries > limits.maxEntries)
      throw exceeded(`more than ${limits.maxEntries} entries`, exceededHint);
    if (bytes > limits.maxBytes) throw exceeded(`more than ${limits.maxBytes} bytes`, exceededHint);
    const path = safePath(entry.header.name);
    if (path !== '') checkPlace(path, taken, links);
    if (type === 'directory') {
      await mkdir(join(root, path), { recursive: true });
      if (path !== '') taken.set(path, 'folder');
    } else if (type === 'symlink') {
      if (path === '' || taken.has(path)) throw unsafe(entry.header.name, 'stands twice');
      links.set(path, linkname);
    } else if (type === 'file') {
      if (path === '' || taken.has(path)) throw unsafe(entry.header.name, 'stands twice');
      taken.set(path, 'file');
      await mkdir(join(root, dirname(path)), { recursive: true });
      const kept = preserveFileMode ? mode & 0o755 : 0;
      const out = createWriteStream(join(root, path), { flags: 'wx', mode: kept | 0o644 });
      await pipeline(entry, out, { signal });
      continue;
    } else {
      throw unsafe(entry.header.name, `is a ${type ?? 'thing'}, neither file, folder nor link`);
    }
    entry.resume();
  }
}

/** The path without empty names and dots. Errors: `UnsafePath`. */
export function safePath(path: string): string {
  if (path.startsWith('/') || path.includes('\0')) throw unsafe(path, 'is absolute');
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw unsafe(path, 'leads upwards');
  return names.join('/');
}

/** Nothing may stand below a link or a file, nor take the place of a link. Notes the folders above. */
function checkPlace(
  path: string,
  taken: Map<string, 'file' | 'folder'>,
  links: ReadonlyMap<string, string>,
): void {
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    const above = path.slice(0, at);
    if (links.has(above)) throw unsafe(path, `is below the link ${above}`);
    if (taken.get(above) === 'file') throw unsafe(path, `is below the file ${above}`);
    taken.set(above, 'folder');
  }
  if (links.has(path)) throw unsafe(path, 'takes the place of a link');
}

const MAX_STEPS = 1_000;

/** Walks the way that a link names, step by step and through other links: no step may be outside. */
function checkLink(
  path: string,
  links: ReadonlyMap<string, string>,
  refused: (reason: string) => TiphysError,
): void {
  const start = path.split('/');
  const ahead = [...start].reverse();
  const way: string[] = [];
  for (let steps = 0; ; steps += 1) {
    const name = ahead.pop();
    if (name === undefined) return;
    if (steps > MAX_STEPS) throw refused('is a link that leads in a circle');
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (way.pop() === undefined) throw refused('is a link that leads outside');
      continue;
    }
    way.push(name);
    const target = links.get(way.join('/'));
    if (target === undefined) continue;
    if (target.startsWith('/')) throw refused('is a link to an absolute path');
    way.pop();
    ahead.push(...target.split('/').reverse());
  }
}

function unsafe(path: string, reason: string): TiphysError {
  const shown = JSON.stringify(path.slice(0, 200));
  return new TiphysError('UnsafePath', `archive: ${shown}: ${reason}`, { fields: { path } });
}

function exceeded(reason: string, hint: string): TiphysError {
  return new TiphysError('LimitExceeded', `archive: ${reason}`, { hint });
}
