import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { appKey } from '../core/app/app-key.ts';
import { hasCode } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { createKubeClient } from '../kube/kube-client.ts';
import { type RealApiServer, startRealApiServer } from '../kube/testing/real-api-server.ts';
import type { AppChange } from '../ports/app-store.ts';
import type { ApiCatalogue, KubeClient, ObjectAddress } from '../ports/kube-client.ts';
import { systemClock } from '../runtime/clock.ts';
import { createAppStore, createProjectStore } from './app-store.ts';
import { createConfigStore } from './config-store.ts';
import { silentLogger } from './testing/silent-logger.ts';

const never = new AbortController().signal;
const KEY = appKey('default', 'guestbook');

describe('the stores of the control plane on a real API server', () => {
  let api: RealApiServer;
  let client: KubeClient & AsyncDisposable;
  let catalogue: ApiCatalogue;

  before(async () => {
    api = await startRealApiServer();
    client = createKubeClient({
      connection: api.connection(),
      clock: systemClock,
      random: Math.random,
    });
    catalogue = await client.discover(never);
  });
  after(async () => {
    await client[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });

  const options = () => ({
    client,
    catalogue,
    namespace: 'default',
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  });

  function at(kind: string, name: string, group = ''): ObjectAddress {
    const resource = catalogue.findKind({ group, kind });
    assert.ok(resource, kind);
    return { resource, namespace: resource.namespaced ? 'default' : '', name };
  }

  const put = (object: KubeObject, group = '') =>
    client.apply(
      at(object.kind, object.metadata.name ?? '', group),
      object,
      { fieldManager: 'test', force: true },
      never,
    );

  async function install(status: boolean): Promise<void> {
    for (const [plural, kind] of [
      ['applications', 'Application'],
      ['appprojects', 'AppProject'],
    ] as const) {
      await put(definition(plural, kind, status), 'apiextensions.k8s.io');
    }
    await eventually(async () => {
      catalogue = await client.discover(never);
      const application = catalogue.findKind({ group: 'argoproj.io', kind: 'Application' });
      return application?.subresources.includes('status') === status;
    });
  }

  test('without the CRD the start says what to do', async () => {
    assert.throws(
      () => createAppStore({ ...options(), allNamespaces: false }),
      (error) => hasCode(error, 'KubeNotFound') && error.hint.includes('crds'),
    );
  });

  for (const status of [false, true]) {
    test(`status is written ${status ? 'through the subresource' : 'by an ordinary patch where there is no subresource'}`, async () => {
      await install(status);
      await eventually(
        async () => (await put(application(), 'argoproj.io').catch(() => undefined)) !== undefined,
      );
      await using store = createAppStore({
        ...options(),
        allNamespaces: status,
      });
      await store.start(never);
      const before = store.get(KEY);
      assert.ok(before);
      assert.equal(before.metadata.managedFields, undefined);
      const changes: AppChange[] = [];
      using _ = store.onChange((change) => changes.push(change));
      const text = `seen-${status}`;
      const written = await store.patchStatus(
        KEY,
        { sync: { status: text } },
        before.metadata.resourceVersion,
        never,
      );
      assert.deepEqual(written['status'], { sync: { status: text } });
      assert.equal(store.get(KEY)?.metadata.resourceVersion, written.metadata.resourceVersion);
      assert.deepEqual((await store.read(KEY, never))?.['status'], { sync: { status: text } });
      await assert.rejects(
        store.patchStatus(KEY, { sync: {} }, before.metadata.resourceVersion, never),
        (error) => hasCode(error, 'KubeConflict'),
      );
      await assert.rejects(
        store.patch(KEY, { operation: {} }, before.metadata.resourceVersion, never),
        (error) => hasCode(error, 'KubeConflict'),
      );
      const patched = await store.patch(
        KEY,
        { metadata: { annotations: { seen: text } } },
        written.metadata.resourceVersion,
        never,
      );
      assert.equal(store.get(KEY)?.metadata.annotations?.['seen'], text);
      await sleep(300);
      assert.deepEqual(
        changes.map(({ key, object }) => [key, object.metadata.resourceVersion]),
        [
          [KEY, written.metadata.resourceVersion],
          [KEY, patched.metadata.resourceVersion],
        ],
      );
      await assert.rejects(
        store.patchStatus(appKey('default', 'nobody'), {}, undefined, never),
        (error) => hasCode(error, 'KubeNotFound'),
      );
    });
  }

  for (const status of [false, true])
    test(`Applications are written ${status ? 'with' : 'without'} a status subresource`, async () => {
      await install(status);
      const name = `written-${status}`;
      const key = appKey('default', name);
      const wanted = { ...application(), metadata: { name, namespace: 'default' } };
      await using store = createAppStore({ ...options(), allNamespaces: false });
      await store.start(never);
      let created: KubeObject | undefined;
      await eventually(async () => {
        created = await store.create(wanted, never).catch(() => undefined);
        return created !== undefined;
      });
      assert.ok(created);
      assert.equal(store.get(key)?.metadata.uid, created.metadata.uid);
      await assert.rejects(store.create(wanted, never), { code: 'KubeAlreadyExists' });

      const spec = { project: 'other' };
      const replaced = await store.replace({ ...created, spec }, never);
      assert.deepEqual(store.get(key)?.['spec'], spec);
      await assert.rejects(store.replace({ ...created, spec }, never), { code: 'KubeConflict' });

      const json = [{ op: 'replace', path: '/spec/project', value: 'third' }];
      const preview = await store.preview(key, json, 'json', never);
      assert.deepEqual(preview['spec'], { project: 'third' });
      assert.equal(preview.metadata.resourceVersion, replaced.metadata.resourceVersion);
      const merge = await store.preview(key, { spec: { info: [] } }, 'merge', never);
      assert.deepEqual(merge['spec'], { project: 'other', info: [] });
      const broken = [{ op: 'test', path: '/spec/project', value: 'nobody' }];
      await assert.rejects(store.preview(key, broken, 'json', never), { code: 'KubeInvalid' });
      assert.deepEqual((await store.read(key, never))?.['spec'], spec);

      const old = { operationState: { phase: 'Succeeded' }, sync: { status: 'Synced' } };
      const ran = await store.patchStatus(key, old, undefined, never);
      const version = ran.metadata.resourceVersion ?? '';
      const asked = { sync: { revision: 'abc' } };
      await store.startOperation(key, asked, version, never);
      const started = await store.read(key, never);
      assert.deepEqual(started?.['operation'], asked);
      assert.deepEqual(started['status'], { sync: { status: 'Synced' } });
      await assert.rejects(store.startOperation(key, asked, version, never), {
        code: 'KubeConflict',
      });

      await assert.rejects(store.delete(key, 'another', never), { code: 'KubeConflict' });
      await store.delete(key, created.metadata.uid ?? '', never);
      const listed = store.resourceVersion;
      await eventually(() => Promise.resolve(store.get(key) === undefined));
      assert.equal(store.deletedSince(version).at(-1)?.metadata.name, name);
      assert.deepEqual(store.deletedSince(store.resourceVersion), []);
      assert.ok(Number(listed) >= Number(version));
      await store.delete(key, created.metadata.uid ?? '', never);
    });

  for (const status of [false, true])
    test(`what stands beside the status is ${status ? 'left out with a' : 'in the same write without'} status subresource`, async () => {
      await install(status);
      const name = `beside-${status}`;
      const key = appKey('default', name);
      const wanted = { ...application(), metadata: { name, namespace: 'default' } };
      await eventually(
        async () => (await put(wanted, 'argoproj.io').catch(() => undefined)) !== undefined,
      );
      await using store = createAppStore({ ...options(), allNamespaces: false });
      await store.start(never);
      const before = (await store.read(key, never))?.metadata.resourceVersion;
      const beside = { operation: { sync: {} }, metadata: { annotations: { seen: 'yes' } } };
      const ended = { sync: { status: 'Synced' } };
      const written = await store.patchStatus(key, ended, before, never, beside);
      assert.equal(store.inOneWrite, !status);
      assert.deepEqual(written['status'], ended);
      assert.deepEqual(written['operation'], status ? undefined : { sync: {} });
      assert.equal(written.metadata.annotations?.['seen'], status ? undefined : 'yes');
      await assert.rejects(
        store.patchStatus(key, { sync: { status: 'OutOfSync' } }, before, never, beside),
        { code: 'KubeConflict' },
      );
    });

  test('a CRD that loses its status subresource is noticed', async () => {
    await install(true);
    await eventually(
      async () => (await put(application(), 'argoproj.io').catch(() => undefined)) !== undefined,
    );
    await using store = createAppStore({ ...options(), allNamespaces: false });
    await store.start(never);
    await install(false);
    const written = await store.patchStatus(KEY, { sync: { status: 'Moved' } }, undefined, never);
    assert.deepEqual(written['status'], { sync: { status: 'Moved' } });
  });

  test('projects and configuration are read from their namespace', async () => {
    await eventually(
      async () =>
        (await put(
          {
            apiVersion: 'argoproj.io/v1alpha1',
            kind: 'AppProject',
            metadata: { name: 'team', namespace: 'default' },
            spec: {},
          },
          'argoproj.io',
        ).catch(() => undefined)) !== undefined,
    );
    await using projects = createProjectStore(options());
    await projects.start(never);
    assert.equal(projects.get('team')?.metadata.name, 'team');

    await using config = createConfigStore(options());
    await config.start(never);
    assert.equal(config.configMap('argocd-cm'), undefined);
    const seen: string[] = [];
    using _ = config.onChange(({ kind, metadata }) => seen.push(`${kind} ${metadata.name}`));
    await put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'argocd-cm',
        namespace: 'default',
        labels: { 'app.kubernetes.io/part-of': 'argocd' },
      },
      data: { url: 'x' },
    });
    for (const name of ['two', 'one']) {
      await put({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name,
          namespace: 'default',
          labels: { 'argocd.argoproj.io/secret-type': 'cluster' },
        },
        stringData: { name },
      });
    }
    await eventually(() => Promise.resolve(config.secretsOfType('cluster').length === 2));
    assert.deepEqual(
      config.secretsOfType('cluster').map(({ metadata }) => metadata.name),
      ['one', 'two'],
    );
    assert.deepEqual(config.secretsOfType('repository'), []);
    await eventually(() => Promise.resolve(config.configMap('argocd-cm') !== undefined));
    await client.delete(at('Secret', 'one'), {}, never);
    await eventually(() => Promise.resolve(config.secret('one') === undefined));
    assert.ok(seen.includes('ConfigMap argocd-cm'));
    const forgotten = { name: 'argocd-tls-certs-cm', namespace: 'default' };
    await put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: forgotten, data: {} });
    const rbac = { name: 'argocd-rbac-cm', namespace: 'default' };
    await put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: rbac, data: { scopes: 'x' } });
    await eventually(() => Promise.resolve(config.configMap('argocd-rbac-cm') !== undefined));
    assert.equal(seen.filter((line) => line === 'ConfigMap argocd-rbac-cm').length, 1);
    assert.equal(config.configMap('argocd-tls-certs-cm'), undefined);
    assert.equal(seen.filter((line) => line === 'Secret one').length, 2);
  });
});

function application(): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'guestbook', namespace: 'default' },
    spec: { project: 'default' },
  };
}

function definition(plural: string, kind: string, status: boolean): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.argoproj.io`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved' },
    },
    spec: {
      group: 'argoproj.io',
      scope: 'Namespaced',
      names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: status ? { status: {} } : {},
          schema: {
            openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      ],
    },
  };
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + 10_000;
  while (!(await holds())) {
    assert.ok(performance.now() < until, `not so in time: ${holds}`);
    await sleep(50);
  }
}
