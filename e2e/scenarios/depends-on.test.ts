import { after, before, describe, test } from 'node:test';
import type { TestApplication } from '../language/application.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);

describe('tiphys.io/depends-on', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const dependent = (base: string, path: string, on: readonly TestApplication[]) =>
    world.application(base, {
      repoURL: world.git.urlOf('mono'),
      path,
      syncPolicy: true,
      annotations: { 'tiphys.io/depends-on': on.map(({ name }) => name).join(', ') },
    });

  test('one waits until the other is healthy, with every commit anew', async () => {
    const pods = (image: string) =>
      deployment('db', 1, image).replace(
        '    metadata:\n',
        '    metadata:\n      annotations: {tiphys.dev/stage: ready-after-3s}\n',
      );
    await world.given(
      world.repository('mono', {
        'db/db.yaml': pods('db:1'),
        'web/web.yaml': configMap('web', '1'),
      }),
    );
    const db = world.application('db', {
      repoURL: world.git.urlOf('mono'),
      path: 'db',
      syncPolicy: true,
    });
    const web = dependent('web', 'web', [db]);
    await world.when(web.created());
    await world.thenEventually(
      web.hasCondition('DependencyWarning', /waits for .*\/db-\w+ which does not exist/),
    );
    await world.thenConsistently(1_000, web.isOutOfSync());
    await world.when(db.created());
    await world.thenEventually(web.hasCondition('DependencyWarning', /which is Progressing/));
    await world.thenEventually(db.isHealthy(), web.isSynced(), web.hasNoConditions());

    const commit = await world.git.commit('mono', {
      files: { 'db/db.yaml': pods('db:2'), 'web/web.yaml': configMap('web', '2') },
    });
    await world.when(web.refreshed(), db.refreshed());
    const object = world.object('configmaps', 'web', web.name);
    await world.thenEventually(
      object.has('data.value', '2'),
      web.isSynced(commit),
      db.isSynced(commit),
      db.isHealthy(),
    );

    // A commit that does not touch the other is waited for only until it was looked at.
    await world.when(
      world.pushed('mono', { files: { 'web/web.yaml': configMap('web', '3') } }),
      web.refreshed(),
    );
    await world.thenEventually(object.has('data.value', '3'), web.isSynced());
  });

  test('a circle is refused and shown', async () => {
    await world.given(world.repository('mono2', { 'a.yaml': configMap('a', '1') }));
    const round = (base: string, on: string) =>
      world.application(base, {
        repoURL: world.git.urlOf('mono2'),
        syncPolicy: true,
        annotations: { 'tiphys.io/depends-on': world.name(on) },
      });
    const first = round('first', 'second');
    const second = round('second', 'first');
    await world.when(first.created(), second.created());
    await world.thenEventually(
      first.hasCondition('SyncError', /first-\w+ -> .*second-\w+ -> .*first-/),
      second.hasCondition('SyncError', /second-\w+ -> .*first-\w+ -> .*second-/),
    );
  });
});
