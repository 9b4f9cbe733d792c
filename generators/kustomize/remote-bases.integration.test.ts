import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startForwardProxy } from '../../e2e/controlplane/forward-proxy.ts';
import { type GitServer, startGitServer } from '../../e2e/controlplane/git-server.ts';
import { ANONYMOUS, type RepositoryAccess } from '../../operator/core/repository/access.ts';
import { hasCode, TiphysError } from '../../operator/core/errors.ts';
import type { JsonObject } from '../../operator/core/objects/json.ts';
import type { Generator } from '../../operator/ports/generator.ts';
import type { SourceReach } from '../../operator/ports/source-repositories.ts';
import { type Files, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { parseManifests } from '../yaml/parse-manifests.ts';
import { createKustomizeGenerator } from './index.ts';

// The same kustomizations through us and through kustomize by hand, which clones from a server on loopback.

const signal = AbortSignal.timeout(300_000);
const map = (name: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {a: b}\n`;

describe('bases of other repositories, built', () => {
  let workshop: Workshop;
  let generator: Generator;
  let git: GitServer;
  let files: Server;
  let [program, url] = ['', ''];
  let permitted: (url: string) => boolean;
  let access: RepositoryAccess = ANONYMOUS;
  let opened: string[] = [];
  const contents: Record<string, Files> = {};
  const reach: SourceReach = {
    access: () => access,
    named: () => undefined,
    refusal: (repo) => (permitted(repo) ? undefined : `repository ${repo} is not permitted`),
    async tree(repoUrl, revision) {
      opened.push(`${repoUrl} ${revision}`);
      const name = Object.keys(contents).find((one) => git.urlOf(one) === repoUrl);
      if (name === undefined) throw new TiphysError('GitUnreachable', `${repoUrl}: unknown`);
      return await workshop.tree(contents[name] ?? {}, signal);
    },
  };

  before(async () => {
    workshop = await openWorkshop();
    git = await startGitServer({ signal });
    program = await workshop.program('kustomize', signal);
    generator = createKustomizeGenerator({ ...workshop.tool, program, reach });
    files = createServer((_request, response) => void response.end(map('by-url')));
    files.listen(0, '127.0.0.1');
    await once(files, 'listening');
    url = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
    await publish('inner', {
      'deep/kustomization.yaml': 'resources: [a.yaml]\nnamePrefix: deep-\n',
      'deep/a.yaml': map('inner'),
    });
    await publish('shared', {
      'base/kustomization.yaml': `resources: [a.yaml, ../more, '${git.urlOf('inner')}//deep?ref=main']\nnamePrefix: base-\n`,
      'base/a.yaml': map('shared'),
      'more/kustomization.yaml': 'configMapGenerator: [{name: gen, files: [x.txt]}]\n',
      'more/x.txt': 'text',
      'component/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {from: component}\n',
    });
  });
  after(async () => {
    files.close();
    await git[Symbol.asyncDispose]();
    const left = await workshop.left();
    await workshop[Symbol.asyncDispose]();
    assert.deepEqual(left, [], 'every private folder is removed');
  });
  beforeEach(() => {
    permitted = () => true;
    opened = [];
  });

  async function publish(name: string, content: Record<string, string>): Promise<void> {
    contents[name] = content;
    await git.createRepository(name, content);
  }
  const ours = async (own: Files, settings: JsonObject = {}) =>
    await workshop.generate(generator, own, { path: 'web' }, { settings }, signal);
  async function byHand(own: Files) {
    const dir = await workshop.folder(own);
    const env = { PATH: process.env['PATH'] ?? '', HOME: dir };
    const { stdout } = await promisify(execFile)(program, ['build', join(dir, 'web')], { env });
    return parseManifests(stdout, { file: 'by hand' });
  }
  const using = (entry: string): Files => ({
    'web/kustomization.yaml': `resources: [own.yaml, '${entry}']\nnamespace: web\n`,
    'web/own.yaml': map('own'),
  });
  const fails = (promise: Promise<unknown>, code: TiphysError['code'], message: RegExp) =>
    assert.rejects(promise, (error) => {
      assert.ok(hasCode(error, code), String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\/tmp/);
      return true;
    });

  test('a file by URL is fetched through the proxy of the repository of the source', async () => {
    await using proxy = await startForwardProxy({ here: ['files.example'] });
    const { port } = new URL(url);
    const entry = `http://files.example:${port}/by-url.yaml`;
    permitted = () => true;
    access = { ...ANONYMOUS, proxy: { url: proxy.url, except: '' } };
    try {
      const source = { 'web/kustomization.yaml': `resources: ['${entry}']\n` };
      const { objects } = await workshop.generate(generator, source, { path: 'web' }, {}, signal);
      assert.equal(objects[0]?.metadata.name, 'by-url');
      assert.deepEqual(proxy.asked, [`files.example:${port}`]);
    } finally {
      access = ANONYMOUS;
    }
  });

  test('the password of a proxy is not told, even where the program tells it', async () => {
    const talkative = `#!/bin/sh
[ "$1" = version ] && { echo v5.8.1; exit; }
echo "cannot connect to $HTTPS_PROXY$https_proxy for files.example" >&2
exit 1
`;
    const stand = join(await workshop.folder({ kustomize: talkative }), 'kustomize');
    await chmod(stand, 0o755);
    const telling = createKustomizeGenerator({ ...workshop.tool, program: stand, reach });
    access = { ...ANONYMOUS, proxy: { url: 'http://jane:sesame@127.0.0.1:3128', except: '' } };
    try {
      const failed = workshop.generate(
        telling,
        { 'web/kustomization.yaml': 'resources: []\n' },
        { path: 'web' },
        {},
        signal,
      );
      await fails(failed, 'RenderFailed', /connect to http:\/\/127\.0\.0\.1:3128\S* for files/);
      await assert.rejects(failed, (error: Error) => !JSON.stringify(error).includes('sesame'));
    } finally {
      access = ANONYMOUS;
    }
  });

  test('give the objects that kustomize gives by hand, with bases of bases', async () => {
    for (const suffix of ['//base?ref=main', '/base?ref=main', '//base']) {
      const own = using(`${git.urlOf('shared')}${suffix}`);
      const { objects, commands } = await ours(own);
      assert.deepEqual(objects, await byHand(own));
      assert.deepEqual(
        objects.map(({ metadata }) => metadata.name).sort(),
        ['base-deep-inner', 'base-gen-k4dk4mbhhg', 'base-shared', 'own'].sort(),
      );
      assert.doesNotMatch(commands?.join() ?? '', /\/tmp/);
    }
    const { others } = await ours(using(`${git.urlOf('shared')}//base?ref=main`));
    assert.deepEqual(
      others?.map(({ repoUrl, revision }) => [repoUrl, revision]),
      [
        [git.urlOf('shared'), 'main'],
        [git.urlOf('inner'), 'main'],
      ],
    );
    assert.deepEqual([...new Set(opened)].sort(), [
      `${git.urlOf('inner')} main`,
      `${git.urlOf('shared')} `,
      `${git.urlOf('shared')} main`,
    ]);
  });

  test('may be components', async () => {
    const own = {
      'web/kustomization.yaml': `resources: [own.yaml]\ncomponents: ['${git.urlOf('shared')}//component?ref=main']\n`,
      'web/own.yaml': map('own'),
    };
    const { objects } = await ours(own);
    assert.deepEqual(objects, await byHand(own));
    assert.deepEqual(objects[0]?.metadata.annotations, { from: 'component' });
  });

  test('and files by URL are fetched as far as the project permits, also those of bases', async () => {
    const remote = using(`${git.urlOf('shared')}//base?ref=main`);
    permitted = (repo) => repo !== git.urlOf('shared');
    await fails(
      ours(remote),
      'NotPermitted',
      /remote base http\S+shared\S* repository \S+ is not permitted/,
    );
    assert.deepEqual(opened, []);
    permitted = (repo) => repo !== git.urlOf('inner');
    await fails(
      ours(remote),
      'NotPermitted',
      /remote base http\S+inner\S* repository \S+ is not permitted/,
    );
    const file = using(`${url}/x.yaml`);
    permitted = () => true;
    assert.deepEqual((await ours(file)).objects, await byHand(file));
    permitted = (repo) => !repo.startsWith(url);
    await fails(
      ours(file),
      'NotPermitted',
      /remote file http\S+x\.yaml: repository \S+ is not permitted/,
    );
    permitted = () => true;
    await fails(ours(file, { allowRemoteBases: false }), 'RenderFailed', /is not allowed here/);
    await fails(ours(remote, { allowRemoteBases: false }), 'RenderFailed', /is not allowed here/);
  });

  test('cannot lead out of their repository, and addresses that are not read are told', async () => {
    await publish('rude', { 'base/kustomization.yaml': 'resources: [../../../../../../etc]\n' });
    await fails(ours(using(`${git.urlOf('rude')}//base`)), 'UnsafePath', /leads outside/);
    for (const entry of [
      'file:///etc',
      'file:///etc//x',
      'ext::sh -c x',
      `${git.urlOf('rude')}//../x`,
    ]) {
      await assert.rejects(ours(using(entry)), /not read|does not exist|not allowed/);
    }
    await fails(
      ours(using(`${git.urlOf('rude')}//none`)),
      'PathNotFound',
      /no kustomization file there/,
    );
    await publish('round', {
      'a/kustomization.yaml': `resources: ['${git.urlOf('round')}//a?ref=main']\n`,
    });
    await fails(ours(using(`${git.urlOf('round')}//a?ref=main`)), 'RenderFailed', /cycle/);
  });
});
