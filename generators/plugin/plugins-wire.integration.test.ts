import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { CANARY, FILES, MAP, openPluginBench, type PluginBench } from '../testing/plugin-bench.ts';
import type { Files } from '../testing/workshop.ts';
import { hasCode } from '../../operator/core/errors.ts';
import { pluginYaml, type CmpServer } from '../../e2e/controlplane/cmp-server.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { type Answer, plainServer, plainService } from '../testing/plain-plugin.ts';
import { packFolder } from './archive.ts';

const signal = AbortSignal.timeout(300_000);

describe('plugins and callers of another implementation', { concurrency: 1 }, () => {
  let bench: PluginBench;
  before(async () => {
    bench = await openPluginBench(signal);
  });
  afterEach(() => bench.settle());
  after(() => bench[Symbol.asyncDispose]());

  const Plain = plainService();

  const plainPlugin = (
    name: string,
    GenerateManifest: (call: object, answer: Answer) => void,
  ): Promise<AsyncDisposable> => plainServer(bench.socketDir, name, { GenerateManifest });

  test('the stream is metadata, then an archive of that size and checksum', async () => {
    const messages: { metadata?: Record<string, unknown>; file?: { chunk: Buffer } }[] = [];
    await using _server = await plainPlugin('plain', (call, answer) => {
      const stream = call as NodeJS.ReadableStream;
      stream.on('data', (message) => messages.push(message as never));
      stream.on('end', () => answer(null, { manifests: [MAP, '---\n'], sourceType: 'x' }));
    });
    const { objects } = await bench.generate({ name: 'plain' });
    assert.deepEqual(
      objects.map(({ kind }) => kind),
      ['ConfigMap'],
    );
    const [first, ...rest] = messages;
    const content = Buffer.concat(rest.map(({ file }) => file?.chunk ?? Buffer.alloc(0)));
    assert.equal(first?.metadata?.['appName'], 'web');
    assert.equal(first?.metadata?.['appRelPath'], 'app');
    assert.equal(String(first?.metadata?.['size']), String(content.length));
    assert.equal(first?.metadata?.['checksum'], createHash('sha256').update(content).digest('hex'));
    const env = first?.metadata?.['env'] as readonly { name: string; value: string }[];
    assert.deepEqual(
      env.find(({ name }) => name === 'KUBE_API_VERSIONS'),
      { name: 'KUBE_API_VERSIONS', value: 'apps/v1,v1' },
    );
  });

  test('what it says of its failure is not repeated, but how its command ended', async () => {
    await using _server = await plainPlugin('foreign', (_call, answer) =>
      answer({ code: status.UNKNOWN, details: `error: exit status 3: ${CANARY}` }),
    );
    const error = await bench.failure(bench.generate({ name: 'foreign' }));
    assert.ok(hasCode(error, 'RenderFailed'));
    assert.match(
      error.message,
      /plugin foreign: failed: exit status 3 \(see the log of its sidecar\)$/,
    );
  });

  test('manifests that are garbage are an error without a word of them', async () => {
    await using _server = await plainPlugin('rubbish', (_call, answer) =>
      answer(null, { manifests: [MAP, `{"a": "${CANARY}`] }),
    );
    const error = await bench.failure(bench.generate({ name: 'rubbish' }));
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
        const call = (client['GenerateManifest'] as (done: unknown) => NodeJS.WritableStream).call(
          client,
          (error: ServiceError | null, value: { manifests?: string[] }) =>
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
      await bench.shop.folder(files),
      join(await bench.shop.folder({}), 'a.tgz'),
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
    const server = await bench.serve(
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
    const server = await bench.serve('strict', pluginYaml('strict', `echo '${MAP}'`), { args });
    const { metadata, chunks } = await archiveOf(FILES);
    const large = Array.from({ length: 120 }, () => ({ file: { chunk: Buffer.alloc(1_024) } }));
    const cases: readonly (readonly [string, readonly object[], RegExp])[] = [
      ['checksum', [{ metadata: { ...metadata, checksum: '00' } }, ...chunks], /another checksum/],
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
