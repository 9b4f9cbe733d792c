import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasCode, TiphysError } from '../../core/errors.ts';
import type { ManifestRequest } from '../../ports/manifest-source.ts';
import { systemClock } from '../../runtime/clock.ts';
import {
  type ManifestWorld,
  requestFor,
  spy,
  startManifestWorld,
} from './testing/manifest-world.ts';

const signal = AbortSignal.timeout(120_000);

describe('renders that fail', () => {
  let world: ManifestWorld;
  before(async () => {
    world = await startManifestWorld(signal);
  });
  after(() => world[Symbol.asyncDispose]());

  test('a failure of the content is remembered for its commit, a hard refresh tries again', async () => {
    const repoURL = await world.server.createRepository('broken', { 'app/spy': '' });
    const watching = spy(async () => {
      throw new TiphysError('RenderFailed', 'no');
    });
    const source = world.open(watching.generator);
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
    await world.server.commit('broken', { files: { x: '' } });
    await ask();
    assert.equal(watching.renders, 3);
  });

  test('three failures in a row begin a pause; a hard refresh and a commit end it', async () => {
    const repoURL = await world.server.createRepository('failing', { 'app/spy': '' });
    const failing = spy(async () => {
      throw new TiphysError('Timeout', 'the plugin did not answer');
    });
    let now = 0;
    const clock = { ...systemClock, monotonic: () => now };
    const source = world.openWith({ clock }, failing.generator);
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
    await world.server.commit('failing', { files: { 'app/other': 'x' } });
    assert.equal(await messageOf(), 'the plugin did not answer');
    assert.equal(failing.renders, before + 3);
  });
});
