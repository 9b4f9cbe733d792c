/**
 * Bundles what is published: `rolldown -c --dir dist`. Importing the library is loading a few files
 * instead of 400, and of zod, which would be half of that time, only the parts we use are in them.
 */
import { readFile } from 'node:fs/promises';
import type { RolldownOptions } from 'rolldown';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(
  await readFile(new URL('package.json', import.meta.url), 'utf8'),
) as Manifest;
const INLINED = 'zod';
const external = Object.keys(manifest.dependencies).filter((name) => name !== INLINED);

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
      name: 'license-of-what-is-inlined',
      async generateBundle() {
        const source = await readFile(
          new URL(`node_modules/${INLINED}/LICENSE`, import.meta.url),
          'utf8',
        );
        this.emitFile({ type: 'asset', fileName: `${INLINED}.LICENSE`, source });
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
