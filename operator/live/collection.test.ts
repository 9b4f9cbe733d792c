import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { keyOf, type KubeObject } from '../core/objects/kube-object.ts';
import { createCollection } from './collection.ts';
import { compareResourceVersions } from '../core/objects/resource-version.ts';

function object(
  name: string,
  uid: string,
  version: number,
  data: string = String(version),
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'web', uid, resourceVersion: String(version) },
    data,
  };
}

test('resource versions are ordered as numbers, others not at all', () => {
  assert.ok((compareResourceVersions('9', '10') ?? 0) < 0);
  assert.equal(compareResourceVersions('10', '10'), 0);
  assert.ok((compareResourceVersions('11', '10') ?? 0) > 0);
  assert.equal(compareResourceVersions('abc', '10'), undefined);
});

describe('a collection', () => {
  test('a write is visible at once and the watch repeating it is no news', () => {
    const collection = createCollection();
    collection.replace({ objects: [object('a', 'u', 5)], resourceVersion: '5' });
    assert.equal(collection.observe(object('a', 'u', 7))?.type, 'applied');
    assert.equal(collection.apply(object('a', 'u', 6)), undefined);
    assert.equal(collection.apply(object('a', 'u', 7)), undefined);
    assert.equal(collection.get(keyOf(object('a', 'u', 7)))?.metadata.resourceVersion, '7');
  });

  test('a late answer of a write does not bring a deleted object back', () => {
    const collection = createCollection();
    collection.replace({ objects: [object('a', 'u', 5)], resourceVersion: '5' });
    collection.remove(object('a', 'u', 9));
    assert.equal(collection.observe(object('a', 'u', 7)), undefined);
    assert.equal(collection.size, 0);
  });

  test('what is known to be gone stays so, whatever comes late', () => {
    const collection = createCollection();
    const late = object('a', 'u', 6);
    collection.replace({ objects: [object('a', 'u', 5)], resourceVersion: '5' });
    assert.equal(collection.observeGone(keyOf(late), 'another'), undefined);
    assert.equal(collection.observeGone(keyOf(late), 'u')?.type, 'deleted');
    assert.equal(collection.apply(late), undefined);
    assert.equal(collection.observe(object('a', 'u', 7)), undefined);
    const earlier = { objects: [late], resourceVersion: '6' };
    assert.deepEqual(collection.replace(earlier), []);
    assert.deepEqual(collection.replace({ ...earlier, namespace: 'web' }), []);
    assert.equal(collection.remove(late), undefined);
    assert.equal(collection.size, 0);
  });

  test('what comes after an object that is gone is news', () => {
    for (const tell of ['apply', 'observe'] as const) {
      const collection = createCollection();
      collection.replace({ objects: [object('a', 'u', 5)], resourceVersion: '5' });
      collection.observeGone(keyOf(object('a', 'u', 5)), 'u');
      assert.equal(collection[tell](object('a', 'next', 8))?.type, 'applied');
      assert.equal(collection.remove(object('a', 'u', 7)), undefined, 'its own deletion, late');
      assert.equal(collection.size, 1);
    }
  });

  test('a list older than a write keeps what was written', () => {
    const collection = createCollection();
    collection.observe(object('new', 'n', 8));
    collection.observe(object('a', 'u', 9));
    collection.replace({ objects: [object('a', 'u', 5)], resourceVersion: '6' });
    assert.equal(collection.size, 2);
    assert.equal(collection.get(keyOf(object('a', 'u', 9)))?.metadata.resourceVersion, '9');
  });

  test('a list wins after the numbers went back', () => {
    const collection = createCollection();
    collection.replace({
      objects: [object('a', 'u', 500), object('b', 'v', 501)],
      resourceVersion: '600',
    });
    const changes = collection.replace({ objects: [object('a', 'u', 20)], resourceVersion: '30' });
    assert.deepEqual(changes.map(({ type }) => type).sort(), ['applied', 'deleted']);
    assert.equal(collection.apply(object('a', 'u', 31))?.type, 'applied');
  });

  test('the deletion of a predecessor leaves the recreated object alone', () => {
    const collection = createCollection();
    collection.replace({ objects: [object('a', 'old', 5)], resourceVersion: '5' });
    collection.observe(object('a', 'new', 9));
    assert.equal(collection.remove(object('a', 'old', 8)), undefined);
    assert.equal(collection.get(keyOf(object('a', 'new', 9)))?.metadata.uid, 'new');
  });

  test('a list of one namespace says nothing about the others', () => {
    const collection = createCollection();
    const elsewhere = {
      ...object('b', 'v', 4),
      metadata: { ...object('b', 'v', 4).metadata, namespace: 'other' },
    };
    collection.replace({ objects: [elsewhere], resourceVersion: '5', namespace: 'other' });
    collection.replace({ objects: [object('a', 'u', 5)], resourceVersion: '5', namespace: 'web' });
    collection.replace({ objects: [], resourceVersion: '6', namespace: 'web' });
    assert.deepEqual([...collection.values()], [elsewhere]);
  });
});

// A server, its history and a client that lists, watches, loses the watch, and hears the answers of
// its own writes early or late. When the watch has caught up, both hold the same objects, and the
// changes told add up to the same.
test('whatever the order of events, the collection ends up equal to the server', () => {
  const names = ['a', 'b', 'c'];
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('write' as const), name: fc.constantFrom(...names) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('delete' as const), name: fc.constantFrom(...names) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('watch' as const),
        count: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('relist' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('observe' as const),
        back: fc.integer({ min: 0, max: 4 }),
      }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const server = new Map<string, KubeObject>();
      const history: { type: 'applied' | 'deleted'; object: KubeObject; version: number }[] = [];
      const written: KubeObject[] = [];
      let version = 1;
      let uids = 0;
      let position = 0;
      const collection = createCollection();
      const told = new Map<string, KubeObject>();
      const tell = (change: ReturnType<typeof collection.apply>) => {
        if (change === undefined) return;
        assert.deepEqual(change.previous, told.get(change.key));
        if (change.type === 'applied') told.set(change.key, change.object);
        else told.delete(change.key);
      };
      const watch = (count: number) => {
        for (const event of history.filter((each) => each.version > position).slice(0, count)) {
          position = event.version;
          tell(
            event.type === 'applied'
              ? collection.apply(event.object)
              : collection.remove(event.object),
          );
        }
      };
      const relist = () => {
        position = version;
        const changes = collection.replace({
          objects: [...server.values()],
          resourceVersion: String(version),
        });
        for (const change of changes) tell(change);
      };
      relist();
      for (const each of steps) {
        switch (each.do) {
          case 'write': {
            version += 1;
            const uid = server.get(each.name)?.metadata.uid ?? `uid-${(uids += 1)}`;
            const next = object(each.name, uid, version);
            server.set(each.name, next);
            history.push({ type: 'applied', object: next, version });
            written.push(next);
            break;
          }
          case 'delete': {
            const held = server.get(each.name);
            if (held === undefined) break;
            version += 1;
            server.delete(each.name);
            history.push({
              type: 'deleted',
              object: object(each.name, held.metadata.uid ?? '', version),
              version,
            });
            break;
          }
          case 'watch':
            watch(each.count);
            break;
          case 'relist':
            relist();
            break;
          case 'observe': {
            const answer = written.at(-1 - each.back);
            if (answer === undefined) break;
            tell(collection.observe(answer));
            break;
          }
        }
        assert.deepEqual(
          new Map([...told]),
          new Map([...collection.values()].map((held) => [keyOf(held), held])),
        );
      }
      watch(Number.POSITIVE_INFINITY);
      assert.deepEqual([...collection.values()].sort(byName), [...server.values()].sort(byName));
    }),
    { numRuns: 2000 },
  );
});

function byName(left: KubeObject, right: KubeObject): number {
  return (left.metadata.name ?? '').localeCompare(right.metadata.name ?? '');
}
