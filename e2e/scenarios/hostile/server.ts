import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { tarOf } from '../../controlplane/registry.ts';

/** Helm repositories that nobody should trust: one in each folder. */
export interface HostileCharts extends AsyncDisposable {
  /** Of the repository in a folder. */
  urlOf(folder: string): string;
}

const description = (name: string) => `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`;
const INDEX = `apiVersion: v1\nentries:\n  web:\n  - {apiVersion: v2, name: web, version: 1.0.0, urls: [web.tgz]}\n`;

const WANTS_SIGN_IN: readonly string[] = ['/locked.git/info/refs'];

/** `laughs` is an alias bomb without a name. */
export async function serveHostileCharts(laughs: string): Promise<HostileCharts> {
  const bomb = gzipSync(
    await tarOf(
      { 'web/Chart.yaml': description('web'), 'web/big': 'x'.repeat(20_000_000) },
      { plain: true },
    ),
    { level: 9 },
  );
  const outside = await tarOf([
    { name: 'web/Chart.yaml', content: description('web') },
    { name: '../../../evil', content: 'evil' },
  ]);
  const answers: Readonly<Record<string, (response: ServerResponse, sent: string) => void>> = {
    '/endless/index.yaml': endless,
    '/laughs/index.yaml': (response) => response.end(`apiVersion: v1\n${laughs}entries: *a11\n`),
    '/bomb/index.yaml': (response) => response.end(INDEX),
    '/bomb/web.tgz': (response) => response.end(bomb),
    '/outside/index.yaml': (response) => response.end(INDEX),
    '/outside/web.tgz': (response) => response.end(outside),
    '/echo/index.yaml': echo,
    '/locked.git/info/refs': echo,
  };
  const server = createServer((request, response) => {
    response.on('error', () => {});
    const path = (request.url ?? '').split('?')[0] ?? '';
    const answer = answers[path];
    const { authorization } = request.headers;
    if (answer === undefined) response.writeHead(404).end();
    else if (authorization === undefined && WANTS_SIGN_IN.includes(path))
      response.writeHead(401, { 'www-authenticate': 'Basic realm="hostile"' }).end();
    else answer(response, authorization ?? '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (folder) => `http://127.0.0.1:${port}/${folder}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Says to everybody what one of them has sent. */
function echo(response: ServerResponse, sent: string): void {
  const decoded = Buffer.from(sent.replace(/^Basic /, ''), 'base64').toString();
  const text = `you sent ${sent}, which is ${decoded}`;
  response.writeHead(403, text, { 'content-type': 'text/plain' }).end(`${text}\n`);
}

function endless(response: ServerResponse): void {
  const chunk = Buffer.alloc(1_000_000, '# nothing but comments\n');
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  response.write('apiVersion: v1\nentries:\n');
  more();
}
