import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createServerCertificate } from '../../e2e/controlplane/certificates.ts';
import { hasCode, type TiphysError } from '../../operator/core/errors.ts';
import { ANONYMOUS, type RepositoryAccess } from '../../operator/core/repository/access.ts';
import type { ApplicationSource } from '../../operator/core/app/types.ts';
import { createManifestSource } from '../../operator/engine/manifests/index.ts';
import { createFolderRepositories, openFolderTree } from '../../operator/git/index.ts';
import type { ManifestRequest } from '../../operator/ports/manifest-source.ts';
import type { ChartRepositories } from '../../operator/ports/chart-repositories.ts';
import { openWorkshop, type Workshop } from '../testing/workshop.ts';
import { createDirectoryGenerator } from '../directory/index.ts';
import { createGeneratorRegistry } from '../registry.ts';
import { createChartRepositories } from './chart-repositories.ts';
import { createHelmGenerator } from './index.ts';

// A Helm repository and an OCI registry on loopback, and the real helm.

const signal = AbortSignal.timeout(300_000);
const VERSIONS = ['1.0.0', '1.2.0', '2.0.0-rc.1', '1.3.0+build'];
const PASSWORD = 'pa:ss"w*rd';
const TEMPLATE = `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}"}
data: {version: "{{ .Values.version }}"}
`;
const SIGN_IN = `Basic ${Buffer.from(`jane:${PASSWORD}`).toString('base64')}`;

describe('charts of Helm repositories and registries', () => {
  let workshop: Workshop;
  let server: Server;
  let registry: Server;
  let [url, host, dir] = ['', '', ''];
  let program = '';
  let requests: string[] = [];
  let accesses: Record<string, RepositoryAccess> = {};
  const packages = new Map<string, Buffer>();
  const certificate = createServerCertificate('127.0.0.1');

  before(async () => {
    workshop = await openWorkshop();
    program = await workshop.program('helm', signal);
    dir = await workshop.folder({});
    for (const version of VERSIONS) await pack(version);
    const args = ['repo', 'index', join(dir, 'packages')];
    await promisify(execFile)(program, args, { env: { HOME: dir } });
    server = createServer(serveRepository);
    registry = createTlsServer(
      { cert: certificate.certificate, key: certificate.key },
      serveRegistry,
    );
    url = `http://${await listen(server)}/charts`;
    host = await listen(registry);
  });
  after(async () => {
    server.close();
    registry.close();
    const left = await workshop.left();
    await workshop[Symbol.asyncDispose]();
    assert.deepEqual(left, [], 'every private folder is removed');
  });
  beforeEach(() => {
    requests = [];
    accesses = {};
  });

  async function pack(version: string): Promise<void> {
    const chart = await workshop.folder({
      'web/Chart.yaml': `apiVersion: v2\nname: web\nversion: ${version}\n`,
      'web/values.yaml': `version: ${version}\n`,
      'web/templates/map.yaml': TEMPLATE,
    });
    await mkdir(join(dir, 'packages'), { recursive: true });
    const args = ['package', join(chart, 'web'), '--destination', join(dir, 'packages')];
    await promisify(execFile)(program, args, { env: { HOME: dir } });
    packages.set(version, await readFile(join(dir, 'packages', `web-${version}.tgz`)));
  }

  async function listen(one: Server): Promise<string> {
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
    return `127.0.0.1:${(one.address() as AddressInfo).port}`;
  }

  function serveRepository(request: IncomingMessage, response: ServerResponse): void {
    requests.push(request.url ?? '');
    const needed = Object.keys(accesses).length > 0;
    if (needed && request.headers.authorization !== SIGN_IN)
      return void response.writeHead(401).end();
    const name = (request.url ?? '').slice('/charts/'.length);
    readFile(join(dir, 'packages', decodeURIComponent(name))).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  }

  function serveRegistry(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    requests.push(path);
    if (request.headers.authorization !== SIGN_IN) {
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    }
    const answer = registryAnswer(path);
    if (answer === undefined) return void response.writeHead(404).end();
    const { type, body } = answer;
    const digest = digestOf(body);
    response.writeHead(200, {
      'content-type': type,
      'content-length': body.length,
      'docker-content-digest': digest,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  function registryAnswer(
    path: string,
  ): { readonly type: string; readonly body: Buffer } | undefined {
    const json = (value: object) => Buffer.from(JSON.stringify(value));
    const tags = VERSIONS.map((version) => version.replace('+', '_'));
    if (path === '/v2/') return { type: 'application/json', body: json({}) };
    if (path.startsWith('/v2/team/web/tags/list')) {
      return { type: 'application/json', body: json({ name: 'team/web', tags }) };
    }
    const [, kind = '', reference = ''] =
      /^\/v2\/team\/web\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
    for (const version of VERSIONS) {
      const content = packages.get(version) ?? Buffer.alloc(0);
      const config = json({ name: 'web', version, apiVersion: 'v2' });
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
      const isThis = reference === version.replace('+', '_') || reference === digestOf(manifest);
      if (kind === 'manifests' && isThis) return { type, body: manifest };
      for (const body of [content, config]) {
        if (kind === 'blobs' && reference === digestOf(body)) {
          return { type: 'application/octet-stream', body };
        }
      }
    }
    return undefined;
  }

  function open(): ChartRepositories {
    const limits = { maxFiles: 1_000, maxBytes: 10_000_000 };
    const { workDir } = workshop.tool;
    return createChartRepositories({
      ...workshop.tool,
      program,
      dir: join(dir, 'charts'),
      access: (repoUrl) => accesses[repoUrl] ?? ANONYMOUS,
      openFolder: (folder, stop) => openFolderTree(folder, { workDir, limits }, stop),
    });
  }

  const credential = { type: 'basic', username: 'jane', password: PASSWORD } as const;
  const web = (repoUrl: string, chart = 'web') => ({ repoUrl, chart, passCredentials: false });
  const cached = { fresh: false };
  async function versionIn(charts: ChartRepositories, repoUrl: string, version: string) {
    const tree = await charts.tree(web(repoUrl), version, cached, signal);
    return (await tree.read('values.yaml', { maxBytes: 1_000 }, signal)).toString().trim();
  }
  const fails = (promise: Promise<unknown>, code: TiphysError['code'], message: RegExp) =>
    assert.rejects(promise, (error) => {
      assert.ok(hasCode(error, code), String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.message}${error.hint}`, /pa:ss|amFuZT|\/tmp|run-/);
      return true;
    });

  const ranges: readonly (readonly [range: string, version: string])[] = [
    ['~1.2', '1.2.0'],
    ['1.x', '1.3.0+build'],
    ['*', '1.3.0+build'],
    ['>=1.0.0-0', '2.0.0-rc.1'],
    ['<1.2 || >5', '1.0.0'],
  ];
  for (const [range, version] of ranges)
    test(`the range ${range} is ${version}`, async () => {
      assert.equal(await open().resolve(web(url), range, cached, signal), version);
    });

  test('an index that is larger than it may be is refused, and nothing is fetched after it', async () => {
    const bounded = createChartRepositories({
      ...workshop.tool,
      ...{ program, dir: join(dir, 'bounded'), access: () => ANONYMOUS, maxIndexBytes: 100 },
      openFolder: () => assert.fail('no chart is opened'),
    });
    const chart = { repoUrl: url, chart: 'web', passCredentials: false };
    const refused = (error: unknown) => {
      assert.ok(hasCode(error, 'LimitExceeded'), String(error));
      assert.match(
        error.message,
        /web 1\.\S+ of http:\S+: the index of a Helm repository has \d+ /,
      );
      assert.match(error.hint, /--helm-max-index-size/);
      return true;
    };
    await assert.rejects(bounded.resolve(chart, '1.x', { fresh: true }, signal), refused);
    await assert.rejects(bounded.tree(chart, '1.2.0', { fresh: true }, signal), refused);
    const listed = bounded.list(
      { type: 'helm', url, access: ANONYMOUS },
      { onlyReach: false },
      signal,
    );
    await assert.rejects(listed, (error) => hasCode(error, 'LimitExceeded'));
    assert.deepEqual(new Set(requests), new Set(['/charts/index.yaml']));
  });

  test('an exact version asks nobody, and a chart is fetched once', async () => {
    const charts = open();
    assert.equal(await charts.resolve(web(url), 'v1.0.0', cached, signal), 'v1.0.0');
    assert.deepEqual(requests, []);
    const both = [versionIn(charts, url, '1.2.0'), versionIn(charts, url, '1.2.0')];
    assert.deepEqual(await Promise.all(both), ['version: 1.2.0', 'version: 1.2.0']);
    await versionIn(charts, url, '1.2.0');
    assert.deepEqual(requests, ['/charts/index.yaml', '/charts/web-1.2.0.tgz']);
  });

  test('a range is asked again only when it must be fresh', async () => {
    const charts = open();
    for (const fresh of [false, false, true])
      await charts.resolve(web(url), '1.x', { fresh }, signal);
    assert.equal(requests.filter((path) => path.endsWith('index.yaml')).length, 2);
  });

  test('credentials reach the repository, and no error shows them', async () => {
    accesses = { [url]: { ...ANONYMOUS, credential } };
    assert.equal(await versionIn(open(), url, '1.0.0'), 'version: 1.0.0');
    accesses = { [url]: { ...ANONYMOUS, credential: { ...credential, password: 'pa:ss-no' } } };
    await fails(
      versionIn(open(), url, '1.0.0'),
      'GitAuthFailed',
      /^chart web 1\.0\.0 of http.*401/s,
    );
  });

  test('a version, a chart and a server that are not there are told apart', async () => {
    const charts = open();
    await fails(versionIn(charts, url, '9.9.9'), 'RevisionNotFound', /chart web 9\.9\.9/);
    await fails(charts.resolve(web(url), '>9', cached, signal), 'RevisionNotFound', /chart web >9/);
    await fails(
      charts.resolve(web(url, 'absent'), '1.x', cached, signal),
      'RevisionNotFound',
      /chart absent/,
    );
    await fails(versionIn(charts, 'http://127.0.0.1:1/x', '1.0.0'), 'GitUnreachable', /refused/);
    const key = { ...ANONYMOUS, credential: { type: 'ssh', privateKey: 'k' } } as const;
    accesses = { [url]: key };
    await fails(versionIn(open(), url, '1.0.0'), 'InvalidConfig', /not with ssh/);
  });

  test('a registry, over TLS with an authority of its own', async () => {
    const repoUrl = `${host}/team`;
    accesses = { [repoUrl]: { ...ANONYMOUS, credential, caData: certificate.certificate } };
    const charts = open();
    assert.equal(await charts.resolve(web(repoUrl), '1.x', cached, signal), '1.3.0+build');
    assert.equal(await versionIn(charts, repoUrl, '1.3.0+build'), 'version: 1.3.0+build');
    assert.equal(await versionIn(charts, repoUrl, '1.0.0'), 'version: 1.0.0');
    accesses = { [repoUrl]: { ...ANONYMOUS, credential } };
    await fails(versionIn(open(), repoUrl, '1.0.0'), 'GitUnreachable', /certificate/);
    accesses = { [repoUrl]: { ...ANONYMOUS, caData: certificate.certificate } };
    await fails(versionIn(open(), repoUrl, '1.0.0'), 'GitAuthFailed', /credential not found/);
  });

  test('an Application with a chart: its version, its objects, and values of another source', async () => {
    const values = await workshop.folder({ 'prod.yaml': 'version: mine\n' });
    const { workDir } = workshop.tool;
    const limits = { maxFiles: 100, maxBytes: 100_000 };
    const source = createManifestSource({
      repositories: createFolderRepositories(values, { workDir, limits }),
      charts: open(),
      generators: createGeneratorRegistry([
        createHelmGenerator({ ...workshop.tool, program }),
        createDirectoryGenerator(),
      ]),
      settings: () => ({}),
      limits: { maxCacheBytes: 1_000_000, failureMs: 0 },
      clock: workshop.tool.clock,
    });
    const request = (sources: readonly ApplicationSource[]): ManifestRequest => ({
      sources,
      revisions: sources.map(() => ''),
      instance: 'shop',
      appName: 'shop',
      project: 'default',
      namespace: 'prod',
      kubeVersion: 'v1.36.3',
      apiVersions: ['v1'],
      freshRevisions: false,
      freshManifests: false,
    });
    const chart = { repoURL: url, chart: 'web', targetRevision: '1.x' };
    const alone = await source.manifests(request([chart]), signal);
    assert.deepEqual(alone.revisions, ['1.3.0+build']);
    assert.deepEqual(alone.sourceTypes, ['Helm']);
    const [map] = alone.objects;
    assert.deepEqual([map?.metadata.name, map?.['data']], ['shop', { version: '1.3.0+build' }]);
    const again = await source.manifests(request([chart]), signal);
    assert.equal(again.objects, alone.objects);

    const git = 'https://git.example/values.git';
    const both = [
      { ...chart, helm: { valueFiles: ['$values/prod.yaml'] } },
      { repoURL: git, ref: 'values' },
    ];
    const [changed] = (await source.manifests(request(both), signal)).objects;
    assert.deepEqual(changed?.['data'], { version: 'mine' });
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ targetRevision: '' }, /targetRevision is required if the manifest source is a helm chart/],
      [{ chart: '../web' }, /is not the name of a chart/],
      [{ chart: '--help' }, /is not the name of a chart/],
      [{ ref: 'x' }, /a source with a ref cannot have a chart/],
    ];
    for (const [fields, message] of wrong) {
      const refused = source.manifests(request([{ ...chart, ...fields }]), signal);
      await fails(refused, 'InvalidSpec', message);
    }
  });
});

function digestOf(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}
