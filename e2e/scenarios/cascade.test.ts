import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { freePort } from '../controlplane/free-port.ts';
import { startWorld, type World } from '../language/world.ts';
import {
  annotated,
  configMap,
  deployment,
  hangingHook,
  hookJob,
  inWave,
  service,
  staged,
} from './manifests.ts';

const signal = AbortSignal.timeout(900_000);

describe('a cascade', () => {
  let plane: ControlPlane;
  let world: World;
  before(async () => {
    plane = await startControlPlane({ signal, audit: true });
    world = await startWorld({ signal, cluster: plane, operator: ['--sync-wave-delay=0s'] });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
  });

  const option = (text: string, value: string) =>
    annotated(text, { 'argocd.argoproj.io/sync-options': value });
  const made = async (base: string, files: Readonly<Record<string, string>>, input = {}) => {
    await world.given(world.repository(base, files));
    const app = world.application(base, {
      repoURL: world.git.urlOf(base),
      syncPolicy: true,
      cascade: true,
      ...input,
    });
    await world.when(app.created());
    return app;
  };
  const held = (name: string, namespace: string, finalizers: readonly string[] | null) =>
    world.edited('configmap', name, namespace, { metadata: { finalizers } });

  test('takes three waves down from the highest, each whole before the next; the namespace that was created stays', async () => {
    const app = await made('waves', {
      '1.yaml': inWave(-1, configMap('alpha', '1')),
      '2.yaml': inWave(-1, deployment('zulu')),
      '3.yaml': configMap('mike', '1'),
      '4.yaml': service('bravo'),
      '5.yaml': inWave(5, configMap('kilo', '1')),
      '6.yaml': inWave(5, deployment('echo')),
    });
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.when(held('kilo', app.name, ['example.com/held']), app.deleted());
    await world.thenEventually(
      app.hasCondition(
        'DeletionWarning',
        /ConfigMap\/kilo \(held by finalizers: example\.com\/held/,
      ),
      world.object('deployments.apps', 'echo', app.name).isAbsent(),
    );
    await world.thenConsistently(
      1_000,
      world.object('configmaps', 'mike', app.name).exists(),
      world.object('services', 'bravo', app.name).exists(),
    );
    await world.when(held('kilo', app.name, null));
    await world.thenEventually(app.isAbsent());
    const deletes = (await plane.auditedWrites()).filter(
      ({ namespace, verb, userAgent, code }) =>
        namespace === app.name && verb === 'delete' && userAgent === 'tiphys' && code < 300,
    );
    const waves = [deletes.slice(0, 2), deletes.slice(2, 4), deletes.slice(4)].map((wave) =>
      wave.map(({ name }) => name).sort(),
    );
    assert.deepEqual(waves, [
      ['echo', 'kilo'],
      ['bravo', 'mike'],
      ['alpha', 'zulu'],
    ]);
    await world.thenConsistently(
      500,
      world.object('namespaces', app.name).has('status.phase', 'Active'),
    );
  });

  test('waits for approval of an object with Delete=confirm, and deletes nothing before', async () => {
    const app = await made('confirm', {
      'a.yaml': inWave(3, configMap('a', '1')),
      'b.yaml': option(configMap('b', '1'), 'Delete=confirm'),
    });
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.when(app.deleted());
    await world.thenEventually(
      app.hasCondition(
        'DeletionWarning',
        /waiting for approval to delete ConfigMap\/b: set the annotation argocd\.argoproj\.io\/deletion-approved/,
      ),
    );
    await world.thenConsistently(1_000, world.object('configmaps', 'a', app.name).exists());
    const early = { 'argocd.argoproj.io/deletion-approved': '2020-01-01T00:00:00Z' };
    await world.when(app.patched({ metadata: { annotations: early } }));
    await world.thenConsistently(1_000, world.object('configmaps', 'a', app.name).exists());
    const now = {
      'argocd.argoproj.io/deletion-approved': new Date(Date.now() + 1_000).toISOString(),
    };
    await world.when(app.patched({ metadata: { annotations: now } }));
    await world.thenEventually(
      app.isAbsent(),
      world.object('configmaps', 'a', app.name).isAbsent(),
      world.object('configmaps', 'b', app.name).isAbsent(),
    );
  });

  test('waits for an object that is to be kept and that somebody else deletes', async () => {
    const app = await made('kept', {
      'a.yaml': configMap('a', '1'),
      'kept.yaml': option(configMap('kept', '1'), 'Delete=false'),
    });
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.when(held('kept', app.name, ['example.com/held']));
    await world.kubectl(['delete', 'configmap', 'kept', `--namespace=${app.name}`, '--wait=false']);
    await world.when(app.deleted());
    await world.thenEventually(app.hasCondition('DeletionWarning', /ConfigMap\/kept/));
    await world.when(held('kept', app.name, null));
    await world.thenEventually(app.isAbsent());
  });

  test('ends the sync that runs, its hook with it', async () => {
    const app = await made('running', {
      'a.yaml': configMap('a', '1'),
      'hook.yaml': hangingHook('migrate', 'PostSync'),
    });
    await world.thenEventually(app.operationSays(/completion of hook batch\/Job\/migrate/));
    await world.when(app.patched({ metadata: { finalizers: [RESOURCES, 'example.com/hold'] } }));
    await world.when(app.deleted());
    await world.thenEventually(
      app.operationFailed(/Operation terminated, for the Application is being deleted/),
      world.object('configmaps', 'a', app.name).isAbsent(),
      world.object('jobs.batch', 'migrate', app.name).isAbsent(),
    );
    await world.when(app.patched({ metadata: { finalizers: null } }));
    await world.thenEventually(app.isAbsent());
  });

  test('does not wait for the next attempt of a sync that failed', async () => {
    const retry = { limit: 5, backoff: { duration: '1h', maxDuration: '2h' } };
    const app = await made(
      'between',
      {
        'a.yaml': inWave(-1, configMap('a', '1')),
        'hook.yaml': staged(hookJob('check', 'PostSync'), 'fail'),
      },
      { syncPolicy: { automated: {}, syncOptions: ['CreateNamespace=true'], retry } },
    );
    await world.thenEventually(app.operationSays(/Retrying attempt #1/));
    await world.when(app.deleted());
    await world.thenEventually(
      app.isAbsent(),
      world.object('configmaps', 'a', app.name).isAbsent(),
      world.object('jobs.batch', 'check', app.name).isAbsent(),
    );
  });

  test('into a cluster that does not answer: status says since when, and a person lets go', async () => {
    const server = `https://127.0.0.1:${await freePort()}`;
    const name = world.name('dark');
    await world.given(
      world.applied({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name,
          namespace: world.namespace,
          labels: { 'argocd.argoproj.io/secret-type': 'cluster' },
        },
        stringData: { name, server, config: '{"tlsClientConfig":{"insecure":true}}' },
      }),
    );
    const app = await made(
      'dark',
      { 'a.yaml': configMap('a', '1') },
      { spec: { destination: { name, namespace: 'dark' } } },
    );
    await world.thenEventually(app.hasCondition('ComparisonError'));
    await world.when(app.deleted());
    const says = new RegExp(
      `^cluster ${server} has not answered since 20\\S+Z \\(.+\\); until it does what was deployed there stays.*tiphys\\.io/let-go`,
    );
    await world.thenEventually(app.hasCondition('DeletionError', says));
    const since = async () => {
      const status = ((await app.read(signal))?.['status'] ?? {}) as {
        conditions?: readonly { type: string; message: string }[];
      };
      const error = status.conditions?.find(({ type }) => type === 'DeletionError');
      return /since (\S+)/.exec(error?.message ?? '')?.[1];
    };
    const first = await since();
    await world.stopOperator('SIGKILL');
    world.startOperator();
    await world.thenConsistently(6_000, app.hasCondition('DeletionError', says));
    assert.equal(await since(), first, 'a restart does not forget since when');
    await world.when(app.patched({ metadata: { annotations: { 'tiphys.io/let-go': 'true' } } }));
    await world.thenEventually(app.isAbsent());
  });
});

const RESOURCES = 'resources-finalizer.argocd.argoproj.io';
