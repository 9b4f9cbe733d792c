import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Header, Pack } from 'tar-stream';

/** A gzipped tar file, and what its receiver checks it by. */
export interface Archive {
  readonly file: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly checksum: string;
}

/** Fixed, so that the same files make the same archive. */
const MTIME = new Date(0);
const FAST = 1;

/**
 * Packs all that is below a folder into `file`: files, folders and links, in order of their names. A file
 * is 0755 when its owner may execute it, else 0644. Cancellation: rejects, and leaves a part of the file.
 */
export async function packFolder(
  root: string,
  file: string,
  signal: AbortSignal,
): Promise<Archive> {
  const { pack: createPack } = await import('tar-stream'); // not on import of the library
  const pack = createPack();
  const hash = createHash('sha256');
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const writing = pipeline(
    pack,
    createGzip({ level: FAST }),
    measure,
    createWriteStream(file, { mode: 0o600 }),
    { signal },
  );
  const filling = fill(pack, root, '', signal).then(
    () => pack.finalize(),
    (error: unknown) => {
      pack.destroy(error instanceof Error ? error : new Error(String(error)));
    },
  );
  await Promise.all([writing, filling]);
  return { file, size, checksum: hash.digest('hex') };
}

async function fill(pack: Pack, root: string, folder: string, signal: AbortSignal): Promise<void> {
  const names = await readdir(join(root, folder));
  for (const name of names.sort()) {
    signal.throwIfAborted();
    const path = folder === '' ? name : `${folder}/${name}`;
    const full = join(root, path);
    const found = await lstat(full);
    const common = { name: path, mtime: MTIME, uid: 0, gid: 0 };
    if (found.isDirectory()) {
      await put(pack, { ...common, type: 'directory', mode: 0o755 });
      await fill(pack, root, path, signal);
    } else if (found.isSymbolicLink()) {
      const linkname = await readlink(full);
      await put(pack, { ...common, type: 'symlink', linkname, mode: 0o777 });
    } else if (found.isFile()) {
      const mode = (found.mode & 0o100) === 0 ? 0o644 : 0o755;
      const entry = pack.entry({ ...common, type: 'file', size: found.size, mode });
      await pipeline(createReadStream(full), entry, { signal });
    }
  }
}

function put(pack: Pack, headers: Partial<Header> & Pick<Header, 'name'>): Promise<void> {
  return new Promise((resolve, reject) => {
    pack.entry(headers, (error) => (error == null ? resolve() : reject(error)));
  });
}
