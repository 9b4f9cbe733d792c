import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { GenerateRequest, Generator } from '../../../generators/index.ts';
import type { ManifestRequest } from '../../ports/manifest-source.ts';
import { systemClock } from '../../runtime/clock.ts';
import {
  configMap,
  type ManifestWorld,
  requestFor,
  spy,
  startManifestWorld,
} from './testing/manifest-world.ts';

const signal = AbortSignal.timeout(120_000);

describe('a render is used again for as long as it holds', () => {
  let world: ManifestWorld;
  before(async () => {
    world = await startManifestWorld(signal);
  });
  after(() => world[Symbol.asyncDispose]());

  test('a commit elsewhere gives the same objects, a commit here new ones', async () => {
    const repoURL = await world.server.createRepository('mono', {
      'apps/a/cm.yaml': configMap('a'),
      'apps/a/other.yaml': configMap('other'),
      'apps/b/cm.yaml': configMap('b'),
    });
    const source = world.open();
    const ask = () => source.manifests(requestFor([{ repoURL, path: 'apps/a' }]), signal);
    const first = await ask();
    assert.deepEqual(
      first.objects.map(({ metadata }) => metadata.name),
      ['a', 'other'],
    );
    assert.deepEqual(first.sourceTypes, ['Directory']);

    const second = await world.server.commit('mono', {
      files: { 'apps/b/cm.yaml': configMap('b2') },
    });
    const elsewhere = await ask();
    assert.equal(elsewhere.objects, first.objects);
    assert.deepEqual(elsewhere.revisions, [second]);

    await world.server.commit('mono', { files: { 'apps/a/README.md': 'hello' } });
    assert.equal((await ask()).objects, first.objects);

    await world.server.commit('mono', { files: { 'apps/a/cm.yaml': configMap('a2') } });
    const here = await ask();
    assert.deepEqual(
      here.objects.map(({ metadata }) => metadata.name),
      ['a2', 'other'],
    );
    assert.equal(here.objects[1], first.objects[1], 'an object that did not change stays the same');
    assert.equal(Object.isFrozen(here.objects[0]?.metadata), true);

    await world.server.commit('mono', { files: { 'apps/a/new.yaml': configMap('new') } });
    assert.equal((await ask()).objects.length, 3);
    await world.server.commit('mono', { remove: ['apps/a/new.yaml', 'apps/a/other.yaml'] });
    assert.equal((await ask()).objects.length, 1);
  });

  test('a generator is asked for its version once for all that look at the same moment, and again later', async () => {
    const repoURL = await world.server.createRepository('versions', { 'app/spy': '' });
    const one = spy(async () => 'seen');
    let asked = 0;
    let version = 'spy 1';
    const generator: Generator = {
      ...one.generator,
      async version() {
        asked += 1;
        return version;
      },
    };
    let nowMs = 1_000_000;
    const clock = { ...systemClock, monotonic: () => nowMs };
    const source = world.openWith({ clock }, generator);
    const ask = () => source.manifests(requestFor([{ repoURL, path: 'app' }]), signal);
    await ask();
    const [rendered, before] = [one.renders, asked];
    for (let look = 0; look < 100; look += 1) await ask();
    assert.deepEqual([one.renders - rendered, asked - before], [0, 1]);
    version = 'spy 2';
    nowMs += 1_000;
    await ask();
    assert.equal(one.renders - rendered, 1, 'a program that was replaced renders anew');
  });

  test('a file that was looked for and not found counts when it appears', async () => {
    const repoURL = await world.server.createRepository('absent', { 'app/spy': '' });
    const watching = spy(async ({ tree }) =>
      (await tree.entry('shared/extra', signal)) === undefined ? 'no' : 'yes',
    );
    const source = world.open(watching.generator);
    const ask = () => source.manifests(requestFor([{ repoURL, path: 'app' }]), signal);
    const value = async () => (await ask()).objects[0]?.metadata.annotations?.['value'];
    assert.equal(await value(), 'no');
    await world.server.commit('absent', { files: { 'shared/other': '' } });
    assert.equal(await value(), 'no');
    assert.equal(watching.renders, 1);
    await world.server.commit('absent', { files: { 'shared/extra': '' } });
    assert.equal(await value(), 'yes');
  });

  test('a link that is turned to another file renders anew', async () => {
    const repoURL = await world.server.createRepository('linked', {
      'app/cm.yaml': { linkTo: '../shared/hop' },
      'shared/hop': { linkTo: 'one.yaml' },
      'shared/one.yaml': configMap('one'),
      'shared/two.yaml': configMap('two'),
    });
    const source = world.open();
    const ask = async () => {
      const request = requestFor([{ repoURL, path: 'app' }]);
      return (await source.manifests(request, signal)).objects[0]?.metadata.name;
    };
    assert.equal(await ask(), 'one');
    await world.server.commit('linked', { files: { 'shared/hop': { linkTo: 'two.yaml' } } });
    assert.equal(await ask(), 'two');
  });

  test('renders again only for the facts that the render asked for', async () => {
    const repoURL = await world.server.createRepository('facts', { 'app/spy': '', other: '1' });
    const asks: { fact: keyof GenerateRequest | undefined } = { fact: undefined };
    const watching = spy(async (request) =>
      asks.fact === undefined ? '' : String(request[asks.fact]),
    );
    const source = world.open(watching.generator);
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
    await world.server.commit('facts', { files: { other: '2' } });
    await ask();
    assert.equal(watching.renders, renders + 1);
  });

  test('a generator that comes to recognise the folder takes it over without a commit', async () => {
    const repoURL = await world.server.createRepository('late', {
      'app/cm.yaml': configMap('plain'),
    });
    let there = false;
    const late: Generator = {
      ...spy(async () => '').generator,
      detect: async () => there,
      detectVersion: async () => (there ? 'there' : ''),
    };
    const source = world.open(late);
    const types = async () =>
      (await source.manifests(requestFor([{ repoURL, path: 'app' }]), signal)).sourceTypes;
    assert.deepEqual(await types(), ['Directory']);
    there = true;
    assert.deepEqual(await types(), ['Spy']);
    there = false;
    assert.deepEqual(await types(), ['Directory']);
  });

  test('many who ask at once share one render', async () => {
    const repoURL = await world.server.createRepository('many', { 'app/spy': '' });
    const watching = spy(async () => {
      await systemClock.sleep(20, signal);
      return '';
    });
    const source = world.open(watching.generator);
    const asking = Array.from({ length: 20 }, () =>
      source.manifests(requestFor([{ repoURL, path: 'app' }]), signal),
    );
    await Promise.all(asking);
    assert.equal(watching.renders, 1);
  });
});
