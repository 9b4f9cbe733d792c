import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { TestApplication } from '../language/application.ts';
import { startWorld, type World } from '../language/world.ts';
import { appProject, configMap, deployment, inWave, staged } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const program = join(import.meta.dirname, '../../operator/main.ts');

const MINUTE_MS = 60_000;

/** A window that opened or opens so many minutes from now, and is open for so many seconds. */
function window(
  kind: 'allow' | 'deny',
  inMinutes: number,
  seconds: number,
  more: object = {},
): object {
  const opens = new Date(Date.now() + inMinutes * MINUTE_MS);
  const schedule = `${opens.getUTCMinutes()} ${opens.getUTCHours()} * * *`;
  return { kind, schedule, duration: `${seconds}s`, applications: ['*'], ...more };
}

/** A window that closes so many seconds from now. */
function closingSoon(seconds: number, kind: 'allow' | 'deny' = 'deny', more: object = {}): object {
  const opened = Math.floor(Date.now() / MINUTE_MS - 10) * MINUTE_MS;
  const open = Math.round((Date.now() - opened) / 1_000) + seconds;
  return { ...window(kind, -10, open, more), schedule: scheduleAt(opened) };
}

const scheduleAt = (ms: number): string =>
  `${new Date(ms).getUTCMinutes()} ${new Date(ms).getUTCHours()} * * *`;

/** Never ready, until somebody takes the annotation of its Pods away. */
const hanging = staged(deployment('wait'), 'hang');

describe('sync windows', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
    await world.given(world.repository('apps', { 'a.yaml': configMap('a', '1') }));
  });
  after(() => world[Symbol.asyncDispose]());

  const project = (base: string, syncWindows: readonly object[]) => {
    const name = world.name(base);
    const object = appProject(world.namespace, name, {
      clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      syncWindows,
    });
    const changed = (windows: readonly object[]) => () =>
      world.kubectl([
        ...['patch', 'appproject', name, `--namespace=${world.namespace}`, '--type=merge'],
        `--patch=${JSON.stringify({ spec: { syncWindows: windows } })}`,
      ]);
    return { name, created: world.applied(object), changed };
  };
  const application = (base: string, inProject: string, syncPolicy: true | object = true) =>
    world.application(base, {
      repoURL: world.git.urlOf('apps'),
      project: inProject,
      syncPolicy,
    });
  const operation = (app: TestApplication, phase: string, message: RegExp) =>
    world
      .object('applications.argoproj.io', app.name, world.namespace)
      .matches(`is ${phase} with ${message}`, ({ status }) => {
        const state = (status as { operationState?: Record<string, string> } | undefined)
          ?.operationState;
        return state?.['phase'] === phase && message.test(state['message'] ?? '');
      });
  const object = (app: TestApplication) => world.object('configmaps', 'a', app.name);

  test('a deny window holds automated syncs back, says until when, and lets go when it is taken away', async () => {
    const denying = project('deny', [window('deny', -30, 7_200)]);
    const app = application('deny', denying.name);
    await world.when(denying.created, app.created());
    await world.thenEventually(
      app.isOutOfSync(),
      app.hasCondition(
        'SyncWindowInfo',
        /^Syncs are blocked by AppProject deny-\w+: deny window ".*" for 7200s is open until 20\S+Z; syncs are allowed again at 20\S+Z$/,
      ),
    );
    const before = await app.read(signal);
    await world.thenConsistently(1_000, object(app).isAbsent());
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        ...[program, 'explain', 'app', app.name],
        ...[`--kubeconfig=${world.kubeconfigPath}`, `--namespace=${world.namespace}`],
      ],
      { signal, env: { PATH: process.env['PATH'] ?? '' } },
    );
    assert.match(stdout, /^Decision +idle: SyncWindowClosed$/m);
    assert.match(stdout, /^Next step +A sync is due, but a sync window/m);
    // Nothing is written while nothing changes.
    assert.equal(
      (await app.read(signal))?.metadata.resourceVersion,
      before?.metadata.resourceVersion,
    );
    await world.when(denying.changed([]));
    await world.thenEventually(app.isSynced(), app.hasNoConditions(), object(app).exists());
  });

  test('when the window closes, the sync comes by itself', async () => {
    const closing = project('closing', [closingSoon(8)]);
    const app = application('closing', closing.name);
    await world.when(closing.created, app.created());
    await world.thenEventually(app.hasCondition('SyncWindowInfo'));
    await world.thenWithin(20_000, app.isSynced(), app.hasNoConditions(), object(app).exists());
  });

  test('a sync by hand waits for an allow window, and can be terminated meanwhile', async () => {
    const allowing = project('allow', [window('allow', 120, 3_600)]);
    const app = application('allow', allowing.name, {});
    const options = { syncOptions: ['CreateNamespace=true'] };
    await world.when(allowing.created, app.created(), app.synced(options));
    const waits =
      /^Sync operation blocked by sync window: allow window ".*" for 3600s is closed until (\S+Z); syncs are allowed again at \1$/;
    await world.thenEventually(operation(app, 'Running', waits), app.isOutOfSync());
    await world.when(app.terminated());
    await world.thenEventually(app.operationFailed(/terminated/));
    await world.when(app.synced(options));
    await world.thenEventually(operation(app, 'Running', waits));
    await world.thenConsistently(500, object(app).isAbsent());
    await world.when(allowing.changed([window('allow', -30, 7_200)]));
    await world.thenEventually(app.operationSucceeded(), app.isSynced(), app.hasNoConditions());
  });

  test('manualSync lets a person through, and nobody else', async () => {
    const lenient = project('manual', [window('deny', -30, 7_200, { manualSync: true })]);
    const app = application('manual', lenient.name);
    await world.when(lenient.created, app.created());
    await world.thenEventually(
      app.isOutOfSync(),
      app.hasCondition(
        'SyncWindowInfo',
        /^Automated syncs are blocked .*; manual syncs are allowed$/,
      ),
    );
    await world.thenConsistently(500, object(app).isAbsent());
    await world.when(app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.operationSucceeded(), app.isSynced(), object(app).exists());
  });

  test('a window that cannot be read blocks and says why; an unknown zone is only told', async () => {
    const broken = project('broken', [
      { kind: 'deny', schedule: 'at ten', duration: '1h', applications: ['*'] },
    ]);
    const app = application('broken', broken.name);
    await world.when(broken.created, app.created());
    await world.thenEventually(
      app.isOutOfSync(),
      app.hasCondition('SyncWindowError', /schedule "at ten" is no cron expression/),
    );
    await world.when(broken.changed([window('allow', -30, 7_200, { timeZone: 'Middle/Earth' })]));
    await world.thenEventually(
      app.isSynced(),
      app.hasCondition('SyncWindowWarning', /timeZone "Middle\/Earth" is unknown, UTC is used/),
    );
  });

  test('a window that closes in the middle: the operation waits there, with syncOverrun it goes on', async () => {
    await world.given(
      world.repository('waves', {
        'wait.yaml': hanging,
        'b.yaml': inWave(1, configMap('b', '1')),
      }),
    );
    const begun = (base: string, more: object) => {
      const during = project(base, [closingSoon(12, 'allow', more)]);
      const app = world.application(base, {
        repoURL: world.git.urlOf('waves'),
        project: during.name,
        syncPolicy: {},
      });
      const sync = app.synced({ syncOptions: ['CreateNamespace=true'] });
      const ready = world.edited('deployment', 'wait', app.name, {
        spec: { template: { metadata: { annotations: { 'tiphys.dev/stage': null } } } },
      });
      const steps = [during.created, app.created(), sync];
      return { app, ready, steps, during, b: world.object('configmaps', 'b', app.name) };
    };
    const strict = begun('middle', {});
    const lenient = begun('overrun', { syncOverrun: true });
    await world.when(...strict.steps, ...lenient.steps);
    const waves = /^waiting for healthy state of \S*Deployment\/wait/;
    await world.thenEventually(
      operation(strict.app, 'Running', waves),
      operation(lenient.app, 'Running', waves),
    );
    await world.thenEventually(
      operation(strict.app, 'Running', /^Sync operation blocked by sync window: allow window/),
      lenient.app.hasCondition('SyncWindowInfo', /^Syncs are blocked/),
    );
    await world.when(strict.ready, lenient.ready);
    await world.thenEventually(lenient.app.operationSucceeded(), lenient.b.exists());
    await world.thenConsistently(500, strict.b.isAbsent());
    await world.when(strict.during.changed([]));
    await world.thenEventually(strict.app.operationSucceeded(), strict.b.exists());
  });

  test('windows of other applications are nobody else’s business', async () => {
    const other = project('other', [window('deny', -30, 7_200, { applications: ['not-this'] })]);
    const app = application('other', other.name);
    await world.when(other.created, app.created());
    await world.thenEventually(app.isSynced(), app.hasNoConditions());
  });
});
