import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const TEMPORARY = /^(?:tmp_|incoming-)|\.lock$/;

/**
 * A fetch that was killed leaves lock files that would stop every later one, and parts of packs that
 * nobody would ever remove. We are the only writer.
 */
export async function removeLeftovers(dir: string): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const left = entries.filter(({ name }) => TEMPORARY.test(name));
  await Promise.all(
    left.map(({ parentPath, name }) =>
      rm(join(parentPath, name), { recursive: true, force: true }),
    ),
  );
}
