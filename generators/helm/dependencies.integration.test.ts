import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { hasCode, type TiphysError } from '../../operator/core/errors.ts';
import type { Generated, Generator } from '../../operator/ports/generator.ts';
import { type Files, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { createHelmGenerator } from './index.ts';

// `helm dependency build` of the real helm, with a Helm repository on loopback.

const signal = AbortSignal.timeout(300_000);

describe('dependencies of charts', () => {
  let workshop: Workshop;
  let generator: Generator;
  let server: Server;
  let url = '';
  let requests: string[] = [];

  before(async () => {
    workshop = await openWorkshop();
    const program = await workshop.program('helm', signal);
    generator = createHelmGenerator({ ...workshop.tool, program });
    const chart = await workshop.folder(library('1.2.0', 'fetched'));
    const dir = await workshop.folder({});
    const packages = join(dir, 'packages');
    await mkdir(packages);
    const env = { HOME: dir };
    const args = ['package', join(chart, 'lib'), '--destination', packages];
    await promisify(execFile)(program, args, { env });
    await promisify(execFile)(program, ['repo', 'index', packages], { env });
    server = createServer((request, response) => {
      const name = (request.url ?? '').slice(1);
      requests.push(name);
      readFile(join(packages, name)).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.close();
    const left = await workshop.left();
    await workshop[Symbol.asyncDispose]();
    assert.deepEqual(left, [], 'every private folder is removed');
  });

  const library = (version: string, value: string): Files => ({
    'lib/Chart.yaml': `apiVersion: v2\nname: lib\nversion: ${version}\n`,
    'lib/templates/map.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lib}\ndata: {v: ${value}}\n`,
  });
  const chart = (repository: string, more = '', key = 'repository'): Files => ({
    'web/Chart.yaml': `apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: lib, version: 1.x, ${key}: "${repository}"}\n${more}`,
  });
  const render = (files: Files): Promise<Generated> =>
    workshop.generate(generator, files, { path: 'web' }, {}, signal);
  const valueOf = ({ objects }: Generated) => objects[0]?.['data'];
  const fails = (promise: Promise<unknown>, code: TiphysError['code'], message: RegExp) =>
    assert.rejects(promise, (error) => {
      assert.ok(hasCode(error, code), String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.message}${error.hint}`, /tiphys-|\/tmp/);
      return true;
    });

  test('are fetched from a repository when they are missing', async () => {
    const generated = await render(chart(url));
    assert.deepEqual(valueOf(generated), { v: 'fetched' });
    assert.match(generated.commands?.[0] ?? '', /^helm-?\S* dependency build \.$/);
    assert.equal(generated.commands?.length, 2);
  });

  test('are refused when the index of their repository is larger than it may be', async () => {
    const program = await workshop.program('helm', signal);
    const bounded = createHelmGenerator({ ...workshop.tool, program, maxIndexBytes: 100 });
    const rendered = workshop.generate(bounded, chart(url), { path: 'web' }, {}, signal);
    await fails(rendered, 'LimitExceeded', /^web: the index of a Helm repository has \d+ bytes/);
  });

  test('are taken from charts/ when they are there, wherever they came from', async () => {
    requests = [];
    const own = library('1.9.0', 'committed');
    const inside = Object.fromEntries(
      Object.entries(own).map(([path, content]) => [`web/charts/${path}`, content]),
    );
    for (const repository of [url, '@private', 'file:///etc']) {
      const generated = await render({ ...chart(repository), ...inside });
      assert.deepEqual(valueOf(generated), { v: 'committed' });
    }
    assert.deepEqual(requests, []);
  });

  test('may be charts of the same repository', async () => {
    const generated = await render({ ...chart('file://../lib'), ...library('1.0.0', 'local') });
    assert.deepEqual(valueOf(generated), { v: 'local' });
  });

  test('a lock decides, and one that does not fit is told', async () => {
    const lock = `dependencies:\n- {name: lib, repository: "${url}", version: 1.2.0}\ndigest: sha256:0\ngenerated: "2026-01-01T00:00:00Z"\n`;
    await fails(
      render({ ...chart(url), 'web/Chart.lock': lock }),
      'RenderFailed',
      /dependency build failed: .*lock file .*is out of sync/s,
    );
  });

  const outside = 'file://../../../etc';
  const unsafe: readonly (readonly [string, () => Files])[] = [
    ['an absolute path', () => chart('file:///etc')],
    ['folders above the root', () => chart(outside)],
    ['an escape in the path', () => chart('file://..%2f..%2f')],
    ['a key in capitals', () => chart(outside, '', 'Repository')],
    ['a scheme in capitals', () => chart('FILE:///etc')],
    [
      'a lock',
      () => ({
        ...chart(url),
        'web/Chart.lock': `dependencies:\n- {name: lib, repository: "${outside}", version: 1.2.0}\n`,
      }),
    ],
    [
      'requirements of the first kind of charts',
      () => ({
        'web/Chart.yaml': 'apiVersion: v1\nname: web\nversion: 1.0.0\n',
        'web/requirements.yaml': `dependencies:\n- {name: lib, version: 1.x, repository: "${outside}"}\n`,
      }),
    ],
  ];
  for (const [name, files] of unsafe)
    test(`lead nowhere outside: ${name}`, () =>
      fails(render(files()), 'UnsafePath', /leads outside/));

  test('by the name of a repository, absent ones and silent servers say what to do', async () => {
    await fails(render(chart('@private')), 'InvalidSpec', /@private is not registered/);
    await fails(render(chart(`${url}/none`)), 'RenderFailed', /Unable to get an update .*404/s);
    await fails(render(chart('file://../none')), 'RenderFailed', /dependency build failed/);
  });
});
