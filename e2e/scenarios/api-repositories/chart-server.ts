import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const CANARY = 'canary-5ec4e7';
export const CREDENTIALS = { username: 'bot', password: `sesame-${CANARY}` };

export interface ChartServer extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
}

/** A Helm repository at `/charts`, one at `/closed` that takes the credentials, and a registry. */
export async function startChartServer(): Promise<ChartServer> {
  const archive = await packaged();
  const { username, password } = CREDENTIALS;
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    const { url: path = '', headers } = request;
    if (path.startsWith('/closed') && headers.authorization !== basic)
      response.writeHead(401).end();
    else if (path.endsWith('/index.yaml')) response.end(INDEX);
    else if (path.endsWith('/web-1.1.0.tgz')) response.end(archive);
    else if (path.startsWith('/v2/shop/web/tags/list'))
      response.end(JSON.stringify({ name: 'shop/web', tags: ['1.0', '1.1'] }));
    else if (path === '/v2/') response.writeHead(headers.authorization === basic ? 200 : 401).end();
    else response.writeHead(404).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A chart in an archive. */
async function packaged(): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-chart-'));
  await mkdir(join(dir, 'web'));
  await writeFile(join(dir, 'web/Chart.yaml'), 'apiVersion: v2\nname: web\nversion: 1.1.0\n');
  await writeFile(join(dir, 'web/values.yaml'), 'size: 2\n');
  await promisify(execFile)('tar', ['-czf', join(dir, 'web.tgz'), '-C', dir, 'web']);
  const archive = await readFile(join(dir, 'web.tgz'));
  await rm(dir, { recursive: true });
  return archive;
}

const INDEX = `apiVersion: v1
entries:
  web:
  - {apiVersion: v2, name: web, version: 1.0.0, urls: [web-1.0.0.tgz]}
  - {apiVersion: v2, name: web, version: 1.1.0, urls: [web-1.1.0.tgz]}
  db:
  - {apiVersion: v2, name: db, version: 0.1.0, urls: [db-0.1.0.tgz]}
`;
