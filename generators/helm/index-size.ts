import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../../operator/core/errors.ts';

const DEFAULT_MAX_BYTES = 1_000_000_000;

/**
 * Looks at the indexes that helm has fetched in its private home, before anything is done with them. What helm itself may
 * need for one is bounded by its memory. Errors: `LimitExceeded`.
 */
export async function checkIndexes(
  home: string,
  subject: string,
  maxBytes: number = DEFAULT_MAX_BYTES,
): Promise<void> {
  const folder = join(home, 'cache', 'repository');
  const names = await readdir(folder).catch(() => []); // helm fetched none
  for (const name of names.filter((one) => one.endsWith('-index.yaml'))) {
    const { size } = await stat(join(folder, name));
    if (size <= maxBytes) continue;
    throw new TiphysError(
      'LimitExceeded',
      `${subject}: the index of a Helm repository has ${size} bytes, more than ${maxBytes}`,
      { hint: 'Make the repository smaller, or raise --helm-max-index-size.' },
    );
  }
}
