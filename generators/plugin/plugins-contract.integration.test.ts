import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { credentials } from '@grpc/grpc-js';
import { pluginYaml } from '../../e2e/controlplane/cmp-server.ts';
import { type Answer, plainServer, plainService } from '../testing/plain-plugin.ts';
import { FILES, MAP, openPluginBench, type PluginBench } from '../testing/plugin-bench.ts';
import { packFolder } from './archive.ts';
import { createPluginGenerator } from './index.ts';
import { pluginService } from './wire.ts';

// The protocol row by row: the bytes, then each method as the one who asks and as the one who answers.

const signal = AbortSignal.timeout(300_000);

const number = (field: number, value: number): Buffer => {
  const bytes = [field * 8];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
};
const bytes = (field: number, ...parts: readonly (string | Buffer)[]): Buffer => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  assert.ok(content.length < 128, 'its length is one byte');
  return Buffer.concat([Buffer.from([field * 8 + 2, content.length]), content]);
};

describe('the bytes of the protocol', () => {
  const method = (name: string) => {
    const found = pluginService()[name];
    assert.ok(found);
    return found;
  };
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  test('a stream is metadata and pieces, by the numbers of their fields', () => {
    for (const name of ['GenerateManifest', 'MatchRepository', 'GetParametersAnnouncement']) {
      const { path, requestStream, responseStream, requestSerialize } = method(name);
      assert.equal(path, `/plugin.ConfigManagementPluginService/${name}`);
      assert.deepEqual([requestStream, responseStream], [true, false]);
      const env = [{ name: 'A', value: 'b' }];
      const metadata = { appName: 'web', appRelPath: 'app', checksum: 'ff', size: 300, env };
      assert.deepEqual(
        requestSerialize({ metadata }),
        bytes(
          1,
          bytes(1, 'web'),
          bytes(2, 'app'),
          bytes(3, 'ff'),
          number(4, 300),
          bytes(5, bytes(1, 'A'), bytes(2, 'b')),
        ),
      );
      const chunk = Buffer.from([0, 255]);
      assert.deepEqual(requestSerialize({ file: { chunk } }), bytes(2, bytes(1, chunk)));
    }
  });

  test('so are the answers', () => {
    const { path, requestSerialize, responseDeserialize } = method('CheckPluginConfiguration');
    assert.equal(path, '/plugin.ConfigManagementPluginService/CheckPluginConfiguration');
    assert.equal(requestSerialize({}).length, 0);
    assert.deepEqual(plain(responseDeserialize(Buffer.concat([number(1, 1), number(2, 1)]))), {
      isDiscoveryConfigured: true,
      provideGitCreds: true,
    });
    assert.deepEqual(plain(method('MatchRepository').responseDeserialize(number(1, 1))), {
      isSupported: true,
      isDiscoveryEnabled: false,
    });
    assert.deepEqual(
      plain(
        method('GenerateManifest').responseDeserialize(
          Buffer.concat([bytes(1, 'a'), bytes(1, 'b'), bytes(2, 'kind')]),
        ),
      ),
      { manifests: ['a', 'b'], sourceType: 'kind' },
    );
    const announced = bytes(
      1,
      ...[bytes(1, 'n'), bytes(2, 't'), bytes(3, 'tip'), number(4, 1), bytes(5, 'item')],
      ...[bytes(6, 'map'), bytes(7, 's'), bytes(8, 'x'), bytes(8, 'y')],
      bytes(9, bytes(1, 'k'), bytes(2, 'v')),
    );
    assert.deepEqual(plain(method('GetParametersAnnouncement').responseDeserialize(announced)), {
      parameterAnnouncements: [
        {
          ...{ name: 'n', title: 't', tooltip: 'tip', required: true, itemType: 'item' },
          ...{ collectionType: 'map', string: 's', array: ['x', 'y'], map: { k: 'v' } },
        },
      ],
    });
  });
});

interface Message {
  readonly metadata?: {
    readonly checksum?: string;
    readonly env?: readonly { readonly name: string; readonly value: string }[];
  };
  readonly file?: { readonly chunk: Buffer };
}

describe('each method of the protocol', { concurrency: 1 }, () => {
  let bench: PluginBench;
  before(async () => {
    bench = await openPluginBench(signal);
  });
  afterEach(() => bench.settle());
  after(() => bench[Symbol.asyncDispose]());

  /** A plugin of another implementation, that notes what it is asked. */
  async function foreign(name: string, configuration: object, isSupported: boolean) {
    const asked: string[] = [];
    const streams = new Map<string, Message[]>();
    const streamed = (method: string, value: object) => (call: object, answer: Answer) => {
      asked.push(method);
      const messages: Message[] = [];
      streams.set(method, messages);
      const stream = call as NodeJS.ReadableStream;
      stream.on('data', (message) => messages.push(message as unknown as Message));
      stream.on('end', () => answer(null, value));
    };
    const announcement = { name: 'n', string: 's' };
    const server = await plainServer(bench.socketDir, name, {
      CheckPluginConfiguration: (_call, answer) => {
        asked.push('CheckPluginConfiguration');
        answer(null, configuration);
      },
      MatchRepository: streamed('MatchRepository', { isSupported, isDiscoveryEnabled: true }),
      GenerateManifest: streamed('GenerateManifest', { manifests: [MAP] }),
      GetParametersAnnouncement: streamed('GetParametersAnnouncement', {
        parameterAnnouncements: [announcement],
      }),
    });
    return { asked, streams, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  }
  const discovers = { isDiscoveryConfigured: true };

  test('who recognises sources is asked for each that names nobody, and for those that name it', async () => {
    await using yes = await foreign('a-yes', discovers, true);
    assert.equal((await bench.generate({})).objects.length, 1);
    assert.deepEqual(
      [...new Set(yes.asked)],
      ['CheckPluginConfiguration', 'MatchRepository', 'GenerateManifest'],
    );
    for (const method of ['MatchRepository', 'GenerateManifest']) {
      const [first, ...rest] = yes.streams.get(method) ?? [];
      assert.ok(first?.metadata !== undefined, `${method} begins with metadata`);
      assert.ok(rest.length > 0 && rest.every(({ file }) => file !== undefined), method);
    }
    await using no = await foreign('b-no', discovers, false);
    const error = await bench.failure(bench.generate({ name: 'b-no' }));
    assert.match(error.message, /could not find cmp-server plugin with name "b-no" supporting/);
    assert.ok(!no.asked.includes('GenerateManifest'));
  });

  test('who recognises nothing is asked by those alone that name it, and not whether it fits', async () => {
    await using plugin = await foreign('quiet', {}, false);
    const none = await bench.failure(bench.generate({}));
    assert.match(none.message, /could not find plugin supporting the given repository/);
    assert.ok(!plugin.asked.includes('MatchRepository'));
    assert.equal((await bench.generate({ name: 'quiet' })).objects.length, 1);
    assert.deepEqual(
      plugin.asked.filter((method) => method !== 'CheckPluginConfiguration'),
      ['GenerateManifest'],
    );
  });

  test('credentials go into the metadata of whom says that it wants them', async () => {
    const gitEnvironment = async () => ({
      env: { GIT_CONFIG_VALUE_0: 'Authorization: x' },
      async [Symbol.asyncDispose]() {},
    });
    for (const provideGitCreds of [true, false]) {
      await using plugin = await foreign('git', { provideGitCreds }, true);
      await bench.generate({ name: 'git' }, { request: { gitEnvironment } });
      const env = plugin.streams.get('GenerateManifest')?.[0]?.metadata?.env ?? [];
      const found = env.find(({ name }) => name === 'GIT_CONFIG_VALUE_0')?.value;
      assert.equal(found, provideGitCreds ? 'Authorization: x' : undefined);
    }
  });

  test('a large repository comes in pieces that every server takes, all variables before them', async () => {
    await using plugin = await foreign('pieces', {}, true);
    const noise = randomBytes(400_000).toString('base64');
    const parameters = [
      { name: 'image.tag', string: 'v1' },
      { name: 'list', array: ['a'] },
    ];
    await bench.generate(
      { name: 'pieces', env: [{ name: 'USER', value: '$ARGOCD_APP_NAME' }], parameters },
      { files: { ...FILES, 'noise.txt': noise } },
    );
    const [first, ...pieces] = plugin.streams.get('GenerateManifest') ?? [];
    const sizes = pieces.map(({ file }) => file?.chunk.length ?? 0);
    assert.ok(sizes.length > 3, `${sizes.length} pieces`);
    assert.ok(
      sizes.every((size) => size > 0 && size <= 65_536),
      sizes.join(' '),
    );
    const content = Buffer.concat(pieces.map(({ file }) => file?.chunk ?? Buffer.alloc(0)));
    assert.equal(first?.metadata?.checksum, createHash('sha256').update(content).digest('hex'));
    const env = new Map((first?.metadata?.env ?? []).map(({ name, value }) => [name, value]));
    assert.equal(env.get('ARGOCD_ENV_USER'), 'web');
    assert.equal(env.get('PARAM_IMAGE_TAG'), 'v1');
    assert.equal(env.get('PARAM_LIST_0'), 'a');
    assert.equal(env.get('ARGOCD_APP_PARAMETERS'), JSON.stringify(parameters));
    assert.equal(env.get('ARGOCD_APP_SOURCE_PATH'), 'app');
    assert.equal(env.has('USER'), false);
  });

  test('what another implementation announces is passed on', async () => {
    await using _plugin = await foreign('announces', {}, true);
    const generator = createPluginGenerator({ ...bench.shop.tool, socketDir: bench.socketDir });
    const announced: unknown[] = [];
    const asking: typeof generator = {
      ...generator,
      async generate(...args) {
        announced.push(...(await generator.announcements(...args)));
        return { objects: [], readSet: [] };
      },
    };
    const source = { path: 'app', plugin: { name: 'announces' } };
    await bench.shop.generate(asking, FILES, source, {}, signal);
    const [one] = announced as readonly { readonly name: string; readonly string: string }[];
    assert.deepEqual([announced.length, one?.name, one?.string], [1, 'n', 's']);
  });

  test('ours answers a caller of another implementation, piece by piece of a kilobyte', async () => {
    const config = pluginYaml(
      'ours',
      `echo '${MAP}'`,
      '  provideGitCreds: true\n  discover: { fileName: "*.txt" }\n  parameters: { static: [{ name: image, required: true }] }\n',
    );
    const server = await bench.serve('ours', config);
    const client = new (plainService())(`unix:${server.socket}`, credentials.createInsecure());
    const packed = await packFolder(
      await bench.shop.folder(FILES),
      join(await bench.shop.folder({}), 'a.tgz'),
      signal,
    );
    const content = await readFile(packed.file);
    const asked = (method: string, appRelPath: string) =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const done = (error: unknown, value: Record<string, unknown>) =>
          error === null ? resolve(value) : reject(error);
        if (method === 'CheckPluginConfiguration') {
          (client[method] as (message: object, done: unknown) => void).call(client, {}, done);
          return;
        }
        const stream = (client[method] as (done: unknown) => NodeJS.WritableStream).call(
          client,
          done,
        );
        const { size, checksum } = packed;
        stream.write({ metadata: { appName: 'web', appRelPath, size, checksum } } as never);
        for (let at = 0; at < content.length; at += 1_024)
          stream.write({ file: { chunk: content.subarray(at, at + 1_024) } } as never);
        stream.end();
      });
    try {
      assert.deepEqual(
        { ...(await asked('CheckPluginConfiguration', '')) },
        {
          isDiscoveryConfigured: true,
          provideGitCreds: true,
        },
      );
      const match = async (path: string) => {
        const { isSupported, isDiscoveryEnabled } = await asked('MatchRepository', path);
        return [isSupported === true, isDiscoveryEnabled];
      };
      assert.deepEqual(await match('app'), [true, true]);
      assert.deepEqual(await match('.'), [false, true], 'its files are in folders');
      const { manifests } = await asked('GenerateManifest', 'app');
      assert.deepEqual(manifests, [MAP]);
      const { parameterAnnouncements } = await asked('GetParametersAnnouncement', 'app');
      const [one] = parameterAnnouncements as readonly { name: string; required: boolean }[];
      assert.deepEqual([one?.name, one?.required], ['image', true]);
    } finally {
      client.close();
    }
  });
});
