import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import type { CertificateAndKey } from './certificates.ts';

/** Media types of OCI artifacts. */
export const MEDIA = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  plainLayer: 'application/vnd.oci.image.layer.v1.tar',
  config: 'application/vnd.oci.empty.v1+json',
  helmConfig: 'application/vnd.cncf.helm.config.v1+json',
  helmLayer: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
  helmProvenance: 'application/vnd.cncf.helm.chart.provenance.v1.prov',
} as const;

export interface PushedLayer {
  readonly mediaType?: string;
  readonly content: Buffer;
}

export interface PushedBlob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A registry on loopback that keeps what a test pushes. */
export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** `STATUS METHOD PATH`, as they were asked. */
  readonly requests: readonly string[];
  /** The header that every request must have; empty: none. */
  signIn: string;
  /** Where blobs are instead of here, as registries with a store beside them say. */
  blobsAt: string;
  urlOf(name: string): string;
  /** Gives an artifact a tag; answers its digest. */
  push(name: string, tag: string, layers: readonly PushedLayer[], manifest?: object): string;
  /** Keeps a blob; answers how a manifest names it. */
  blob(mediaType: string, content: Buffer): PushedBlob;
  untag(name: string, tag: string): void;
  /** Content by digest, to be spoilt by a test. */
  readonly blobs: Map<string, Buffer>;
}

export interface RegistryOptions {
  /** Speaks TLS. With `clientCa`, whoever has no certificate of it is refused. PEM texts. */
  readonly tls?: CertificateAndKey & { readonly clientCa?: string };
}

export async function startRegistry({ tls }: RegistryOptions = {}): Promise<Registry> {
  const requests: string[] = [];
  const blobs = new Map<string, Buffer>();
  /** Digest by `name:tag`. */
  const tags = new Map<string, string>();

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const send = (status: number, body: Buffer | object, headers: Record<string, string> = {}) => {
      requests.push(`${status} ${request.method} ${path}`);
      const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      response.writeHead(status, { 'content-length': content.length, ...headers });
      response.end(request.method === 'HEAD' ? undefined : content);
    };
    if (registry.signIn !== '' && request.headers.authorization !== registry.signIn)
      return send(
        401,
        { errors: [{ message: 'authentication required' }] },
        {
          'www-authenticate': 'Basic realm="registry"',
        },
      );
    if (path === '/v2/') return send(200, {});
    const [, name = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(path) ?? [];
    const own = Array.from(tags.keys()).filter((tag) => tag.startsWith(`${name}:`));
    if (kind === 'tags' && own.length > 0)
      return send(200, { name, tags: own.map((tag) => tag.slice(name.length + 1)) });
    const digest = tags.get(`${name}:${reference}`) ?? reference;
    const content = blobs.get(digest);
    if (content === undefined) return send(404, { errors: [{ message: 'manifest unknown' }] });
    if (kind === 'blobs' && registry.blobsAt !== '')
      return send(307, {}, { location: `${registry.blobsAt}/${digest}` });
    const type = kind === 'blobs' ? 'application/octet-stream' : typeOf(content);
    send(200, content, { 'content-type': type, 'docker-content-digest': digest });
  }

  function keep(content: Buffer): string {
    const digest = digestOf(content);
    blobs.set(digest, content);
    return digest;
  }

  const server =
    tls === undefined
      ? createServer(answer)
      : createTlsServer(
          {
            ...{ cert: tls.certificate, key: tls.key },
            ...(tls.clientCa !== undefined && { ca: tls.clientCa, requestCert: true }),
          },
          answer,
        );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registry: Registry = {
    ...{ host, requests, blobs, signIn: '', blobsAt: '' },
    urlOf: (name) => `oci://${host}/${name}`,
    blob: (mediaType, content) => ({ mediaType, digest: keep(content), size: content.length }),
    push(name, tag, layers, manifest = {}) {
      const part = registry.blob;
      const text = JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA.manifest,
        config: part(MEDIA.config, Buffer.from('{}')),
        layers: layers.map(({ mediaType = MEDIA.layer, content }) => part(mediaType, content)),
        ...manifest,
      });
      const digest = keep(Buffer.from(text));
      tags.set(`${name}:${tag}`, digest);
      return digest;
    },
    untag: (name, tag) => void tags.delete(`${name}:${tag}`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return registry;
}

export type TarEntry = Partial<Header> &
  Pick<Header, 'name'> & { readonly content?: string | Buffer };

/** A tar archive, gzipped unless it is said to be plain. */
export async function tarOf(
  entries: readonly TarEntry[] | Readonly<Record<string, string>>,
  options: { readonly plain?: boolean } = {},
): Promise<Buffer> {
  const tar = pack();
  const list = Array.isArray(entries)
    ? (entries as readonly TarEntry[])
    : Object.entries(entries).map(([name, content]): TarEntry => ({ name, content }));
  for (const { content = '', ...header } of list) tar.entry(header, content);
  tar.finalize();
  const whole = await buffer(tar);
  return options.plain === true ? whole : gzipSync(whole);
}

export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function typeOf(manifest: Buffer): string {
  return (JSON.parse(manifest.toString('utf8')) as { mediaType: string }).mediaType;
}
