import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import {
  createClientAuthority,
  createServerCertificate,
} from '../../e2e/controlplane/certificates.ts';
import { type ForwardProxy, startForwardProxy } from '../../e2e/controlplane/forward-proxy.ts';
import { MEDIA, type Registry, startRegistry } from '../../e2e/controlplane/registry.ts';
import { hasCode } from '../../operator/core/errors.ts';
import { ANONYMOUS, type RepositoryAccess } from '../../operator/core/repository/access.ts';
import { openFolderTree } from '../../operator/git/index.ts';
import { openWorkshop, type Workshop } from '../testing/workshop.ts';
import { createChartRepositories } from './chart-repositories.ts';
import { createHelmGenerator } from './index.ts';

// The real helm, and a Helm repository and an OCI registry that trust nobody without a certificate.

const signal = AbortSignal.timeout(300_000);
/** helm goes to loopback addresses without any proxy. */
const NAME = 'charts.example';
const USER = { username: 'jane', password: 'canary-of-the-proxy' };

describe('charts over TLS', () => {
  const own = createServerCertificate('127.0.0.1', [NAME]);
  const authority = createClientAuthority();
  const caData = own.certificate;
  const clientCertificate = authority.issue('tiphys', []);
  let workshop: Workshop;
  let server: Server;
  let registry: Registry;
  let proxy: ForwardProxy;
  let [dir, program, host] = ['', '', ''];
  before(async () => {
    workshop = await openWorkshop();
    program = await workshop.program('helm', signal);
    dir = await workshop.folder({
      'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.2.0\n',
      'web/values.yaml': 'from: the chart\n',
      'web/templates/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n',
    });
    const packages = join(dir, 'packages');
    await mkdir(packages);
    const run = promisify(execFile);
    const env = { HOME: dir };
    await run(program, ['package', join(dir, 'web'), '--destination', packages], { env });
    await run(program, ['repo', 'index', packages], { env });
    const serve: RequestListener = (request, response) => {
      readFile(join(packages, (request.url ?? '').slice(1))).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      );
    };
    const tls = { ...own, clientCa: authority.certificate };
    server = createServer(
      { cert: own.certificate, key: own.key, ca: tls.clientCa, requestCert: true },
      serve,
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    registry = await startRegistry({ tls });
    const layers = [
      { mediaType: MEDIA.helmLayer, content: await readFile(join(packages, 'web-1.2.0.tgz')) },
    ];
    const config = Buffer.from('{"name":"web","version":"1.2.0","apiVersion":"v2"}');
    registry.push('team/web', '1.2.0', layers, { config: registry.blob(MEDIA.helmConfig, config) });
    proxy = await startForwardProxy({ here: [NAME], user: USER });
  });
  after(async () => {
    server.close();
    await registry[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await workshop[Symbol.asyncDispose]();
  });

  /** Resolves a range and reads the chart, as a reconcile does. */
  async function fetched(
    repoUrl: string,
    access: Partial<RepositoryAccess>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { workDir } = workshop.tool;
    const limits = { maxFiles: 100, maxBytes: 100_000 };
    const charts = createChartRepositories({
      ...{ ...workshop.tool, program, env },
      dir: join(dir, 'charts'),
      access: () => ({ ...ANONYMOUS, ...access }),
      openFolder: (folder, stop) => openFolderTree(folder, { workDir, limits }, stop),
    });
    const chart = { repoUrl, chart: 'web', passCredentials: false };
    const version = await charts.resolve(chart, '1.x', { fresh: true }, signal);
    const tree = await charts.tree(chart, version, { fresh: true }, signal);
    const values = await tree.read('values.yaml', { maxBytes: 100 }, signal);
    return `${version} ${values.toString().trim()}`;
  }
  const unreachable = (work: Promise<unknown>, message: RegExp) =>
    assert.rejects(work, (error) => {
      assert.ok(hasCode(error, 'GitUnreachable'), String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.message}${error.hint}`, /canary|\/tmp/);
      return true;
    });
  const FOUND = '1.2.0 from: the chart';

  for (const [kind, urlOf] of [
    ['a Helm repository', (name: string) => `https://${host.replace('127.0.0.1', name)}`],
    ['a registry', (name: string) => `${registry.host.replace('127.0.0.1', name)}/team`],
  ] as const) {
    test(`of ${kind}: with its authority and a certificate of ours, and not without`, async () => {
      const url = urlOf('127.0.0.1');
      assert.equal(await fetched(url, { caData, clientCertificate }), FOUND);
      assert.equal(await fetched(url, { insecure: true, clientCertificate }), FOUND);
      await unreachable(fetched(url, { clientCertificate }), /certificate/);
      await unreachable(fetched(url, { caData }), /certificate required|tls|EOF|reset/i);
      const stranger = createClientAuthority().issue('tiphys', []);
      const refused = fetched(url, { caData, clientCertificate: stranger });
      await unreachable(refused, /tls|certificate|EOF|reset/i);
    });

    test(`of ${kind}: through the proxy of its registration, unless it is excepted`, async () => {
      const url = urlOf(NAME);
      const through = (except: string) => ({
        ...{ caData, clientCertificate },
        proxy: { url: proxy.url, except },
      });
      proxy.asked.length = 0;
      assert.equal(await fetched(url, through('other.example')), FOUND);
      const [place = ''] = /charts\.example:\d+/.exec(url) ?? [];
      assert.deepEqual([...new Set(proxy.asked)], [place]);
      proxy.asked.length = 0;
      // There is no other way to that name.
      await unreachable(fetched(url, through(`other.example,${NAME}`)), /no such host|dial|lookup/);
      assert.deepEqual(proxy.asked, []);
    });

    test(`of ${kind}: the proxy of its registration takes the place of that of the environment`, async () => {
      const url = urlOf(NAME);
      const access = { caData, clientCertificate };
      proxy.asked.length = 0;
      assert.equal(await fetched(url, access, { https_proxy: proxy.url }), FOUND);
      assert.ok(proxy.asked.length > 0);
      const env = { https_proxy: 'http://127.0.0.1:1', no_proxy: NAME };
      const own = { ...access, proxy: { url: proxy.url, except: '' } };
      assert.equal(await fetched(url, own, env), FOUND);
    });
  }

  test('that others depend on: with the same certificates, through the same proxy', async () => {
    const rendered = async (repository: string, access: Partial<RepositoryAccess>) => {
      const reach = {
        // What is registered for a host counts for all of its charts.
        access: (repo: string) => {
          const isHere = repo.startsWith('https:') || !repo.includes('/');
          return isHere ? { ...ANONYMOUS, ...access } : ANONYMOUS;
        },
        named: () => undefined,
        tree: () => Promise.reject(new Error('no Git here')),
        refusal: () => undefined,
      };
      const generator = createHelmGenerator({ ...workshop.tool, program, reach });
      const files = {
        'Chart.yaml': `apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n- {name: web, version: 1.x, repository: "${repository}"}\n`,
      };
      const { objects } = await workshop.generate(generator, files, { path: '.' }, {}, signal);
      return objects.map(({ metadata }) => metadata.name);
    };
    const known = { caData, clientCertificate };
    for (const urlOf of [
      (name: string) => `https://${host.replace('127.0.0.1', name)}`,
      (name: string) => `oci://${registry.host.replace('127.0.0.1', name)}/team`,
    ]) {
      const near = urlOf('127.0.0.1');
      assert.deepEqual(await rendered(near, known), ['web']);
      assert.deepEqual(await rendered(near, { clientCertificate, insecure: true }), ['web']);
      await assert.rejects(rendered(near, { clientCertificate }), /certificate/);
      await assert.rejects(rendered(near, { caData }), /tls|certificate|EOF|reset/i);
      proxy.asked.length = 0;
      const through = { ...known, proxy: { url: proxy.url, except: '' } };
      assert.deepEqual(await rendered(urlOf(NAME), through), ['web']);
      assert.ok(proxy.asked.length > 0);
    }
  });

  test('who may not use the proxy is told so, without how it tried', async () => {
    const url = proxy.url.replace('canary', 'canary-wrong');
    const access = { caData, clientCertificate, proxy: { url, except: '' } };
    const place = `https://${host.replace('127.0.0.1', NAME)}`;
    await unreachable(fetched(place, access), /Sign in|Proxy Authentication|407/i);
  });
});
