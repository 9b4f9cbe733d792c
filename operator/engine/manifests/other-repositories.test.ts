import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Generator } from '../../../generators/index.ts';
import { TiphysError } from '../../core/errors.ts';
import type { ManifestRequest, ManifestSource } from '../../ports/manifest-source.ts';
import {
  keptTexts,
  type ManifestWorld,
  requestFor,
  spy,
  startManifestWorld,
} from './testing/manifest-world.ts';

const signal = AbortSignal.timeout(120_000);

describe('what other repositories lend to a render', () => {
  let world: ManifestWorld;
  before(async () => {
    world = await startManifestWorld(signal);
  });
  after(() => world[Symbol.asyncDispose]());

  test('a base of another repository counts by the commit that its revision stands for', async () => {
    const repoURL = await world.server.createRepository('based', { 'app/spy': '' });
    const base = await world.server.createRepository('the-base', { a: '1' });
    const pinned = await world.server.revision('the-base');
    await world.server.tag('the-base', 'v1.0.0');
    const { generator: inner } = spy(async () => '');
    let renders = 0;
    const reading = (revision: string): Generator => ({
      ...inner,
      async generate(_request, stop) {
        renders += 1;
        const how = { fresh: false };
        const commit = await world.repositories.resolve(base, revision, how, stop);
        const metadata = { name: 'spy', annotations: { commit } };
        const objects = [{ apiVersion: 'v1', kind: 'ConfigMap', metadata }];
        return { objects, readSet: [], others: [{ repoUrl: base, revision, commit }] };
      },
    });
    const stores = [keptTexts()];
    const sourceOf = (revision: string) => world.openWith({ stores }, reading(revision));
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

    const next = await world.server.commit('the-base', { files: { a: '2' } });
    assert.equal(await ask(source), pinned, 'the range stands for the same commit');
    assert.equal(renders, 1);
    await world.server.tag('the-base', 'v1.1.0', { commit: next });
    assert.equal(await ask(source, { freshRevisions: false }), pinned, 'nobody asked the server');
    assert.equal(await ask(source), next);
    assert.equal(renders, 2);

    // What was kept is held against the base too.
    assert.equal(await ask(sourceOf('v1.x')), next);
    assert.equal(renders, 2);
    await world.server.tag('the-base', 'v1.2.0', { commit: pinned });
    assert.equal(await ask(sourceOf('v1.x')), pinned);
    assert.equal(renders, 3);

    await world.server.tag('the-base', 'v1.3.0', { commit: next });
    assert.equal(await ask(source, { freshManifests: true, freshRevisions: false }), next);
    renders = 0;
    world.server.behave('fail', 'the-base');
    try {
      assert.equal(await ask(source), next, 'what cannot be asked takes nothing away');
      assert.equal(renders, 0);
    } finally {
      world.server.behave('serve', 'the-base');
    }
  });

  test('a render that failed by a base is tried again once the base has another commit', async () => {
    const repoURL = await world.server.createRepository('spoilt', { 'app/spy': '' });
    const base = await world.server.createRepository('spoilt-base', { a: '1' });
    let broken = '';
    let renders = 0;
    const { generator: inner } = spy(async () => '');
    const reading: Generator = {
      ...inner,
      async generate(_request, stop) {
        renders += 1;
        const commit = await world.repositories.resolve(base, 'main', { fresh: false }, stop);
        if (commit === broken) throw new TiphysError('RenderFailed', 'the base is broken');
        const metadata = { name: 'spy', annotations: { commit } };
        const objects = [{ apiVersion: 'v1', kind: 'ConfigMap', metadata }];
        return { objects, readSet: [], others: [{ repoUrl: base, revision: 'main', commit }] };
      },
    };
    const pause = { afterFailures: 1, forMs: 3_600_000, forRequests: 0 };
    const limits = { maxCacheBytes: 10_000_000, failureMs: 0, pause };
    const source = world.openWith({ limits }, reading);
    const ask = async () => {
      const request = requestFor([{ repoURL, path: 'app' }]);
      return (await source.manifests(request, signal)).objects[0]?.metadata.annotations?.['commit'];
    };
    await ask();
    broken = await world.server.commit('spoilt-base', { files: { a: '2' } });
    await assert.rejects(ask(), /the base is broken/);
    await assert.rejects(ask(), /\(cached\): .*the base is broken/);
    assert.equal(renders, 2);
    const mended = await world.server.commit('spoilt-base', { files: { a: '3' } });
    assert.equal(await ask(), mended);
    assert.equal(renders, 3);
  });
});
