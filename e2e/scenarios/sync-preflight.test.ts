import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import type { TestApplication } from '../language/application.ts';
import { configMap, deployment, service } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

/** The API server refuses it: a Service needs a port. */
const INVALID = `apiVersion: v1
kind: Service
metadata: { name: portless }
spec: { ports: [] }
`;

const JOB = (name: string, hook: string, text = 'one') => `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations: { argocd.argoproj.io/hook: ${hook} }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: main, image: busybox, args: [${text}] }]
`;

describe('the dry run before a sync writes', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const OPTIONS = { syncOptions: ['CreateNamespace=true'] };
  const manual = (name: string, policy: object = OPTIONS): TestApplication =>
    world.application(name, { repoURL: world.git.urlOf(name), syncPolicy: policy });
  const resultOf = (app: TestApplication, name: string, message: RegExp) =>
    world
      .object('applications.argoproj.io', app.name, world.namespace)
      .matches(`tells of ${name}: ${message}`, (object) => {
        type Result = { name: string; status: string; message: string };
        const status = object['status'] as
          | { operationState?: { syncResult?: { resources?: Result[] } } }
          | undefined;
        const results = status?.operationState?.syncResult?.resources ?? [];
        const found = results.find((result) => result.name === name);
        return found?.status === 'SyncFailed' && message.test(found.message);
      });

  test('a set with one invalid object changes nothing, not even in an earlier wave or hook', async () => {
    const wave = (text: string) =>
      text.replace('name:', 'annotations: { argocd.argoproj.io/sync-wave: "-5" }\n  name:');
    await world.given(
      world.repository('one-invalid', {
        'early.yaml': wave(configMap('early', '1')),
        'pre.yaml': JOB('pre', 'PreSync'),
        'late.yaml': INVALID,
      }),
    );
    const app = manual('one-invalid');
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced(OPTIONS));
    await world.thenEventually(
      app.operationFailed(/failed to apply \(dry run\), reason: .*portless/),
      resultOf(app, 'portless', /spec\.ports: Required value/),
    );
    await world.thenConsistently(
      500,
      world.object('configmaps', 'early', app.name).isAbsent(),
      world.object('jobs.batch', 'pre', app.name).isAbsent(),
    );
    await world.when(
      world.pushed('one-invalid', { files: { 'late.yaml': service('portless') } }),
      app.synced(OPTIONS),
    );
    await world.thenEventually(
      app.isSynced(),
      world.object('configmaps', 'early', app.name).exists(),
      world.object('jobs.batch', 'pre', app.name).has('status.succeeded', 1),
    );
    await world.thenEventually(app.operationSucceeded());
  });

  test('a set that brings its own kind and namespaces is not refused for lacking them', async () => {
    const group = `${world.name('pf')}.example.com`;
    await world.given(
      world.repository('staged', {
        'crd.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gauges.${group} }
spec:
  group: ${group}
  names: { kind: Gauge, plural: gauges, singular: gauge, listKind: GaugeList }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`,
        'gauge.yaml': `apiVersion: ${group}/v1
kind: Gauge
metadata: { name: one }
`,
        'elsewhere.yaml': `apiVersion: v1
kind: Namespace
metadata: { name: ${world.name('staged-other')} }
---
${configMap('there', '1').replace('name: there', `name: there\n  namespace: ${world.name('staged-other')}`)}`,
        'pod.yaml': `apiVersion: v1
kind: ServiceAccount
metadata: { name: runner }
---
apiVersion: v1
kind: Pod
metadata: { name: runs }
spec: { serviceAccountName: runner, containers: [{ name: main, image: busybox }] }
`,
      }),
    );
    const app = manual('staged');
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced(OPTIONS));
    await world.thenEventually(app.operationSucceeded(), app.isSynced());
    await world.when(app.deleted(), () =>
      world.kubectl(['delete', 'crd', `gauges.${group}`, '--wait=false']),
    );
  });

  test('hooks of the last sync do not stand in the way of those to come', async () => {
    await world.given(
      world.repository('hooks-again', {
        'a.yaml': configMap('a', '1'),
        'b.yaml': configMap('b', '1'),
        'pre.yaml': JOB('pre', 'PreSync'),
      }),
    );
    const app = manual('hooks-again');
    const job = world.object('jobs.batch', 'pre', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced(OPTIONS));
    await world.thenEventually(app.operationSucceeded(), app.isSynced());
    // A Job cannot be changed, only made anew.
    await world.when(
      world.pushed('hooks-again', { files: { 'pre.yaml': JOB('pre', 'PreSync', 'two') } }),
      app.synced(OPTIONS),
    );
    await world.thenEventually(
      job.matches('was made anew', ({ spec }) => JSON.stringify(spec).includes('two')),
      app.operationSucceeded(),
    );
  });

  test('a field that cannot be changed is explained, and the option named there helps', async () => {
    await world.given(
      world.repository('immutable', {
        'web.yaml': deployment('web'),
        'a.yaml': configMap('a', '1'),
      }),
    );
    const app = manual('immutable');
    const a = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced(OPTIONS));
    await world.thenEventually(app.operationSucceeded(), app.isSynced());
    const renamed = deployment('web').replaceAll('app: web', 'app: other');
    await world.when(
      world.pushed('immutable', {
        files: { 'web.yaml': renamed, 'a.yaml': configMap('a', '2') },
      }),
      app.synced(OPTIONS),
    );
    await world.thenEventually(resultOf(app, 'web', /field is immutable.*Replace=true,Force=true/));
    await world.thenEventually(app.operationFailed(/field is immutable.*Replace=true,Force=true/));
    await world.thenConsistently(500, a.has('data.value', '1'));
    const forced = renamed.replace(
      'metadata:\n',
      'metadata:\n  annotations: { argocd.argoproj.io/sync-options: "Replace=true,Force=true" }\n',
    );
    await world.when(
      world.pushed('immutable', { files: { 'web.yaml': forced } }),
      app.synced(OPTIONS),
    );
    await world.thenEventually(app.isSynced(), a.has('data.value', '2'));
    await world.thenEventually(
      world
        .object('deployments.apps', 'web', app.name)
        .has('spec.selector.matchLabels.app', 'other'),
      app.operationSucceeded(),
    );
  });
});
