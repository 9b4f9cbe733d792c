import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  startConversionServer,
  type Convert,
  type ConversionServer,
} from '../controlplane/conversion-server.ts';
import { all, eventually, type Expectation } from '../language/expectation.ts';
import { howMany, requestsFor, staysStill } from '../language/stillness.ts';
import { startWorld, type World } from '../language/world.ts';

// A kind whose versions call the same fields by other names, and a webhook that converts between them.

const signal = AbortSignal.timeout(300_000);

const text = { type: 'string' };
const OLD = { host: text, remark: text, count: { type: 'integer', default: 1 } };
const NEW = {
  hostname: text,
  note: text,
  size: { type: 'object', default: {}, properties: { count: { type: 'integer', default: 1 } } },
};

const convert: Convert = (object, apiVersion) => {
  if (object.apiVersion === apiVersion) return object;
  const spec = object.spec ?? {};
  const { host, remark, count, hostname, note, size } = spec as Record<string, unknown>;
  const isNew = apiVersion.endsWith('/v1');
  const converted = isNew
    ? { hostname: host, note: remark, size: count === undefined ? undefined : { count } }
    : { host: hostname, remark: note, count: (size as { count?: number } | undefined)?.count };
  return { ...object, apiVersion, spec: converted };
};

describe('a kind that is converted', () => {
  let world: World;
  let server: ConversionServer;
  let group: string;
  before(async () => {
    server = await startConversionServer(convert);
    world = await startWorld({ signal, operator: ['--self-heal-loop-limit=2'] });
    group = `${world.name('converted')}.example.com`;
    const version = (name: string, storage: boolean, properties: object) => ({
      name,
      storage,
      served: true,
      schema: {
        openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
      },
    });
    await world.kubectl.apply({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `boxes.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind: 'Box', plural: 'boxes', singular: 'box' },
        conversion: server.conversion,
        versions: [version('v1', true, NEW), version('v1beta1', false, OLD)],
      },
    });
    await eventually(all(isServed()), { signal, withinMs: 60_000 });
  });
  after(async () => {
    await world.kubectl(['delete', 'crd', `boxes.${group}`, '--timeout=30s']);
    await world[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const isServed = (): Expectation =>
    world
      .object('customresourcedefinitions.apiextensions.k8s.io', `boxes.${group}`)
      .matches('is served', ({ status }) =>
        JSON.stringify(status).includes('"type":"Established"'),
      );
  const box = (version: string, spec: object, more: object = {}) => ({
    apiVersion: `${group}/${version}`,
    kind: 'Box',
    metadata: { name: 'box', ...more },
    spec,
  });
  const file = (object: object) => ({ 'box.json': JSON.stringify(object) });
  const found = (namespace: string) => world.object(`boxes.${group}`, 'box', namespace);

  test('Git names the older version: one apply, and then neither a write nor a question', async () => {
    await world.given(world.repository('older', file(box('v1beta1', { host: 'a', remark: 'r' }))));
    const app = world.application('older', {
      repoURL: world.git.urlOf('older'),
      syncPolicy: true,
    });
    const live = found(app.name);
    await world.when(app.created());
    await world.thenEventually(
      app.isSynced(),
      app.operationSucceeded(),
      live.has('apiVersion', `${group}/v1`),
      live.has('spec.hostname', 'a'),
      live.has('spec.size.count', 1),
    );
    await staysStill(world, app, [live], signal);
    const applies = async () =>
      howMany(await requestsFor(world, app, signal), { verb: 'apply', kind: 'Box', dryRun: false });
    assert.equal(await applies(), 1);

    const patch = `-p=${JSON.stringify({ spec: { hostname: 'somebody else’s' } })}`;
    await world.kubectl(['patch', `boxes.${group}`, 'box', '-n', app.name, '--type=merge', patch]);
    await world.thenEventually(live.has('spec.hostname', 'a'), app.isSynced());
    assert.equal(await applies(), 2, 'drift in the newer version is healed');

    await world.when(
      world.pushed('older', { files: file(box('v1beta1', { host: 'a' })) }),
      app.refreshed(),
    );
    await world.thenEventually(
      live.has('spec.note', undefined),
      live.has('spec.hostname', 'a'),
      app.isSynced(await world.git.revision('older')),
    );
    await staysStill(world, app, [live], signal);
  });

  test('Git goes on to the newer version: nothing differs, and what it drops then goes', async () => {
    const old = { host: 'a', remark: 'r', count: 2 };
    await world.given(world.repository('newer', file(box('v1beta1', old))));
    const app = world.application('newer', {
      repoURL: world.git.urlOf('newer'),
      syncPolicy: true,
    });
    const live = found(app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), live.has('spec.note', 'r'));
    const before = (await live.read(signal))?.metadata.generation;
    const same = { hostname: 'a', note: 'r', size: { count: 2 } };
    await world.when(world.pushed('newer', { files: file(box('v1', same)) }), app.refreshed());
    await world.thenEventually(app.isSynced(await world.git.revision('newer')));
    await staysStill(world, app, [live], signal);
    assert.equal((await live.read(signal))?.metadata.generation, before, 'the spec is untouched');

    const less = { hostname: 'a', size: { count: 2 } };
    await world.when(world.pushed('newer', { files: file(box('v1', less)) }), app.refreshed());
    await world.thenEventually(
      live.has('spec.note', undefined),
      app.isSynced(await world.git.revision('newer')),
    );
    await staysStill(world, app, [live], signal);
  });

  test('applied before by our manager in the older version: adopted without a write', async () => {
    const spec = { hostname: 'a', note: 'r' };
    await world.given(world.repository('adopted', file(box('v1', spec))));
    const app = world.application('adopted', {
      repoURL: world.git.urlOf('adopted'),
      syncPolicy: true,
    });
    await world.kubectl(['create', 'namespace', app.name]);
    const annotations = {
      'argocd.argoproj.io/tracking-id': `${app.name}:${group}/Box:${app.name}/box`,
    };
    await world.kubectl(
      ['apply', '--server-side', '--field-manager=argocd-controller', '-f', '-'],
      { stdin: box('v1beta1', { host: 'a', remark: 'r' }, { namespace: app.name, annotations }) },
    );
    const live = found(app.name);
    const before = (await live.read(signal))?.metadata.resourceVersion;
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    await staysStill(world, app, [live], signal);
    assert.equal((await live.read(signal))?.metadata.resourceVersion, before);
    await world.when(
      world.pushed('adopted', { files: file(box('v1', { hostname: 'a' })) }),
      app.refreshed(),
    );
    await world.thenEventually(
      live.has('spec.note', undefined),
      app.isSynced(await world.git.revision('adopted')),
    );
  });

  test('a manager that fights in the older version is named, and that its names are others', async () => {
    const ours = file(box('v1', { hostname: 'ours' }));
    await world.given(world.repository('fought', ours));
    const app = world.application('fought', {
      repoURL: world.git.urlOf('fought'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    const live = found(app.name);
    const patch = ['patch', `boxes.v1beta1.${group}`, 'box', '-n', app.name, '--type=merge'];
    const spec = `-p=${JSON.stringify({ spec: { host: 'theirs' } })}`;
    for (let round = 0; round < 3; round += 1) {
      await world.thenEventually(live.has('spec.hostname', 'ours'));
      await world.kubectl([...patch, spec, '--field-manager=rival']);
      if (round < 2) await world.thenEventually(live.has('spec.hostname', 'ours'));
    }
    await world.thenEventually(
      app.hasCondition(
        'HealLoopWarning',
        /Box\/.*\/box: spec\.hostname was set back 2 times .* "rival" \(which writes .*\/v1beta1, where .*jsonPointers/,
      ),
      app.isOutOfSync(),
    );
    await world.thenConsistently(2_000, live.has('spec.hostname', 'theirs'));
  });
});
