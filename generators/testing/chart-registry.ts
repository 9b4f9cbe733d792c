import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An OCI registry on loopback with one version of one chart, over HTTP. */
export interface ChartRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Paths that were asked for, with the answer's status. */
  readonly requests: readonly string[];
}

export interface RegistryChart {
  /** Folders and name, such as `team/lib`. */
  readonly name: string;
  readonly version: string;
  /** What `helm package` makes. */
  readonly content: Buffer;
  /** The `authorization` header that is asked for. */
  readonly signIn: string;
}

export async function serveChart(chart: RegistryChart): Promise<ChartRegistry> {
  const requests: string[] = [];
  const answers = answersOf(chart);
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const isKnown = request.headers.authorization === chart.signIn;
    const answer = answers.get(path);
    const status = !isKnown ? 401 : answer === undefined ? 404 : 200;
    requests.push(`${status} ${path}`);
    if (status === 401) response.setHeader('www-authenticate', 'Basic realm="charts"');
    if (answer === undefined || status !== 200) return void response.writeHead(status).end();
    response.writeHead(200, {
      'content-type': answer.type,
      'content-length': answer.body.length,
      'docker-content-digest': digestOf(answer.body),
    });
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Answer {
  readonly type: string;
  readonly body: Buffer;
}

function answersOf({ name, version, content }: RegistryChart): ReadonlyMap<string, Answer> {
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const short = name.slice(name.lastIndexOf('/') + 1);
  const config = json({ name: short, version, apiVersion: 'v2' });
  const part = (mediaType: string, body: Buffer) => ({
    mediaType,
    digest: digestOf(body),
    size: body.length,
  });
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = json({
    schemaVersion: 2,
    mediaType: type,
    config: part('application/vnd.cncf.helm.config.v1+json', config),
    layers: [part('application/vnd.cncf.helm.chart.content.v1.tar+gzip', content)],
  });
  const blob = (body: Buffer): [string, Answer] => [
    `/v2/${name}/blobs/${digestOf(body)}`,
    { type: 'application/octet-stream', body },
  ];
  return new Map<string, Answer>([
    ['/v2/', { type: 'application/json', body: json({}) }],
    [`/v2/${name}/tags/list`, { type: 'application/json', body: json({ name, tags: [version] }) }],
    [`/v2/${name}/manifests/${version}`, { type, body: manifest }],
    [`/v2/${name}/manifests/${digestOf(manifest)}`, { type, body: manifest }],
    blob(config),
    blob(content),
  ]);
}

function digestOf(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}
