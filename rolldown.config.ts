/**
 * Bundles what is published: `rolldown -c --dir dist`. Importing the library is loading a few files
 * instead of 400. Of zod, which would be half of that time, and of the Kubernetes client, which takes
 * 87 MiB to load for the sake of a kubeconfig, only the parts we use are in them.
 */
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RolldownOptions } from 'rolldown';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(
  await readFile(new URL('package.json', import.meta.url), 'utf8'),
) as Manifest;
const INLINED = ['zod', '@kubernetes/client-node'];
const external = Object.keys(manifest.dependencies).filter((name) => !INLINED.includes(name));

/** The folder of the package that a file is of. */
const PACKAGE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//;

async function licenseOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  ) as Readonly<Record<string, string>>;
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : await readFile(join(folder, file), 'utf8');
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}

/** What Git says here; empty without Git, and in a folder of somebody else's repository. */
function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

/** What `tiphys version` and /api/version tell of the build, by name. With SOURCE_DATE_EPOCH two builds of a commit are the same. */
function build(): readonly (readonly [string, string])[] {
  const { SOURCE_DATE_EPOCH: epoch, EXTRA_BUILD_INFO: extraBuildInfo = '' } = process.env;
  const date = epoch === undefined ? new Date() : new Date(Number(epoch) * 1000);
  const buildDate = date.toISOString().replace(/\.\d+Z$/, 'Z');
  const gitCommit = git('rev-parse', '--show-cdup') === '' ? git('rev-parse', 'HEAD') : '';
  const said = { buildDate, gitCommit, extraBuildInfo };
  if (gitCommit === '') return Object.entries(said);
  const gitTag = git('describe', '--exact-match', '--tags', 'HEAD');
  const gitTreeState = git('status', '--porcelain') === '' ? 'clean' : 'dirty';
  return Object.entries({ ...said, gitTag, gitTreeState });
}

type LinksProgram = { readonly program: string; readonly licenses: string };

/** Paths of what reads links; why there is none: without Go all else can be built. Errors: it does not compile. */
function programForLinks(): LinksProgram | { readonly missing: string } {
  const root = import.meta.dirname;
  const node = join(root, 'node_modules/.bin/node');
  const said = execFileSync(node, [join(root, 'e2e/controlplane/build-links.ts')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(said) as LinksProgram | { readonly missing: string };
}

const options: RolldownOptions = {
  input: {
    index: 'operator/index.ts',
    adapters: 'operator/adapters.ts',
    services: 'operator/services/index.ts',
    generators: 'generators/index.ts',
    api: 'api/index.ts',
    main: 'operator/main.ts',
    worker: 'operator/scripts/worker.ts',
    'bcrypt-thread': 'operator/identity/bcrypt-thread.ts',
    'templates-process': 'generators/directory/jinja/process.ts',
  },
  platform: 'node',
  external: external.map((name) => new RegExp(`^${name}(/|$)`)),
  treeshake: { moduleSideEffects: [{ test: /@kubernetes\/client-node/, sideEffects: false }] },
  plugins: [
    {
      // Read when a plugin is spoken to, beside whatever file asks for it.
      name: 'protocol-of-plugins',
      async generateBundle() {
        const file = new URL('generators/plugin/plugin.proto', import.meta.url);
        const source = await readFile(file, 'utf8');
        this.emitFile({ type: 'asset', fileName: 'plugin.proto', source });
      },
    },
    {
      // Read by the worker, beside whatever file asks for it. Its sources are in operator/scripts/links/program.
      name: 'program-for-links',
      async generateBundle() {
        const found = programForLinks();
        if ('missing' in found)
          return this.warn(
            `links of argocd-cm with a template or a condition will be left out: ${found.missing}`,
          );
        const emit = async (fileName: string, path: string) =>
          this.emitFile({ type: 'asset', fileName, source: await readFile(path) });
        await emit('links.wasm.br', found.program);
        await emit('links.LICENSES', found.licenses);
      },
    },
    {
      // Read by the command line, beside whatever file asks for it.
      name: 'how-it-was-built',
      generateBundle() {
        const known = build().filter(([, value]) => value !== '');
        const source = JSON.stringify(Object.fromEntries(known));
        this.emitFile({ type: 'asset', fileName: 'build.json', source });
      },
    },
    {
      name: 'licenses-of-what-is-inlined',
      async generateBundle(_options, bundle) {
        const files = Object.values(bundle).flatMap((out) =>
          out.type === 'chunk' ? out.moduleIds : [],
        );
        const folders = new Set(files.flatMap((file) => PACKAGE.exec(file)?.[1] ?? []));
        const texts = await Promise.all([...folders].sort().map(licenseOf));
        this.emitFile({ type: 'asset', fileName: 'inlined.LICENSES', source: texts.join('\n\n') });
      },
    },
  ],
  output: {
    format: 'esm',
    cleanDir: true,
    // All in one folder: the worker is found beside whatever file asks for it.
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  },
};

export default options;
