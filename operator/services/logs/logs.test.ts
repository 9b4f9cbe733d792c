import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '../../runtime/clock.ts';
import { logLines, matcherOf, sortable } from './log-lines.ts';
import { mergeByTime } from './merge-by-time.ts';
import { podsOf } from './pods-of.ts';

const signal = AbortSignal.timeout(30_000);

async function* bytes(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part, 'latin1');
}

async function linesOf(...parts: readonly string[]) {
  return (await Array.fromAsync(logLines(bytes(...parts)))).map(({ time, text }) => [time, text]);
}

test('a log is split into lines with their times, wherever it is cut', async () => {
  const text =
    '2026-01-01T10:00:00.1Z one\n2026-01-01T10:00:01Z \n2026-01-01T10:00:02.5Z caf\xc3\xa9\r\n';
  const expected = [
    ['2026-01-01T10:00:00.1Z', 'one'],
    ['2026-01-01T10:00:01Z', ''],
    ['2026-01-01T10:00:02.5Z', 'café'],
  ];
  for (let cut = 0; cut <= text.length; cut += 1)
    assert.deepEqual(await linesOf(text.slice(0, cut), text.slice(cut)), expected, String(cut));
});

test('a line without end comes in parts, which have its time', async () => {
  const time = '2026-01-01T10:00:00Z';
  const lines = await linesOf(`${time} ${'x'.repeat(70_000)}`, 'y'.repeat(70_000), 'z\n');
  assert.deepEqual(
    lines.map(([at, text = '']) => [at, text.length, text.at(-1)]),
    [
      [time, 70_000, 'x'],
      [time, 70_000, 'y'],
      [time, 1, 'z'],
    ],
  );
});

test('times sort as texts, whatever digits and zone they have', () => {
  assert.equal(sortable('2026-01-01T10:00:00.5Z'), '2026-01-01T10:00:00.500000000Z');
  assert.equal(sortable('2026-01-01T12:00:00.5+02:00'), '2026-01-01T10:00:00.500000000Z');
  assert.equal(sortable('yesterday'), '');
});

test('a filter is a part of the line; a mark in front turns it round', () => {
  assert.deepEqual(
    [
      matcherOf('err', false)('an ERROR'),
      matcherOf('err', true)('an ERROR'),
      matcherOf('!err', false)('an ERROR'),
      matcherOf('!err', false)('fine'),
      matcherOf('', false)('anything'),
      matcherOf('!', false)('anything'),
    ],
    [true, false, false, true, true, true],
  );
});

const at = (time: string) => ({ time });
async function* items(...times: readonly string[]) {
  for (const time of times) yield at(time);
}

test('streams are merged by time', async () => {
  const clock = createVirtualClock();
  const merged = mergeByTime(
    [items('1', '4'), items(), items('2', '3', '5')],
    { clock, patienceMs: 100 },
    signal,
  );
  assert.deepEqual(
    (await Array.fromAsync(merged)).map(({ time }) => time),
    ['1', '2', '3', '4', '5'],
  );
});

test('one that opens a little later still comes first when it is earlier', async () => {
  const clock = createVirtualClock();
  async function* late() {
    await new Promise(setImmediate);
    yield at('1');
  }
  const merged = mergeByTime([items('2'), late()], { clock, patienceMs: 100 }, signal);
  assert.deepEqual(
    (await Array.fromAsync(merged)).map(({ time }) => time),
    ['1', '2'],
  );
});

test('one that says nothing is waited for only so long', async () => {
  const clock = createVirtualClock();
  const silent = Promise.withResolvers<never>();
  async function* silence(): AsyncGenerator<{ time: string }> {
    yield await silent.promise;
  }
  const merged = mergeByTime([items('2'), silence()], { clock, patienceMs: 100 }, signal);
  const next = merged.next();
  await new Promise(setImmediate); // it waits now
  await clock.advance(100);
  assert.deepEqual((await next).value, at('2'));
  silent.reject(new Error('over'));
  await assert.rejects(merged.next(), /over/);
});

const node = (kind: string, name: string, parent?: { kind: string; name: string }) => ({
  ...(kind === 'Pod' ? {} : { group: 'apps' }),
  ...{ kind, name, namespace: 'web', uid: name },
  ...(parent !== undefined && {
    parentRefs: [{ group: 'apps', namespace: 'web', ...parent }],
  }),
});
const nodes = [
  node('Deployment', 'web'),
  node('ReplicaSet', 'web-1', { kind: 'Deployment', name: 'web' }),
  node('Pod', 'web-1-a', { kind: 'ReplicaSet', name: 'web-1' }),
  node('Pod', 'alone'),
  { kind: 'Pod', name: 'missing', namespace: 'web', health: { status: 'Missing' } },
];
const all = { podName: '', namespace: '', group: '', kind: '', resourceName: '' };

for (const [what, choice, expected] of [
  ['all', {}, ['web-1-a', 'alone']],
  ['one by name', { podName: 'alone' }, ['alone']],
  [
    'those of a Deployment',
    { group: 'apps', kind: 'Deployment', resourceName: 'web' },
    ['web-1-a'],
  ],
  ['none of another namespace', { namespace: 'other' }, []],
  ['none of another group', { group: 'batch', kind: 'Deployment' }, []],
] as const)
  test(`Pods: ${what}`, () =>
    assert.deepEqual(
      podsOf(nodes, { ...all, ...choice }).map(({ name }) => name),
      expected,
    ));
