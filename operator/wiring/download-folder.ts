import { constants, type FileHandle, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Downloads } from '../ports/downloads.ts';

/** Not through a link, and not waiting for whoever writes into a pipe. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** That there is none: `ELOOP` is a link. */
const NONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** Files of a folder; none when it is empty. Read from the disk with each request. */
export function createDownloads(folder: string): Downloads {
  return {
    async open(file) {
      if (folder === '' || file !== basename(file)) return undefined;
      const handle = await openOrNone(join(folder, file));
      if (handle === undefined) return undefined;
      const about = await handle.stat();
      if (about.isFile()) return { bytes: about.size, body: handle.createReadStream() };
      await handle.close();
      return undefined;
    },
  };
}

async function openOrNone(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, FLAGS);
  } catch (error) {
    if (NONE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
