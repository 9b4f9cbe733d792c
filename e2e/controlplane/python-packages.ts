import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { resolveSystemProgram, type SystemProgramOptions } from './system-programs.ts';
import { cachedFile, runTool, toolCacheFolder } from './tool-cache.ts';

/** One wheel of the Python package index; nothing in it is run. */
export interface PythonPackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/**
 * The texts in a folder of a package, by path from there. The wheel is downloaded once, by pip.
 *
 * Errors: `MissingToolError` without pip; when the wheel is another than it was, or cannot be had.
 */
export async function filesOfPackage(
  wheel: PythonPackage,
  folder: string,
  options: SystemProgramOptions,
): Promise<Readonly<Record<string, string>>> {
  const { env, log, signal } = options;
  const { name, version, sha256 } = wheel;
  const path = await cachedFile(
    {
      path: join(toolCacheFolder(env), 'wheels', `${name}-${version}-${sha256.slice(0, 16)}.whl`),
      label: `download of ${name}`,
      log,
      make: (target) => download(wheel, target, options),
    },
    signal,
  );
  const prefix = `${folder}/`;
  const found = unzipSync(await readFile(path), {
    filter: (file) => file.name.startsWith(prefix) && !file.name.endsWith('/'),
  });
  return Object.fromEntries(
    Object.entries(found).map(([file, content]) => [
      file.slice(prefix.length),
      Buffer.from(content).toString('utf8'),
    ]),
  );
}

async function download(
  { name, version, sha256 }: PythonPackage,
  target: string,
  options: SystemProgramOptions,
): Promise<void> {
  const { log, signal } = options;
  const program = await resolveSystemProgram('pip3', options);
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-wheel-'));
  try {
    const flags = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
    const args = ['download', ...flags, '--dest', dir, `${name}==${version}`];
    await runTool({ program, args, cwd: dir, label: `fetching ${name}`, log }, signal);
    const [wheel = ''] = await readdir(dir);
    const found = createHash('sha256')
      .update(await readFile(join(dir, wheel)))
      .digest('hex');
    if (found !== sha256) throw new Error(`${wheel}: is ${found}, expected ${sha256}`);
    await copyFile(join(dir, wheel), target);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
