import {
  assessHealth,
  compareObject,
  DEFAULT_TRACKING,
  FIELD_MANAGER,
  instanceOf,
  resourceKey,
  silentLogger,
  systemClock,
  type KubeObject,
} from 'tiphys';
import { createKubeClient, createLiveState } from 'tiphys/adapters';
import { NAMESPACES } from './cached-metadata.ts';
import { createBenchKinds } from './cached-objects.ts';

// A process of its own: `node --expose-gc cached-probe.ts URL TOTAL metadata|full`. Prints one
// `CachedFigures` as JSON.

/** What one process that holds so many objects came to. Times in microseconds per object. */
export interface CachedFigures {
  readonly objects: number;
  readonly depth: string;
  readonly listSeconds: number;
  /** Of V8, and of the whole process, after a collection; `peakMiB` while it listed. */
  readonly heapMiB: number;
  readonly residentMiB: number;
  readonly peakMiB: number;
  readonly kinds: readonly KindFigures[];
}

export interface KindFigures {
  readonly kind: string;
  readonly count: number;
  readonly bytesEach: number;
  readonly compareMicros: number | undefined;
  readonly assessMicros: number | undefined;
}

const MIB = 2 ** 20;
const ROUNDS = 3;
const [, , server = '', total = '0', depth = 'full'] = process.argv;
const kinds = createBenchKinds(Number(total));
const signal = AbortSignal.timeout(600_000);

await using client = createKubeClient({
  connection: { server },
  clock: systemClock,
  random: Math.random,
});
await using live = createLiveState({
  client,
  clock: systemClock,
  random: Math.random,
  logger: silentLogger,
  instanceOf: (object) => instanceOf(object, DEFAULT_TRACKING),
  excluded: () => false,
  fieldManagers: [FIELD_MANAGER],
});

const before = heapBytes();
const startedMs = performance.now();
await live.start(signal);
const asMetadata = (heapBytes() - before) / live.size;
const bytes = new Map<string, number>();
for (const kind of depth === 'full' ? kinds : []) {
  const held = heapBytes();
  await live.ensure([kind], signal);
  bytes.set(kind.kind, asMetadata + (heapBytes() - held) / kind.count);
}
const listSeconds = (performance.now() - startedMs) / 1000;
const heapMiB = (heapBytes() - before) / MIB;
const { rss } = process.memoryUsage();
const peakMiB = process.resourceUsage().maxRSS / 1024;
const figures: CachedFigures = {
  objects: live.size,
  depth,
  listSeconds,
  heapMiB,
  residentMiB: rss / MIB,
  peakMiB,
  kinds: depth === 'full' ? kinds.map(measureKind) : [],
};
process.stdout.write(JSON.stringify(figures));

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

function measureKind({ group, kind, count, desired }: (typeof kinds)[number]): KindFigures {
  const objects = NAMESPACES.flatMap((namespace) =>
    live.inNamespace(namespace).filter((object) => object.kind === kind),
  );
  if (objects.length !== count) throw new Error(`${objects.length} of ${count} ${kind}s are held`);
  const keyAt = (object: KubeObject) =>
    resourceKey({
      ...{ group, kind },
      namespace: object.metadata.namespace ?? '',
      name: object.metadata.name ?? '',
    });
  return {
    kind,
    count,
    bytesEach: bytes.get(kind) ?? Number.NaN,
    compareMicros:
      desired &&
      best(count, (from, to) => {
        const pairs = Array.from({ length: to - from }, (_, at) => {
          const wanted = desired(from + at);
          return { wanted, actual: live.get(keyAt(wanted)) };
        });
        const since = performance.now();
        const verdicts = pairs.map(({ wanted, actual }) => compareObject(wanted, actual));
        const spentMs = performance.now() - since;
        const wrong = verdicts.find(({ type }) => type !== 'equal');
        if (wrong !== undefined) throw new Error(`a ${kind} differs: ${JSON.stringify(wrong)}`);
        return spentMs;
      }),
    assessMicros: best(count, (from, to) => {
      const slice = objects.slice(from, to);
      const since = performance.now();
      const healths = slice.map(assessHealth);
      const spentMs = performance.now() - since;
      const wrong = healths.find((health) => health !== undefined && health.status !== 'Healthy');
      if (wrong !== undefined) throw new Error(`a ${kind} is ${JSON.stringify(wrong)}`);
      return spentMs;
    }),
  };
}

/** The quickest of some rounds over all objects, in slices, so that making desired state is not timed. */
function best(count: number, run: (from: number, to: number) => number): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    let spentMs = 0;
    for (let from = 0; from < count; from += 1000)
      spentMs += run(from, Math.min(count, from + 1000));
    return spentMs;
  });
  return (Math.min(...rounds) * 1000) / count;
}
