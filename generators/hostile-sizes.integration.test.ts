import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ApplicationSource } from '../operator/core/app/types.ts';
import type { TiphysError } from '../operator/core/errors.ts';
import { ANONYMOUS } from '../operator/core/repository/access.ts';
import type { Clock } from '../operator/ports/clock.ts';
import { systemClock } from '../operator/runtime/clock.ts';
import { openTenant, refuses, type Tenant } from './testing/tenant.ts';
import { type Files, openWorkshop, type Workshop } from './testing/workshop.ts';

// Sources that are small to write and huge to read, and servers that never stop sending; see
// docs/source-security.md. The memory of every program is bounded, and so is ours.

const signal = AbortSignal.timeout(900_000);
const PROGRAM_BYTES = 400_000_000;
/** What this process may grow by; the test runner and the files of the tests are in it. */
const OWN_BYTES = 700_000_000;
type Source = Omit<ApplicationSource, 'repoURL'> & { readonly repoURL?: string };
type Code = TiphysError['code'];

const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n';
const CHART = {
  'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'web/templates/map.yaml': `${HEAD}data: {v: {{ .Values | toJson | quote }}}\n`,
};
const LAUGHS = Array.from({ length: 12 }, (_, level) => {
  const inner = level === 0 ? '"lol"' : `*a${level - 1}`;
  return `a${level}: &a${level} [${Array.from({ length: 9 }, () => inner).join(', ')}]\n`;
}).join('');

describe('sources that are too large', () => {
  let workshop: Workshop;
  let tenant: Tenant;
  let impatient: Tenant;
  let server: Server;
  let url = '';
  let serve: (path: string, response: ServerResponse) => void = () => {};

  before(async () => {
    workshop = await openWorkshop();
    const tool = { maxMemoryBytes: PROGRAM_BYTES, timeoutMs: 30_000, maxOutputBytes: 20_000_000 };
    tenant = await openTenant(workshop, { access: () => ANONYMOUS, tool }, signal);
    const short = { ...tool, timeoutMs: 3_000 };
    impatient = await openTenant(workshop, { access: () => ANONYMOUS, tool: short }, signal);
    server = createServer((request, response) => serve(request.url ?? '', response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    assert.deepEqual(await tenant.left(), [], 'neither files nor processes are left');
    const { objects } = await tenant.render({ 'web/a.yaml': HEAD }, { path: 'web' });
    assert.equal(objects.length, 1, 'the neighbour is served');
    const { rss } = process.memoryUsage();
    assert.ok(rss < OWN_BYTES, `this process takes ${rss} bytes`);
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await workshop[Symbol.asyncDispose]();
  });

  const attack = (
    name: string,
    files: () => Files,
    source: Source,
    code: Code,
    message: RegExp,
  ) => {
    test(name, () => {
      const renderer = code === 'Timeout' ? impatient : tenant;
      return refuses(renderer.render(files(), source), code, message);
    });
  };

  describe('CVE-2022-31016: documents', () => {
    const plain = { path: 'web' };
    attack(
      'an alias bomb',
      () => ({ 'web/a.yaml': `${HEAD}data:\n${LAUGHS.replace(/^/gm, '  ')}` }),
      plain,
      'LimitExceeded',
      /^web\/a\.yaml.*references are written out/,
    );
    attack(
      'an alias that holds itself',
      () => ({ 'web/a.yaml': `${HEAD}data: &a {b: *a}\n` }),
      plain,
      'LimitExceeded',
      /leads back to itself/,
    );
    attack(
      'an alias bomb in overrides',
      () => ({ 'web/.argocd-source.yaml': LAUGHS }),
      plain,
      'LimitExceeded',
      /argocd-source/,
    );
    attack(
      'an alias bomb in a kustomization',
      () => ({ 'web/kustomization.yaml': LAUGHS }),
      plain,
      'LimitExceeded',
      /^web\/kustomization\.yaml/,
    );
    attack(
      'an alias bomb in a file of a kustomization',
      () => ({
        'web/kustomization.yaml': 'resources: [a.yaml]',
        'web/a.yaml': `${HEAD}data:\n${LAUGHS.replace(/^/gm, '  ')}`,
      }),
      plain,
      'LimitExceeded',
      /kustomize\S*: needs more than 400000000 bytes of memory/,
    );
    attack(
      'an alias bomb in values',
      () => ({ ...CHART, 'web/values.yaml': LAUGHS }),
      plain,
      'RenderFailed',
      /excessive aliasing/,
    );
    attack(
      'an alias bomb in values of a template',
      () => ({ 'web/a.yaml.j2': HEAD, 'web/v.yaml': LAUGHS }),
      { path: 'web', directory: { jinja: { valueFiles: ['v.yaml'] } } },
      'LimitExceeded',
      /^v\.yaml/,
    );
    attack(
      '100 MB in one document',
      () => ({ 'web/a.yaml': `${HEAD}data: {v: ${'x'.repeat(99_000_000)}}\n` }),
      plain,
      'LimitExceeded',
      /web\/a\.yaml/,
    );
    attack(
      '10 MB of brackets',
      () => ({ 'web/a.yaml': `${HEAD}data: [${'[],'.repeat(3_300_000)}]\n` }),
      plain,
      'LimitExceeded',
      /lines, commas and brackets/,
    );
    attack(
      '10 MB of lines',
      () => ({ 'web/a.yaml': `${HEAD}data:\n${'- a\n'.repeat(2_490_000)}` }),
      plain,
      'LimitExceeded',
      /lines, commas and brackets/,
    );
    attack(
      'brackets in brackets',
      () => ({ 'web/a.yaml': `${HEAD}data: ${'['.repeat(100_000)}` }),
      plain,
      'LimitExceeded',
      /web\/a\.yaml.*depth/i,
    );
    attack(
      'brackets in brackets of JSON',
      () => ({ 'web/a.json': `{"kind":${'['.repeat(1_000_000)}` }),
      plain,
      'InvalidManifest',
      /web\/a\.json/,
    );
    attack(
      'a million documents',
      () => ({ 'web/a.yaml': HEAD + '---\na: 1\n'.repeat(1_000_000) }),
      plain,
      'LimitExceeded',
      /more than 20000 documents/,
    );
    attack(
      'many files that are too large together',
      () =>
        Object.fromEntries(
          Array.from({ length: 12 }, (_, index) => [
            `web/${index}.yaml`,
            `${HEAD}data: {v: ${'x'.repeat(900_000)}}\n`,
          ]),
        ),
      plain,
      'LimitExceeded',
      /exceeded max combined manifest file size/,
    );
    attack(
      '20 MB that a chart writes',
      () => ({
        ...CHART,
        'web/templates/map.yaml': `${HEAD}data: {v: {{ repeat 21000000 "x" }}}
`,
      }),
      plain,
      'LimitExceeded',
      /helm\S*: (more than 20000000 bytes of output|needs more than 400000000 bytes of memory)/,
    );
    attack(
      '10 MB of lines that a chart writes',
      () => ({
        ...CHART,
        'web/templates/map.yaml': `${HEAD}data:\n{{ range until 1000 }}{{ repeat 1000 "- a\\n" }}{{ end }}`,
      }),
      plain,
      'LimitExceeded',
      /^output of helm template for web.*lines, commas and brackets/,
    );
  });

  describe('programs that take memory or time without end', () => {
    attack(
      'a chart that repeats',
      () => ({
        ...CHART,
        'web/templates/map.yaml':
          '{{ $x := repeat 300000000 "x" }}{{ range until 100000 }}{{ $x = print $x $x }}{{ end }}',
      }),
      { path: 'web' },
      'LimitExceeded',
      /helm\S*: needs more than 400000000 bytes of memory/,
    );
    attack(
      'a chart that runs for ever',
      () => ({
        ...CHART,
        'web/templates/map.yaml':
          '{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}',
      }),
      { path: 'web' },
      'Timeout',
      /helm\S*: not finished within 3000 ms/,
    );
    attack(
      'Jsonnet that repeats',
      () => ({
        'web/a.jsonnet':
          "local f(x, n) = if n == 0 then x else f(x + x, n - 1); f('xxxxxxxxxx', 40)",
      }),
      { path: 'web' },
      'LimitExceeded',
      /jsonnet\S*: needs more than 400000000 bytes of memory/,
    );
    attack(
      'Jsonnet that runs for ever',
      () => ({ 'web/a.jsonnet': 'local f(n) = if n == 0 then 0 else f(n - 1) + f(n - 1); f(200)' }),
      { path: 'web' },
      'Timeout',
      /jsonnet\S*: not finished within 3000 ms/,
    );
  });

  describe('CVE-2023-40584: archives', () => {
    const chart = () => ({ repoURL: url, chart: 'web', targetRevision: '1.0.0' });
    const index = `apiVersion: v1\nentries:\n  web:\n  - {apiVersion: v2, name: web, version: 1.0.0, urls: [web.tgz]}\n`;
    const archive = (content: () => Buffer) => {
      const body = gzipSync(content(), { level: 9 });
      serve = (path, response) => void response.end(path.endsWith('index.yaml') ? index : body);
    };
    const description = entry(
      'web/Chart.yaml',
      Buffer.from('apiVersion: v2\nname: web\nversion: 1.0.0\n'),
    );

    test('that grow', async () => {
      archive(() => Buffer.concat([description, entry('web/big', Buffer.alloc(20_000_000)), END]));
      await refuses(
        tenant.render({}, chart()),
        'LimitExceeded',
        /chart web 1\.0\.0 of .*(exceeds|larger than) the maximum/s,
      );
    });
    test('with files that lie outside', async () => {
      const names = [
        '../../evil',
        '../../../../../../tmp/tiphys-evil',
        '/tmp/tiphys-evil',
        'web/../../../evil',
      ];
      for (const name of names) {
        archive(() => Buffer.concat([description, entry(name, Buffer.from('x')), END]));
        const outcome = await tenant.render({}, { ...chart(), helm: { releaseName: 'x' } }).then(
          () => 'rendered',
          (error: unknown) => String(error),
        );
        // What helm takes it puts inside; what it does not it says.
        if (outcome !== 'rendered')
          assert.match(outcome, /chart web 1\.0\.0 of .*(illegal|outside|absolute|invalid)/s);
        assert.ok(!existsSync('/tmp/tiphys-evil'), `${name} was written`);
        assert.deepEqual(await workshop.strays(), [], `${name} was written`);
      }
    });
    test('with links', async () => {
      archive(() =>
        Buffer.concat([description, entry('web/values.yaml', Buffer.alloc(0), '/etc/passwd'), END]),
      );
      const result = await tenant.render({}, chart()).then(
        ({ objects }) => JSON.stringify(objects),
        (error: unknown) => String(error),
      );
      assert.doesNotMatch(result, /root:x:0/);
    });
  });

  describe('CVE-2024-29893: indexes', () => {
    const source = () => ({ repoURL: url, chart: 'web', targetRevision: '1.x' });
    const endless = () => {
      serve = (_path, response) => {
        const chunk = Buffer.alloc(1_000_000, '# nothing but comments\n');
        response.on('error', () => {});
        const more = () => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on('drain', more);
        response.write('apiVersion: v1\nentries:\n');
        more();
      };
    };
    const tooMuch = /helm\S*: needs more than 400000000 bytes of memory/;
    test('that never end', async () => {
      endless();
      await refuses(tenant.render({}, source()), 'LimitExceeded', tooMuch);
    });
    test('that never end, and nobody looks: the kernel keeps the bound', async () => {
      endless();
      const clock: Clock = {
        ...systemClock,
        schedule: (ms, callback) =>
          ms === 50 ? { [Symbol.dispose]() {} } : systemClock.schedule(ms, callback),
      };
      const tool = { maxMemoryBytes: PROGRAM_BYTES, timeoutMs: 30_000, clock };
      const blind = await openTenant(workshop, { access: () => ANONYMOUS, tool }, signal);
      await refuses(blind.render({}, source()), 'LimitExceeded', tooMuch);
    });
    test('that never come', async () => {
      serve = (_path, response) => void response.write('apiVersion: v1\n');
      await refuses(
        impatient.render({}, source()),
        'Timeout',
        /helm\S*: not finished within 3000 ms/,
      );
    });
    test('with an alias bomb', async () => {
      serve = (_path, response) => void response.end(`apiVersion: v1\n${LAUGHS}entries: *a11\n`);
      await assert.rejects(tenant.render({}, source()), /chart web 1\.x of /);
    });
  });

  test('CVE-2022-24731, 31016: values files of a server that never stops sending', async () => {
    serve = (_path, response) => {
      const chunk = Buffer.alloc(1_000_000, 'x');
      response.on('error', () => {});
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    };
    await refuses(
      tenant.render(CHART, { path: 'web', helm: { valueFiles: [`${url}/values.yaml`] } }),
      'LimitExceeded',
      /helm\S*: needs more than 400000000 bytes of memory/,
    );
  });
});

const END = Buffer.alloc(1024);

/** One file of a tar archive, or a link. */
function entry(name: string, content: Buffer, linkTo = ''): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(linkTo === '' ? '0' : '2', 156);
  header.write(linkTo, 157);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
