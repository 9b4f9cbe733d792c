import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { hasCode, TiphysError } from '../../operator/core/errors.ts';
import type { ApplicationSource } from '../../operator/core/app/types.ts';
import { systemClock } from '../../operator/runtime/clock.ts';
import { createGeneratorRegistry } from '../registry.ts';
import { createDirectoryGenerator } from '../directory/index.ts';
import { type Files, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { packFolder } from './archive.ts';
import { createPluginGenerator, type PluginGeneratorOptions } from './index.ts';
import { type CmpServer, pluginYaml, startCmpServer } from '../../e2e/controlplane/cmp-server.ts';

const signal = AbortSignal.timeout(300_000);
const CANARY = 'canary-that-must-not-be-seen';
const MAP = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"made"}}';

/** What another implementation makes of the protocol: nothing of ours but the definition. */
function plainService(): ServiceClientConstructor {
  const file = join(import.meta.dirname, 'plugin.proto');
  const loaded = loadPackageDefinition(loadSync(file)) as GrpcObject & {
    readonly plugin: { readonly ConfigManagementPluginService: ServiceClientConstructor };
  };
  return loaded.plugin.ConfigManagementPluginService;
}

async function isGone(pid: number): Promise<void> {
  for (;;) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    // One that has ended and was not asked about by its parent is no more than a line in a table.
    if (state === undefined || / Z /.test(state)) return;
    await systemClock.sleep(20, signal);
  }
}

describe('plugins behind sockets', { concurrency: 1 }, () => {
  let shop: Workshop;
  let socketDir: string;
  const servers: CmpServer[] = [];
  /** One for all who need no plugin.yaml of their own: it runs the script that it is given. */
  let shell: CmpServer;
  before(async () => {
    shop = await openWorkshop();
    socketDir = await mkdtemp(join(tmpdir(), 'tiphys-sockets-'));
    const config = pluginYaml('shell', 'eval "$ARGOCD_ENV_SCRIPT"');
    shell = await startCmpServer({ name: 'shell', config, socketDir }, signal);
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
    const sockets = await readdir(socketDir);
    assert.deepEqual(sockets, ['shell.sock'], 'a server that ends takes its socket with it');
    assert.deepEqual(await shop.left(), [], 'nothing is left of what was sent');
  });
  after(async () => {
    await shell[Symbol.asyncDispose]();
    await shop[Symbol.asyncDispose]();
    await rm(socketDir, { recursive: true });
  });

  async function serve(
    name: string,
    config: string,
    more: { readonly args?: readonly string[]; readonly env?: Record<string, string> } = {},
  ): Promise<CmpServer> {
    const server = await startCmpServer({ name, config, socketDir, ...more }, signal);
    servers.push(server);
    return server;
  }

  const FILES: Files = { 'app/a.txt': 'a', 'other/b.txt': 'b' };

  async function generate(
    plugin: ApplicationSource['plugin'],
    {
      files = FILES,
      options = {},
      stop = signal,
    }: {
      readonly files?: Files;
      readonly options?: Partial<PluginGeneratorOptions>;
      readonly stop?: AbortSignal;
    } = {},
  ) {
    const generator = createPluginGenerator({ ...shop.tool, socketDir, ...options });
    return await shop.generate(generator, files, { path: 'app', plugin }, {}, stop);
  }

  function runs(script: string): NonNullable<ApplicationSource['plugin']> {
    return { name: 'shell', env: [{ name: 'SCRIPT', value: script.replaceAll('$', '$$$$') }] };
  }

  async function failure(work: Promise<unknown>): Promise<TiphysError> {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof TiphysError, String(error));
    const shown = [error.message, error.hint, JSON.stringify(error.fields)].join('\n');
    assert.ok(!shown.includes(CANARY), shown);
    assert.ok(!shown.includes(tmpdir()), shown);
    assert.match(error.message, /^CMP processing failed for application "web": /);
    return error;
  }

  test('init and generate run in the folder of the application, on a copy of the whole repository', async () => {
    const script = `cat made-by-init; printf '%s' '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"'$ARGOCD_APP_NAME'"},"data":{"other":"'$(cat ../other/b.txt)'","run":"'$(test -x ../run.sh && echo yes)'","own":"'$OWN'","user":"'$ARGOCD_ENV_USER'"}}'`;
    const init = `  init: { command: [sh, -c], args: ["echo '---' > made-by-init"] }\n`;
    const server = await serve('whole', pluginYaml('whole', script, init), {
      env: { OWN: 'mine' },
    });
    const { objects } = await generate(
      { name: 'whole', env: [{ name: 'USER', value: '$ARGOCD_APP_PROJECT_NAME' }] },
      { files: { ...FILES, 'link.txt': { linkTo: 'app/a.txt' } } },
    );
    assert.equal(objects.length, 1);
    assert.equal(objects[0]?.metadata.name, 'web');
    assert.deepEqual(objects[0]?.['data'], { other: 'b', run: '', own: 'mine', user: 'default' });
    assert.deepEqual(await server.copies(), []);
  });

  test('a name must fit with its version; what is there is told', async () => {
    await serve('v-1.0', pluginYaml('v', `echo '${MAP}'`, '  version: "1.0"\n'));
    assert.equal((await generate({ name: 'v-1.0' })).objects.length, 1);
    const error = await failure(generate({ name: 'v' }));
    assert.ok(hasCode(error, 'ToolMissing'));
    assert.match(
      error.message,
      /could not find cmp-server plugin with name "v" supporting the given repository/,
    );
    assert.match(error.hint, /There are the plugins shell, v-1\.0/);
  });

  test('a source without a type goes to the first plugin that recognises it, else to another generator', async () => {
    const discover = (rule: string) => `  discover: { ${rule} }\n`;
    await serve('a-never', pluginYaml('a-never', `echo '${MAP}'`));
    await serve(
      'b-glob',
      pluginYaml('b-glob', `echo '${MAP}'`, discover('find: { glob: "**/x.cue" }')),
    );
    await serve('c-file', pluginYaml('c-file', `echo '${MAP}'`, discover('fileName: "./s*.txt"')));
    const command = discover(
      'find: { command: [sh, -c], args: ["test -e only-here && echo $ARGOCD_APP_NAME"] }',
    );
    await serve('d-command', pluginYaml('d-command', `echo '${MAP}'`, command));
    const plugin = createPluginGenerator({ ...shop.tool, socketDir });
    const registry = createGeneratorRegistry([plugin, createDirectoryGenerator()]);
    const chosen = async (files: Files) => {
      const tree = await shop.tree(files, signal);
      const source = { repoURL: 'https://example.com/r', path: 'app' };
      const request = { tree, path: 'app', source, instance: 'web', settings: {} };
      return (await registry.select(request, signal)).generator.name;
    };
    assert.equal(await chosen({ 'app/deep/er/x.cue': '' }), 'Plugin');
    assert.equal(await chosen({ 'app/some.txt': '' }), 'Plugin');
    assert.equal(await chosen({ 'app/only-here': '' }), 'Plugin');
    assert.equal(await chosen({ 'app/a.yaml': '', 'some.txt': '' }), 'Directory');
    const unnamed = await generate({}, { files: { 'app/some.txt': '' } });
    assert.equal(unnamed.objects.length, 1);
    const named = await failure(generate({ name: 'c-file' }));
    assert.match(named.hint, /its discovery rule does not recognise the folder/);
    const none = await failure(generate({}));
    assert.match(none.message, /could not find plugin supporting the given repository/);
  });

  test('executable files stay so only when the plugin asks for it', async () => {
    const script = `test -x run.sh && echo '${MAP}' || true`;
    await serve('modes', pluginYaml('modes', script, '  preserveFileMode: true\n'));
    await serve('plain', pluginYaml('plain', script));
    const dir = await shop.folder({ 'app/run.sh': '#!/bin/sh' });
    const { chmod } = await import('node:fs/promises');
    await chmod(join(dir, 'app/run.sh'), 0o755);
    const { openFolderTree } = await import('../../operator/git/index.ts');
    const limits = { maxFiles: 10, maxBytes: 1_000 };
    const tree = await openFolderTree(dir, { workDir: shop.tool.workDir, limits }, signal);
    const generator = createPluginGenerator({ ...shop.tool, socketDir });
    for (const [name, count] of [
      ['modes', 1],
      ['plain', 0],
    ] as const) {
      const source = { path: 'app', plugin: { name } };
      const options = { request: { tree } };
      const { objects } = await shop.generate(generator, {}, source, options, signal);
      assert.equal(objects.length, count, name);
    }
  });

  test('what is excluded is not sent', async () => {
    const script = `echo "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {files: '$(cd .. && find . -type f | sort | tr '\\n' ' ')'}}"`;
    const files = { ...FILES, 'big/huge.bin': 'x', 'app/y.bin': 'x' };
    const sent = async (exclusions: readonly string[]) =>
      (await generate(runs(script), { files, options: { exclusions } })).objects[0]?.['data'];
    assert.deepEqual(await sent([]), {
      files: './app/a.txt ./app/y.bin ./big/huge.bin ./other/b.txt ',
    });
    assert.deepEqual(await sent(['big', '**/*.bin']), { files: './app/a.txt ./other/b.txt ' });
    const gone = await failure(generate(runs(script), { files, options: { exclusions: ['app'] } }));
    assert.ok(hasCode(gone, 'PathNotFound'));
    assert.match(gone.message, /app: app path does not exist/);
  });

  test('parameters are announced, static over dynamic', async () => {
    const more = `  parameters:
    static: [{ name: image, string: fixed, title: Image }, { name: only, collectionType: map, map: { a: b } }]
    dynamic: { command: [sh, -c], args: ['echo "[{\\"name\\":\\"image\\"},{\\"name\\":\\"$(ls)\\",\\"array\\":[\\"x\\"]}]"'] }
`;
    await serve('announces', pluginYaml('announces', 'true', more));
    const generator = createPluginGenerator({ ...shop.tool, socketDir });
    let seen: readonly object[] = [];
    const asking = {
      ...generator,
      generate: async (...args: Parameters<typeof generator.announcements>) => {
        seen = await generator.announcements(...args);
        return { objects: [], readSet: [] };
      },
    };
    await shop.generate(asking, FILES, { path: 'app', plugin: { name: 'announces' } }, {}, signal);
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
    await serve('asks', pluginYaml('asks', script, '  provideGitCreds: true\n'));
    await serve('asks-not', pluginYaml('asks-not', script));
    const generator = createPluginGenerator({ ...shop.tool, socketDir });
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
      const { objects } = await shop.generate(
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

  describe('that misbehave', () => {
    const endless = (pidFile: string) =>
      `(trap '' TERM; echo $$ > ${pidFile}; sleep 1000) & trap '' TERM; while true; do sleep 0.1; done`;

    test('one that never ends is ended with all its processes, at the deadline', async () => {
      const pidFile = join(await shop.folder({}), 'pid');
      const script = `sleep 1000 >/dev/null 2>&1 & echo $! > ${pidFile}; sleep 1000`;
      const error = await failure(generate(runs(script), { options: { timeoutMs: 2_000 } }));
      assert.ok(hasCode(error, 'Timeout'));
      assert.match(error.message, /plugin shell: .*not finished/);
      await isGone(Number(await readFile(pidFile, 'utf8')));
      while ((await shell.copies()).length > 0) await systemClock.sleep(20, signal);
    });

    test('one that will not be told is killed', async () => {
      const pidFile = join(await shop.folder({}), 'pid');
      const error = await failure(
        generate(runs(endless(pidFile)), { options: { timeoutMs: 1_000 } }),
      );
      assert.ok(hasCode(error, 'Timeout'));
      await isGone(Number(await readFile(pidFile, 'utf8')));
      while ((await shell.copies()).length > 0) await systemClock.sleep(20, signal);
    });

    test('one that leaves a process behind finds it gone', async () => {
      const pidFile = join(await shop.folder({}), 'pid');
      const script = `sleep 1000 >/dev/null 2>&1 </dev/null & echo $! > ${pidFile}; echo '${MAP}'`;
      assert.equal((await generate(runs(script))).objects.length, 1);
      await isGone(Number(await readFile(pidFile, 'utf8')));
    });

    test('an aborted render ends its commands', async () => {
      const pidFile = join(await shop.folder({}), 'pid');
      const script = `sleep 1000 & echo $! > ${pidFile}; wait`;
      const stop = new AbortController();
      const reason = new Error('superseded');
      const running = generate(runs(script), { stop: stop.signal });
      const settled = running.catch((error: unknown) => error);
      let pid = '';
      while (pid === '') {
        pid = (await readFile(pidFile, 'utf8').catch(() => '')).trim();
        await systemClock.sleep(20, signal);
      }
      stop.abort(reason);
      assert.equal(await settled, reason);
      await isGone(Number(pid));
    });

    test('one that floods its output is stopped', async () => {
      const error = await failure(generate(runs('yes "x: y"')));
      assert.ok(hasCode(error, 'LimitExceeded'), error.message);
      assert.match(error.message, /generate: .*more than 100000000 bytes of output/);
    });

    test('an answer above the limit of the caller is refused', async () => {
      const script = `echo "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {x: $(head -c 200000 /dev/zero | tr '\\0' x)}}"`;
      const options = { maxOutputBytes: 100_000 };
      const error = await failure(generate(runs(script), { options }));
      assert.ok(hasCode(error, 'LimitExceeded'));
    });

    test('what one that fails has said stays in the log of its sidecar', async () => {
      const error = await failure(generate(runs(`echo ${CANARY} >&2; exit 7`)));
      assert.ok(hasCode(error, 'RenderFailed'));
      assert.match(error.message, /plugin shell: generate: exited with code 7$/);
      assert.match(error.hint, /log of the sidecar of shell/);
      assert.ok(shell.log().includes(CANARY));
    });

    test('unless its annotation promises that there are no secrets in it', async () => {
      const config = pluginYaml('open', 'echo "chart missing" >&2; exit 7').replace(
        '{ name: open }',
        `{ name: open, annotations: { tiphys.io/show-stderr: "true" } }`,
      );
      await serve('open', config);
      const error = await failure(generate({ name: 'open' }));
      assert.match(error.message, /generate: exited with code 7: chart missing$/);
    });

    for (const [name, script] of [
      ['no YAML', `echo "a: *${CANARY}"`],
      ['no object', `echo ${CANARY}`],
      ['an object without a kind', `echo "{data: {password: ${CANARY}}}"`],
      [
        'a number with too many digits',
        'echo "{apiVersion: v1, kind: S, metadata: {name: s}, x: 9007199254740993}"',
      ],
    ] as const) {
      test(`output that is ${name} is an error that does not quote it`, async () => {
        const error = await failure(generate(runs(script)));
        assert.ok(hasCode(error, 'InvalidManifest'), error.message);
        assert.match(error.message, /plugin shell: output of generate: /);
        assert.ok(!/\d{6}/.test(error.message));
      });
    }

    test('a program that is not there is named', async () => {
      const config = pluginYaml('absent', 'x').replace('[sh, -c]', '[no-such-program]');
      await serve('absent', config);
      const error = await failure(generate({ name: 'absent' }));
      assert.ok(hasCode(error, 'ToolMissing'));
      assert.match(error.message, /generate: no-such-program: cannot be started: not found/);
    });

    test('a link that leads outside of the repository is not sent', async () => {
      const files: Files = { ...FILES, 'deep/evil': { linkTo: '../../etc/passwd' } };
      const error = await failure(generate(runs(`echo '${MAP}'`), { files }));
      assert.ok(hasCode(error, 'UnsafePath'));
      assert.match(error.message, /deep\/evil/);
    });

    test('a server that dies in the middle, and one that is gone, are told', async () => {
      const server = await serve('dies', pluginYaml('dies', 'kill -9 $PPID; sleep 1'));
      const error = await failure(generate({ name: 'dies' }));
      assert.ok(hasCode(error, 'ToolMissing'), error.message);
      assert.match(error.message, /plugin dies: does not answer on its socket/);
      const again = await failure(generate({ name: 'dies' })); // its socket is still there
      assert.ok(hasCode(again, 'ToolMissing'));
      await rm(server.socket);
      const gone = await failure(generate({ name: 'dies' }));
      assert.match(gone.message, /could not find cmp-server plugin/);
    });

    test('something else on the socket is told, and what never answers ends in time', async () => {
      const answers: Readonly<Record<string, (server: NetServer) => void>> = {
        talks: (server) =>
          server.on('connection', (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${CANARY}`)),
        floods: (server) =>
          server.on('connection', (socket) => {
            socket.on('error', () => {});
            const more = () => {
              while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 'x')));
            };
            socket.on('drain', more);
            more();
          }),
        silent: (server) => server.on('connection', (socket) => socket.on('error', () => {})),
      };
      for (const [name, prepare] of Object.entries(answers)) {
        const server = createServer();
        prepare(server);
        const open = new Set<Socket>();
        server.on('connection', (socket) => open.add(socket));
        await new Promise<void>((resolve) =>
          server.listen(join(socketDir, `${name}.sock`), resolve),
        );
        const error = await failure(generate({ name }, { options: { timeoutMs: 1_000 } }));
        assert.ok(
          hasCode(error, 'ToolMissing', 'Timeout', 'RenderFailed'),
          `${name}: ${error.code}`,
        );
        for (const socket of open) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      }
    });
  });

  describe('of another implementation', () => {
    const Plain = plainService();

    async function plainServer(
      name: string,
      generateManifest: (call: object, answer: (error: unknown, value?: object) => void) => void,
    ): Promise<AsyncDisposable> {
      const server = new Server();
      server.addService(Plain.service, {
        CheckPluginConfiguration: (_call: object, answer: (error: null, value: object) => void) =>
          answer(null, {}),
        GenerateManifest: generateManifest,
        MatchRepository: () => {},
        GetParametersAnnouncement: () => {},
      } as never);
      const socket = `unix:${join(socketDir, `${name}.sock`)}`;
      await new Promise<void>((resolve, reject) => {
        server.bindAsync(socket, ServerCredentials.createInsecure(), (error) =>
          error === null ? resolve() : reject(error),
        );
      });
      return {
        async [Symbol.asyncDispose]() {
          server.forceShutdown();
        },
      };
    }

    test('the stream is metadata, then an archive of that size and checksum', async () => {
      const messages: { metadata?: Record<string, unknown>; file?: { chunk: Buffer } }[] = [];
      await using _server = await plainServer('plain', (call, answer) => {
        const stream = call as NodeJS.ReadableStream;
        stream.on('data', (message) => messages.push(message as never));
        stream.on('end', () => answer(null, { manifests: [MAP, '---\n'], sourceType: 'x' }));
      });
      const { objects } = await generate({ name: 'plain' });
      assert.deepEqual(
        objects.map(({ kind }) => kind),
        ['ConfigMap'],
      );
      const [first, ...rest] = messages;
      const content = Buffer.concat(rest.map(({ file }) => file?.chunk ?? Buffer.alloc(0)));
      assert.equal(first?.metadata?.['appName'], 'web');
      assert.equal(first?.metadata?.['appRelPath'], 'app');
      assert.equal(String(first?.metadata?.['size']), String(content.length));
      assert.equal(
        first?.metadata?.['checksum'],
        createHash('sha256').update(content).digest('hex'),
      );
      const env = first?.metadata?.['env'] as readonly { name: string; value: string }[];
      assert.deepEqual(
        env.find(({ name }) => name === 'KUBE_API_VERSIONS'),
        { name: 'KUBE_API_VERSIONS', value: 'apps/v1,v1' },
      );
    });

    test('what it says of its failure is not repeated, but how its command ended', async () => {
      await using _server = await plainServer('foreign', (_call, answer) =>
        answer({ code: status.UNKNOWN, details: `error: exit status 3: ${CANARY}` }),
      );
      const error = await failure(generate({ name: 'foreign' }));
      assert.ok(hasCode(error, 'RenderFailed'));
      assert.match(error.message, /plugin foreign: failed: exit status 3$/);
    });

    test('manifests that are garbage are an error without a word of them', async () => {
      await using _server = await plainServer('rubbish', (_call, answer) =>
        answer(null, { manifests: [MAP, `{"a": "${CANARY}`] }),
      );
      const error = await failure(generate({ name: 'rubbish' }));
      assert.ok(hasCode(error, 'InvalidManifest'));
      assert.match(error.message, /plugin rubbish: manifest 2: line 1/);
    });

    /** Streams to a server of ours as a caller that is not. */
    async function stream(
      server: CmpServer,
      messages: readonly object[],
    ): Promise<{ readonly error: ServiceError | null; readonly value: { manifests?: string[] } }> {
      const client = new Plain(`unix:${server.socket}`, credentials.createInsecure());
      try {
        return await new Promise((resolve) => {
          const call = (
            client['GenerateManifest'] as (done: unknown) => NodeJS.WritableStream
          ).call(client, (error: ServiceError | null, value: { manifests?: string[] }) =>
            resolve({ error, value }),
          );
          call.on('error', () => {});
          for (const message of messages) call.write(message as never);
          call.end();
        });
      } finally {
        client.close();
      }
    }

    async function archiveOf(files: Files) {
      const packed = await packFolder(
        await shop.folder(files),
        join(await shop.folder({}), 'a.tgz'),
        signal,
      );
      const content = await readFile(packed.file);
      const { size, checksum } = packed;
      const metadata = {
        appName: 'web',
        appRelPath: 'app',
        size,
        checksum,
        env: [{ name: 'A', value: 'b' }],
      };
      const chunks: object[] = [];
      for (let at = 0; at < content.length; at += 1_024) {
        chunks.push({ file: { chunk: content.subarray(at, at + 1_024) } });
      }
      return { metadata, chunks };
    }

    test('a caller that sends pieces of a kilobyte is served', async () => {
      const server = await serve(
        'served',
        pluginYaml('served', `echo '${MAP}'; echo ---; echo '${MAP}'`),
      );
      const { metadata, chunks } = await archiveOf(FILES);
      const { error, value } = await stream(server, [{ metadata }, ...chunks]);
      assert.equal(error, null);
      assert.deepEqual(value.manifests, [MAP, MAP]);
    });

    test('callers that lie are refused, and nothing is left', async () => {
      const args = ['--max-source-bytes', '100000'];
      const server = await serve('strict', pluginYaml('strict', `echo '${MAP}'`), { args });
      const { metadata, chunks } = await archiveOf(FILES);
      const large = Array.from({ length: 120 }, () => ({ file: { chunk: Buffer.alloc(1_024) } }));
      const cases: readonly (readonly [string, readonly object[], RegExp])[] = [
        [
          'checksum',
          [{ metadata: { ...metadata, checksum: '00' } }, ...chunks],
          /another checksum/,
        ],
        ['size', [{ metadata: { ...metadata, size: 1 } }, ...chunks], /bytes instead of 1/],
        ['no metadata', chunks, /begins with something else/],
        ['metadata twice', [{ metadata }, { metadata }, ...chunks], /goes on with something else/],
        ['nothing', [], /is empty/],
        [
          'an announced giant',
          [{ metadata: { ...metadata, size: 1e12 } }],
          /larger than 100000 bytes/,
        ],
        ['an unannounced giant', [{ metadata }, ...large], /larger than 100000 bytes/],
        [
          'a path upwards',
          [{ metadata: { ...metadata, appRelPath: '../..' } }, ...chunks],
          /leads upwards/,
        ],
        [
          'a path that is not there',
          [{ metadata: { ...metadata, appRelPath: 'none' } }, ...chunks],
          /none: app path does not exist/,
        ],
        [
          'a path that is a file',
          [{ metadata: { ...metadata, appRelPath: 'app/a.txt' } }, ...chunks],
          /is not a directory/,
        ],
        [
          'a variable that is none',
          [{ metadata: { ...metadata, env: [{ name: 'A=B', value: '' }] } }, ...chunks],
          /can be no variable/,
        ],
      ];
      for (const [name, messages, expected] of cases) {
        const { error } = await stream(server, messages);
        assert.match(error?.details ?? '', expected, name);
        assert.deepEqual(await server.copies(), [], name);
      }
      const { error } = await stream(server, [{ metadata }, ...chunks]);
      assert.equal(error, null, 'it serves as before');
    });
  });

  test('a plugin that the administrator lets run here has nothing of our environment', async () => {
    const localDir = await shop.folder({});
    await mkdir(join(localDir, 'here'));
    const script = `env | cut -d= -f1 | sort | tr '\\n' ' ' > names; echo "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {names: '$(cat names)', here: '$(pwd | sed "s|.*/||")'}}"`;
    await writeFile(
      join(localDir, 'here/plugin.yaml'),
      pluginYaml('here', script, '  discover: { fileName: "*.txt" }\n'),
    );
    process.env['TIPHYS_TEST_CANARY'] = CANARY;
    try {
      const { objects } = await generate({}, { options: { localDir } });
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
    const failing = join(await shop.folder({}), 'bad.yaml');
    await writeFile(failing, pluginYaml('bad', `echo ${CANARY} >&2; exit 3`));
    const error = await failure(
      generate({ name: 'bad' }, { options: { localDir: join(failing, '..') } }),
    );
    assert.match(error.message, /plugin bad: generate: exited with code 3$/);
    assert.match(error.hint, /tiphys\.io\/show-stderr/);
  });
});
