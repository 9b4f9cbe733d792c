import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { CANARY, FILES, MAP, openPluginBench, type PluginBench } from '../testing/plugin-bench.ts';
import type { Files } from '../testing/workshop.ts';
import { hasCode } from '../../operator/core/errors.ts';
import { pluginYaml } from '../../e2e/controlplane/cmp-server.ts';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { openFolderTree } from '../../operator/git/index.ts';
import { join } from 'node:path';
import { createGeneratorRegistry } from '../registry.ts';
import { createDirectoryGenerator } from '../directory/index.ts';
import { createPluginGenerator } from './index.ts';

const signal = AbortSignal.timeout(300_000);

describe('plugins behind sockets', { concurrency: 1 }, () => {
  let bench: PluginBench;
  before(async () => {
    bench = await openPluginBench(signal);
  });
  afterEach(() => bench.settle());
  after(() => bench[Symbol.asyncDispose]());

  test('init and generate run in the folder of the application, on a copy of the whole repository', async () => {
    const script = `cat made-by-init; printf '%s' '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"'$ARGOCD_APP_NAME'"},"data":{"other":"'$(cat ../other/b.txt)'","run":"'$(test -x ../run.sh && echo yes)'","own":"'$OWN'","user":"'$ARGOCD_ENV_USER'"}}'`;
    const init = `  init: { command: [sh, -c], args: ["echo '---' > made-by-init"] }\n`;
    const server = await bench.serve('whole', pluginYaml('whole', script, init), {
      env: { OWN: 'mine' },
    });
    const { objects } = await bench.generate(
      { name: 'whole', env: [{ name: 'USER', value: '$ARGOCD_APP_PROJECT_NAME' }] },
      { files: { ...FILES, 'link.txt': { linkTo: 'app/a.txt' } } },
    );
    assert.equal(objects.length, 1);
    assert.equal(objects[0]?.metadata.name, 'web');
    assert.deepEqual(objects[0]?.['data'], { other: 'b', run: '', own: 'mine', user: 'default' });
    assert.deepEqual(await server.copies(), []);
  });

  test('a name must fit with its version; what is there is told', async () => {
    await bench.serve('v-1.0', pluginYaml('v', `echo '${MAP}'`, '  version: "1.0"\n'));
    assert.equal((await bench.generate({ name: 'v-1.0' })).objects.length, 1);
    const error = await bench.failure(bench.generate({ name: 'v' }));
    assert.ok(hasCode(error, 'ToolMissing'));
    assert.match(
      error.message,
      /could not find cmp-server plugin with name "v" supporting the given repository/,
    );
    assert.match(error.hint, /There are the plugins shell, v-1\.0/);
  });

  test('a source without a type goes to the first plugin that recognises it, else to another generator', async () => {
    const discover = (rule: string) => `  discover: { ${rule} }\n`;
    await bench.serve('a-never', pluginYaml('a-never', `echo '${MAP}'`));
    await bench.serve(
      'b-glob',
      pluginYaml('b-glob', `echo '${MAP}'`, discover('find: { glob: "**/x.cue" }')),
    );
    await bench.serve(
      'c-file',
      pluginYaml('c-file', `echo '${MAP}'`, discover('fileName: "./s*.txt"')),
    );
    const command = discover(
      'find: { command: [sh, -c], args: ["test -e only-here && echo $ARGOCD_APP_NAME"] }',
    );
    await bench.serve('d-command', pluginYaml('d-command', `echo '${MAP}'`, command));
    const plugin = createPluginGenerator({ ...bench.shop.tool, socketDir: bench.socketDir });
    const registry = createGeneratorRegistry([plugin, createDirectoryGenerator()]);
    const chosen = async (files: Files) => {
      const tree = await bench.shop.tree(files, signal);
      const source = { repoURL: 'https://example.com/r', path: 'app' };
      const request = { tree, path: 'app', source, instance: 'web', settings: {} };
      return (await registry.select(request, signal)).generator.name;
    };
    assert.equal(await chosen({ 'app/deep/er/x.cue': '' }), 'Plugin');
    assert.equal(await chosen({ 'app/some.txt': '' }), 'Plugin');
    assert.equal(await chosen({ 'app/only-here': '' }), 'Plugin');
    assert.equal(await chosen({ 'app/a.yaml': '', 'some.txt': '' }), 'Directory');
    const unnamed = await bench.generate({}, { files: { 'app/some.txt': '' } });
    assert.equal(unnamed.objects.length, 1);
    const named = await bench.failure(bench.generate({ name: 'c-file' }));
    assert.match(named.hint, /its discovery rule does not recognise the folder/);
    const none = await bench.failure(bench.generate({}));
    assert.match(none.message, /could not find plugin supporting the given repository/);
  });

  test('executable files stay so only when the plugin asks for it', async () => {
    const script = `test -x run.sh && echo '${MAP}' || true`;
    await bench.serve('modes', pluginYaml('modes', script, '  preserveFileMode: true\n'));
    await bench.serve('plain', pluginYaml('plain', script));
    const dir = await bench.shop.folder({ 'app/run.sh': '#!/bin/sh' });
    await chmod(join(dir, 'app/run.sh'), 0o755);
    const limits = { maxFiles: 10, maxBytes: 1_000 };
    const tree = await openFolderTree(dir, { workDir: bench.shop.tool.workDir, limits }, signal);
    const generator = createPluginGenerator({ ...bench.shop.tool, socketDir: bench.socketDir });
    for (const [name, count] of [
      ['modes', 1],
      ['plain', 0],
    ] as const) {
      const source = { path: 'app', plugin: { name } };
      const options = { request: { tree } };
      const { objects } = await bench.shop.generate(generator, {}, source, options, signal);
      assert.equal(objects.length, count, name);
    }
  });

  test('what is excluded is not sent', async () => {
    const script = `echo "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {files: '$(cd .. && find . -type f | sort | tr '\\n' ' ')'}}"`;
    const files = { ...FILES, 'big/huge.bin': 'x', 'app/y.bin': 'x' };
    const sent = async (exclusions: readonly string[]) =>
      (await bench.generate(bench.runs(script), { files, options: { exclusions } })).objects[0]?.[
        'data'
      ];
    assert.deepEqual(await sent([]), {
      files: './app/a.txt ./app/y.bin ./big/huge.bin ./other/b.txt ',
    });
    assert.deepEqual(await sent(['big', '**/*.bin']), { files: './app/a.txt ./other/b.txt ' });
    const gone = await bench.failure(
      bench.generate(bench.runs(script), { files, options: { exclusions: ['app'] } }),
    );
    assert.ok(hasCode(gone, 'PathNotFound'));
    assert.match(gone.message, /app: app path does not exist/);
  });

  test('parameters are announced, static over dynamic', async () => {
    const more = `  parameters:
    static: [{ name: image, string: fixed, title: Image }, { name: only, collectionType: map, map: { a: b } }]
    dynamic: { command: [sh, -c], args: ['echo "[{\\"name\\":\\"image\\"},{\\"name\\":\\"$(ls)\\",\\"array\\":[\\"x\\"]}]"'] }
`;
    await bench.serve('announces', pluginYaml('announces', 'true', more));
    const generator = createPluginGenerator({ ...bench.shop.tool, socketDir: bench.socketDir });
    let seen: readonly object[] = [];
    const asking = {
      ...generator,
      generate: async (...args: Parameters<typeof generator.announcements>) => {
        seen = await generator.announcements(...args);
        return { objects: [], readSet: [] };
      },
    };
    await bench.shop.generate(
      asking,
      FILES,
      { path: 'app', plugin: { name: 'announces' } },
      {},
      signal,
    );
    const short = (
      seen as readonly {
        name: string;
        string: string;
        title: string;
        array: string[];
        map: object;
      }[]
    ).map(({ name, string, title, array, map }) => ({
      name,
      string,
      title,
      array,
      map: { ...map },
    }));
    assert.deepEqual(short, [
      { name: 'image', string: 'fixed', title: 'Image', array: [], map: {} },
      { name: 'a.txt', string: '', title: '', array: ['x'], map: {} },
      { name: 'only', string: '', title: '', array: [], map: { a: 'b' } },
    ]);
  });

  test('credentials of the repository go only to whom asks for them', async () => {
    const script = `echo "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {header: '$GIT_CONFIG_VALUE_0'}}"`;
    await bench.serve('asks', pluginYaml('asks', script, '  provideGitCreds: true\n'));
    await bench.serve('asks-not', pluginYaml('asks-not', script));
    const generator = createPluginGenerator({ ...bench.shop.tool, socketDir: bench.socketDir });
    let open = 0;
    const gitEnvironment = async () => {
      open += 1;
      return {
        env: { GIT_CONFIG_VALUE_0: 'Authorization: x' },
        async [Symbol.asyncDispose]() {
          open -= 1;
        },
      };
    };
    for (const [name, header] of [
      ['asks', 'Authorization: x'],
      ['asks-not', ''],
    ] as const) {
      const source = { path: 'app', plugin: { name } };
      const { objects } = await bench.shop.generate(
        generator,
        FILES,
        source,
        { request: { gitEnvironment } },
        signal,
      );
      assert.deepEqual(objects[0]?.['data'], { header });
    }
    assert.equal(open, 0);
  });

  test('a plugin that the administrator lets run here has nothing of our environment', async () => {
    const localDir = await bench.shop.folder({});
    await mkdir(join(localDir, 'here'));
    const script = `env | cut -d= -f1 | sort | tr '\\n' ' ' > names; echo "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {names: '$(cat names)', here: '$(pwd | sed "s|.*/||")'}}"`;
    await writeFile(
      join(localDir, 'here/plugin.yaml'),
      pluginYaml('here', script, '  discover: { fileName: "*.txt" }\n'),
    );
    process.env['TIPHYS_TEST_CANARY'] = CANARY;
    try {
      const { objects } = await bench.generate({}, { options: { localDir } });
      const { names, here } = (objects[0]?.['data'] ?? {}) as { names: string; here: string };
      assert.equal(here, 'app');
      const own = names
        .trim()
        .split(' ')
        .filter((name) => !/^(ARGOCD_|KUBE_|PWD$|SHLVL$|_$|OLDPWD$)/.test(name));
      assert.deepEqual(own, [
        'GOMEMLIMIT',
        'HELM_CACHE_HOME',
        'HELM_CONFIG_HOME',
        'HELM_DATA_HOME',
        'HELM_PLUGINS',
        'HOME',
        'KUBECONFIG',
        'PATH',
        'TMPDIR',
        'XDG_CACHE_HOME',
        'XDG_CONFIG_HOME',
        'XDG_DATA_HOME',
      ]);
    } finally {
      delete process.env['TIPHYS_TEST_CANARY'];
    }
    const failing = join(await bench.shop.folder({}), 'bad.yaml');
    await writeFile(failing, pluginYaml('bad', `echo ${CANARY} >&2; exit 3`));
    const error = await bench.failure(
      bench.generate({ name: 'bad' }, { options: { localDir: join(failing, '..') } }),
    );
    assert.match(
      error.message,
      /plugin bad: generate: exited with code 3 \(run its commands in a checkout\)$/,
    );
    assert.match(error.hint, /tiphys\.io\/show-stderr/);
  });

  test('the version is the same until a sidecar starts anew', async () => {
    const { shop, socketDir } = bench;
    const generator = createPluginGenerator({ ...shop.tool, socketDir });
    const server = await bench.serve('again', pluginYaml('again', `echo '${MAP}'`));
    const versions = async () => [
      await generator.version(signal),
      (await generator.detectVersion?.(signal)) ?? '',
    ];
    const first = await versions();
    assert.equal(first[1], 'again shell');
    await bench.generate({ name: 'again' });
    await bench.generate({ name: 'again' });
    assert.deepEqual(await versions(), first);
    await server[Symbol.asyncDispose]();
    assert.notEqual((await versions())[1], first[1]);
    await bench.serve('again', pluginYaml('again', `echo '${MAP}'`));
    const [version, detectVersion] = await versions();
    assert.notEqual(version, first[0]);
    assert.equal(detectVersion, first[1]);
  });

  test('a plugin.yaml that cannot be read is told to whom it concerns, and to nobody else', async () => {
    const localDir = await bench.shop.folder({ 'p.yaml': 'kind: Pod' });
    const generator = createPluginGenerator({ ...bench.shop.tool, localDir });
    assert.equal(await generator.detectVersion?.(signal), '');
    const registry = createGeneratorRegistry([generator, createDirectoryGenerator()]);
    const tree = await bench.shop.tree({ 'app/a.yaml': '' }, signal);
    const request = { tree, path: 'app', instance: 'web', settings: {} };
    const source = { repoURL: 'https://example.com/r', path: 'app' };
    const typed = { ...source, directory: { exclude: 'none' } };
    const chosen = await registry.select({ ...request, source: typed }, signal);
    assert.equal(chosen.generator.name, 'Directory');
    await assert.rejects(registry.select({ ...request, source }, signal), (error) =>
      hasCode(error, 'InvalidConfig'),
    );
    await writeFile(join(localDir, 'p.yaml'), pluginYaml('here', 'true'));
    assert.equal(await generator.detectVersion?.(signal), 'here');
  });

  test('no more is sent than the annotation names, when the administrator says so', async () => {
    const localDir = await bench.shop.folder({});
    const script = `echo "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {files: '$(cd ../.. && find . -type f | tr '\\n' ' ')'}}"`;
    await writeFile(join(localDir, 'here.yaml'), pluginYaml('here', script));
    const files = { 'team/web/app/a.txt': 'a', 'team/web/lib/b.txt': 'b', 'team/x/c.txt': 'c' };
    const sent = async (name: string, useGeneratePaths: boolean, generatePaths: string) => {
      const options = {
        ...bench.shop.tool,
        socketDir: bench.socketDir,
        localDir,
        useGeneratePaths,
      };
      const generator = createPluginGenerator(options);
      const plugin = name === 'here' ? { name } : bench.runs(script);
      const source = { path: 'team/web/app', plugin };
      const request = { generatePaths };
      const { objects } = await bench.shop.generate(generator, files, source, { request }, signal);
      const { files: found } = (objects[0]?.['data'] ?? {}) as { readonly files: string };
      return found.trim().split(' ').length;
    };
    for (const name of ['here', 'shell']) {
      assert.equal(await sent(name, true, '../lib/*.txt'), 2, name);
      assert.equal(await sent(name, true, '.;/team/x'), 3, name);
      assert.equal(await sent(name, false, '../lib/*.txt'), 3, name);
    }
  });
});
