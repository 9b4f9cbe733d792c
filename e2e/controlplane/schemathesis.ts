import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cachedFile, type Environment, type Progress, toolCacheFolder } from './tool-cache.ts';
import { MissingToolError } from './waiting.ts';

const VERSION = '4.32.5';
const run = promisify(execFile);

export interface SchemathesisOptions {
  readonly env: Environment;
  readonly log: Progress;
  readonly signal: AbortSignal;
}

/**
 * Absolute path of `schemathesis`, which makes requests from an OpenAPI description: of the variable `SCHEMATHESIS`,
 * else installed by pip into a folder of its own in the tool cache. Errors: `MissingToolError` with what to do.
 */
export async function resolveSchemathesis({
  env,
  log,
  signal,
}: SchemathesisOptions): Promise<string> {
  const configured = env['SCHEMATHESIS'] ?? '';
  if (configured !== '') return configured;
  const folder = join(toolCacheFolder(env), `schemathesis-${VERSION}`);
  const make = async (mark: string): Promise<void> => {
    log(`installing schemathesis ${VERSION} with pip, about a minute`);
    await rm(folder, { recursive: true, force: true });
    try {
      await run('python3', ['-m', 'venv', folder], { signal });
      const pip = [...['-m', 'pip', 'install', '--quiet'], `schemathesis==${VERSION}`];
      await run(join(folder, 'bin', 'python'), pip, { signal });
    } catch (cause) {
      signal.throwIfAborted();
      const hint = 'Install Python 3.10 or newer with venv, or set SCHEMATHESIS to the program.';
      throw new MissingToolError(`schemathesis: ${String(cause)}`, hint);
    }
    await writeFile(mark, VERSION);
  };
  await cachedFile({ path: `${folder}.installed`, label: 'schemathesis', make, log }, signal);
  return join(folder, 'bin', 'schemathesis');
}
