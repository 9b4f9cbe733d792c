import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TiphysError } from '../../core/errors.ts';
import type { ManifestRequest } from '../../ports/manifest-source.ts';
import type { SourceRepositories } from '../../ports/source-repositories.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { ManifestSourceOptions } from './manifest-source.ts';
import {
  configMap,
  keptTexts,
  type ManifestWorld,
  requestFor,
  spy,
  startManifestWorld,
} from './testing/manifest-world.ts';

const signal = AbortSignal.timeout(120_000);

describe('renders that a store has kept', () => {
  let world: ManifestWorld;
  before(async () => {
    world = await startManifestWorld(signal);
  });
  after(() => world[Symbol.asyncDispose]());

  test('after a restart an unchanged commit renders nothing and opens no tree', async () => {
    const repoURL = await world.server.createRepository('restart', {
      'app/spy': '',
      'app/a': 'one',
    });
    const store = keptTexts();
    const looker = () =>
      spy(async ({ tree }) => (await tree.read('app/a', { maxBytes: 100 }, signal)).toString());
    const request = requestFor([{ repoURL, path: 'app' }]);
    const before = looker();
    const first = await world
      .openWith({ stores: [store] }, before.generator)
      .manifests(request, signal);
    let opened = 0;
    const counting: SourceRepositories = {
      ...world.repositories,
      tree(...args) {
        opened += 1;
        return world.repositories.tree(...args);
      },
    };
    const after = looker();
    const restarted = world.openWith({ stores: [store], repositories: counting }, after.generator);
    const second = await restarted.manifests(request, signal);
    assert.deepEqual([second.objects, second.revisions], [first.objects, first.revisions]);
    assert.deepEqual([before.renders, after.renders, opened], [1, 0, 0]);
    assert.ok(Object.isFrozen(second.objects[0]?.metadata), 'what comes from the store is frozen');

    await world.server.commit('restart', { files: { 'elsewhere/b': 'two' } });
    const moved = await restarted.manifests(request, signal);
    assert.equal(moved.objects, second.objects, 'a commit that touches nothing read');
    await world.server.commit('restart', { files: { 'app/a': 'other' } });
    const changed = await restarted.manifests(request, signal);
    assert.equal(changed.objects[0]?.metadata.annotations?.['value'], 'other');
    assert.equal(after.renders, 1);
  });

  test('what is kept counts for the same program, the same cluster and a day', async () => {
    const repoURL = await world.server.createRepository('facts', { 'app/spy': '' });
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
      const source = world.openWith({ stores: [store], ...options }, generator);
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
    const repoURL = await world.server.createRepository('scoped', { 'app/a.yaml': configMap('a') });
    const store = keptTexts();
    const request = requestFor([{ repoURL, path: 'app' }]);
    const { revisions } = await world.openWith({ stores: [store] }).manifests(request, signal);
    const closed: SourceRepositories = {
      ...world.repositories,
      async tree() {
        throw new TiphysError('GitAuthFailed', 'not for this project');
      },
    };
    const pinned = { ...request, revisions, project: 'stranger' };
    const source = world.openWith({ stores: [store], repositories: closed });
    await assert.rejects(source.manifests(pinned, signal), /not for this project/);
  });
});
