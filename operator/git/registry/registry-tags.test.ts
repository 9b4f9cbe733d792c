import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { hasCode } from '../../core/errors.ts';
import { ANONYMOUS, type RepositoryAccess } from '../../core/repository/access.ts';
import { systemClock } from '../../runtime/clock.ts';
import { parseListing } from '../key-reader.ts';
import { reachRegistry, registryTags } from './registry-tags.ts';

const signal = AbortSignal.timeout(30_000);
const options = { clock: systemClock, timeoutMs: 5_000, authorities: () => undefined, proxies: {} };

type Answers = (request: IncomingMessage, response: ServerResponse, base: string) => void;

async function serve(answers: Answers): Promise<AsyncDisposable & { readonly host: string }> {
  const server = createServer((request, response) => answers(request, response, base()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const base = () => `http://${host}`;
  return {
    host,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const access = (more: Partial<RepositoryAccess> = {}): RepositoryAccess => ({
  ...{ ...ANONYMOUS, plainHttp: true, insecure: true },
  ...more,
});
const credential = { type: 'basic', username: 'me', password: 'pw' } as const;
const BASIC = `Basic ${Buffer.from('me:pw').toString('base64')}`;

describe('tags of a registry', () => {
  test('are read page after page, of this registry only', async () => {
    await using registry = await serve(({ url = '' }, response) => {
      const last = new URL(url, 'http://x').searchParams.get('last');
      if (last === null) response.setHeader('link', '</v2/a/b/tags/list?last=1>; rel="next"');
      else if (last === '1') response.setHeader('link', '<http://127.0.0.1:1/evil>; rel="next"');
      response.end(JSON.stringify({ tags: [last === null ? '1' : '2'] }));
    });
    const url = `oci://${registry.host}/a/b`;
    assert.deepEqual(await registryTags({ url, type: 'oci', access: access() }, options, signal), [
      '1',
      '2',
    ]);
  });

  test('a token is asked for where the registry says, with the password when that is here', async () => {
    const seen: string[] = [];
    await using registry = await serve(({ url = '', headers }, response, base) => {
      seen.push(`${url.split('?')[0]} ${headers.authorization ?? '-'}`);
      if (url.startsWith('/token')) response.end('{"token":"t0ken"}');
      else if (headers.authorization === 'Bearer t0ken') response.end('{"tags":["1"]}');
      else
        response
          .writeHead(401, { 'www-authenticate': `Bearer realm="${base}/token",service="s"` })
          .end('{}');
    });
    const url = `oci://${registry.host}/a`;
    const found = await registryTags(
      { url, type: 'oci', access: access({ credential }) },
      options,
      signal,
    );
    assert.deepEqual(found, ['1']);
    const list = '/v2/a/tags/list';
    assert.deepEqual(seen, [`${list} -`, `/token ${BASIC}`, `${list} Bearer t0ken`]);
  });

  test('a password does not go to another host without TLS', async () => {
    const seen: string[] = [];
    await using elsewhere = await serve(({ headers }, response) => {
      seen.push(headers.authorization ?? '-');
      response.end('{"token":"x"}');
    });
    await using registry = await serve((_request, response) => {
      const realm = `http://${elsewhere.host}/token`;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end('{}');
    });
    const url = `oci://${registry.host}/a`;
    await assert.rejects(
      registryTags({ url, type: 'oci', access: access({ credential }) }, options, signal),
      (error) => hasCode(error, 'GitAuthFailed') && !String(error).includes('pw'),
    );
    assert.deepEqual(seen, []);
  });

  test('a place for charts is reached when the registry lets us in', async () => {
    await using registry = await serve(({ url = '', headers }, response, base) => {
      if (url.startsWith('/token'))
        response.writeHead(headers.authorization === BASIC ? 200 : 401).end('{"token":"t0ken"}');
      else if (url === '/v2/' && headers.authorization === 'Bearer t0ken') response.end('{}');
      else if (url === '/v2/')
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${base}/token"` }).end('{}');
      else response.writeHead(404).end('{}');
    });
    const place = { url: `${registry.host}/charts`, type: 'registry' } as const;
    await reachRegistry({ ...place, access: access({ credential }) }, options, signal);
    await reachRegistry(
      { ...place, url: registry.host, access: access({ credential }) },
      options,
      signal,
    );
    const wrong = { ...credential, password: 'other' };
    for (const refused of [access(), access({ credential: wrong })])
      await assert.rejects(reachRegistry({ ...place, access: refused }, options, signal), (error) =>
        hasCode(error, 'GitAuthFailed'),
      );
  });

  test('what is no repository of a registry is not asked', async () => {
    for (const url of ['oci://127.0.0.1', 'oci://127.0.0.1/a?b', 'oci:///a'])
      await assert.rejects(
        registryTags({ url, type: 'oci', access: access() }, options, signal),
        (error) => hasCode(error, 'InvalidConfig'),
      );
  });
});

describe('a listing of keys by gpg', () => {
  test('is read: id, fingerprint, first user, algorithm', () => {
    const listing = [
      'pub:-:4096:1:0123456789ABCDEF:1::::::scESC::::::23::0:',
      'fpr:::::::::AAAABBBBCCCCDDDDEEEE00000123456789ABCDEF:',
      'uid:-::::1::X::Ann \\x3ca\\x3e <ann@example.com>::::::::::0:',
      'uid:-::::1::X::Second::::::::::0:',
      'sub:-:4096:1:1111111111111111:1::::::e::::::23:',
      'fpr:::::::::BBBB:',
    ].join('\n');
    assert.deepEqual(parseListing(listing), [
      {
        keyId: '0123456789ABCDEF',
        fingerprint: 'AAAABBBBCCCCDDDDEEEE00000123456789ABCDEF',
        owner: 'Ann <a> <ann@example.com>',
        algorithm: 'rsa4096',
      },
    ]);
  });

  for (const [name, listing] of [
    ['nothing', ''],
    ['a private key', 'sec:-:256:22:0123456789ABCDEF:1:\nfpr:::::::::AA:'],
    ['a key without a fingerprint', 'pub:-:256:22:0123456789ABCDEF:1:'],
  ] as const)
    test(`${name} is refused`, () =>
      assert.throws(
        () => parseListing(listing),
        (error) => hasCode(error, 'InvalidRequest'),
      ));
});
