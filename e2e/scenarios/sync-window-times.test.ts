import { after, before, describe, test } from 'node:test';
import { createOperator, connectionFromKubeconfig, systemClock } from 'tiphys';
import type { TestApplication } from '../language/application.ts';
import { createStandingClock } from '../language/standing-clock.ts';
import { startWorld, type World } from '../language/world.ts';
import { appProject, configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const DAY_MS = 86_400_000;
const BY_HAND = { syncOptions: ['CreateNamespace=true'] };

describe('sync windows around a clock that stands', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal, operator: false });
  });
  after(() => world[Symbol.asyncDispose]());

  /** An operator that has this time; nothing but windows makes it look again. */
  async function operatorAt(time: string) {
    const clock = createStandingClock(time);
    const path = world.kubeconfigPath;
    const operator = createOperator({
      connection: await connectionFromKubeconfig({ path, clock: systemClock }),
      namespace: world.namespace,
      settings: { resyncMs: 30 * DAY_MS },
      git: { pollIntervalMs: 30 * DAY_MS },
      clock,
    });
    await operator.start(signal);
    return { moveTo: clock.moveTo, [Symbol.asyncDispose]: () => operator[Symbol.asyncDispose]() };
  }

  /** An Application of a repository and a project of its own. */
  async function deployed(base: string, syncWindow: object, syncPolicy: true | object = true) {
    const name = world.name(base);
    await world.given(
      world.repository(base, { 'a.yaml': configMap('a', '1') }),
      world.applied(
        appProject(world.namespace, name, {
          clusterResourceWhitelist: [{ group: '*', kind: '*' }],
          syncWindows: [{ applications: ['*'], ...syncWindow }],
        }),
      ),
    );
    const repoURL = world.git.urlOf(base);
    const app = world.application(base, { repoURL, project: name, syncPolicy });
    await world.when(app.created());
    const pushed = (value: string) =>
      world.pushed(base, { files: { 'a.yaml': configMap('a', value) } });
    return { app, pushed, a: world.object('configmaps', 'a', app.name) };
  }
  const says = (app: TestApplication, who: string, text: string) =>
    app.hasCondition(
      'SyncWindowInfo',
      exactly(`${who} blocked by AppProject ${app.name}: ${text}`),
    );
  const comparedAt = (app: TestApplication, revision: string) =>
    world
      .object('applications.argoproj.io', app.name, world.namespace)
      .has('status.sync.revision', revision);
  const exactly = (text: string) => new RegExp(`^${text.replaceAll(/[.*+?()|]/g, '\\$&')}$`);

  test('a deny window blocks from the second it opens to the second it closes', async () => {
    await using operator = await operatorAt('2031-03-05T21:59:59Z');
    const window = { kind: 'deny', schedule: '0 22 * * *', duration: '8h' };
    const { app, pushed, a } = await deployed('deny', window);
    const open =
      'deny window "0 22 * * *" for 8h is open until 2031-03-06T06:00:00Z; syncs are allowed again at 2031-03-06T06:00:00Z';
    await world.thenEventually(app.isSynced(), app.hasNoConditions(), a.has('data.value', '1'));

    operator.moveTo('2031-03-05T22:00:00Z');
    await world.thenEventually(says(app, 'Syncs are', open), app.isSynced());
    await world.when(pushed('2'), app.refreshed());
    await world.thenEventually(says(app, 'Syncs are', open), app.isOutOfSync());
    operator.moveTo('2031-03-06T05:59:59Z');
    await world.when(pushed('3'), app.refreshed());
    await world.thenEventually(comparedAt(app, await world.git.revision('deny')));
    await world.thenConsistently(500, says(app, 'Syncs are', open), a.has('data.value', '1'));

    operator.moveTo('2031-03-06T06:00:00Z');
    await world.thenEventually(app.isSynced(), app.hasNoConditions(), a.has('data.value', '3'));
  });

  test('an allow window of another zone: what waits begins when it opens, and the next is after the weekend', async () => {
    await using operator = await operatorAt('2031-03-07T07:59:59Z'); // a Friday, in Prague an hour later
    const window = {
      kind: 'allow',
      schedule: '0 9 * * 1-5',
      duration: '2h',
      timeZone: 'Europe/Prague',
    };
    const { app, pushed, a } = await deployed('allow', window, {});
    const closed = (until: string) =>
      `allow window "0 9 * * 1-5" for 2h in Europe/Prague is closed until ${until}; syncs are allowed again at ${until}`;
    const held = (until: string) =>
      app.operationSays(exactly(`Sync operation blocked by sync window: ${closed(until)}`));
    await world.when(app.synced(BY_HAND));
    await world.thenEventually(
      held('2031-03-07T08:00:00Z'),
      says(app, 'Syncs are', closed('2031-03-07T08:00:00Z')),
    );
    await world.thenConsistently(500, a.isAbsent(), held('2031-03-07T08:00:00Z'));

    operator.moveTo('2031-03-07T08:00:00Z');
    await world.thenEventually(app.operationSucceeded(), app.isSynced(), app.hasNoConditions());
    operator.moveTo('2031-03-07T09:59:59Z');
    await world.when(pushed('2'), app.synced(BY_HAND));
    await world.thenEventually(a.has('data.value', '2'), app.isSynced(), app.hasNoConditions());

    operator.moveTo('2031-03-07T10:00:00Z');
    await world.thenEventually(says(app, 'Syncs are', closed('2031-03-10T08:00:00Z')));
    await world.when(pushed('3'), app.synced(BY_HAND));
    await world.thenEventually(held('2031-03-10T08:00:00Z'));
    await world.thenConsistently(500, a.has('data.value', '2'));
    operator.moveTo('2031-03-10T08:00:00Z');
    await world.thenEventually(a.has('data.value', '3'), app.isSynced(), app.hasNoConditions());
  });

  test('manualSync lets a person through while it is open, and automation when it closes', async () => {
    await using operator = await operatorAt('2031-03-05T12:00:00Z');
    const window = { kind: 'deny', schedule: '0 12 * * *', duration: '30m', manualSync: true };
    const { app, pushed, a } = await deployed('manual', window);
    const open =
      'deny window "0 12 * * *" for 30m is open until 2031-03-05T12:30:00Z; syncs are allowed again at 2031-03-05T12:30:00Z; manual syncs are allowed';
    await world.thenEventually(says(app, 'Automated syncs are', open), app.isOutOfSync());
    await world.thenConsistently(500, a.isAbsent());
    await world.when(app.synced(BY_HAND));
    await world.thenEventually(app.operationSucceeded(), app.isSynced(), a.has('data.value', '1'));

    operator.moveTo('2031-03-05T12:29:59Z');
    await world.when(pushed('2'), app.refreshed());
    await world.thenEventually(says(app, 'Automated syncs are', open), app.isOutOfSync());
    await world.thenConsistently(500, a.has('data.value', '1'));
    operator.moveTo('2031-03-05T12:30:00Z');
    await world.thenEventually(app.isSynced(), app.hasNoConditions(), a.has('data.value', '2'));
  });
});
