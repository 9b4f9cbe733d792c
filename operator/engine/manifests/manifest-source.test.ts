import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type GitServer, startGitServer } from '../../../e2e/controlplane/git-server.ts';
import {
  createDirectoryGenerator,
  createGeneratorRegistry,
  defineGenerator,
  type GenerateRequest,
  type Generator,
} from '../../../generators/index.ts';
import type { ApplicationSource } from '../../core/app/types.ts';
import { hasCode, TiphysError } from '../../core/errors.ts';
import { ANONYMOUS } from '../../core/repository/access.ts';
import { createGitRepositories } from '../../git/index.ts';
import type { ManifestRequest, ManifestSource } from '../../ports/manifest-source.ts';
import type { ManifestStore, RenderName } from '../../ports/manifest-store.ts';
import type { SourceRepositories } from '../../ports/source-repositories.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createManifestSource, type ManifestSourceOptions } from './manifest-source.ts';

const signal = AbortSignal.timeout(120_000);
const silent = () => {};
const logger: Logger = {
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  child: () => logger,
};

const API_VERSIONS: readonly string[] = ['apps/v1', 'v1'];

function requestFor(
  sources: readonly ApplicationSource[],
  changes: Partial<ManifestRequest> = {},
): ManifestRequest {
  return {
    sources,
    revisions: [],
    instance: 'web',
    appName: 'web',
    project: 'default',
    namespace: 'prod',
    kubeVersion: 'v1.36.3',
    apiVersions: API_VERSIONS,
    freshRevisions: true,
    freshManifests: false,
    ...changes,
  };
}

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

/** Counts its renders, and lets a test say what it looks at. */
function spy(look: (request: GenerateRequest) => Promise<string>): {
  readonly generator: Generator;
  renders: number;
} {
  const result: { readonly generator: Generator; renders: number } = {
    renders: 0,
    generator: defineGenerator({
      name: 'Spy',
      version: async () => 'spy 1',
      claims: () => false,
      detect: async (tree, path, stop) => (await tree.entry(`${path}/spy`, stop)) !== undefined,
      async generate(request) {
        result.renders += 1;
        const value = await look(request);
        const metadata = { name: 'spy', annotations: { value } };
        return { objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata }], readSet: [] };
      },
    }),
  };
  return result;
}

describe('the manifest source', () => {
  let server: GitServer;
  let dir: string;
  let repositories: ReturnType<typeof createGitRepositories>;
  before(async () => {
    server = await startGitServer({ signal });
    dir = await mkdtemp(join(tmpdir(), 'tiphys-manifests-'));
    repositories = createGitRepositories({
      dir,
      clock: systemClock,
      random: Math.random,
      logger,
      access: () => ANONYMOUS,
      pollIntervalMs: 60_000,
      pollJitterMs: 0,
      timeoutMs: 20_000,
      maxConcurrent: 4,
    });
  });
  after(async () => {
    await repositories[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  function open(...generators: readonly Generator[]): ManifestSource {
    return openWith({}, ...generators);
  }

  function openWith(
    options: Partial<ManifestSourceOptions>,
    ...generators: readonly Generator[]
  ): ManifestSource {
    return createManifestSource({
      repositories,
      generators: createGeneratorRegistry([...generators, createDirectoryGenerator()]),
      settings: () => ({}),
      limits: { maxCacheBytes: 10_000_000, failureMs: 60_000 },
      clock: systemClock,
      ...options,
    });
  }

  /** A store as a restart finds it: texts, and nothing else. */
  function keptTexts(): ManifestStore & { readonly texts: Map<string, string>; loads: number } {
    const texts = new Map<string, string>();
    const store = {
      texts,
      loads: 0,
      async load({ key }: RenderName) {
        store.loads += 1;
        return texts.get(key);
      },
      async save({ key }: RenderName, value: string) {
        texts.set(key, value);
      },
    };
    return store;
  }

  test('a commit elsewhere gives the same objects, a commit here new ones', async () => {
    const repoURL = await server.createRepository('mono', {
      'apps/a/cm.yaml': configMap('a'),
      'apps/a/other.yaml': configMap('other'),
      'apps/b/cm.yaml': configMap('b'),
    });
    const source = open();
    const ask = () => source.manifests(requestFor([{ repoURL, path: 'apps/a' }]), signal);
    const first = await ask();
    assert.deepEqual(
      first.objects.map(({ metadata }) => metadata.name),
      ['a', 'other'],
    );
    assert.deepEqual(first.sourceTypes, ['Directory']);

    const second = await server.commit('mono', { files: { 'apps/b/cm.yaml': configMap('b2') } });
    const elsewhere = await ask();
    assert.equal(elsewhere.objects, first.objects);
    assert.deepEqual(elsewhere.revisions, [second]);

    await server.commit('mono', { files: { 'apps/a/README.md': 'hello' } });
    assert.equal((await ask()).objects, first.objects);

    await server.commit('mono', { files: { 'apps/a/cm.yaml': configMap('a2') } });
    const here = await ask();
    assert.deepEqual(
      here.objects.map(({ metadata }) => metadata.name),
      ['a2', 'other'],
    );
    assert.equal(here.objects[1], first.objects[1], 'an object that did not change stays the same');
    assert.equal(Object.isFrozen(here.objects[0]?.metadata), true);

    await server.commit('mono', { files: { 'apps/a/new.yaml': configMap('new') } });
    assert.equal((await ask()).objects.length, 3);
    await server.commit('mono', { remove: ['apps/a/new.yaml', 'apps/a/other.yaml'] });
    assert.equal((await ask()).objects.length, 1);
  });

  test('a generator that comes to recognise the folder takes it over without a commit', async () => {
    const repoURL = await server.createRepository('late', { 'app/cm.yaml': configMap('plain') });
    let there = false;
    const late: Generator = {
      ...spy(async () => '').generator,
      detect: async () => there,
      detectVersion: async () => (there ? 'there' : ''),
    };
    const source = open(late);
    const types = async () =>
      (await source.manifests(requestFor([{ repoURL, path: 'app' }]), signal)).sourceTypes;
    assert.deepEqual(await types(), ['Directory']);
    there = true;
    assert.deepEqual(await types(), ['Spy']);
    there = false;
    assert.deepEqual(await types(), ['Directory']);
  });

  test('a link that is turned to another file renders anew', async () => {
    const repoURL = await server.createRepository('linked', {
      'app/cm.yaml': { linkTo: '../shared/hop' },
      'shared/hop': { linkTo: 'one.yaml' },
      'shared/one.yaml': configMap('one'),
      'shared/two.yaml': configMap('two'),
    });
    const source = open();
    const ask = async () => {
      const request = requestFor([{ repoURL, path: 'app' }]);
      return (await source.manifests(request, signal)).objects[0]?.metadata.name;
    };
    assert.equal(await ask(), 'one');
    await server.commit('linked', { files: { 'shared/hop': { linkTo: 'two.yaml' } } });
    assert.equal(await ask(), 'two');
  });

  test('renders again only for the facts that the render asked for', async () => {
    const repoURL = await server.createRepository('facts', { 'app/spy': '', other: '1' });
    const asks: { fact: keyof GenerateRequest | undefined } = { fact: undefined };
    const watching = spy(async (request) =>
      asks.fact === undefined ? '' : String(request[asks.fact]),
    );
    const source = open(watching.generator);
    const ask = (changes: Partial<ManifestRequest> = {}) =>
      source.manifests(requestFor([{ repoURL, path: 'app' }], changes), signal);

    const first = await ask();
    const elsewhere = await ask({ project: 'x', kubeVersion: 'v1.40.0', apiVersions: ['z/v1'] });
    assert.equal(watching.renders, 1);
    assert.equal(elsewhere.objects, first.objects);

    for (const [fact, change] of [
      ['project', { project: 'y' }],
      ['kubeVersion', { kubeVersion: 'v1.41.0' }],
      ['apiVersions', { apiVersions: ['y/v1'] }],
    ] as const) {
      asks.fact = fact;
      await ask({ freshManifests: true });
      const renders: number = watching.renders;
      await ask();
      assert.equal(watching.renders, renders, `${fact} is the same`);
      await ask(change);
      assert.equal(watching.renders, renders + 1, `${fact} is another`);
    }

    asks.fact = 'revision';
    await ask({ freshManifests: true });
    const renders: number = watching.renders;
    await ask();
    assert.equal(watching.renders, renders);
    await server.commit('facts', { files: { other: '2' } });
    await ask();
    assert.equal(watching.renders, renders + 1);
  });

  test('a base of another repository counts by the commit that its revision stands for', async () => {
    const repoURL = await server.createRepository('based', { 'app/spy': '' });
    const base = await server.createRepository('the-base', { a: '1' });
    const pinned = await server.revision('the-base');
    await server.tag('the-base', 'v1.0.0');
    const { generator: inner } = spy(async () => '');
    let renders = 0;
    const reading = (revision: string): Generator => ({
      ...inner,
      async generate(_request, stop) {
        renders += 1;
        const how = { fresh: false };
        const commit = await repositories.resolve(base, revision, how, stop);
        const metadata = { name: 'spy', annotations: { commit } };
        const objects = [{ apiVersion: 'v1', kind: 'ConfigMap', metadata }];
        return { objects, readSet: [], others: [{ repoUrl: base, revision, commit }] };
      },
    });
    const stores = [keptTexts()];
    const sourceOf = (revision: string) => openWith({ stores }, reading(revision));
    const ask = async (source: ManifestSource, changes: Partial<ManifestRequest> = {}) => {
      const request = requestFor([{ repoURL, path: 'app' }], changes);
      const { objects } = await source.manifests(request, signal);
      return objects[0]?.metadata.annotations?.['commit'];
    };
    const source = sourceOf('v1.x');
    assert.equal(await ask(source), pinned);
    assert.equal(await ask(source), pinned);
    assert.equal(renders, 1);
    assert.deepEqual(source.othersRead?.('web'), [
      { repoUrl: base, revision: 'v1.x', commit: pinned },
    ]);

    const next = await server.commit('the-base', { files: { a: '2' } });
    assert.equal(await ask(source), pinned, 'the range stands for the same commit');
    assert.equal(renders, 1);
    await server.tag('the-base', 'v1.1.0', { commit: next });
    assert.equal(await ask(source, { freshRevisions: false }), pinned, 'nobody asked the server');
    assert.equal(await ask(source), next);
    assert.equal(renders, 2);

    // What was kept is held against the base too.
    assert.equal(await ask(sourceOf('v1.x')), next);
    assert.equal(renders, 2);
    await server.tag('the-base', 'v1.2.0', { commit: pinned });
    assert.equal(await ask(sourceOf('v1.x')), pinned);
    assert.equal(renders, 3);

    await server.tag('the-base', 'v1.3.0', { commit: next });
    assert.equal(await ask(source, { freshManifests: true, freshRevisions: false }), next);
    renders = 0;
    server.behave('fail', 'the-base');
    try {
      assert.equal(await ask(source), next, 'what cannot be asked takes nothing away');
      assert.equal(renders, 0);
    } finally {
      server.behave('serve', 'the-base');
    }
  });

  test('a render that failed by a base is tried again once the base has another commit', async () => {
    const repoURL = await server.createRepository('spoilt', { 'app/spy': '' });
    const base = await server.createRepository('spoilt-base', { a: '1' });
    let broken = '';
    let renders = 0;
    const { generator: inner } = spy(async () => '');
    const reading: Generator = {
      ...inner,
      async generate(_request, stop) {
        renders += 1;
        const commit = await repositories.resolve(base, 'main', { fresh: false }, stop);
        if (commit === broken) throw new TiphysError('RenderFailed', 'the base is broken');
        const metadata = { name: 'spy', annotations: { commit } };
        const objects = [{ apiVersion: 'v1', kind: 'ConfigMap', metadata }];
        return { objects, readSet: [], others: [{ repoUrl: base, revision: 'main', commit }] };
      },
    };
    const pause = { afterFailures: 1, forMs: 3_600_000, forRequests: 0 };
    const limits = { maxCacheBytes: 10_000_000, failureMs: 0, pause };
    const source = openWith({ limits }, reading);
    const ask = async () => {
      const request = requestFor([{ repoURL, path: 'app' }]);
      return (await source.manifests(request, signal)).objects[0]?.metadata.annotations?.['commit'];
    };
    await ask();
    broken = await server.commit('spoilt-base', { files: { a: '2' } });
    await assert.rejects(ask(), /the base is broken/);
    await assert.rejects(ask(), /\(cached\): .*the base is broken/);
    assert.equal(renders, 2);
    const mended = await server.commit('spoilt-base', { files: { a: '3' } });
    assert.equal(await ask(), mended);
    assert.equal(renders, 3);
  });

  test('a file that was looked for and not found counts when it appears', async () => {
    const repoURL = await server.createRepository('absent', { 'app/spy': '' });
    const watching = spy(async ({ tree }) =>
      (await tree.entry('shared/extra', signal)) === undefined ? 'no' : 'yes',
    );
    const source = open(watching.generator);
    const ask = () => source.manifests(requestFor([{ repoURL, path: 'app' }]), signal);
    const value = async () => (await ask()).objects[0]?.metadata.annotations?.['value'];
    assert.equal(await value(), 'no');
    await server.commit('absent', { files: { 'shared/other': '' } });
    assert.equal(await value(), 'no');
    assert.equal(watching.renders, 1);
    await server.commit('absent', { files: { 'shared/extra': '' } });
    assert.equal(await value(), 'yes');
  });

  test('many who ask at once share one render', async () => {
    const repoURL = await server.createRepository('many', { 'app/spy': '' });
    const watching = spy(async () => {
      await systemClock.sleep(20, signal);
      return '';
    });
    const source = open(watching.generator);
    const asking = Array.from({ length: 20 }, () =>
      source.manifests(requestFor([{ repoURL, path: 'app' }]), signal),
    );
    await Promise.all(asking);
    assert.equal(watching.renders, 1);
  });

  test('a failure of the content is remembered for its commit, a hard refresh tries again', async () => {
    const repoURL = await server.createRepository('broken', { 'app/spy': '' });
    const watching = spy(async () => {
      throw new TiphysError('RenderFailed', 'no');
    });
    const source = open(watching.generator);
    const ask = (changes: Partial<ManifestRequest> = {}) =>
      assert.rejects(
        source.manifests(requestFor([{ repoURL, path: 'app' }], changes), signal),
        (error) => hasCode(error, 'RenderFailed'),
      );
    await ask();
    await ask();
    assert.equal(watching.renders, 1);
    await ask({ freshManifests: true });
    assert.equal(watching.renders, 2);
    await server.commit('broken', { files: { x: '' } });
    await ask();
    assert.equal(watching.renders, 3);
  });

  test('several sources come in order, and refs lend their files', async () => {
    const repoURL = await server.createRepository('several', {
      'one/cm.yaml': configMap('one'),
      'two/spy': '',
      'values/x': 'lent',
    });
    const watching = spy(async ({ refs }) => {
      const file = await refs.get('cfg')?.read('values/x', { maxBytes: 99 }, signal);
      return String(file);
    });
    const source = open(watching.generator);
    const sources = [
      { repoURL, path: 'one' },
      { repoURL, ref: 'cfg' },
      { repoURL, path: 'two' },
    ];
    const first = await source.manifests(requestFor(sources), signal);
    assert.equal(first.revisions.length, 3);
    assert.deepEqual(first.sourceTypes, ['Directory', 'Spy']);
    assert.deepEqual(
      first.objects.map(({ metadata }) => metadata.name),
      ['one', 'spy'],
    );
    assert.equal(first.objects[1]?.metadata.annotations?.['value'], 'lent');

    await server.commit('several', { files: { unrelated: '' } });
    assert.equal((await source.manifests(requestFor(sources), signal)).objects, first.objects);
    await server.commit('several', { files: { 'values/x': 'changed' } });
    const changed = await source.manifests(requestFor(sources), signal);
    assert.equal(changed.objects[1]?.metadata.annotations?.['value'], 'changed');

    await assert.rejects(
      source.manifests(requestFor([...sources, { repoURL, path: 'nowhere' }]), signal),
      /source 4 of 4: nowhere: app path does not exist/,
    );
  });

  test('overrides in the folder are merged, but cannot move the source', async () => {
    const repoURL = await server.createRepository('overrides', {
      'app/a.yaml': configMap('a'),
      'app/sub/b.yaml': configMap('b'),
      'app/.argocd-source.yaml': 'directory: {recurse: true}\npath: elsewhere\n',
      'app/.argocd-source-api.yaml': 'directory: {exclude: "*b.yaml"}\n',
    });
    const source = open();
    const names = async (instance: string) => {
      const request = requestFor([{ repoURL, path: 'app' }], { instance });
      const { objects } = await source.manifests(request, signal);
      return objects.map(({ metadata }) => metadata.name);
    };
    assert.deepEqual(await names('web'), ['a', 'b']);
    assert.deepEqual(await names('api'), ['a']);
  });

  const refused: readonly (readonly [string, Omit<ApplicationSource, 'repoURL'>, RegExp])[] = [
    ['a missing folder', { path: 'nope' }, /: nope: app path does not exist/],
    ['a file', { path: 'app/spy' }, /: app\/spy: app path is not a directory/],
    ['an absolute path', { path: '/app' }, /: \/app: app path is absolute/],
    ['a path that leads outside', { path: 'app/../../x' }, /app path outside root/],
    ['no path at all', {}, /spec\.source\.path or spec\.source\.chart are required/],
    ['a chart', { chart: 'redis' }, /spec\.source\.chart: .* not supported yet/],
    [
      'two types',
      { path: 'app', helm: { releaseName: 'x' }, directory: { recurse: true } },
      /multiple application sources defined: Helm,Directory/,
    ],
  ];
  for (const [name, fields, message] of refused) {
    test(`${name} is refused by name`, async () => {
      const known = await server.createRepository(`refused-${name.replaceAll(' ', '-')}`, {
        'app/spy': '',
      });
      await assert.rejects(
        open().manifests(requestFor([{ repoURL: known, ...fields }]), signal),
        message,
      );
    });
  }

  test('an artifact without a revision is refused by name', async () => {
    await assert.rejects(
      open().manifests(requestFor([{ repoURL: 'oci://r/x', path: '.' }]), signal),
      /spec\.source\.targetRevision is required if the source is an OCI artifact/,
    );
  });

  test('after a restart an unchanged commit renders nothing and opens no tree', async () => {
    const repoURL = await server.createRepository('restart', { 'app/spy': '', 'app/a': 'one' });
    const store = keptTexts();
    const looker = () =>
      spy(async ({ tree }) => (await tree.read('app/a', { maxBytes: 100 }, signal)).toString());
    const request = requestFor([{ repoURL, path: 'app' }]);
    const before = looker();
    const first = await openWith({ stores: [store] }, before.generator).manifests(request, signal);
    let opened = 0;
    const counting: SourceRepositories = {
      ...repositories,
      tree(...args) {
        opened += 1;
        return repositories.tree(...args);
      },
    };
    const after = looker();
    const restarted = openWith({ stores: [store], repositories: counting }, after.generator);
    const second = await restarted.manifests(request, signal);
    assert.deepEqual([second.objects, second.revisions], [first.objects, first.revisions]);
    assert.deepEqual([before.renders, after.renders, opened], [1, 0, 0]);
    assert.ok(Object.isFrozen(second.objects[0]?.metadata), 'what comes from the store is frozen');

    await server.commit('restart', { files: { 'elsewhere/b': 'two' } });
    const moved = await restarted.manifests(request, signal);
    assert.equal(moved.objects, second.objects, 'a commit that touches nothing read');
    await server.commit('restart', { files: { 'app/a': 'other' } });
    const changed = await restarted.manifests(request, signal);
    assert.equal(changed.objects[0]?.metadata.annotations?.['value'], 'other');
    assert.equal(after.renders, 1);
  });

  test('what is kept counts for the same program, the same cluster and a day', async () => {
    const repoURL = await server.createRepository('facts', { 'app/spy': '' });
    const store = keptTexts();
    const looker = (version: string) => {
      const one = spy(async ({ apiVersions }) => apiVersions.join());
      return { one, generator: { ...one.generator, version: async () => version } };
    };
    const request = requestFor([{ repoURL, path: 'app' }]);
    const rendersAgain = async (
      options: Partial<ManifestSourceOptions>,
      version = 'spy 1',
      changes: Partial<ManifestRequest> = {},
    ) => {
      const { one, generator } = looker(version);
      const source = openWith({ stores: [store], ...options }, generator);
      await source.manifests({ ...request, ...changes }, signal);
      return one.renders === 1;
    };
    assert.equal(await rendersAgain({}), true);
    assert.equal(await rendersAgain({}), false);
    assert.equal(await rendersAgain({}, 'spy 1', { kubeVersion: 'v1.40.0' }), false, 'never asked');
    assert.equal(await rendersAgain({}, 'spy 1', { apiVersions: ['v1'] }), true);
    assert.equal(await rendersAgain({}, 'spy 2'), true);
    assert.equal(await rendersAgain({}, 'spy 2'), false);
    assert.equal(await rendersAgain({}, 'spy 2', { project: 'another' }), false);
    const tomorrow = { ...systemClock, now: () => Date.now() + 86_400_001 };
    assert.equal(await rendersAgain({ clock: tomorrow }, 'spy 2'), true);
    store.texts.clear();
    assert.equal(await rendersAgain({}, 'spy 2'), true, 'a miss');
  });

  test('what another project may read is looked up in the repository, not in the cache', async () => {
    const repoURL = await server.createRepository('scoped', { 'app/a.yaml': configMap('a') });
    const store = keptTexts();
    const request = requestFor([{ repoURL, path: 'app' }]);
    const { revisions } = await openWith({ stores: [store] }).manifests(request, signal);
    const closed: SourceRepositories = {
      ...repositories,
      async tree() {
        throw new TiphysError('GitAuthFailed', 'not for this project');
      },
    };
    const pinned = { ...request, revisions, project: 'stranger' };
    const source = openWith({ stores: [store], repositories: closed });
    await assert.rejects(source.manifests(pinned, signal), /not for this project/);
  });

  test('three failures in a row begin a pause; a hard refresh and a commit end it', async () => {
    const repoURL = await server.createRepository('failing', { 'app/spy': '' });
    const failing = spy(async () => {
      throw new TiphysError('Timeout', 'the plugin did not answer');
    });
    let now = 0;
    const clock = { ...systemClock, monotonic: () => now };
    const source = openWith({ clock }, failing.generator);
    const request = requestFor([{ repoURL, path: 'app' }]);
    const messageOf = async (changes: Partial<ManifestRequest> = {}) => {
      const asked = source.manifests({ ...request, ...changes }, signal);
      return await asked.then(
        () => 'rendered',
        (error: Error) => error.message,
      );
    };
    for (const _attempt of [1, 2, 3]) assert.equal(await messageOf(), 'the plugin did not answer');
    assert.equal(failing.renders, 3);
    const paused = 'Manifest generation error (cached): the plugin did not answer';
    assert.equal(await messageOf(), paused);
    assert.equal(await messageOf({ project: 'another' }), 'the plugin did not answer', 'its own');
    const before = failing.renders;
    assert.equal(await messageOf({ freshManifests: true }), 'the plugin did not answer');
    assert.equal(failing.renders, before + 1);
    assert.equal(await messageOf(), paused);
    now = 3_600_000;
    assert.equal(await messageOf(), 'the plugin did not answer', 'an hour after the first');
    await server.commit('failing', { files: { 'app/other': 'x' } });
    assert.equal(await messageOf(), 'the plugin did not answer');
    assert.equal(failing.renders, before + 3);
  });
});
