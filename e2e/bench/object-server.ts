import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BenchKind } from './cached-objects.ts';

/** As much of an API server as a live state needs: discovery, paged lists at both depths, watches in which nothing happens. */
export interface ObjectServer extends AsyncDisposable {
  readonly url: string;
  /** Bytes of JSON that one object has on average, managed fields included. */
  readonly meanBytes: number;
}

/** Objects are made for each page anew, so that the server needs next to no memory. */
export async function startObjectServer(kinds: readonly BenchKind[]): Promise<ObjectServer> {
  const byPath = new Map(kinds.map((kind) => [pathOf(kind), kind]));
  const watches = new Set<ServerResponse>();
  let bytes = 0;
  let objects = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://server');
    response.setHeader('content-type', 'application/json');
    if (url.pathname === '/api' || url.pathname === '/apis') {
      const isCore = url.pathname === '/api';
      response.end(
        JSON.stringify(discovery(kinds.filter(({ group }) => (group === '') === isCore))),
      );
      return;
    }
    const kind = byPath.get(url.pathname);
    if (kind === undefined) {
      response.statusCode = 404;
      response.end(
        JSON.stringify({ kind: 'Status', apiVersion: 'v1', code: 404, reason: 'NotFound' }),
      );
      return;
    }
    if (url.searchParams.get('watch') === 'true') {
      response.flushHeaders();
      watches.add(response);
      response.on('close', () => watches.delete(response));
      return;
    }
    const from = Number(url.searchParams.get('continue') ?? '0');
    const to = Math.min(kind.count, from + Number(url.searchParams.get('limit') ?? kind.count));
    const metadataOnly = request.headers.accept?.includes('PartialObjectMetadataList') === true;
    const items: string[] = [];
    for (let index = from; index < to; index += 1) {
      const { apiVersion: _version, kind: _kind, ...object } = kind.live(index);
      items.push(JSON.stringify(metadataOnly ? { metadata: object.metadata } : object));
    }
    if (!metadataOnly) {
      bytes += items.reduce((sum, { length }) => sum + length, 0);
      objects += items.length;
    }
    const metadata = { resourceVersion: '1', ...(to < kind.count ? { continue: String(to) } : {}) };
    response.end(`{"metadata":${JSON.stringify(metadata)},"items":[${items.join()}]}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get meanBytes() {
      return bytes / objects;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const pathOf = ({ group, version, plural }: BenchKind): string =>
  group === '' ? `/api/${version}/${plural}` : `/apis/${group}/${version}/${plural}`;

function discovery(kinds: readonly BenchKind[]): object {
  const groups = new Map<string, BenchKind[]>();
  for (const kind of kinds) groups.set(kind.group, [...(groups.get(kind.group) ?? []), kind]);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    items: [...groups].map(([name, members]) => ({
      metadata: { name },
      versions: [
        {
          version: 'v1',
          resources: members.map(({ group, version, kind, plural }) => ({
            resource: plural,
            responseKind: { group, version, kind },
            scope: 'Namespaced',
            verbs: ['get', 'list', 'watch'],
            subresources: [],
          })),
        },
      ],
    })),
  };
}
