import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createVirtualClock } from './clock.ts';
import { createWorkQueue } from './work-queue.ts';

function takeAll(queue: ReturnType<typeof createWorkQueue<string>>): string[] {
  const keys: string[] = [];
  for (let taken = queue.take(); taken !== undefined; taken = queue.take()) keys.push(taken.key);
  return keys;
}

test('work queue: higher priority first, then earlier due time, then order of arrival', async () => {
  const clock = createVirtualClock();
  const queue = createWorkQueue<string>(clock);
  queue.add('resync', { priority: -1 });
  queue.add('late', { afterMs: 2 });
  queue.add('early', { afterMs: 1 });
  queue.add('also early', { afterMs: 1 });
  queue.add('urgent', { afterMs: 3, priority: 5 });
  await clock.advance(3);
  assert.deepEqual(takeAll(queue), ['urgent', 'early', 'also early', 'late', 'resync']);
});

test('work queue: adding again keeps the earlier time and the higher priority', async () => {
  const clock = createVirtualClock();
  const queue = createWorkQueue<string>(clock);
  queue.add('a', { afterMs: 10, priority: 1 });
  queue.add('a', { afterMs: 5, priority: 0 });
  queue.add('a', { afterMs: 50, priority: 3 });
  queue.add('b', { afterMs: 5, priority: 2 });
  assert.equal(queue.length, 2);
  await clock.advance(4);
  assert.equal(queue.due, 0);
  await clock.advance(1);
  assert.deepEqual(takeAll(queue), ['a', 'b']);
});

test('work queue: a key added while worked on comes once more, when it is given back', async () => {
  const clock = createVirtualClock();
  const queue = createWorkQueue<string>(clock);
  queue.add('a');
  assert.deepEqual(queue.take(), { key: 'a', rank: 0 });
  queue.add('a', { afterMs: 60_000 });
  queue.add('a');
  assert.equal(queue.due, 0);
  queue.done('a');
  assert.deepEqual(takeAll(queue), ['a']);
  queue.done('a');
  await clock.advance(100_000);
  assert.equal(queue.length, 0);
});

test('work queue: tells when something falls due, and an earlier key moves the alarm', async () => {
  const clock = createVirtualClock();
  const taken: string[] = [];
  const queue = createWorkQueue<string>(clock, {
    onDue() {
      for (const key of takeAll(queue)) {
        taken.push(`${key}@${clock.now()}`);
        queue.done(key);
      }
    },
  });
  queue.add('late', { afterMs: 100 });
  await clock.advance(10);
  queue.add('early', { afterMs: 20 });
  assert.equal(clock.pending, 1);
  await clock.advance(90);
  assert.deepEqual(taken, ['early@30', 'late@100']);
});

test('work queue: nobody waits for ever behind more urgent keys that keep coming', async () => {
  const clock = createVirtualClock();
  const queue = createWorkQueue<string>(clock);
  queue.add('patient', { priority: -1 });
  const taken: string[] = [];
  for (let second = 0; second < 300 && !taken.includes('patient'); second += 1) {
    queue.add('busy', { priority: 1 });
    const key = queue.take()?.key ?? '';
    taken.push(key);
    queue.done(key);
    await clock.advance(1000);
  }
  assert.equal(taken.indexOf('patient'), 120); // two steps of priority are two minutes
});

test('work queue: with nothing due there is nothing to take', async () => {
  const clock = createVirtualClock();
  const queue = createWorkQueue<string>(clock);
  queue.add('late', { afterMs: 100, priority: 3 });
  assert.deepEqual([queue.take(), queue.nextRank], [undefined, undefined]);
  await clock.advance(100);
  const rank = 100 - 3 * 60_000;
  assert.equal(queue.nextRank, rank);
  assert.deepEqual(queue.take(), { key: 'late', rank });
  assert.deepEqual([queue.take(), queue.nextRank], [undefined, undefined]);
});

test('work queue: disposing forgets keys and alarm, and takes no more', () => {
  const clock = createVirtualClock();
  const queue = createWorkQueue<string>(clock);
  queue.add('a', { afterMs: 10 });
  queue[Symbol.dispose]();
  queue.add('b', { afterMs: 10 });
  assert.deepEqual([queue.length, queue.due, clock.pending], [0, 0, 0]);
});

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const addition = fc.record({
  key,
  afterMs: fc.oneof(fc.constant(0), fc.nat(30)),
  priority: fc.integer({ min: -1, max: 1 }),
});

test('work queue: hands out exactly what a plain list would choose', async () => {
  const command = fc.oneof(
    fc.record({ type: fc.constant('add' as const), addition }),
    fc.record({
      type: fc.constant('advance' as const),
      ms: fc.oneof(fc.nat(20), fc.integer({ min: 30_000, max: 130_000 })),
    }),
    fc.record({ type: fc.constant('take' as const) }),
    fc.record({ type: fc.constant('done' as const) }),
  );
  interface Expected {
    key: string;
    at: number;
    priority: number;
    order: number;
  }
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
      const clock = createVirtualClock();
      const queue = createWorkQueue<string>(clock);
      let waiting: Expected[] = [];
      let again: Expected[] = [];
      const active: string[] = [];
      let order = 0;
      const add = (list: Expected[], entry: Expected) => {
        const known = list.find((other) => other.key === entry.key);
        if (known === undefined) list.push(entry);
        else {
          known.at = Math.min(known.at, entry.at);
          known.priority = Math.max(known.priority, entry.priority);
        }
      };
      for (const step of commands) {
        if (step.type === 'advance') await clock.advance(step.ms);
        else if (step.type === 'add') {
          const { key: name, afterMs, priority } = step.addition;
          queue.add(name, { afterMs, priority });
          const entry = { key: name, at: clock.now() + afterMs, priority, order: order++ };
          add(active.includes(name) ? again : waiting, entry);
        } else if (step.type === 'done') {
          const name = active.shift();
          if (name === undefined) continue;
          queue.done(name);
          for (const entry of again.filter((other) => other.key === name))
            add(waiting, { ...entry, order: order++ });
          again = again.filter((other) => other.key !== name);
        } else {
          const [best] = waiting
            .filter(({ at }) => at <= clock.now())
            .map((entry) => ({ entry, rank: entry.at - entry.priority * 60_000 }))
            .sort((l, r) => l.rank - r.rank || l.entry.order - r.entry.order);
          if (best === undefined) continue;
          assert.equal(queue.nextRank, best.rank);
          assert.deepEqual(queue.take(), { key: best.entry.key, rank: best.rank });
          waiting = waiting.filter((other) => other !== best.entry);
          active.push(best.entry.key);
        }
        assert.equal(queue.due, waiting.filter(({ at }) => at <= clock.now()).length);
        assert.equal(queue.length, waiting.length);
        assert.equal(queue.active, active.length);
      }
    }),
    { numRuns: 500 },
  );
});

test('work queue: under random schedules no key is handed out twice at once and none is lost', async () => {
  const arrival = fc.record({ at: fc.nat(200), addition });
  await fc.assert(
    fc.asyncProperty(
      fc.array(arrival, { maxLength: 40 }),
      fc.array(fc.nat(40), { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 4 }),
      async (arrivals, durations, workers) => {
        const clock = createVirtualClock();
        const running = new Set<string>();
        const runs: { readonly key: string; readonly at: number }[] = [];
        let turn = 0;
        const fill = () => {
          while (running.size < workers) {
            const name = queue.take()?.key;
            if (name === undefined) return;
            assert.ok(!running.has(name), `${name} twice at once`);
            running.add(name);
            runs.push({ key: name, at: clock.now() });
            clock.schedule(durations[turn++ % durations.length] ?? 0, () => {
              running.delete(name);
              queue.done(name);
              fill();
            });
          }
        };
        const queue = createWorkQueue<string>(clock, { onDue: fill });
        for (const { at, addition: added } of arrivals)
          clock.schedule(at, () => queue.add(added.key, added));
        await clock.advance(10_000);
        assert.deepEqual([queue.length, queue.active, clock.pending], [0, 0, 0]);
        for (const { at, addition: added } of arrivals)
          assert.ok(
            runs.some((run) => run.key === added.key && run.at >= at),
            `${added.key} added at ${at} was lost`,
          );
        assert.ok(runs.length <= arrivals.length);
      },
    ),
    { numRuns: 100 },
  );
});

test('work queue: tells for how long each key was due before it was taken', async () => {
  const clock = createVirtualClock();
  const taken: string[] = [];
  const onTaken = (key: string, dueForMs: number) => void taken.push(`${key} ${dueForMs}`);
  const queue = createWorkQueue<string>(clock, { onTaken });
  queue.add('now');
  queue.add('later', { afterMs: 300 });
  await clock.advance(500);
  takeAll(queue);
  assert.deepEqual(taken, ['now 500', 'later 200']);
});
