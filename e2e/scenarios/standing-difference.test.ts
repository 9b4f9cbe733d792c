import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestApplication } from '../language/application.ts';
import { met, pending, type Expectation } from '../language/expectation.ts';
import { howMany, isRefreshed, requestsFor } from '../language/stillness.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment } from './manifests.ts';

// What a difference costs that nobody may fix: automated sync is off, and objects stay as they are.

const signal = AbortSignal.timeout(600_000);
const COUNT = 100;

describe('a hundred objects that differ', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const names = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(3, '0')}`);

  /** Dry runs of one Application, by kind or altogether. */
  const dryRuns = async (app: TestApplication, kind?: string) =>
    howMany(await requestsFor(world, app, signal), {
      dryRun: true,
      ...(kind === undefined ? {} : { kind }),
    });

  const differing =
    (app: TestApplication, wanted: number): Expectation =>
    async () => {
      const status = (await app.read(signal))?.['status'] as
        | { readonly resources?: readonly { readonly status?: string }[] }
        | undefined;
      const count = (status?.resources ?? []).filter(
        (resource) => resource.status === 'OutOfSync',
      ).length;
      return count === wanted ? met(`${wanted} differ`) : pending(`${count} of ${wanted} differ`);
    };

  async function lookAgain(app: TestApplication, times: number): Promise<void> {
    for (let round = 0; round < times; round += 1) {
      await world.when(app.refreshed(round % 2 === 0 ? 'normal' : 'hard'));
      await world.thenEventually(isRefreshed(app), app.isOutOfSync());
    }
  }

  test('one request each, until one of them changes', async () => {
    const objects = names('cm', COUNT);
    const files = (value: string) =>
      Object.fromEntries(objects.map((name) => [`${name}.yaml`, configMap(name, value)]));
    await world.given(world.repository('hundred', files('1')));
    const app = world.application('hundred', { repoURL: world.git.urlOf('hundred') });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.isSynced(), app.operationSucceeded());
    const before = await dryRuns(app);
    await world.when(world.pushed('hundred', { files: files('2') }), app.refreshed());
    await world.thenEventually(app.isOutOfSync(), differing(app, COUNT), isRefreshed(app));
    assert.equal((await dryRuns(app)) - before, COUNT);

    await lookAgain(app, 6);
    assert.equal((await dryRuns(app)) - before, COUNT, 'refreshes ask nothing');

    // A commit that changes something else leaves these objects as desired as they were.
    await world.when(
      world.pushed('hundred', { files: { 'other.yaml': configMap('other', '1') } }),
      app.refreshed(),
    );
    await world.thenEventually(differing(app, COUNT + 1), isRefreshed(app));
    assert.equal((await dryRuns(app)) - before, COUNT, 'another object’s commit asks nothing');

    const patch = `-p=${JSON.stringify({ data: { value: 'somebody’s' } })}`;
    await world.kubectl(['patch', 'configmap', 'cm-007', '-n', app.name, patch]);
    await world.thenEventually(async () => {
      const count = (await dryRuns(app)) - before;
      return count === COUNT + 1 ? met(`${count}`) : pending(`${count} dry runs`);
    });
    await lookAgain(app, 2);
    assert.equal((await dryRuns(app)) - before, COUNT + 1, 'one more for the one that changed');

    // Set right by hand: what is equal needs no question.
    const right = `-p=${JSON.stringify({ data: { value: '2' } })}`;
    await world.kubectl(['patch', 'configmap', 'cm-008', '-n', app.name, right]);
    await world.thenEventually(differing(app, COUNT));
    assert.equal((await dryRuns(app)) - before, COUNT + 1);
  });

  test('changes of status alone ask nothing', async () => {
    const objects = names('web', 10);
    const files = (image: string) =>
      Object.fromEntries(objects.map((name) => [`${name}.yaml`, deployment(name, 0, image)]));
    await world.given(world.repository('reported', files('nginx:1')));
    const app = world.application('reported', { repoURL: world.git.urlOf('reported') });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.operationSucceeded());
    const before = await dryRuns(app, 'Deployment');
    await world.when(world.pushed('reported', { files: files('nginx:2') }), app.refreshed());
    await world.thenEventually(differing(app, objects.length), isRefreshed(app));
    const asked = (await dryRuns(app, 'Deployment')) - before;
    assert.equal(asked, objects.length);

    for (const round of [1, 2, 3]) {
      for (const name of objects) {
        const condition = {
          type: 'Reported',
          status: 'True',
          reason: 'Test',
          message: `round ${round}`,
        };
        await world.kubectl([
          ...['patch', 'deployment', name, '-n', app.name, '--subresource=status'],
          ...['--type=merge', `-p=${JSON.stringify({ status: { conditions: [condition] } })}`],
        ]);
      }
      await lookAgain(app, 1);
    }
    await world.thenConsistently(1_000, differing(app, objects.length));
    assert.equal((await dryRuns(app, 'Deployment')) - before, asked);
  });
});
