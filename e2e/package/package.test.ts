import assert from 'node:assert/strict';
import { access, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pluginYaml, startCmpServer } from '../controlplane/cmp-server.ts';
import { progressToStderr as log, runTool } from '../controlplane/tool-cache.ts';

/** What a user gets: the package is built, packed and installed into a folder of its own. */
const root = join(import.meta.dirname, '../..');
const signal = AbortSignal.timeout(600_000);
const ENTRIES = ['tiphys', 'tiphys/adapters', 'tiphys/services', 'tiphys/generators', 'tiphys/api'];

describe('the published package', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiphys-package-'));
    const tarball = await pack(join(folder, 'source'));
    await mkdir(join(folder, 'user'));
    await writeFile(join(folder, 'user/package.json'), '{ "name": "user", "type": "module" }');
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['install', ...flags, tarball], 'user', 'installing the package');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function run(program: string, args: readonly string[], at: string, label = ''): Promise<string> {
    return runTool({ program, args, cwd: join(folder, at), label, log }, signal);
  }

  /** As `make build` does, into another folder. */
  async function build(tool: string, args: readonly string[]): Promise<void> {
    const program = join(root, 'node_modules/.bin', tool);
    await runTool({ program, args, cwd: root, log }, signal);
  }

  async function pack(source: string): Promise<string> {
    await mkdir(source);
    for (const path of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'crds']) {
      await cp(join(root, path), join(source, path), { recursive: true }).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error; // npm packs what there is
        },
      );
    }
    const dist = join(source, 'dist');
    await build('rolldown', ['-c', '--dir', dist, '--logLevel', 'warn']);
    await build('tsc', ['-p', 'tsconfig.build.json', '--outDir', join(dist, 'types')]);
    const packed = await run('npm', ['pack', '--json', '--loglevel=error'], 'source');
    const [{ filename, files }] = JSON.parse(packed) as [
      { filename: string; files: readonly { path: string }[] },
    ];
    const odd = files.map((file) => file.path).filter((path) => /\.test\.|testdata|e2e/.test(path));
    assert.deepEqual(odd, [], 'no tests are published');
    const links = files.map((file) => file.path).filter((path) => /^dist\/links\.[^j]/.test(path));
    assert.deepEqual(links, ['dist/links.LICENSES', 'dist/links.wasm.br']);
    return join(source, filename);
  }

  for (const entry of ENTRIES) {
    test(`importing ${entry} has no side effect`, async (t) => {
      await writeFile(join(folder, 'user/probe.mjs'), probeOf(entry));
      const seen = JSON.parse(await run(process.execPath, ['probe.mjs'], 'user')) as Probe;
      t.diagnostic(
        `${entry}: ${seen.ms} ms, ${seen.mib} MiB more (${seen.exports.length} exports)`,
      );
      assert.ok(seen.exports.length > 0);
      assert.deepEqual(seen.envReads, [], 'reads no environment');
      assert.deepEqual(seen.handles, [], 'opens nothing');
      assert.deepEqual(seen.listeners, [], 'listens to nothing');
      const ours = seen.globals.filter((name) => !name.startsWith('__zod_global'));
      assert.deepEqual(ours, [], 'adds no global; zod keeps two of its own');
    });
  }

  test('importing tiphys loads nothing that only work needs', async () => {
    await writeFile(join(folder, 'user/packages.mjs'), PACKAGES_PROBE);
    const loaded: unknown = JSON.parse(await run(process.execPath, ['packages.mjs'], 'user'));
    // Each module of Node's own is 2 or 3 MiB, and so is each of those packages.
    assert.deepEqual(loaded, ['deep-diff', 'node:crypto', 'tiphys']);
  });

  test('its types compile in a strict project', async () => {
    const imports = ENTRIES.map((entry, index) => `export * as entry${index} from '${entry}';`);
    await writeFile(join(folder, 'user/user.ts'), imports.join('\n'));
    const compilerOptions = {
      strict: true,
      target: 'es2024',
      module: 'nodenext',
      lib: ['es2024', 'esnext.disposable'],
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      noEmit: true,
    };
    await writeFile(
      join(folder, 'user/tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['user.ts'] }),
    );
    await run(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], 'user');
  });

  test('brings the CRDs and a command that says what it can do', async () => {
    await access(join(folder, 'user/node_modules/tiphys/crds/application.yaml'));
    const program = join(folder, 'user/node_modules/.bin/tiphys');
    const help = await run(process.execPath, [program, '--help'], 'user');
    assert.match(help, /tiphys run/);
  });

  test('runs health scripts: the worker and the machines of the languages are found', async () => {
    await writeFile(join(folder, 'user/settings.json'), JSON.stringify(HEALTH_SETTINGS));
    await writeFile(join(folder, 'user/thing.json'), JSON.stringify(THING));
    const program = join(folder, 'user/node_modules/.bin/tiphys');
    const args = ['health', '-f', 'thing.json', '--settings', 'settings.json', '-o', 'json'];
    const [judged] = JSON.parse(await run(process.execPath, [program, ...args], 'user')) as [
      { status: string; message: string },
    ];
    assert.equal(judged.status, 'Degraded');
    assert.equal(judged.message, 'said in Lua');
  });

  test('renders templates: the process for them and nunjucks are found', async () => {
    const repository = join(folder, 'user/repository');
    await mkdir(join(repository, 'web'), { recursive: true });
    await writeFile(join(repository, 'web/map.yaml.j2'), TEMPLATE);
    await writeFile(join(folder, 'user/app.json'), JSON.stringify(TEMPLATE_APP));
    const program = join(folder, 'user/node_modules/.bin/tiphys');
    const args = ['render', 'app.json', '--repo-dir', repository];
    const output = await run(process.execPath, [program, ...args], 'user');
    assert.match(output, /name: from-a-template/);
  });

  test('serves a plugin and speaks to it: grpc and the protocol are found', async () => {
    const program = join(folder, 'user/node_modules/.bin/tiphys');
    const config = pluginYaml('made', `echo '${JSON.stringify(MADE)}'`);
    await using server = await startCmpServer({ name: 'made', config, program }, signal);
    await mkdir(join(folder, 'user/plugged'));
    await writeFile(join(folder, 'user/plugged/x.txt'), '');
    await writeFile(join(folder, 'user/plugin-app.json'), JSON.stringify(PLUGIN_APP));
    const flags = ['--repo-dir', 'plugged', '--plugin-socket-dir', server.socketDir];
    const args = [program, 'render', 'plugin-app.json', ...flags];
    assert.match(await run(process.execPath, args, 'user'), /name: from-a-plugin/);
  });
});

const TEMPLATE = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ name }}"}\n';
const TEMPLATE_APP = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web' },
  spec: {
    project: 'default',
    destination: { namespace: 'web' },
    source: {
      repoURL: 'https://git.example/r',
      path: 'web',
      directory: { jinja: { parameters: [{ name: 'name', value: 'from-a-template' }] } },
    },
  },
};

const MADE = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'from-a-plugin' } };
const PLUGIN_APP = {
  ...TEMPLATE_APP,
  spec: {
    ...TEMPLATE_APP.spec,
    source: { repoURL: 'https://git.example/r', path: '.', plugin: { name: 'made' } },
  },
};

const THING = {
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  metadata: { name: 'one' },
  spec: { why: 'said in Lua' },
};

const HEALTH_SETTINGS = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'argocd-cm' },
  data: {
    'resource.customizations.health.example.com_Thing':
      'return { status = "Degraded", message = obj.spec.why }',
  },
};

interface Probe {
  readonly ms: number;
  readonly mib: number;
  readonly exports: readonly string[];
  readonly envReads: readonly string[];
  readonly handles: readonly string[];
  readonly listeners: readonly string[];
  readonly globals: readonly string[];
}

/** A program that says from which packages modules were loaded, and which of Node's own. */
const PACKAGES_PROBE = `
import { registerHooks } from 'node:module';
const packages = new Set();
registerHooks({
  load(url, context, next) {
    const name = url.split('/node_modules/').at(1)?.match(/^(@[^/]+\\/)?[^/]+/)?.[0];
    if (name !== undefined) packages.add(name);
    else if (url.startsWith('node:')) packages.add(url);
    return next(url, context);
  },
});
await import('tiphys');
console.log(JSON.stringify([...packages].sort()));
`;

/** A program that imports the entry and looks around. Reads by dependencies are their business. */
function probeOf(entry: string): string {
  return `
const env = process.env;
const envReads = [];
Object.defineProperty(process, 'env', {
  value: new Proxy(env, {
    get(target, name) {
      const caller = new Error().stack.split('\\n')[2] ?? '';
      if (caller.includes('/node_modules/tiphys/')) envReads.push(String(name) + caller);
      return Reflect.get(target, name);
    },
  }),
});
const names = new Set(Object.getOwnPropertyNames(globalThis));
// A look at the standard streams opens them; that is not a side effect worth a word.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const handles = process.getActiveResourcesInfo();
const events = ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit', 'uncaughtException', 'unhandledRejection'];
const rss = process.memoryUsage().rss;
const started = performance.now();
const imported = await import('${entry}');
const ms = Math.round(performance.now() - started);
const mib = Math.round((process.memoryUsage().rss - rss) / 1024 / 1024);
const after = process.getActiveResourcesInfo();
for (const kind of handles) if (after.includes(kind)) after.splice(after.indexOf(kind), 1);
console.log(JSON.stringify({
  ms,
  mib,
  exports: Object.keys(imported),
  envReads,
  handles: after,
  listeners: events.filter((name) => process.listenerCount(name) > 0),
  globals: Object.getOwnPropertyNames(globalThis).filter((name) => !names.has(name)),
}));
`;
}
