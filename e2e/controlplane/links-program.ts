import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { type BuildOptions, goProgram, LINKS } from './go-build.ts';
import { cachedFile, runTool } from './tool-cache.ts';

export interface LinksProgram {
  /** Path of the program, compressed, as the package has it. */
  readonly program: string;
  /** Path of the licences of everything it is made of. */
  readonly licenses: string;
}

const COMPRESSION = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 9,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
  },
};

/** What reads links for the product, built when the cache has none. Errors: as `goProgram`. */
export async function linksProgram(
  options: BuildOptions,
  signal: AbortSignal,
): Promise<LinksProgram> {
  const { log } = options;
  const built = await goProgram(LINKS, options, signal);
  const beside = (suffix: string, label: string, content: () => Promise<Buffer | string>) =>
    cachedFile(
      {
        ...{ path: `${built}.${suffix}`, label, log },
        make: async (target) => writeFile(target, await content()),
      },
      signal,
    );
  return {
    program: await beside('br', 'compressing links', async () =>
      promisify(brotliCompress)(await readFile(built), COMPRESSION),
    ),
    licenses: await beside('LICENSES', 'licences of links', () => licenses(options, signal)),
  };
}

/** Of Go and of the modules that are in the program. */
async function licenses({ log }: BuildOptions, signal: AbortSignal): Promise<string> {
  const format = '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}';
  const go = (...args: readonly string[]) =>
    runTool({ program: 'go', args, cwd: LINKS.folder ?? '', env: LINKS.env ?? {}, log }, signal);
  const modules = new Set((await go('list', '-deps', '-f', format, '.')).trim().split('\n'));
  modules.delete('');
  const [version = '', root = ''] = (await go('env', 'GOVERSION', 'GOROOT')).split('\n');
  const texts = [`${version}\t${root}`, ...[...modules].sort()].map(async (line) => {
    const [name = '', folder = ''] = line.split('\t');
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name}: there is no licence in ${folder}`);
    return `${name}\n\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`;
  });
  return (await Promise.all(texts)).join('\n\n');
}
