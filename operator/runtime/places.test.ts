import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createVirtualClock } from './clock.ts';
import { createPlaces, noAside, type Aside } from './places.ts';

const never = (): AbortSignal => new AbortController().signal;

type Step = 'work' | 'wait';

interface Job {
  readonly name: string;
  readonly priority: number;
  readonly steps: readonly { readonly step: Step; readonly ms: number }[];
}

/** Plays jobs on so many places, and notes who worked when and how many at once. */
function play(count: number, jobs: readonly Job[]) {
  const clock = createVirtualClock();
  const left = [...jobs].sort((a, b) => b.priority - a.priority);
  const log: string[] = [];
  const ended: string[] = [];
  let working = 0;
  let most = 0;

  async function run({ name, steps }: Job, aside: Aside): Promise<void> {
    const note = (what: string) => log.push(`${name} ${what}@${clock.now()}`);
    working += 1;
    most = Math.max(most, working);
    for (const { step, ms } of steps) {
      note(step);
      if (step === 'work') await clock.sleep(ms, never());
      else {
        working -= 1;
        await aside(() => clock.sleep(ms, never()));
        working += 1;
        most = Math.max(most, working);
      }
    }
    working -= 1;
    ended.push(name);
  }

  const places = createPlaces({
    count,
    nextRank: () => left[0] && -left[0].priority,
    admit() {
      const job = left.shift();
      if (job !== undefined) places.hold(-job.priority, (aside) => run(job, aside));
    },
  });
  return { clock, places, log, ended, most: () => most };
}

const work = (ms: number) => ({ step: 'work' as const, ms });
const wait = (ms: number) => ({ step: 'wait' as const, ms });

test('places: who waits aside lets the next one work, and goes on when there is a place again', async () => {
  const { clock, places, log } = play(1, [
    { name: 'slow', priority: 0, steps: [wait(10), work(5)] },
    { name: 'quick', priority: 0, steps: [work(20)] },
  ]);
  places.fill();
  await clock.advance(100);
  await places.ended();
  assert.deepEqual(log, ['slow wait@0', 'quick work@0', 'slow work@20']);
});

test('places: who comes back goes before newcomers of its priority and after more urgent ones', async () => {
  const { clock, places, log } = play(1, [
    { name: 'first', priority: 0, steps: [wait(1), work(10)] },
    { name: 'second', priority: 0, steps: [work(10)] },
    { name: 'third', priority: 0, steps: [work(10)] },
    { name: 'resync', priority: -1, steps: [work(10)] },
  ]);
  places.fill();
  await clock.advance(100);
  assert.deepEqual(log, [
    'first wait@0',
    'second work@0',
    'first work@10',
    'third work@20',
    'resync work@30',
  ]);
  const urgent = play(1, [
    { name: 'resync', priority: -1, steps: [wait(1), work(10)] },
    { name: 'user', priority: 0, steps: [work(10)] },
  ]);
  urgent.places.fill();
  await urgent.clock.advance(100);
  assert.deepEqual(urgent.log, ['user work@0', 'resync wait@10', 'resync work@11']);
});

test('places: any number may go aside as soon as they are let in', async () => {
  const jobs = Array.from({ length: 5_000 }, (_, index) => ({
    name: `${index}`,
    priority: 0,
    steps: [wait(1), work(0)],
  }));
  const { clock, places, ended, most } = play(2, jobs);
  places.fill();
  await clock.advance(1);
  await clock.advance(jobs.length);
  await places.ended();
  assert.deepEqual([ended.length, most()], [jobs.length, 2]);
});

test('places: what is done aside passes its result and its failure on', async () => {
  const results: unknown[] = [];
  let admitted = false;
  const places = createPlaces({
    count: 1,
    nextRank: () => (admitted ? undefined : 0),
    admit() {
      admitted = true;
      places.hold(0, async (aside) => {
        results.push(await aside(async () => 'done'));
        await aside(() => Promise.reject(new Error('no'))).catch((error) => results.push(error));
      });
    },
  });
  places.fill();
  await places.ended();
  assert.deepEqual(results, ['done', new Error('no')]);
  assert.equal(await noAside(async () => 7), 7);
});

test('places: never more work than there are places, nobody is forgotten, and no place is lost', async () => {
  const step = fc.record({
    step: fc.constantFrom<Step>('work', 'wait'),
    ms: fc.nat(20),
  });
  const job = fc.record({
    priority: fc.integer({ min: -1, max: 1 }),
    steps: fc.array(step, { maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(job, { maxLength: 12 }),
      async (count, drawn) => {
        const jobs = drawn.map((one, index) => ({ ...one, name: `${index}` }));
        const { clock, places, ended, most } = play(count, jobs);
        places.fill();
        await clock.advance(5_000);
        assert.equal(ended.length, jobs.length);
        assert.ok(most() <= count, `${most()} at once on ${count} places`);
        // All places are free again: as many can be held at once.
        let held = 0;
        for (let free = 0; free < count; free += 1)
          places.hold(0, async () => {
            held += 1;
          });
        assert.equal(held, count);
        await places.ended();
      },
    ),
    { numRuns: 200 },
  );
});
