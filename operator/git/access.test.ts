import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  createClientAuthority,
  createServerCertificate,
} from '../../e2e/controlplane/certificates.ts';
import { startForwardProxy } from '../../e2e/controlplane/forward-proxy.ts';
import { type GitServer, startGitServer } from '../../e2e/controlplane/git-server.ts';
import { type SshServer, startSshServer } from '../../e2e/controlplane/ssh-server.ts';
import { resolveSystemProgram } from '../../e2e/controlplane/system-programs.ts';
import { progressToStderr } from '../../e2e/controlplane/tool-cache.ts';
import { hasCode } from '../core/errors.ts';
import { ANONYMOUS, type RepositoryAccess } from '../core/repository/access.ts';
import { openRepositories } from './testing/open-repositories.ts';

const signal = AbortSignal.timeout(120_000);

/** Resolves HEAD and reads a file, as a reconcile does. */
async function readThrough(
  url: string,
  access: Partial<RepositoryAccess>,
  revision = '',
): Promise<string> {
  await using opened = await openRepositories(access);
  const commit = await opened.repositories.resolve(url, revision, { fresh: true }, signal);
  const tree = await opened.repositories.tree(url, commit, {}, signal);
  return (await tree.read('a', { maxBytes: 99 }, signal)).toString();
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => assert.fail('it worked'),
    (error: unknown) => error,
  );

describe('a server that says what was sent to it', () => {
  const ASK = { 'www-authenticate': 'Basic realm="a"' };
  const ASK_PROXY = { 'proxy-authenticate': 'Basic realm="a"' };
  /** As text for git, as JSON for who asks an API. */
  async function startEcho() {
    const server = createHttpServer((request, response) => {
      const sent = request.headers.authorization ?? request.headers['proxy-authorization'] ?? '';
      const text = `you sent ${sent}, ${Buffer.from(sent.slice(6), 'base64').toString()}.`;
      const isGit = request.url?.includes('info/refs') === true;
      const toProxy = request.url?.startsWith('http://') === true;
      if (toProxy && sent === '') return void response.writeHead(407, ASK_PROXY).end();
      // A registry is asked whether the range is a tag, with a question whose answer has no words.
      if (request.method === 'HEAD') return void response.writeHead(404).end();
      if (!isGit && sent === '') return void response.writeHead(401, ASK).end();
      response.writeHead(403, { 'content-type': isGit ? 'text/plain' : 'application/json' });
      response.end(isGit ? `${text}\n` : JSON.stringify({ errors: [{ message: text }] }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return {
      host: `127.0.0.1:${port}`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      },
    };
  }
  const jane = { type: 'basic', username: 'jane', password: 'pä ss:4711' } as const;
  const hidden = [
    jane.password,
    encodeURIComponent(jane.password),
    Buffer.from(`jane:${jane.password}`).toString('base64'),
    'tok-4711',
  ];
  const told = async (
    url: string,
    access: Partial<RepositoryAccess>,
    revision = '',
  ): Promise<string> => {
    const error = await failure(readThrough(url, access, revision));
    assert.ok(hasCode(error, 'GitAuthFailed', 'GitUnreachable'), String(error));
    for (const secret of hidden) assert.ok(!error.message.includes(secret), error.message);
    return error.message;
  };

  test('is quoted without the credentials', async () => {
    await using echo = await startEcho();
    const url = `http://${echo.host}/a.git`;
    assert.match(await told(url, { credential: jane }), /you sent Basic \*\*\*, jane:\*\*\*\./);
    const bearer = { type: 'bearer', token: 'tok-4711' } as const;
    assert.match(await told(url, { credential: bearer }), /you sent Bearer \*\*\*/);
    const own = `http://jane:${encodeURIComponent(jane.password)}@${echo.host}/a.git`;
    assert.match(await told(own, {}), /you sent Basic \*\*\*, jane:\*\*\*\./);
    const proxy = {
      url: `http://jane:${encodeURIComponent(jane.password)}@${echo.host}`,
      except: '',
    };
    assert.match(await told('http://git.invalid/a.git', { proxy }), /you sent Basic \*\*\*, /);
  });

  test('is quoted so too when it is a registry', async () => {
    await using echo = await startEcho();
    const access = { plainHttp: true, credential: jane };
    const message = await told(`oci://${echo.host}/team/a`, access, '1.x');
    assert.match(message, /HTTP 403: you sent Basic \*\*\*, jane:\*\*\*\./);
  });
});

describe('HTTPS with an authority of its own', () => {
  const own = createServerCertificate('127.0.0.1');
  const authority = createClientAuthority();
  let server: GitServer;
  let strict: GitServer;
  before(async () => {
    server = await startGitServer({ signal, tls: own });
    strict = await startGitServer({
      signal,
      tls: { ...own, clientCa: authority.certificate },
    });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await strict[Symbol.asyncDispose]();
  });

  test('is trusted by the certificate of its host, or not at all', async () => {
    const url = await server.createRepository('tls', { a: 'over tls' });
    assert.equal(await readThrough(url, { caData: own.certificate }), 'over tls');
    assert.equal(await readThrough(url, { insecure: true }), 'over tls');
    const unknown = await failure(readThrough(url, {}));
    assert.ok(hasCode(unknown, 'GitUnreachable'));
    assert.match(unknown.message, /certificate/i);
    const other = createServerCertificate('127.0.0.1').certificate;
    assert.ok(hasCode(await failure(readThrough(url, { caData: other })), 'GitUnreachable'));
  });

  test('takes a password and a bearer token, and refuses others', async () => {
    const basic = await server.createRepository(
      'basic',
      { a: 'basic' },
      { credentials: { username: 'bob', password: 'pä ss' } },
    );
    const token = await server.createRepository(
      'token',
      { a: 'token' },
      { credentials: { token: 'tok-1' } },
    );
    const caData = own.certificate;
    const bob = { type: 'basic', username: 'bob', password: 'pä ss' } as const;
    assert.equal(await readThrough(basic, { caData, credential: bob }), 'basic');
    const bearer = { type: 'bearer', token: 'tok-1' } as const;
    assert.equal(await readThrough(token, { caData, credential: bearer }), 'token');
    for (const url of [basic, token]) {
      const wrong = { type: 'bearer', token: 'tok-2' } as const;
      const error = await failure(readThrough(url, { caData, credential: wrong }));
      assert.ok(hasCode(error, 'GitAuthFailed'), String(error));
      assert.doesNotMatch(String(error), /tok-2/);
    }
  });

  test('signs in before it is asked to, since a server may hide what it has', async () => {
    const credentials = { username: 'bob', password: 'sesame' };
    const url = await server.createRepository(
      'hidden',
      { a: 'found' },
      { credentials, hidden: true },
    );
    const caData = own.certificate;
    const nobody = await failure(readThrough(url, { caData }));
    assert.ok(hasCode(nobody, 'GitUnreachable'), String(nobody));
    assert.match(nobody.message, /not found/);
    assert.match(nobody.hint, /servers answer the same when credentials are missing/);
    const before = server.requests('hidden', 'advertisement');
    const bob = { type: 'basic', ...credentials } as const;
    await using opened = await openRepositories({ caData, credential: bob });
    const { repositories } = opened;
    const commit = await repositories.resolve(url, '', { fresh: true }, signal);
    // One for the advertisement, and none that is refused first.
    assert.equal(server.requests('hidden', 'advertisement') - before, 1);
    const tree = await repositories.tree(url, commit, {}, signal);
    assert.equal((await tree.read('a', { maxBytes: 99 }, signal)).toString(), 'found');
    const listed = await repositories.listRefs(
      url,
      { ...ANONYMOUS, caData, credential: bob },
      signal,
    );
    assert.equal(listed.byName.get('main'), commit);
    const wrong = { ...bob, password: 'open' };
    const refused = await failure(readThrough(url, { caData, credential: wrong }));
    assert.ok(hasCode(refused, 'GitUnreachable'), String(refused));
    assert.doesNotMatch(String(refused), /sesame|open/);
  });

  test('what signs in there goes to no other host that LFS or a redirect names', async () => {
    await resolveSystemProgram('git-lfs', { env: process.env, log: progressToStderr, signal });
    const asked: (string | undefined)[] = [];
    const content = 'kept far away\n'.repeat(9);
    const other = createHttpServer((request, response) => {
      asked.push(request.headers.authorization);
      response.end(content);
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await using plain = await startGitServer({ signal });
    const credentials = { username: 'bob', password: 'sesame' };
    const url = await plain.createRepository('far', {}, { credentials, hidden: true });
    await plain.commit('far', { files: { big: plain.lfs('far', content, `${elsewhere}/big`) } });
    const credential = { type: 'basic', ...credentials } as const;
    await using opened = await openRepositories({ credential, lfs: true });
    const commit = await opened.repositories.resolve(url, '', { fresh: true }, signal);
    const tree = await opened.repositories.tree(url, commit, {}, signal);
    assert.equal((await tree.read('big', { maxBytes: 9_999 }, signal)).toString(), content);
    const moved = createHttpServer((request, response) => {
      const location = `${elsewhere}${request.url ?? ''}`;
      response.writeHead(request.headers.authorization ? 302 : 401, { location }).end();
    });
    moved.listen(0, '127.0.0.1');
    await once(moved, 'listening');
    const movedUrl = `http://127.0.0.1:${(moved.address() as AddressInfo).port}/a.git`;
    const refused = await failure(readThrough(movedUrl, { credential }));
    assert.match(String(refused), /30\d|redirect/i);
    for (const one of [other, moved]) one.close();
    assert.deepEqual(asked, [undefined]);
  });

  test('takes a client certificate', async () => {
    const url = await strict.createRepository('mtls', { a: 'known' });
    const { certificate, key } = authority.issue('tiphys', []);
    const caData = own.certificate;
    assert.equal(
      await readThrough(url, { caData, clientCertificate: { certificate, key } }),
      'known',
    );
    assert.ok(hasCode(await failure(readThrough(url, { caData })), 'GitUnreachable'));
    const stranger = createClientAuthority().issue('tiphys', []);
    const refused = await failure(readThrough(url, { caData, clientCertificate: stranger }));
    assert.ok(hasCode(refused, 'GitUnreachable'));
  });

  test('goes through the proxy of the repository, and not for what is excepted', async () => {
    const url = await server.createRepository('proxied', { a: 'far' });
    await using proxy = await startForwardProxy();
    const caData = own.certificate;
    const through = (except: string) => ({ caData, proxy: { url: proxy.url, except } });
    assert.equal(await readThrough(url, through('other.example')), 'far');
    const { port } = new URL(url);
    assert.ok(proxy.asked.length > 0);
    assert.deepEqual([...new Set(proxy.asked)], [`127.0.0.1:${port}`]);
    proxy.asked.length = 0;
    assert.equal(await readThrough(url, through('127.0.0.1')), 'far');
    assert.deepEqual(proxy.asked, []);
  });

  test('the proxy of the repository takes the place of those of the environment', async () => {
    const url = await server.createRepository('instead', { a: 'x' });
    await using proxy = await startForwardProxy();
    const env = { https_proxy: 'http://127.0.0.1:1', no_proxy: '127.0.0.1' };
    const access = { caData: own.certificate, proxy: { url: proxy.url, except: '' } };
    await using opened = await openRepositories(access, { env });
    await opened.repositories.resolve(url, '', { fresh: true }, signal);
    assert.ok(proxy.asked.length > 0);
  });

  test('a registration that cannot be read is not used, and says why', async () => {
    const url = await server.createRepository('broken', { a: 'x' });
    const problem = 'Secret repo-broken: insecure: is neither true nor false';
    const error = await failure(readThrough(url, { insecure: true, problem }));
    assert.ok(hasCode(error, 'InvalidConfig'));
    assert.match(error.message, /broken\.git: Secret repo-broken: insecure/);
    assert.equal(error.retry, 'backoff');
  });

  test('what one project may read, another does not find in its mirror', async () => {
    const credentials = { username: 'a', password: 'only-a' };
    const url = await server.createRepository('scoped', { a: 'of a' }, { credentials });
    await using opened = await openRepositories(
      {},
      {
        access: (_url, project) => ({
          ...ANONYMOUS,
          caData: own.certificate,
          ...(project === 'a' && { scope: 'a', credential: { type: 'basic', ...credentials } }),
        }),
      },
    );
    const resolve = (project: string) =>
      opened.repositories.resolve(url, '', { fresh: false, project }, signal);
    const commit = await resolve('a');
    await opened.repositories.tree(url, commit, { project: 'a' }, signal);
    assert.ok(hasCode(await failure(resolve('b')), 'GitAuthFailed'));
    const tree = opened.repositories.tree(url, commit, { project: 'b' }, signal);
    assert.ok(hasCode(await failure(tree), 'GitAuthFailed'));
  });

  test('a corrected registration is used at once, and who listens is told', async () => {
    const credentials = { username: 'bob', password: 'right' };
    const url = await server.createRepository('corrected', { a: 'x' }, { credentials });
    let password = 'wrong';
    await using opened = await openRepositories(
      {},
      {
        failureMs: 600_000,
        access: () => ({
          ...ANONYMOUS,
          caData: own.certificate,
          credential: { type: 'basic', username: 'bob', password },
        }),
      },
    );
    const moved: string[] = [];
    using _listening = opened.repositories.onMoved((repoUrl) => moved.push(repoUrl));
    const resolve = () => opened.repositories.resolve(url, '', { fresh: false }, signal);
    assert.ok(hasCode(await failure(resolve()), 'GitAuthFailed'));
    password = 'right';
    assert.ok(hasCode(await failure(resolve()), 'GitAuthFailed'));
    opened.repositories.reconsider('access');
    assert.deepEqual(moved, [url]);
    assert.equal(await resolve(), await server.revision('corrected'));
  });
});

describe('SSH', () => {
  let ssh: SshServer;
  let git: GitServer;
  let url: string;
  before(async () => {
    ssh = await startSshServer({ signal });
    git = await startGitServer({ signal });
    await git.createRepository('over-ssh', { a: 'over ssh' });
    url = ssh.urlOf(git.folderOf('over-ssh'));
  });
  after(async () => {
    await ssh[Symbol.asyncDispose]();
    await git[Symbol.asyncDispose]();
  });
  const key = (privateKey: string) => ({ type: 'ssh', privateKey }) as const;

  test('signs in with the key, to a host that is known', async () => {
    const access = { credential: key(ssh.privateKey), sshKnownHosts: ssh.knownHosts };
    assert.equal(await readThrough(url, access), 'over ssh');
    const withoutLineEnd = { ...access, credential: key(ssh.privateKey.trimEnd()) };
    assert.equal(await readThrough(url, withoutLineEnd), 'over ssh');
  });

  test('never talks to a host that is not known, or that is another', async () => {
    const credential = key(ssh.privateKey);
    const unknown = await failure(readThrough(url, { credential }));
    assert.ok(hasCode(unknown, 'GitUnreachable'));
    assert.match(unknown.message, /Host key verification failed/);
    assert.match(unknown.hint, /argocd-ssh-known-hosts-cm/);
    const other = await failure(
      readThrough(url, { credential, sshKnownHosts: ssh.wrongKnownHosts }),
    );
    assert.ok(hasCode(other, 'GitUnreachable'));
    assert.equal(await readThrough(url, { credential, insecure: true }), 'over ssh');
  });

  test('is refused with another key, and without one', async () => {
    const sshKnownHosts = ssh.knownHosts;
    for (const credential of [key(ssh.otherKey), { type: 'none' } as const]) {
      const error = await failure(readThrough(url, { credential, sshKnownHosts }));
      assert.ok(hasCode(error, 'GitAuthFailed'), String(error));
    }
  });

  test('costs no mirror when the server refuses us, is not known any more, or is away', async () => {
    const good = { credential: key(ssh.privateKey), sshKnownHosts: ssh.knownHosts };
    let access: Partial<RepositoryAccess> = good;
    await using opened = await openRepositories(
      {},
      { access: () => ({ ...ANONYMOUS, ...access }), failureMs: 0 },
    );
    const { repositories } = opened;
    const commit = await repositories.resolve(url, '', { fresh: true }, signal);
    await repositories.tree(url, commit, {}, signal);
    for (const [bad, words] of [
      [{ ...good, credential: key(ssh.otherKey) }, /Permission denied/],
      [{ ...good, sshKnownHosts: ssh.wrongKnownHosts }, /Host key verification failed/],
      [{ ...good, proxy: { url: 'socks5://127.0.0.1:1', except: '' } }, /list refs/],
    ] as const) {
      access = bad;
      const error = await failure(repositories.resolve(url, '', { fresh: true }, signal));
      assert.match(String(error), words);
    }
    assert.deepEqual(
      opened.logged.filter((line) => line.includes('made anew')),
      [],
    );
  });

  test('goes through a SOCKS proxy, and takes no other', async () => {
    await using proxy = await startSocksProxy();
    const access = { credential: key(ssh.privateKey), sshKnownHosts: ssh.knownHosts };
    const through = (proxyUrl: string) => ({ ...access, proxy: { url: proxyUrl, except: '' } });
    const env = { ...process.env };
    await resolveSystemProgram('connect-proxy', { env, log: progressToStderr, signal });
    assert.equal(await readThrough(url, through(proxy.url)), 'over ssh');
    assert.ok(proxy.asked.length > 0);
    for (const other of ['http://127.0.0.1:1', 'socks5://x:1 -o ProxyCommand=id']) {
      const error = await failure(readThrough(url, through(other)));
      assert.ok(hasCode(error, 'InvalidConfig'), other);
    }
  });

  test('pushes with the key of the registration for writing, and never with another', async () => {
    const name = 'pushed-over-ssh';
    await git.createRepository(name, { 'dry.yaml': 'a: 1' });
    const repoUrl = ssh.urlOf(git.folderOf(name));
    const writer = {
      ...ANONYMOUS,
      credential: key(ssh.privateKey),
      sshKnownHosts: ssh.knownHosts,
    };
    const target = { repoUrl, branch: 'env', project: '' };
    const change = {
      ...{ folders: ['web'], files: new Map([['web/manifest.yaml', 'kind: A\n']]) },
      ...{ message: 'Hydrate\n', author: 'Bot <bot@example.com>', isWorthwhile: () => true },
    };
    await using opened = await openRepositories({ credential: key(ssh.otherKey) });
    let access = writer;
    const branches = opened.repositories.branches(() => access);
    const made = await branches.prepare(target, change, signal);
    assert.equal(await branches.push(target, made.commit, signal), 'pushed');
    assert.equal(await git.revision(name, 'env'), made.commit);
    assert.equal(await opened.reveals('PRIVATE KEY'), false);
    access = { ...writer, credential: key(ssh.otherKey) };
    const refused = await failure(branches.push(target, made.commit, signal));
    assert.ok(hasCode(refused, 'GitAuthFailed'), String(refused));
    assert.match(refused.hint, /repository-write/);
    access = { ...writer, sshKnownHosts: ssh.wrongKnownHosts };
    const unknown = await failure(branches.push(target, made.commit, signal));
    assert.ok(hasCode(unknown, 'GitUnreachable'), String(unknown));
  });

  test('no key stays on disk', async () => {
    await using opened = await openRepositories({
      credential: key(ssh.privateKey),
      sshKnownHosts: ssh.knownHosts,
    });
    await opened.repositories.resolve(url, '', { fresh: true }, signal);
    assert.equal(await opened.reveals('PRIVATE KEY'), false);
  });
});

interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** `host:port` of every tunnel. */
  readonly asked: string[];
}

/** A proxy that speaks SOCKS 5 without signing in. */
async function startSocksProxy(): Promise<Proxy> {
  const asked: string[] = [];
  const server = createTcpServer((client) => {
    client.on('error', () => client.destroy());
    client.once('data', () => {
      client.write(Buffer.of(5, 0));
      client.once('data', (request) => {
        const named = request[3] === 3;
        const host = named
          ? request.toString('latin1', 5, -2)
          : [...request.subarray(4, 8)].join('.');
        const port = request.readUInt16BE(request.length - 2);
        asked.push(`${host}:${port}`);
        const upstream = connect(port, host, () => {
          client.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
          upstream.pipe(client);
          client.pipe(upstream);
        });
        upstream.on('error', () => client.destroy());
        client.on('close', () => upstream.destroy());
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `socks5://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
