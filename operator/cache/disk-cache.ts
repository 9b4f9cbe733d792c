import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Clock } from '../ports/clock.ts';
import type { TextCache } from '../ports/text-cache.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import { sha256 } from '../runtime/hash.ts';
import { createKeyedLock } from '../runtime/keyed-lock.ts';
import { excess, type KeptFile } from '../runtime/excess.ts';

export interface DiskCacheOptions {
  /** Folder for the entries, made with mode 0700 on first use. Processes may share it. */
  readonly dir: string;
  /** Bound of all entries together, on disk. */
  readonly maxBytes: number;
  /** An entry that was not used for so long goes away. */
  readonly maxAgeMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics;
}

const HASH_LENGTH = 64;
/** What unpacks to more was not written by us. */
const MAX_ENTRY_BYTES = 512 * 2 ** 20;
/** A file of a process that died while writing. */
const ABANDONED_MS = 600_000;
const pack = promisify(gzip);
const unpack = promisify(gunzip);

/**
 * One file an entry: the checksum of key and content, then the content, compressed. Written beside
 * and renamed, so that nobody reads half of one; an entry whose checksum is wrong is removed.
 *
 * *Guarantees:* files have mode 0600, folders 0700; after a write the folder holds at most `maxBytes`
 * and what this process wrote since it last counted, which is a tenth of that. *Caveats:* the times of
 * files decide what was used last; two processes with clocks apart only disagree about that.
 */
export function createDiskCache(options: DiskCacheOptions): TextCache {
  const { dir, maxBytes, clock } = options;
  const lock = createKeyedLock();
  let sinceCount = Number.POSITIVE_INFINITY;
  let failing = false;

  const fileOf = (key: string): string => {
    const name = sha256(key);
    return join(dir, name.slice(0, 2), name.slice(2));
  };

  async function read(key: string): Promise<string | undefined> {
    const file = fileOf(key);
    const content = await readFile(file).catch(ignoreAbsent);
    if (content === undefined) return undefined;
    const body = content.subarray(HASH_LENGTH);
    if (content.toString('latin1', 0, HASH_LENGTH) !== checksum(key, body)) {
      await rm(file, { force: true });
      options.metrics?.count('tiphys_cache_errors_total', { cache: 'disk', reason: 'damaged' });
      options.logger.warn({ path: file }, 'a damaged entry of the manifest cache was removed');
      return undefined;
    }
    const now = new Date(clock.now());
    await utimes(file, now, now).catch(ignoreAbsent); // another process may have made room
    return (await unpack(body, { maxOutputLength: MAX_ENTRY_BYTES })).toString('utf8');
  }

  async function write(key: string, value: string, signal: AbortSignal): Promise<void> {
    const body = await pack(value);
    if (body.length + HASH_LENGTH > maxBytes) return;
    const file = fileOf(key);
    const folder = join(file, '..');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const beside = join(folder, `.${randomUUID()}`);
    try {
      const content = Buffer.concat([Buffer.from(checksum(key, body), 'latin1'), body]);
      await writeFile(beside, content, { mode: 0o600, signal });
      await rename(beside, file);
      sinceCount += content.length;
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
    if (sinceCount > maxBytes / 10) await lock.run('count', signal, makeRoom);
  }

  async function makeRoom(): Promise<void> {
    if (sinceCount <= maxBytes / 10) return; // somebody else just did
    const files = await listFiles(dir);
    const now = clock.now();
    const limits = { maxBytes: maxBytes * 0.9, maxAgeMs: options.maxAgeMs, now };
    for (const { path } of excess(files, limits)) await rm(path, { force: true });
    for (const { path, usedAtMs } of files)
      if (isUnfinished(path) && now - usedAtMs > ABANDONED_MS) await rm(path, { force: true });
    sinceCount = 0;
  }

  /** Told once, until it works again: a full disk fails at every entry. */
  async function harmless<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    try {
      const result = await work;
      failing = false;
      return result;
    } catch (error) {
      signal.throwIfAborted();
      options.metrics?.count('tiphys_cache_errors_total', { cache: 'disk', reason: 'failed' });
      if (!failing) options.logger.warn({ err: error, dir }, 'the manifest cache cannot be used');
      failing = true;
      return undefined;
    }
  }

  return {
    get: (key, signal) => harmless(read(key), signal),
    set: (key, value, signal) => harmless(write(key, value, signal), signal),
  };
}

function checksum(key: string, body: Buffer): string {
  return sha256(Buffer.concat([Buffer.from(`${key}\n`), body]));
}

const isUnfinished = (path: string): boolean => path.slice(path.lastIndexOf('/') + 1)[0] === '.';

async function listFiles(dir: string): Promise<readonly KeptFile[]> {
  const files: KeptFile[] = [];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const found = await stat(path).catch(ignoreAbsent); // another process may have removed it
    if (found !== undefined) files.push({ path, bytes: found.size, usedAtMs: found.mtimeMs });
  }
  return files;
}

function ignoreAbsent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
