import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { git } from '../../controlplane/git-repository.ts';

/** What of the REST API of Bitbucket Cloud (2.0) an operator asks, answered from real repositories. */
export interface BitbucketApi extends AsyncDisposable {
  readonly url: string;
  /** `STATUS PATH`, as they were asked. */
  readonly asked: string[];
  /** Answers 500 to everything. */
  isDown: boolean;
}

export interface BitbucketApiOptions {
  /** Who is let in. */
  readonly authorization: string;
  readonly folderOf: (name: string) => string;
}

/** Two changes on a page, so that several are read. */
const PAGE = 2;

export async function startBitbucketApi(options: BitbucketApiOptions): Promise<BitbucketApi> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    const send = (status: number, body: object) => {
      api.asked.push(`${status} ${url.pathname}`);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const refuse = (status: number, message: string) =>
      send(status, { type: 'error', error: { message } });
    if (api.isDown) return refuse(500, 'out of order');
    if (request.headers.authorization !== options.authorization) return refuse(401, 'who?');
    answer(url).then(
      (body) => (body === undefined ? refuse(404, 'not found') : send(200, body)),
      (error: unknown) => refuse(404, String(error)),
    );
  });

  async function answer({ pathname, searchParams }: URL): Promise<object | undefined> {
    const [, name = '', rest = ''] =
      /^\/2\.0\/repositories\/([^/]+\/[^/]+)(\/.*)?$/.exec(pathname) ?? [];
    const folder = options.folderOf(name);
    if (rest === '') {
      const branch = await git(folder, ['symbolic-ref', '--short', 'HEAD']);
      return { type: 'repository', mainbranch: { type: 'branch', name: branch.trim() } };
    }
    const [, newer = '', older = ''] = /^\/diffstat\/(\w+)\.\.(\w+)$/.exec(rest) ?? [];
    if (searchParams.get('topic') !== 'false') return undefined;
    const listed = await git(folder, ['diff-tree', '-r', '-M', '--name-status', older, newer]);
    const all = listed.trim().split('\n').map(change);
    const page = Number(searchParams.get('page') ?? 1);
    const values = all.slice((page - 1) * PAGE, page * PAGE);
    const next = `https://api.bitbucket.example${pathname}?topic=false&page=${page + 1}`;
    return { pagelen: PAGE, page, values, ...(page * PAGE < all.length && { next }) };
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const api: BitbucketApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/2.0`,
    asked: [],
    isDown: false,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return api;
}

/** A line of `git diff-tree`, as the API shows it. */
function change(line: string): object {
  const [status = '', first = '', second] = line.split('\t');
  const side = (path: string) => ({ type: 'commit_file', path, escaped_path: path });
  if (status === 'A') return { type: 'diffstat', status: 'added', old: null, new: side(first) };
  if (status === 'D') return { type: 'diffstat', status: 'removed', old: side(first), new: null };
  const to = second ?? first;
  const word = second === undefined ? 'modified' : 'renamed';
  return { type: 'diffstat', status: word, old: side(first), new: side(to) };
}
