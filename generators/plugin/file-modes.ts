import { chmod, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Takes the right to be executed from every file below a folder. */
export async function restrictModes(folder: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await restrictModes(path, signal);
    else if (entry.isFile()) {
      const { mode } = await lstat(path);
      if ((mode & 0o111) !== 0) await chmod(path, mode & ~0o111);
    }
  }
}
