import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { SystemProgramOptions } from './system-programs.ts';
import { cachedFile, runTool, toolCacheFolder } from './tool-cache.ts';
import { MissingToolError } from './waiting.ts';

/** One version of a Go module; nothing in it is run. */
export interface GoModule {
  readonly path: string;
  readonly version: string;
  /** What stands in a `go.sum`, without `h1:`. */
  readonly sum: string;
}

/**
 * The YAML files in a folder of a module, by path from there. The archive is downloaded once, by go.
 *
 * Errors: `MissingToolError` without go; when the module is another than it was, or cannot be had.
 */
export async function filesOfModule(
  module: GoModule,
  folder: string,
  { env, log, signal }: SystemProgramOptions,
): Promise<Readonly<Record<string, string>>> {
  const name = `${module.path.replaceAll('/', '_')}-${module.version}`;
  const hash = Buffer.from(module.sum, 'base64').toString('hex').slice(0, 16);
  const path = await cachedFile(
    {
      path: join(toolCacheFolder(env), 'modules', `${name}-${hash}.zip`),
      label: `download of ${module.path}`,
      log,
      make: (target, stop) => download(module, target, log, stop),
    },
    signal,
  );
  const prefix = `${module.path}@${module.version}/${folder}/`;
  const found = unzipSync(await readFile(path), {
    filter: (file) => file.name.startsWith(prefix) && /\.ya?ml$/.test(file.name),
  });
  return Object.fromEntries(
    Object.entries(found).map(([file, content]) => [
      file.slice(prefix.length),
      Buffer.from(content).toString('utf8'),
    ]),
  );
}

async function download(
  { path, version, sum }: GoModule,
  target: string,
  log: SystemProgramOptions['log'],
  signal: AbortSignal,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-module-'));
  try {
    const args = ['mod', 'download', '-json', '-modcacherw', `${path}@${version}`];
    const env = { GOMODCACHE: dir, GOFLAGS: '', GOWORK: 'off' };
    const label = `fetching ${path}`;
    const text = await runTool({ program: 'go', args, cwd: dir, env, label, log }, signal);
    const found = JSON.parse(text) as { readonly Zip: string; readonly Sum: string };
    if (found.Sum !== `h1:${sum}`) {
      throw new Error(`${path}@${version}: is ${found.Sum}, expected h1:${sum}`);
    }
    await copyFile(found.Zip, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new MissingToolError(
      `${path}: cannot be downloaded: there is no Go`,
      'Install Go 1.26 or newer (https://go.dev/dl), or copy a filled TIPHYS_CACHE folder.',
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
