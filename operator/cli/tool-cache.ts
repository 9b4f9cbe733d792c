import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the project's build, and people who like, keep programs that are not on PATH. */
export function toolCacheOf(
  configured: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (configured !== '') return configured;
  const { TIPHYS_CACHE: own = '', XDG_CACHE_HOME: shared = '', HOME: home = '' } = env;
  if (own !== '') return join(own, 'bin');
  if (shared !== '') return join(shared, 'tiphys', 'bin');
  return join(home === '' ? homedir() : home, '.cache', 'tiphys', 'bin');
}
