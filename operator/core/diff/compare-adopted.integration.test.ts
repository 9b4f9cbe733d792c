import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject, JsonValue } from '../objects/json.ts';
import { formatPath, removePaths, type JsonPath } from '../objects/json-path.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { FIELD_MANAGER } from './compare-object.ts';
import { lastAppliedOf } from './last-applied.ts';
import { migrateManagedFields } from './migrate-managed-fields.ts';
import { foldStringData } from './normalise.ts';
import { predictedChanges } from './predicted-changes.ts';
import { pathsOf, refusal } from './testing/edits.ts';
import { RICH_OBJECTS } from './testing/rich-objects.ts';
import { type Arbiter, startArbiter } from './testing/arbiter.ts';

// Objects that others have applied before, in each way there is, and what removing a field from Git
// then comes to. The truth is what the API server does once ownership has been moved to us.

const signal = AbortSignal.timeout(900_000);

interface Way {
  readonly name: string;
  apply(arbiter: Arbiter, object: KubeObject): Promise<unknown>;
  /** Whether the API server alone would keep what we drop. */
  readonly keeps: boolean;
  /** Nothing tells what was in Git from what the API server filled in: only members of maps are found. */
  readonly isVague?: boolean;
}

const kubectl =
  (...args: readonly string[]) =>
  (arbiter: Arbiter, object: KubeObject): Promise<unknown> =>
    arbiter.kubectl([...args, '-f', '-'], { stdin: object });

const WAYS: readonly Way[] = [
  {
    name: 'kubectl create, then adopted by a sync',
    async apply(arbiter, object) {
      await kubectl('create')(arbiter, object);
      await arbiter.apply(object);
    },
    keeps: true,
  },
  { name: 'kubectl apply', apply: kubectl('apply'), keeps: true },
  {
    name: 'kubectl apply under our manager',
    apply: kubectl('apply', `--field-manager=${FIELD_MANAGER}`),
    keeps: true,
  },
  {
    name: 'kubectl apply under a manager of their own',
    apply: kubectl('apply', '--field-manager=deployer'),
    keeps: true,
  },
  {
    name: 'kubectl apply, then adopted by a sync without moving ownership',
    async apply(arbiter, object) {
      await kubectl('apply')(arbiter, object);
      await arbiter.apply(object);
    },
    keeps: true,
  },
  {
    name: 'a sync with Replace=true',
    apply: (arbiter, object) =>
      arbiter.client.create(arbiter.at(object), object, { fieldManager: FIELD_MANAGER }, signal),
    keeps: true,
    isVague: true,
  },
  {
    name: 'server-side under our manager',
    apply: (arbiter, object) => arbiter.apply(object),
    keeps: false,
  },
];

describe('adopted objects', () => {
  let arbiter: Arbiter;

  before(async () => {
    arbiter = await startArbiter(signal);
  });
  after(async () => {
    await arbiter[Symbol.asyncDispose]();
  });

  for (const way of WAYS)
    describe(way.name, () => {
      for (const [index, body] of RICH_OBJECTS.entries())
        test(`${body.kind}: equal, and each field removed from Git is found`, async (t) => {
          const name = `adopted-${WAYS.indexOf(way)}-${index}`;
          const object = { ...body, metadata: { ...body.metadata, name, namespace: 'default' } };
          await way.apply(arbiter, object);
          const live = await arbiter.live(object);
          const verdict = await arbiter.judge(object, live);
          assert.equal(verdict.type, 'equal', `false difference at ${verdict.paths.join(' ')}`);

          const judged = [];
          for (const path of removable(object)) {
            const desired = removePaths(object, [path]);
            const found = await arbiter.judge(desired, live).catch(refusal);
            if (found !== undefined) judged.push({ path, desired, found });
          }
          await moveOwnership(arbiter, object);
          const counts = { changes: 0, certain: 0, needless: 0, refused: 0 };
          for (const { path, desired, found } of judged) {
            const truth = await whatApplyingChanges(arbiter, desired);
            if (truth === undefined) {
              counts.refused += 1;
              continue;
            }
            const place = formatPath(path);
            if (truth.length > 0) {
              if (way.isVague === true && !IN_MAP.test(place)) continue;
              counts.changes += 1;
              assert.equal(found.type, 'different', `${place} is dropped and not found`);
              if (found.certain) counts.certain += 1;
            } else if (found.type === 'different') {
              // A default that was written out: removing it changes nothing but who holds it.
              counts.needless += 1;
              assert.ok(found.certain, `${place} is a standing difference`);
            }
          }
          t.diagnostic(`${judged.length} fields ${JSON.stringify(counts)}`);
          assert.ok(counts.changes > 0);
          if (!way.keeps) assert.equal(counts.certain + counts.needless, 0);
          await arbiter.remove(object);
        });
    });

  test('a field that another manager applies too stays, and is no standing difference', async () => {
    const object = configMap('shared', { ours: '1', both: '2' });
    await arbiter.apply(object);
    await arbiter.apply(configMap('shared', { both: '2' }), { manager: 'other' });
    const desired = configMap('shared', { ours: '1' });
    const before = await arbiter.judge(desired, await arbiter.live(desired));
    assert.deepEqual(before.suspected, ['data.both']);
    assert.equal(before.type, 'equal');
    await arbiter.apply(desired);
    const live = await arbiter.live(desired);
    assert.deepEqual(await arbiter.judge(desired, live), {
      type: 'equal',
      paths: [],
      suspected: [],
      certain: true,
    });
  });

  test('a Secret that is applied with its plain text folded loses the keys that Git drops', async () => {
    const secret = (stringData: JsonObject): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'plain', namespace: 'default' },
      stringData,
    });
    const [both, one] = [secret({ a: '1', b: '2' }), secret({ a: '1' })];
    await arbiter.apply(foldStringData(both));
    assert.equal((await arbiter.judge(both, await arbiter.live(both))).suspected.length, 0);
    const folded = foldStringData(one);
    const verdict = await arbiter.judge(folded, await arbiter.live(one));
    assert.deepEqual(verdict.paths, ['data.b']);
    await arbiter.apply(folded);
    assert.deepEqual((await arbiter.live(one))['data'], { a: 'MQ==' });
  });

  test('what another manager applied by itself is not ours to miss', async () => {
    const theirs = configMap('theirs', { theirs: '1' });
    await arbiter.kubectl(['apply', '--server-side', '-f', '-'], { stdin: theirs });
    const desired = configMap('theirs', {});
    const verdict = await arbiter.judge(desired, await arbiter.live(desired));
    assert.equal(verdict.type, 'equal');
    assert.deepEqual(verdict.suspected, []);
  });

  test('kubectl apply after a sync: what either of them applied is found', async () => {
    const first = configMap('turns', { a: '1', b: '2' });
    await arbiter.apply(first);
    await arbiter.kubectl(['apply', '-f', '-'], { stdin: configMap('turns', { b: '2', c: '3' }) });
    const live = await arbiter.live(first);
    assert.equal(lastAppliedOf(live, FIELD_MANAGER).type, 'updated');
    const gone = await arbiter.judge(configMap('turns', { b: '2' }), live);
    assert.deepEqual(gone.paths.toSorted(), ['data.a', 'data.c']);
    await moveOwnership(arbiter, first);
    await arbiter.apply(configMap('turns', { b: '2' }));
    assert.deepEqual((await arbiter.live(first))['data'], { b: '2' });
  });

  test('another order of init containers and variables is a difference, of containers it is none', async () => {
    const containers = [
      {
        name: 'a',
        image: 'a',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '$(A)' },
        ],
      },
      { name: 'b', image: 'b' },
    ];
    const initContainers = [
      { name: 'c', image: 'c' },
      { name: 'd', image: 'd' },
    ];
    const ordered = (spec: JsonValue): KubeObject => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'ordered', namespace: 'default' },
      spec: {
        selector: { matchLabels: { app: 'x' } },
        template: { metadata: { labels: { app: 'x' } }, spec },
      },
    });
    const first = ordered({ containers, initContainers });
    await arbiter.apply(first);
    const live = await arbiter.live(first);
    const swapped = ordered({ containers: containers.toReversed(), initContainers });
    assert.deepEqual((await arbiter.judge(swapped, live)).suspected, []);
    const other = ordered({ containers, initContainers: initContainers.toReversed() });
    const verdict = await arbiter.judge(other, live);
    assert.deepEqual(verdict.paths, ['spec.template.spec.initContainers']);
    await arbiter.apply(other);
    assert.equal((await arbiter.judge(other, await arbiter.live(other))).suspected.length, 0);
  });

  async function moveOwnership(on: Arbiter, object: KubeObject): Promise<void> {
    const current = await on.client.get(on.at(object), signal);
    assert.ok(current);
    const patch = migrateManagedFields(current, FIELD_MANAGER);
    if (patch !== undefined) await on.client.patch(on.at(object), patch, { type: 'json' }, signal);
  }
});

const IN_MAP = /^(?:metadata\.(?:labels|annotations)|data)[.[]/;

async function whatApplyingChanges(
  arbiter: Arbiter,
  desired: KubeObject,
): Promise<readonly string[] | undefined> {
  const predicted = await arbiter.apply(desired, { dryRun: true }).catch(refusal);
  if (predicted === undefined) return undefined;
  const current = await arbiter.client.get(arbiter.at(desired), signal);
  assert.ok(current);
  return predictedChanges(predicted, current, FIELD_MANAGER);
}

function configMap(name: string, data: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
}

/** Every member and item below the root, but not what says which object it is. */
function removable(object: KubeObject): JsonPath[] {
  const { apiVersion: _version, kind: _kind, metadata, ...body } = object;
  const { labels = {}, annotations = {} } = metadata;
  return pathsOf({ ...body, metadata: { labels, annotations } }, []).filter(
    (path) => formatPath(path) !== 'metadata',
  );
}
