import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import type { CertificateAndKey } from './certificates.ts';
import { commitTo, createBareRepository, type FileChanges, git } from './git-repository.ts';

/** What clients asked for: refs (`ls-remote`, or the beginning of a fetch), objects, or a push. */
export type GitRequestKind = 'advertisement' | 'ls-refs' | 'fetch' | 'push' | 'lfs';

/**
 * - `serve`: as usual.
 * - `refuse`: the connection is cut before any answer.
 * - `hang`: the request is read and never answered, until the behaviour changes.
 * - `fail`: 503.
 * - `stall`: of what a fetch asks for one half is sent, and the rest never; the connection is cut when the behaviour changes.
 */
export type GitServerBehaviour = 'serve' | 'refuse' | 'hang' | 'fail' | 'stall';

export interface GitCredentials {
  readonly username: string;
  readonly password: string;
}

/** What a client must send: a user with a password, or a token. */
export type GitSecret = GitCredentials | { readonly token: string };

export interface GitServerOptions {
  readonly signal: AbortSignal;
  /** Serves TLS. With `clientCa`, whoever has no certificate of it is refused. PEM texts. */
  readonly tls?: CertificateAndKey & { readonly clientCa?: string };
}

export interface GitServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** A bare repository with branch `main`, and a first commit when there are files. */
  createRepository(
    name: string,
    files?: FileChanges['files'],
    options?: {
      readonly credentials?: GitSecret;
      /** Who may push, and read as well; default whoever may read. */
      readonly writer?: GitSecret;
      readonly objectFormat?: 'sha1' | 'sha256';
      /** Who has no credentials is told that there is nothing (404), and never asked for any. */
      readonly hidden?: boolean;
    },
  ): Promise<string>;
  /** The bare repository on disk. */
  folderOf(name: string): string;
  /** `http://127.0.0.1:PORT/NAME.git`, without credentials. */
  urlOf(name: string): string;
  /** Adds a commit as a push would; returns its full id. */
  commit(name: string, changes: FileChanges): Promise<string>;
  /** A tag on a commit, default the tip of `main`; annotated when there is a message. */
  tag(name: string, tag: string, at?: { commit?: string; message?: string }): Promise<void>;
  /** The full id that a revision stands for. */
  revision(name: string, revision?: string): Promise<string>;
  /** How many requests of that kind came for a repository, refused ones included. */
  requests(name: string, kind: GitRequestKind): number;
  /** Bytes of all answers about a repository. */
  sentBytes(name: string): number;
  /** Keeps a file as Git LFS does; returns the pointer to commit instead. With `href` it is downloaded from there. */
  lfs(name: string, content: string, href?: string): string;
  /** Changes how it answers from now on, for one repository or for all. */
  behave(behaviour: GitServerBehaviour, name?: string): void;
}

/**
 * A Git server over smart HTTP on 127.0.0.1, for reading and writing, with `git http-backend`.
 *
 * Lifetime: disposing cuts open connections and removes the repositories; so does `signal`.
 */
export async function startGitServer({ signal, tls }: GitServerOptions): Promise<GitServer> {
  signal.throwIfAborted();
  const root = await mkdtemp(join(tmpdir(), 'tiphys-git-'));
  const credentials = new Map<string, GitSecret>();
  const writers = new Map<string, GitSecret>();
  const hidden = new Set<string>();
  /** Where files of LFS are that are not here. */
  const elsewhere = new Map<string, string>();
  const counts = new Map<string, number>();
  const sent = new Map<string, number>();
  const behaviours = new Map<string, GitServerBehaviour>();
  const files = new Map<string, string>();
  let waiting: (() => void)[] = [];
  const behaviourOf = (name: string) => behaviours.get(name) ?? behaviours.get('*') ?? 'serve';
  const folderOf = (name: string) => join(root, `${name}.git`);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(request.url ?? '/', 'http://git');
    const name = pathname.slice(1).split('.git')[0] ?? '';
    const body = await buffer(request);
    const kind = kindOf(pathname, body, request.headers['content-encoding']);
    counts.set(`${name} ${kind}`, (counts.get(`${name} ${kind}`) ?? 0) + 1);
    while (behaviourOf(name) === 'hang') await new Promise<void>((go) => waiting.push(go));
    if (behaviourOf(name) === 'refuse') return void request.socket.destroy();
    if (behaviourOf(name) === 'fail') return void response.writeHead(503).end('out of order\n');
    const writer = writers.get(name);
    const isWrite = kind === 'push' || search.includes('service=git-receive-pack');
    const reader = isWrite && writer !== undefined ? undefined : credentials.get(name);
    const wanted = [reader, writer].filter((one) => one !== undefined);
    if (wanted.length > 0 && !wanted.some((one) => isAllowed(request, one))) {
      if (hidden.has(name)) return void response.writeHead(404).end('no such repository\n');
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' });
      return void response.end();
    }
    const lfs = lfsAnswer(url, pathname, body, files, elsewhere);
    if (lfs !== undefined) {
      response.setHeader('content-type', 'application/vnd.git-lfs+json');
      return void response.end(lfs);
    }
    const stall = async () => {
      while (behaviourOf(name) === 'stall') await new Promise<void>((go) => waiting.push(go));
    };
    const stalls = kind === 'fetch' && behaviourOf(name) === 'stall';
    const call = { root, pathname, search, request, body, ...(stalls && { stall }) };
    const bytes = await runBackend(call, response);
    sent.set(name, (sent.get(name) ?? 0) + bytes);
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  };
  const server =
    tls === undefined
      ? createServer(listener)
      : createTlsServer(
          {
            cert: tls.certificate,
            key: tls.key,
            ...(tls.clientCa !== undefined && { ca: tls.clientCa, requestCert: true }),
          },
          listener,
        );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;

  let stopping: Promise<void> | undefined;
  function stop(): Promise<void> {
    stopping ??= (async () => {
      signal.removeEventListener('abort', stop);
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    })();
    return stopping;
  }
  signal.addEventListener('abort', stop, { once: true });

  const urlOf = (name: string) => `${url}/${name}.git`;
  return {
    url,
    urlOf,
    folderOf,
    async createRepository(name, files = {}, options = {}) {
      await createBareRepository(folderOf(name), options.objectFormat);
      if (options.credentials !== undefined) credentials.set(name, options.credentials);
      if (options.hidden === true) hidden.add(name);
      if (options.writer !== undefined) writers.set(name, options.writer);
      if (Object.keys(files).length > 0) {
        await commitTo(folderOf(name), { files, message: 'First commit' });
      }
      return urlOf(name);
    },
    commit: (name, changes) => commitTo(folderOf(name), changes),
    async tag(name, tag, { commit = 'main', message } = {}) {
      const annotation = message === undefined ? [] : ['-a', '-m', message];
      await git(folderOf(name), ['tag', ...annotation, tag, commit]);
    },
    async revision(name, revision = 'main') {
      return (await git(folderOf(name), ['rev-parse', `${revision}^{commit}`])).trim();
    },
    lfs(name, content, href) {
      const oid = createHash('sha256').update(content).digest('hex');
      files.set(`/${name}.git/info/lfs/${oid}`, content);
      if (href !== undefined) elsewhere.set(`/${name}.git/info/lfs/${oid}`, href);
      const size = Buffer.byteLength(content);
      return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;
    },
    requests: (name, kind) => counts.get(`${name} ${kind}`) ?? 0,
    sentBytes: (name) => sent.get(name) ?? 0,
    behave(behaviour, name = '*') {
      behaviours.set(name, behaviour);
      const woken = waiting;
      waiting = [];
      for (const go of woken) go();
    },
    [Symbol.asyncDispose]: stop,
  };
}

function kindOf(pathname: string, body: Buffer, encoding: string | undefined): GitRequestKind {
  if (pathname.endsWith('/git-receive-pack')) return 'push';
  if (pathname.includes('/info/lfs/')) return 'lfs';
  if (!pathname.endsWith('/git-upload-pack')) return 'advertisement';
  const text = (encoding === 'gzip' ? gunzipSync(body) : body).toString('latin1');
  return text.includes('command=ls-refs') ? 'ls-refs' : 'fetch';
}

/** The part of the LFS protocol that downloads need; `undefined` for what is not LFS. */
function lfsAnswer(
  url: string,
  pathname: string,
  body: Buffer,
  files: ReadonlyMap<string, string>,
  elsewhere: ReadonlyMap<string, string>,
): string | undefined {
  const known = files.get(pathname);
  if (known !== undefined) return known;
  const base = /^(.*\.git\/info\/lfs)\/objects\/batch$/.exec(pathname)?.[1];
  if (base === undefined) return undefined;
  const { objects } = JSON.parse(body.toString()) as { objects: { oid: string; size: number }[] };
  const hrefOf = (path: string) => elsewhere.get(path) ?? `${url}${path}`;
  const answers = objects.map((object) =>
    files.has(`${base}/${object.oid}`)
      ? { ...object, actions: { download: { href: hrefOf(`${base}/${object.oid}`) } } }
      : { ...object, error: { code: 404, message: 'no such object' } },
  );
  return JSON.stringify({ transfer: 'basic', objects: answers });
}

function isAllowed(request: IncomingMessage, wanted: GitSecret): boolean {
  const { authorization } = request.headers;
  if ('token' in wanted) return authorization === `Bearer ${wanted.token}`;
  const expected = Buffer.from(`${wanted.username}:${wanted.password}`).toString('base64');
  return authorization === `Basic ${expected}`;
}

interface BackendCall {
  readonly root: string;
  readonly pathname: string;
  readonly search: string;
  readonly request: IncomingMessage;
  readonly body: Buffer;
  /** Lasts from the first half of the answer to the cut. */
  readonly stall?: () => Promise<void>;
}

/** One CGI call: the request as environment and input, the answer as headers, a blank line, a body. Gives its bytes. */
async function runBackend(call: BackendCall, response: ServerResponse): Promise<number> {
  const { headers, method = 'GET' } = call.request;
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: call.root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      HOME: call.root,
      PATH_INFO: decodeURIComponent(call.pathname),
      QUERY_STRING: call.search.slice(1),
      REQUEST_METHOD: method,
      CONTENT_TYPE: headers['content-type'] ?? '',
      CONTENT_LENGTH: String(call.body.length),
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      GIT_PROTOCOL: headers['git-protocol'] as string | undefined,
      REMOTE_USER: 'someone',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // The client may go away in the middle; the exit of the child is what counts.
  child.stdin.on('error', () => {});
  child.stdin.end(call.body);
  response.on('close', () => child.kill());
  const output = await buffer(child.stdout);
  const split = output.indexOf('\r\n\r\n');
  let status = 200;
  for (const line of output.subarray(0, split).toString('latin1').split('\r\n')) {
    const [name = '', value = ''] = line.split(/:\s*/, 2);
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else if (name !== '') response.setHeader(name, value);
  }
  const answer = output.subarray(split + 4);
  response.writeHead(status);
  if (call.stall === undefined) {
    response.end(answer);
  } else {
    response.write(answer.subarray(0, answer.length / 2));
    await call.stall();
    response.destroy();
  }
  return output.length;
}
