import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ApplicationSource } from '../../core/app/types.ts';
import {
  configMap,
  type ManifestWorld,
  requestFor,
  spy,
  startManifestWorld,
} from './testing/manifest-world.ts';

const signal = AbortSignal.timeout(120_000);

describe('the manifest source', () => {
  let world: ManifestWorld;
  before(async () => {
    world = await startManifestWorld(signal);
  });
  after(() => world[Symbol.asyncDispose]());

  test('several sources come in order, and refs lend their files', async () => {
    const repoURL = await world.server.createRepository('several', {
      'one/cm.yaml': configMap('one'),
      'two/spy': '',
      'values/x': 'lent',
    });
    const watching = spy(async ({ refs }) => {
      const file = await refs.get('cfg')?.read('values/x', { maxBytes: 99 }, signal);
      return String(file);
    });
    const source = world.open(watching.generator);
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

    await world.server.commit('several', { files: { unrelated: '' } });
    assert.equal((await source.manifests(requestFor(sources), signal)).objects, first.objects);
    await world.server.commit('several', { files: { 'values/x': 'changed' } });
    const changed = await source.manifests(requestFor(sources), signal);
    assert.equal(changed.objects[1]?.metadata.annotations?.['value'], 'changed');

    await assert.rejects(
      source.manifests(requestFor([...sources, { repoURL, path: 'nowhere' }]), signal),
      /source 4 of 4: nowhere: app path does not exist/,
    );
  });

  test('versions and ranges are looked for among the tags of tagPrefix', async () => {
    const repoURL = await world.server.createRepository('prefixed', { 'a.yaml': configMap('old') });
    await world.server.tag('prefixed', 'web-1.0.0');
    await world.server.commit('prefixed', { files: { 'a.yaml': configMap('new') } });
    await world.server.tag('prefixed', 'web-1.1.0', { message: 'annotated' });
    await world.server.commit('prefixed', { files: { 'a.yaml': configMap('other') } });
    await world.server.tag('prefixed', '1.9.0');
    const source = world.open();
    const nameAt = async (targetRevision: string, tagPrefix?: string, asked = '') => {
      const request = requestFor([{ repoURL, path: '.', targetRevision, tagPrefix }]);
      const { objects } = await source.manifests({ ...request, revisions: [asked] }, signal);
      return objects[0]?.metadata.name;
    };
    assert.equal(await nameAt('1.x', 'web-'), 'new');
    assert.equal(await nameAt('1.0.0', 'web-'), 'old');
    assert.equal(await nameAt('1.x'), 'other');
    assert.equal(await nameAt('main', 'web-'), 'other');
    assert.equal(await nameAt('main', 'web-', '1.0.0'), 'old');
    await assert.rejects(nameAt('2.x', 'web-'), /unable to resolve '2\.x'.*tagPrefix 'web-'/);
    await assert.rejects(nameAt('web-:1.x'), /unable to resolve 'web-:1\.x'/);
  });

  test('refs may be two revisions of one repository, also of that which is rendered', async () => {
    const repoURL = await world.server.createRepository('twice', { 'app/spy': '', v: 'old' });
    await world.server.tag('twice', 'before');
    await world.server.commit('twice', { files: { v: 'new' } });
    const watching = spy(async ({ refs }) => {
      const read = (name: string) => refs.get(name)?.read('v', { maxBytes: 9 }, signal);
      return `${String(await read('a'))} ${String(await read('b'))}`;
    });
    const sources = [
      { repoURL, ref: 'a', targetRevision: 'before' },
      { repoURL, ref: 'b', targetRevision: 'main' },
      { repoURL, path: 'app', targetRevision: 'before' },
    ];
    const { objects } = await world.open(watching.generator).manifests(requestFor(sources), signal);
    assert.equal(objects[0]?.metadata.annotations?.['value'], 'old new');
  });

  test('overrides in the folder are merged, but cannot move the source', async () => {
    const repoURL = await world.server.createRepository('overrides', {
      'app/a.yaml': configMap('a'),
      'app/sub/b.yaml': configMap('b'),
      'app/.argocd-source.yaml': 'directory: {recurse: true}\npath: elsewhere\n',
      'app/.argocd-source-api.yaml': 'directory: {exclude: "*b.yaml"}\n',
    });
    const source = world.open();
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
      const known = await world.server.createRepository(`refused-${name.replaceAll(' ', '-')}`, {
        'app/spy': '',
      });
      await assert.rejects(
        world.open().manifests(requestFor([{ repoURL: known, ...fields }]), signal),
        message,
      );
    });
  }

  test('an artifact without a revision is refused by name', async () => {
    await assert.rejects(
      world.open().manifests(requestFor([{ repoURL: 'oci://r/x', path: '.' }]), signal),
      /spec\.source\.targetRevision is required if the source is an OCI artifact/,
    );
  });
});
