import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FinalizerStore } from '../ports/finalizer-store.ts';
import type { ReconcileOutcome } from './controller.ts';
import { withFinalizer } from './finalizer.ts';

const NAME = 'example.com/team';
const signal = new AbortController().signal;
const done = async (): Promise<ReconcileOutcome> => ({ type: 'done' });

interface Thing {
  readonly version: number;
  readonly finalizers: readonly string[];
  readonly deleting: boolean;
}

/** One object in a storage that refuses writes on an old version and forgets what nothing holds. */
function createStorage(first: Partial<Thing> = {}) {
  let thing: Thing | undefined = { version: 1, finalizers: [], deleting: false, ...first };
  const settle = (next: Thing): Thing | undefined =>
    next.deleting && next.finalizers.length === 0 ? undefined : next;
  const store: FinalizerStore<Thing> = {
    finalizersOf: ({ finalizers }) => finalizers,
    isBeingDeleted: ({ deleting }) => deleting,
    async store(read, finalizers) {
      if (thing === undefined || read.version !== thing.version) return undefined;
      const next = { ...thing, version: thing.version + 1, finalizers };
      thing = settle(next);
      return next;
    },
  };
  return {
    store,
    get thing() {
      return thing;
    },
    /** Somebody else writes. */
    change(part: Partial<Thing>) {
      if (thing !== undefined) thing = settle({ ...thing, ...part, version: thing.version + 1 });
    },
  };
}

const LIVING = { version: 1, finalizers: [], deleting: false };

test('the finalizer is stored before the first work, behind those of others', async () => {
  const storage = createStorage({ finalizers: ['other'] });
  const seen: (readonly string[] | undefined)[] = [];
  const step = withFinalizer<Thing>({
    name: NAME,
    store: storage.store,
    cleanUp: done,
    async reconcile(thing) {
      seen.push(storage.thing?.finalizers, thing.finalizers);
      return { type: 'requeue', afterMs: 5 };
    },
  });
  const outcome = await step({ ...LIVING, finalizers: ['other'] }, signal);
  assert.deepEqual(outcome, { type: 'requeue', afterMs: 5 });
  assert.deepEqual(seen, [
    ['other', NAME],
    ['other', NAME],
  ]);
});

test('an object that changed since it was read is not worked on before it is read again', async () => {
  const storage = createStorage();
  storage.change({});
  const step = withFinalizer<Thing>({
    name: NAME,
    store: storage.store,
    reconcile: () => assert.fail('worked on an object that it does not hold'),
    cleanUp: () => assert.fail('nothing is to be cleaned up'),
  });
  assert.equal((await step(LIVING, signal)).type, 'requeue');
  assert.deepEqual(storage.thing?.finalizers, []);
});

test('what is being deleted is let go when it is cleaned up, and not before', async () => {
  const storage = createStorage({ finalizers: [NAME, 'other'], deleting: true });
  const outcomes: ReconcileOutcome[] = [{ type: 'requeue', afterMs: 7 }, { type: 'done' }];
  const step = withFinalizer<Thing>({
    name: NAME,
    store: storage.store,
    reconcile: () => assert.fail('it is being deleted'),
    cleanUp: async () => outcomes.shift() ?? assert.fail('cleaned up too often'),
  });
  assert.deepEqual(await step(storage.thing ?? assert.fail(), signal), {
    type: 'requeue',
    afterMs: 7,
  });
  assert.deepEqual(storage.thing?.finalizers, [NAME, 'other']);
  assert.deepEqual(await step(storage.thing ?? assert.fail(), signal), { type: 'done' });
  assert.deepEqual(storage.thing?.finalizers, ['other']);
  assert.deepEqual(await step(storage.thing ?? assert.fail(), signal), { type: 'done' });
});

test('a failed clean-up keeps the object and is told', async () => {
  const storage = createStorage({ finalizers: [NAME], deleting: true });
  const step = withFinalizer<Thing>({
    name: NAME,
    store: storage.store,
    reconcile: done,
    cleanUp: () => Promise.reject(new Error('the account could not be closed')),
  });
  await assert.rejects(step(storage.thing ?? assert.fail(), signal), /could not be closed/);
  assert.deepEqual(storage.thing?.finalizers, [NAME]);
});

test('whoever writes in between: nothing that was made outlives its object', async () => {
  const events = fc.array(
    fc.constantFrom(
      'read' as const,
      'step' as const,
      'touched' as const,
      'deleted' as const,
      'crash in clean-up' as const,
    ),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(events, async (steps) => {
      const storage = createStorage({ finalizers: ['other'] });
      let made = false;
      let crash = false;
      const step = withFinalizer<Thing>({
        name: NAME,
        store: storage.store,
        async reconcile() {
          assert.ok(storage.thing?.finalizers.includes(NAME), 'made without being held');
          made = true;
          return { type: 'done' };
        },
        async cleanUp() {
          if (crash) throw new Error('crash');
          made = false;
          return { type: 'done' };
        },
      });
      let read = storage.thing;
      for (const event of [...steps, 'deleted', 'read', 'step'] as const) {
        crash = event === 'crash in clean-up';
        if (event === 'read') read = storage.thing;
        else if (event === 'touched') storage.change({});
        else if (event === 'deleted') storage.change({ deleting: true });
        else if (read !== undefined)
          await step(read, signal).catch((error: unknown) => assert.match(String(error), /crash/));
      }
      assert.equal(made, false);
      assert.deepEqual(storage.thing?.finalizers, ['other']);
    }),
  );
});
