import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from './clock.ts';
import { createPace } from './pace.ts';

const signal = new AbortController().signal;

/** A pace of 3, and when its work began; each piece takes so long. */
function paced(longestMs = 1_000) {
  const clock = createVirtualClock();
  const pace = createPace({ clock, rest: 3, longestMs });
  const begun: number[] = [];
  const work = async (tookMs: number, stop = signal): Promise<void> => {
    await pace.ready(stop);
    begun.push(clock.monotonic());
    await pace.run(() => clock.sleep(tookMs, signal));
  };
  return { clock, work, begun };
}

test('the first piece begins at once, the next after a rest of three times its length', async () => {
  const { clock, work, begun } = paced();
  const both = work(50).then(() => work(50));
  await clock.advance(1_000);
  await both;
  assert.deepEqual(begun, [0, 200]);
});

test('no rest is shorter than the shortest', async () => {
  const clock = createVirtualClock();
  const pace = createPace({ clock, rest: 3, shortestMs: 100, longestMs: 1_000 });
  await pace.run(async () => {});
  let begunMs: number | undefined;
  const next = pace.ready(signal).then(() => {
    begunMs = clock.monotonic();
  });
  await clock.advance(1_000);
  await next;
  assert.equal(begunMs, 100);
});

test('what comes after the rest does not wait', async () => {
  const { clock, work, begun } = paced();
  const first = work(50);
  await clock.advance(500);
  await first;
  const second = work(50);
  await clock.advance(100);
  await second;
  assert.deepEqual(begun, [0, 500]);
});

test('no rest is longer than the longest, also after a piece that failed', async () => {
  const { clock, begun } = paced();
  const pace = createPace({ clock, rest: 3, longestMs: 1_000 });
  const failed = pace.run(async () => {
    await clock.sleep(10_000, signal);
    throw new Error('no answer');
  });
  failed.catch(() => {});
  await clock.advance(10_000);
  await assert.rejects(failed, /no answer/);
  const next = pace.ready(signal).then(() => void begun.push(clock.monotonic()));
  await clock.advance(5_000);
  await next;
  assert.deepEqual(begun, [11_000]);
});

test('whoever gives up while it rests is let go', async () => {
  const { clock, work, begun } = paced();
  const stop = new AbortController();
  const both = work(50).then(() => work(50, stop.signal));
  both.catch(() => {});
  await clock.advance(100);
  stop.abort(new Error('enough'));
  await assert.rejects(both, /enough/);
  assert.deepEqual(begun, [0]);
});
