import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasCode, TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { ApiCatalogue, KubeClient, ObjectAddress } from '../ports/kube-client.ts';
import { systemClock } from '../runtime/clock.ts';
import { createKubeClient } from './kube-client.ts';
import { type RealApiServer, startRealApiServer } from './testing/real-api-server.ts';
import { startCuttableProxy } from './testing/cuttable-proxy.ts';

const never = new AbortController().signal;

describe('the client on a real API server', () => {
  let api: RealApiServer;
  let client: KubeClient & AsyncDisposable;
  let catalogue: ApiCatalogue;

  before(async () => {
    api = await startRealApiServer();
    client = clientOf(api);
    catalogue = await client.discover(never);
  });
  after(async () => {
    await client[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });

  function at(kind: string, name: string, group = '', namespace = 'default'): ObjectAddress {
    const resource = catalogue.findKind({ group, kind });
    assert.ok(resource, `${kind} is not served`);
    return { resource, namespace: resource.namespaced ? namespace : '', name };
  }

  function configMap(name: string, data: Record<string, string> = {}): KubeObject {
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default' },
      data,
    };
  }

  test('discovery knows kinds, versions, verbs and subresources', async () => {
    const deployment = catalogue.findKind({ group: 'apps', kind: 'Deployment' });
    assert.equal(deployment?.version, 'v1');
    assert.equal(deployment?.plural, 'deployments');
    assert.equal(deployment?.namespaced, true);
    assert.equal(deployment?.preferred, true);
    assert.ok(deployment?.subresources.includes('status'));
    assert.ok(deployment?.verbs.includes('watch'));
    assert.ok(catalogue.apiVersions.includes('apps/v1'));
    assert.ok(catalogue.apiVersions.includes('apps/v1/Deployment'));
    assert.ok(catalogue.apiVersions.includes('v1/Pod'));
    assert.equal(catalogue.findKind({ group: '', kind: 'Namespace' })?.namespaced, false);
    assert.match(await client.version(never), /^v1\.\d+\.\d+/);
  });

  test('OpenAPI v3 documents come by group version', async () => {
    const document = await client.openApi('apis/apps/v1', never);
    assert.ok(JSON.stringify(document).includes('io.k8s.api.apps.v1.Deployment'));
  });

  test('an object is created, read, replaced, patched and deleted', async () => {
    const address = at('ConfigMap', 'crud');
    const created = await client.create(address, configMap('crud', { a: '1' }), {}, never);
    assert.equal(created.metadata.name, 'crud');
    const replaced = await client.replace(
      address,
      { ...created, data: { a: '2' } },
      { fieldManager: 'tester' },
      never,
    );
    assert.deepEqual(replaced['data'], { a: '2' });
    await assert.rejects(
      client.replace(address, { ...created, data: { a: '3' } }, {}, never),
      (error) =>
        hasCode(error, 'KubeConflict') &&
        error.message.startsWith('ConfigMap/default/crud: replace failed (Conflict): '),
    );
    const merged = await client.patch(address, { data: { b: '1' } }, { type: 'merge' }, never);
    assert.deepEqual(merged['data'], { a: '2', b: '1' });
    const patched = await client.patch(
      address,
      [{ op: 'remove', path: '/data/b' }],
      { type: 'json' },
      never,
    );
    assert.deepEqual(patched['data'], { a: '2' });
    assert.deepEqual((await client.get(address, never))?.['data'], { a: '2' });
    await assert.rejects(client.delete(address, { uid: 'another' }, never), (error) =>
      hasCode(error, 'KubeConflict'),
    );
    assert.deepEqual(await client.delete(address, { dryRun: true }, never), { type: 'gone' });
    assert.equal(
      await client
        .delete(address, { uid: created.metadata.uid ?? '', propagation: 'Foreground' }, never)
        .then(async () => await client.get(address, never))
        .then((left) => left === undefined || left.metadata.deletionTimestamp !== undefined),
      true,
    );
  });

  test('deleting what is gone is false, reading it undefined', async () => {
    assert.deepEqual(await client.delete(at('ConfigMap', 'nothing'), {}, never), {
      type: 'absent',
    });
    assert.equal(await client.get(at('ConfigMap', 'nothing'), never), undefined);
  });

  test('server-side apply owns fields, a dry run stores nothing, a conflict names the manager', async () => {
    const address = at('ConfigMap', 'applied');
    const object = configMap('applied', { a: '1' });
    const dry = await client.apply(
      address,
      object,
      { fieldManager: 'one', force: false, dryRun: true },
      never,
    );
    assert.equal(dry.kind, 'ConfigMap');
    assert.equal(await client.get(address, never), undefined);
    const applied = await client.apply(
      address,
      object,
      { fieldManager: 'one', force: false },
      never,
    );
    assert.equal(applied.metadata.managedFields?.[0]?.manager, 'one');
    assert.equal(applied.metadata.managedFields?.[0]?.operation, 'Apply');
    const rival = configMap('applied', { a: '2' });
    await assert.rejects(
      client.apply(address, rival, { fieldManager: 'two', force: false }, never),
      (error) => hasCode(error, 'KubeConflict') && error.message.includes('conflict with "one"'),
    );
    const taken = await client.apply(address, rival, { fieldManager: 'two', force: true }, never);
    assert.deepEqual(taken['data'], { a: '2' });
  });

  test('an invalid object and an unknown field are named', async () => {
    await assert.rejects(
      client.create(at('ConfigMap', 'Bad_Name'), configMap('Bad_Name'), {}, never),
      (error) =>
        hasCode(error, 'KubeInvalid') &&
        error.retry === 'never' &&
        error.message.startsWith('ConfigMap/default/Bad_Name: create failed (Invalid): ') &&
        error.message.includes('metadata.name'),
    );
    await assert.rejects(
      client.apply(
        at('ConfigMap', 'strict'),
        { ...configMap('strict'), nonsense: 1 },
        { fieldManager: 'one', force: false, fieldValidation: 'Strict' },
        never,
      ),
      (error) => error instanceof TiphysError && error.message.includes('nonsense'),
    );
    await client.create(at('ConfigMap', 'twice'), configMap('twice'), {}, never);
    await assert.rejects(
      client.create(at('ConfigMap', 'twice'), configMap('twice'), {}, never),
      (error) => hasCode(error, 'KubeAlreadyExists'),
    );
  });

  test('no value of a Secret comes back in an error', async () => {
    const secret: KubeObject = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'loose', namespace: 'default' },
      stringData: { password: 48151623 },
      data: { token: 'not base64: hunter2' },
    };
    for (const attempt of [
      () => client.apply(at('Secret', 'loose'), secret, { fieldManager: 'x', force: true }, never),
      () => client.create(at('Secret', 'loose'), secret, {}, never),
    ]) {
      await assert.rejects(attempt(), (error) => {
        assert.ok(error instanceof TiphysError);
        assert.doesNotMatch(error.message, /48151623|hunter2/);
        return true;
      });
    }
  });

  test('without rights the verb and the resource are named', async () => {
    await using nobody = clientOf(api, api.nobodyToken);
    await assert.rejects(
      nobody.get(at('Secret', 'x'), never),
      (error) =>
        hasCode(error, 'KubeForbidden') &&
        error.message.startsWith('Secret/default/x: get failed (Forbidden): ') &&
        error.message.includes('cannot get resource "secrets"'),
    );
    await using stranger = clientOf(api, 'wrong');
    await assert.rejects(stranger.get(at('Secret', 'x'), never), (error) =>
      hasCode(error, 'KubeUnauthorized'),
    );
  });

  test('an address without name or namespace never becomes a request on the collection', async () => {
    await assert.rejects(client.delete(at('ConfigMap', ''), {}, never), (error) =>
      hasCode(error, 'KubeInvalid'),
    );
    await assert.rejects(client.delete(at('ConfigMap', 'x', '', ''), {}, never), (error) =>
      hasCode(error, 'KubeInvalid'),
    );
  });

  test('lists come in pages, with apiVersion and kind, whole or as metadata', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `page-${index}`);
    await Promise.all(
      names.map((name) =>
        client.create(
          at('ConfigMap', name),
          { ...configMap(name, { big: 'x' }), metadata: { name, labels: { paged: 'yes' } } },
          {},
          never,
        ),
      ),
    );
    for (const metadataOnly of [false, true]) {
      const pages = await Array.fromAsync(
        client.list(
          at('ConfigMap', ''),
          { limit: 10, labelSelector: 'paged=yes', metadataOnly },
          never,
        ),
      );
      assert.deepEqual(
        pages.map((page) => page.items.length),
        [10, 10, 5],
      );
      assert.equal(new Set(pages.map((page) => page.resourceVersion)).size, 1);
      const items = pages.flatMap((page) => page.items);
      assert.deepEqual(items.map((item) => item.metadata.name).sort(), [...names].sort());
      for (const item of items) {
        assert.equal(item.apiVersion, 'v1');
        assert.equal(item.kind, 'ConfigMap');
        assert.equal(item['data'] === undefined, metadataOnly);
      }
    }
  });

  test('a list whose snapshot is compacted away begins again once', async () => {
    const seen: string[][] = [];
    let restarts = 0;
    for await (const page of client.list(
      at('ConfigMap', ''),
      { limit: 10, labelSelector: 'paged=yes' },
      never,
    )) {
      if (page.restarted === true) restarts += 1;
      if (seen.length === 0) {
        await client.create(at('ConfigMap', 'mover'), configMap('mover'), {}, never);
        await api.compact();
      }
      seen.push(page.items.map((item) => item.metadata.name ?? ''));
    }
    // An API server that serves pages from its watch cache does not notice the compaction.
    assert.ok(restarts <= 1);
    assert.deepEqual(seen.slice(restarts).flat().length, 25);
  });

  test('a watch tells of changes and sends bookmarks', async () => {
    const start = await positionOf(client, at('ConfigMap', ''));
    const stop = new AbortController();
    const events = client.watch(
      at('ConfigMap', ''),
      { resourceVersion: start, timeoutSeconds: 5, metadataOnly: true },
      stop.signal,
    );
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of events) {
        if (event.type === 'BOOKMARK')
          seen.push(event.resourceVersion === '' ? 'empty' : 'BOOKMARK');
        else {
          seen.push(
            `${event.type} ${event.object.kind} ${event.object.metadata.name} ${Object.keys(event.object).length}`,
          );
        }
      }
    })();
    await client.create(at('ConfigMap', 'watched'), configMap('watched'), {}, never);
    await client.patch(at('ConfigMap', 'watched'), { data: { a: '1' } }, { type: 'merge' }, never);
    await client.delete(at('ConfigMap', 'watched'), {}, never);
    await reading; // the server ends the watch after five seconds, with a bookmark
    assert.deepEqual(
      seen.filter((line) => line !== 'BOOKMARK'),
      ['ADDED ConfigMap watched 3', 'MODIFIED ConfigMap watched 3', 'DELETED ConfigMap watched 3'],
    );
    assert.ok(seen.includes('BOOKMARK'));
  });

  test('an old resource version is gone', async () => {
    const old = await positionOf(client, at('Lease', '', 'coordination.k8s.io'));
    for (let index = 0; index < 5; index += 1) {
      await client.apply(
        at('ConfigMap', 'history'),
        configMap('history', { index: String(index) }),
        { fieldManager: 'x', force: true },
        never,
      );
    }
    await api.compact();
    await api.kill();
    await api.restart();
    await assert.rejects(
      Array.fromAsync(
        client.watch(at('ConfigMap', ''), { resourceVersion: old, timeoutSeconds: 5 }, never),
      ),
      (error) => hasCode(error, 'KubeGone'),
    );
  });

  test('an abort ends a request and a watch with its reason', async () => {
    const reason = new Error('enough');
    const stop = new AbortController();
    const watching = Array.fromAsync(
      client.watch(
        at('ConfigMap', ''),
        { resourceVersion: await positionOf(client, at('ConfigMap', '')), timeoutSeconds: 60 },
        stop.signal,
      ),
    );
    setTimeout(() => stop.abort(reason), 50);
    await assert.rejects(watching, (error) => error === reason);
    await assert.rejects(
      client.get(at('ConfigMap', 'x'), stop.signal),
      (error) => error === reason,
    );
  });

  test('a cut connection is KubeUnreachable for the watch; the next request works', async () => {
    await using proxy = await startCuttableProxy(api.port);
    await using through = createKubeClient({
      connection: { ...api.connection(), server: `https://127.0.0.1:${proxy.port}` },
      clock: systemClock,
      random: Math.random,
    });
    const start = await positionOf(through, at('ConfigMap', ''));
    const watching = Array.fromAsync(
      through.watch(at('ConfigMap', ''), { resourceVersion: start, timeoutSeconds: 60 }, never),
    );
    setTimeout(() => proxy.cut(), 100);
    await assert.rejects(watching, (error) => hasCode(error, 'KubeUnreachable'));
    assert.match(await through.version(never), /^v1/);
    proxy.refuse(true);
    proxy.cut();
    await assert.rejects(through.version(never), (error) => hasCode(error, 'KubeUnreachable'));
    proxy.refuse(false);
    assert.match(await through.version(never), /^v1/);
  });

  test('requests aborted before they are answered leave nothing that a cut connection could trip over', async () => {
    await using proxy = await startCuttableProxy(api.port);
    await using through = createKubeClient({
      connection: { ...api.connection(), server: `https://127.0.0.1:${proxy.port}` },
      clock: systemClock,
      random: Math.random,
    });
    await through.version(never);
    for (let round = 0; round < 5; round += 1) {
      const stop = new AbortController();
      const requests = Array.from({ length: 40 }, () =>
        Array.fromAsync(through.list(at('ConfigMap', ''), {}, stop.signal)).catch(() => undefined),
      );
      await new Promise((resolve) => setTimeout(resolve, round));
      stop.abort(new Error('enough'));
      await Promise.all(requests);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    proxy.cut(); // an error without a listener would fail this test as an uncaught exception
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.match(await through.version(never), /^v1/);
  });

  test('a hundred and fifty watches and many requests share few connections', async () => {
    await using proxy = await startCuttableProxy(api.port);
    await using through = createKubeClient({
      connection: { ...api.connection(), server: `https://127.0.0.1:${proxy.port}` },
      clock: systemClock,
      random: Math.random,
    });
    const start = await positionOf(through, at('ConfigMap', ''));
    const stop = new AbortController();
    const watches = Array.from(
      { length: 150 },
      () =>
        Array.fromAsync(
          through.watch(
            at('ConfigMap', ''),
            { resourceVersion: start, timeoutSeconds: 60 },
            stop.signal,
          ),
        ).catch(() => undefined), // ends by the abort below
    );
    await Promise.all(
      Array.from({ length: 500 }, () => through.get(at('ConfigMap', 'page-1'), never)),
    );
    assert.ok(proxy.accepted < 20, `${proxy.accepted} connections`);
    stop.abort();
    await Promise.all(watches);
  });
});

function clientOf(api: RealApiServer, token?: string): KubeClient & AsyncDisposable {
  return createKubeClient({
    connection: api.connection(token),
    clock: systemClock,
    random: Math.random,
  });
}

async function positionOf(client: KubeClient, address: ObjectAddress): Promise<string> {
  for await (const page of client.list(address, { limit: 1 }, never)) return page.resourceVersion;
  throw new Error('no page');
}
