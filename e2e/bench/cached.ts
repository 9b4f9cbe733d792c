import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createBenchKinds } from './cached-objects.ts';
import type { CachedFigures } from './cached-probe.ts';
import { startObjectServer } from './object-server.ts';

// `node e2e/bench/cached.ts`, after `make build`: what a live store of 100 000 objects costs, and
// comparing and assessing them. BENCH_OBJECTS=10000 chooses another number.

export interface CachedCost {
  readonly full: CachedFigures;
  readonly metadata: CachedFigures;
  /** JSON of one object on average, managed fields included. */
  readonly meanBytes: number;
}

/** Each depth in a process of its own, with the options of the operator; the objects come over HTTP from this one. */
export async function measureCached(total: number, signal: AbortSignal): Promise<CachedCost> {
  await using server = await startObjectServer(createBenchKinds(total));
  const metadata = await probe(server.url, total, 'metadata', signal);
  const full = await probe(server.url, total, 'full', signal);
  return { full, metadata, meanBytes: server.meanBytes };
}

async function probe(
  url: string,
  total: number,
  depth: CachedFigures['depth'],
  signal: AbortSignal,
): Promise<CachedFigures> {
  const child = spawn(
    process.execPath,
    [
      ...['--expose-gc', '--max-semi-space-size=16'], // the second as the operator has it
      ...[join(import.meta.dirname, 'cached-probe.ts'), url, String(total), depth],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], signal },
  );
  const ended = once(child, 'close');
  const answer = await text(child.stdout);
  await ended;
  if (answer === '') throw new Error(`nothing measured at depth ${depth}`);
  return JSON.parse(answer) as CachedFigures;
}

export function describeCached({ full, metadata, meanBytes }: CachedCost): string {
  const held = [full, metadata].map((one) =>
    [
      one.depth,
      one.listSeconds.toFixed(1),
      one.heapMiB.toFixed(0),
      ((one.heapMiB * 2 ** 20) / one.objects).toFixed(0),
      one.residentMiB.toFixed(0),
      one.peakMiB.toFixed(0),
    ].join(' | '),
  );
  const micros = (value: number | undefined) => value?.toFixed(1) ?? '';
  const kinds = full.kinds.map((one) =>
    [
      one.kind,
      one.count,
      one.bytesEach.toFixed(0),
      micros(one.compareMicros),
      micros(one.assessMicros),
    ].join(' | '),
  );
  const seconds = full.kinds.reduce(
    (sum, { count, compareMicros = 0, assessMicros = 0 }) =>
      sum + (count * (compareMicros + assessMicros)) / 1e6,
    0,
  );
  const budget = full.residentMiB <= BUDGET_MIB ? 'within' : 'MORE than';
  return `A live store of ${full.objects} objects of ${meanBytes.toFixed(0)} bytes of JSON on average, managed fields included,
listed over HTTP from a process beside it. Resident memory at full depth is ${budget} the budget of ${BUDGET_MIB} MiB.

| depth | list s | heap MiB | heap bytes per object | resident MiB | peak MiB |
| --- | --- | --- | --- | --- | --- |
${held.map((row) => `| ${row} |`).join('\n')}

Comparing each object that Git holds with its equal desired state, and assessing the health of each,
takes ${seconds.toFixed(2)} s for all of them.

| kind | objects | heap bytes each | µs to compare | µs to assess |
| --- | --- | --- | --- | --- |
${kinds.map((row) => `| ${row} |`).join('\n')}`;
}

const BUDGET_MIB = 600;

if (import.meta.main) {
  const total = Number(process.env['BENCH_OBJECTS'] ?? '100000');
  const cost = await measureCached(total, AbortSignal.timeout(900_000));
  process.stdout.write(`${describeCached(cost)}\n`);
}
