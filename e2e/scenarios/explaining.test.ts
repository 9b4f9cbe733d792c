import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { isRefreshed } from '../language/stillness.ts';
import { startWorld, type World } from '../language/world.ts';
import { argocdSettings, configMap, deployment } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);
const program = join(import.meta.dirname, '../../operator/main.ts');

/** Values that must never be seen outside a Secret; wrongly typed ones too. */
const CANARY = 'canary-5d1e';
const NUMBER = '73194582';

describe('tiphys explain app', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const explain = async (name: string, ...more: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        ...[program, 'explain', 'app', name, ...more],
        ...[`--kubeconfig=${world.kubeconfigPath}`, `--namespace=${world.namespace}`],
      ],
      { signal, env: { PATH: process.env['PATH'] ?? '' } },
    );
    return stdout;
  };

  test('the fields that differ, the decision, and what to do', async () => {
    await world.given(
      world.repository('drift', {
        'a.yaml': configMap('a', '1'),
        'b.yaml': configMap('b', '1'),
        'web.yaml': deployment('web', 1),
      }),
    );
    const app = world.application('drift', { repoURL: world.git.urlOf('drift') });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.kubectl([...['scale', 'deployment', 'web', '-n', app.name], '--replicas=2']);
    await world.kubectl(['delete', 'configmap', 'a', '-n', app.name]);
    await world.thenEventually(app.isOutOfSync());
    const text = await explain(app.name);
    for (const line of [
      /^Application +tiphys-\w+\/drift-\w+ \(project default\)$/m,
      /^Sync +OutOfSync$/m,
      /^Last sync +Succeeded \S+ to [0-9a-f]{12}, by test: successfully synced/m,
      /^Objects that need a look \(2 of 3\)$/m,
      /^ {4}differs in spec.replicas$/m,
      /^ {4}spec.replicas: 2 -> 1$/m,
      /^ {4}is missing in the cluster$/m,
      /^Decision +idle: AutomationDisabled$/m,
      /^Next step +Automated sync is off\./m,
    ])
      assert.match(text, line);
    const json = JSON.parse(await explain(app.name, '-o', 'json')) as {
      resources: readonly { resource: string; changes: unknown }[];
      fine: number;
    };
    assert.deepEqual(json.resources.find(({ resource }) => resource.endsWith('/web'))?.changes, [
      { path: 'spec.replicas', live: 2, desired: 1 },
    ]);
    assert.equal(json.fine, 1);
  });

  test('after an operation at another revision it compares with what the spec says', async () => {
    await world.given(world.repository('pinned', { 'a.yaml': configMap('a', '1') }));
    const app = world.application('pinned', { repoURL: world.git.urlOf('pinned') });
    const sync = { syncOptions: ['CreateNamespace=true'] };
    await world.when(app.created(), app.synced(sync));
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const first = await world.git.revision('pinned');
    await world.git.commit('pinned', { files: { 'a.yaml': configMap('a', '2') } });
    await world.when(app.refreshed());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced({ ...sync, revision: first }));
    await world.thenEventually(
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .has('status.operationState.operation.sync.revision', first),
      app.operationEndedWell(),
      app.isOutOfSync(),
    );
    await world.stopOperator();
    await world.git.commit('pinned', { files: { 'a.yaml': configMap('a', '1') } });
    const text = await explain(app.name);
    world.startOperator();
    for (const line of [
      /^Sync +Synced$/m,
      new RegExp(`^Last sync +Succeeded \\S+ to ${first.slice(0, 12)}`, 'm'),
      /^Decision +idle: AutomationDisabled$/m,
    ])
      assert.match(text, line);
  });

  test('what cannot be rendered', async () => {
    await world.given(world.repository('broken', { 'a.yaml': 'kind: {' }));
    const app = world.application('broken', { repoURL: world.git.urlOf('broken') });
    await world.when(app.created());
    await world.thenEventually(app.hasCondition('ComparisonError'));
    const text = await explain(app.name);
    assert.match(text, /^ {2}ComparisonError: .*a\.yaml/m);
    assert.match(text, /^Next step +Desired or live state is not known/m);
  });

  test('an application that does not exist', async () => {
    await assert.rejects(explain('nobody'), /Application tiphys-\w+\/nobody: does not exist/);
  });

  test('no value of a Secret is told, whatever becomes of it', async () => {
    const secret = (name: string, rest: object) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, ...rest });
    const base64 = Buffer.from(CANARY).toString('base64');
    const masked = { 'resource.sensitive.mask.annotations': 'token' };
    await world.kubectl.apply(argocdSettings(world.namespace, masked));
    await world.given(
      world.repository('secrets', {
        'noted.json': JSON.stringify({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'noted', annotations: { token: CANARY } },
        }),
        'good.json': secret('good', { data: { a: base64 }, stringData: { b: CANARY } }),
        'number.json': secret('number', { data: { a: Number(NUMBER) } }),
        'text.json': secret('text', { data: { a: `${CANARY}!` } }),
        'fixed.json': secret('fixed', { immutable: true, stringData: { a: CANARY } }),
        'nested.json': secret('nested', { stringData: { a: { b: CANARY } } }),
      }),
    );
    const app = world.application('secrets', { repoURL: world.git.urlOf('secrets') });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.operationFailed());
    const data = (value: string) => JSON.stringify({ data: { a: value } });
    for (const name of ['good', 'fixed'])
      await world.kubectl.try([
        ...['patch', 'secret', name, '-n', app.name, '-p', data(`AAAA${base64}`)],
      ]);
    await world.when(
      world.pushed('secrets', {
        files: {
          'fixed.json': secret('fixed', { immutable: true, stringData: { a: `${CANARY}2` } }),
        },
      }),
      app.synced(),
    );
    await world.thenEventually(app.operationFailed(/immutable/));
    await world.kubectl(['patch', 'secret', 'good', '-n', app.name, '-p', data(`AAAA${base64}`)]);
    const body = JSON.stringify({ data: { a: base64 }, stringData: { b: CANARY } });
    for (const [name, annotation] of [
      ['good', `kubectl.kubernetes.io/last-applied-configuration=${body}`],
      ['noted', `token=${CANARY}-of-somebody-else`],
    ] as const)
      await world.kubectl([
        ...['annotate', 'secret', name, '-n', app.name, '--overwrite', annotation],
      ]);
    await world.when(app.refreshed());
    await world.thenEventually(isRefreshed(app), app.isOutOfSync());
    const compared = await explain(app.name, '-o', 'json');
    const broken = `apiVersion: v1\nkind: Secret\nmetadata: {name: broken}\nstringData: {a: ${CANARY}: x}\n`;
    await world.when(
      world.pushed('secrets', { files: { 'broken.yaml': broken } }),
      app.refreshed(),
    );
    await world.thenEventually(app.hasCondition('ComparisonError', /broken\.yaml:4: /));
    const object = await app.read(signal);
    const seen = {
      application: JSON.stringify(object),
      compared,
      explanation: await explain(app.name, '-o', 'json'),
      text: await explain(app.name),
      log: await world.operatorLog(),
      events: await world.kubectl(['get', 'events', '-n', world.namespace, '-o', 'json']),
    };
    for (const [where, text] of Object.entries(seen))
      for (const value of [CANARY, base64, NUMBER])
        assert.ok(!text.includes(value), `${value} in ${where}: ${around(text, value)}`);
    assert.match(seen.compared, /"path": "metadata.annotations.token",\s+"live": "\+{8}"/);
    assert.match(seen.compared, /"path": "data.a",\s+"live": "\+{8}",\s+"desired": "\+{12}"/);
  });
});

function around(text: string, value: string): string {
  const at = text.indexOf(value);
  return text.slice(Math.max(0, at - 200), at + 100);
}
