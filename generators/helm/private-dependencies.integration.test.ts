import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ANONYMOUS, type RepositoryAccess } from '../../operator/core/repository/access.ts';
import { hasCode, type TiphysError } from '../../operator/core/errors.ts';
import type { HelmSource } from '../../operator/core/app/types.ts';
import { openFolderTree } from '../../operator/git/index.ts';
import type { Generated, Generator } from '../../operator/ports/generator.ts';
import { type ChartRegistry, serveChart } from '../testing/chart-registry.ts';
import { type Files, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { createChartRepositories } from './chart-repositories.ts';
import { createHelmGenerator } from './index.ts';

// Helm repositories and a registry on loopback that ask who is there, and the real helm.

const signal = AbortSignal.timeout(300_000);
const PASSWORD = 'pa:ss"w*rd/é';
const SIGN_IN = `Basic ${Buffer.from(`jane:${PASSWORD}`).toString('base64')}`;
const JANE: RepositoryAccess = {
  ...ANONYMOUS,
  credential: { type: 'basic', username: 'jane', password: PASSWORD },
};

describe('dependencies of charts that are private', () => {
  let workshop: Workshop;
  let generator: Generator;
  let registry: ChartRegistry;
  let [url, elsewhere] = ['', ''];
  const servers: Server[] = [];
  let registered: Record<string, RepositoryAccess> = {};
  let names: Record<string, string> = {};
  let permitted: (url: string) => boolean = () => true;

  before(async () => {
    workshop = await openWorkshop();
    const program = await workshop.program('helm', signal);
    const reach = {
      access: (repo: string) => registered[repo] ?? ANONYMOUS,
      named: (name: string) => names[name],
      tree: () => Promise.reject(new Error('no Git here')),
      refusal: (repo: string, project: string) =>
        permitted(repo) ? undefined : `repository ${repo} is not permitted in project '${project}'`,
    };
    generator = createHelmGenerator({ ...workshop.tool, program, reach });
    const packages = join(await workshop.folder({}), 'packages');
    await mkdir(packages);
    const env = { HOME: packages };
    for (const version of ['1.1.0', '1.2.0']) {
      const chart = await workshop.folder({
        'lib/Chart.yaml': `apiVersion: v2\nname: lib\nversion: ${version}\n`,
        'lib/templates/map.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lib}\ndata: {v: ${version}}\n`,
      });
      const args = ['package', join(chart, 'lib'), '--destination', packages];
      await promisify(execFile)(program, args, { env });
    }
    url = await serve(packages);
    elsewhere = await serve(packages);
    await promisify(execFile)(program, ['repo', 'index', packages], { env });
    const index = await readFile(join(packages, 'index.yaml'), 'utf8');
    await mkdir(join(packages, 'far'));
    await writeFile(
      join(packages, 'far/index.yaml'),
      index.replaceAll(/- (lib-\S+\.tgz)/g, `- ${elsewhere}/$1`),
    );
    const content = await readFile(join(packages, 'lib-1.2.0.tgz'));
    registry = await serveChart({ name: 'team/lib', version: '1.2.0', content, signIn: SIGN_IN });
  });
  after(async () => {
    for (const server of servers) server.close();
    await registry[Symbol.asyncDispose]();
    const left = await workshop.left();
    await workshop[Symbol.asyncDispose]();
    assert.deepEqual(left, [], 'every private folder is removed');
  });
  beforeEach(() => {
    registered = { [url]: JANE };
    names = {};
    permitted = () => true;
  });

  async function serve(folder: string): Promise<string> {
    const server = createServer((request, response) => {
      if (request.headers.authorization !== SIGN_IN) return void response.writeHead(401).end();
      readFile(join(folder, request.url ?? '')).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      );
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const chart = (repository: string, lock?: string): Files => ({
    'web/Chart.yaml': `apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: lib, version: 1.x, repository: "${repository}"}\n`,
    ...(lock === undefined ? {} : { 'web/Chart.lock': lock }),
  });
  const render = (files: Files, helm: HelmSource = {}): Promise<Generated> =>
    workshop.generate(generator, files, { path: 'web', helm }, {}, signal);
  const valueOf = ({ objects }: Generated) => objects[0]?.['data'];
  function fails(promise: Promise<unknown>, code: TiphysError['code'], message: RegExp) {
    return assert.rejects(promise, (error) => {
      assert.ok(hasCode(error, code), String(error));
      const text = `${error.message}${error.hint}${JSON.stringify(error.fields)}${String(error.cause)}`;
      assert.match(text, message);
      for (const secret of [PASSWORD, SIGN_IN.slice(6), encodeURIComponent(PASSWORD), '/tmp']) {
        assert.ok(!text.includes(secret), `${secret} is shown: ${text}`);
      }
      return true;
    });
  }

  test('are fetched with what is registered for the URL', async () => {
    const generated = await render(chart(url));
    assert.deepEqual(valueOf(generated), { v: '1.2.0' });
    assert.doesNotMatch(generated.commands?.join('\n') ?? '', /jane|pa:ss/);
  });

  test('are fetched by the name of the repository', async () => {
    names = { charts: url };
    assert.deepEqual(valueOf(await render(chart('@charts'))), { v: '1.2.0' });
    assert.deepEqual(valueOf(await render(chart('alias:charts'))), { v: '1.2.0' });
    await fails(render(chart('@other')), 'InvalidSpec', /repository @other is not registered/);
  });

  test('come in the version of the lock', async () => {
    const locked = (version: string) => {
      const both = ['1.x', version].map((one) => [{ name: 'lib', version: one, repository: url }]);
      const digest = createHash('sha256').update(JSON.stringify(both)).digest('hex');
      return `dependencies:\n- {name: lib, repository: "${url}", version: ${version}}\ndigest: sha256:${digest}\ngenerated: "2026-01-01T00:00:00Z"\n`;
    };
    assert.deepEqual(valueOf(await render(chart(url, locked('1.1.0')))), { v: '1.1.0' });
    const moved = locked('1.1.0').replace('version: 1.1.0', 'version: 1.2.0');
    await fails(render(chart(url, moved)), 'RenderFailed', /Chart\.lock\) is out of sync/);
  });

  test('are refused without credentials, and with wrong ones that nobody sees', async () => {
    registered = {};
    await fails(render(chart(url)), 'RenderFailed', /dependency build failed: .*401/s);
    const wrong = { type: 'basic', username: 'jane', password: `${PASSWORD}!` } as const;
    registered = { [url]: { ...ANONYMOUS, credential: wrong } };
    await fails(render(chart(url)), 'RenderFailed', /dependency build failed: .*401/s);
    registered = {
      [url]: { ...JANE, problem: 'Secret charts: insecure: is neither true nor false' },
    };
    await fails(render(chart(url)), 'InvalidConfig', /Secret charts: insecure/);
  });

  test('are not signed in for a project that may not read the repository', async () => {
    permitted = () => false;
    names = { charts: url };
    await fails(
      render(chart(url)),
      'NotPermitted',
      /401.*helm repos http:\/\/127\.0\.0\.1:\d+ are not permitted in project 'default'/s,
    );
    await fails(render(chart('@charts')), 'NotPermitted', /is not permitted in project 'default'/);
    permitted = (repo) => repo !== registry.host && repo !== `${registry.host}/team`;
    registered = { [registry.host]: { ...JANE, plainHttp: true } };
    const asked = registry.requests.length;
    await fails(render(chart(`oci://${registry.host}/team`)), 'NotPermitted', /are not permitted/);
    assert.ok(!registry.requests.slice(asked).some((line) => line.startsWith('200')));
  });

  test('are sent credentials on another host only with passCredentials', async () => {
    registered = { [`${url}/far`]: JANE };
    await fails(render(chart(`${url}/far`)), 'RenderFailed', /401/);
    const generated = await render(chart(`${url}/far`), { passCredentials: true });
    assert.deepEqual(valueOf(generated), { v: '1.2.0' });
  });

  test('come from a registry, without TLS where insecureOCIForceHttp says so', async () => {
    for (const registration of [`${registry.host}/team`, registry.host]) {
      registered = { [registration]: { ...JANE, plainHttp: true } };
      const generated = await render(chart(`oci://${registry.host}/team`));
      assert.deepEqual(valueOf(generated), { v: '1.2.0' });
      assert.match(generated.commands?.[0] ?? '', /dependency build \. --plain-http$/);
    }
    registered = { [registry.host]: JANE };
    await fails(
      render(chart(`oci://${registry.host}/team`)),
      'RenderFailed',
      /HTTP response to HTTPS client/,
    );
    registered = { [registry.host]: { ...ANONYMOUS, plainHttp: true, insecure: true } };
    await fails(render(chart(`oci://${registry.host}/team`)), 'RenderFailed', /401|credential/);
  });

  test('two versions of a chart from a registry and a repository may be mixed', async () => {
    registered = { [registry.host]: { ...JANE, plainHttp: true }, [url]: JANE };
    const files = {
      'web/Chart.yaml': `apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: lib, version: 1.2.0, repository: "oci://${registry.host}/team"}\n- {name: lib, version: 1.1.0, alias: other, repository: "${url}"}\n`,
    };
    const { objects } = await render(files);
    assert.deepEqual(
      objects.map(({ data }) => data),
      [{ v: '1.2.0' }, { v: '1.1.0' }],
    );
  });

  test('a chart of a registry without TLS is fetched where insecureOCIForceHttp says so', async () => {
    const { workDir } = workshop.tool;
    const limits = { maxFiles: 1_000, maxBytes: 1_000_000 };
    const charts = createChartRepositories({
      ...workshop.tool,
      program: await workshop.program('helm', signal),
      dir: join(workDir, '..', 'charts'),
      access: (repo) => registered[repo] ?? ANONYMOUS,
      openFolder: (dir, stop) => openFolderTree(dir, { workDir, limits }, stop),
    });
    const repoUrl = `${registry.host}/team`;
    const lib = { repoUrl, chart: 'lib', passCredentials: false };
    registered = { [repoUrl]: { ...JANE, plainHttp: true, insecure: true } };
    assert.equal(await charts.resolve(lib, '1.x', { fresh: true }, signal), '1.2.0');
    const tree = await charts.tree(lib, '1.2.0', { fresh: true }, signal);
    assert.equal((await tree.resolve('Chart.yaml', signal))?.type, 'file');
    registered = { [repoUrl]: JANE };
    await fails(
      charts.tree(lib, '1.2.0', { fresh: true }, signal),
      'GitUnreachable',
      /HTTP response to HTTPS client/,
    );
  });
});
