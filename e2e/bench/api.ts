import { Pool } from 'undici';
import { monotonicMs, sleep } from '../controlplane/waiting.ts';
import { apiClient, serverCertificate } from '../language/api-client.ts';
import { signIn } from '../language/sign-in.ts';
import { usageOf } from './processes.ts';
import { startSyncedWorld } from './synced-world.ts';

// How fast the API answers with many Applications and many clients, over TLS, while the operator in the
// same process keeps them as they are; and what many open watches cost.

interface Answered {
  readonly what: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
  /** Of one answer, as it is sent to a client that takes no compression. */
  readonly bytes: number;
}

export interface ApiCost {
  readonly applications: number;
  readonly clients: number;
  readonly answered: readonly Answered[];
  readonly streams: number;
  /** From a change of one Application until every stream has told of it. */
  readonly streamsToldMs: number;
  readonly residentMiB: { readonly before: number; readonly withStreams: number };
}

const MEASURED_MS = 8_000;
const SETTLE_MS = 10_000;

export async function measureApi(
  options: { readonly applications: number; readonly clients: number; readonly streams: number },
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ApiCost> {
  const { applications, clients, streams } = options;
  await using stack = new AsyncDisposableStack();
  const { world, client, workload, collection } = await startSyncedWorld(
    { applications, operator: ['--api-port=0', '--api-max-requests-per-client=0'] },
    say,
    stack,
    signal,
  );
  await sleep(SETTLE_MS, signal);

  const api = await apiClient(world, signal);
  const token = await signIn(api, world);
  const ca = await serverCertificate(world);
  const pool = new Pool(api.url, { connections: clients, pipelining: 1, connect: { ca } });
  stack.defer(() => pool.destroy());
  const headers = { authorization: `Bearer ${token}` };
  const pid = world.operatorPid() ?? 0;
  const pick = (number: number) => workload.names[number % applications] ?? '';
  const answered: Answered[] = [];
  for (const [what, pathOf] of Object.entries<(number: number) => string>({
    'list, all fields': () => '/api/v1/applications',
    'list, what a page shows': () => `/api/v1/applications?fields=${FIELDS}`,
    get: (number) => `/api/v1/applications/${pick(number)}?project=default`,
    tree: (number) => `/api/v1/applications/${pick(number)}/resource-tree?project=default`,
  })) {
    answered.push({ what, ...(await load(pathOf)) });
    say(`${what}: p50 ${answered.at(-1)?.p50Ms.toFixed(0)} ms`);
  }
  await sleep(SETTLE_MS, signal);
  const before = usageOf(pid).residentMiB;
  const { tookMs: streamsToldMs, withStreams } = await watchWithMany();
  return {
    ...{ applications, clients, streams, answered, streamsToldMs },
    residentMiB: { before, withStreams },
  };

  /** All clients ask again and again. */
  async function load(pathOf: (number: number) => string): Promise<Omit<Answered, 'what'>> {
    const samples: number[] = [];
    let bytes = 0;
    let number = 0;
    const untilMs = monotonicMs() + MEASURED_MS;
    const startedMs = monotonicMs();
    await Promise.all(
      Array.from({ length: clients }, async () => {
        while (monotonicMs() < untilMs) {
          number += 1;
          const askedMs = monotonicMs();
          const answer = await pool.request({ method: 'GET', path: pathOf(number), headers });
          bytes = (await answer.body.arrayBuffer()).byteLength;
          if (answer.statusCode !== 200) throw new Error(`${pathOf(number)}: ${answer.statusCode}`);
          samples.push(monotonicMs() - askedMs);
        }
      }),
    );
    const seconds = (monotonicMs() - startedMs) / 1000;
    const sorted = samples.toSorted((left, right) => left - right);
    return {
      p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      perSecond: samples.length / seconds,
      bytes,
    };
  }

  /** Streams from now on; then one Application changes. All of them stay open until memory was looked at. */
  async function watchWithMany(): Promise<{
    readonly tookMs: number;
    readonly withStreams: number;
  }> {
    const { metadata } = await client.call<{ metadata: { resourceVersion: string } }>(
      'GET',
      collection,
    );
    const path = `/api/v1/stream/applications?resourceVersion=${metadata.resourceVersion}`;
    const many = new Pool(api.url, { connections: streams, pipelining: 1, connect: { ca } });
    let told = 0;
    const everybody = Promise.withResolvers<void>();
    const stop = new AbortController();
    const open = Array.from({ length: streams }, async () => {
      const answer = await many.request({ method: 'GET', path, headers, signal: stop.signal });
      let isTold = false;
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        if (isTold || !chunk.includes('"bench-told"')) continue;
        isTold = true;
        told += 1;
        if (told === streams) everybody.resolve();
      }
    });
    for (const one of open) one.catch(everybody.reject);
    await sleep(SETTLE_MS, signal);
    const startedMs = monotonicMs();
    const labels = { told: 'bench-told' };
    await client.call('PATCH', `${collection}/${pick(0)}`, { metadata: { labels } });
    await everybody.promise;
    const tookMs = monotonicMs() - startedMs;
    const withStreams = usageOf(pid).residentMiB;
    stop.abort(new Error('done'));
    await many.destroy();
    return { tookMs, withStreams };
  }
}

const FIELDS = [
  ...['metadata.resourceVersion', 'items.metadata.name', 'items.metadata.namespace'],
  ...['items.metadata.labels', 'items.spec.destination', 'items.spec.project', 'items.spec.source'],
  ...['items.status.health', 'items.status.sync.status', 'items.status.summary'],
].join(',');

/** A chapter of docs/benchmarks.md. */
export function describeApi(cost: ApiCost): string {
  const rows = cost.answered.map(
    ({ what, p50Ms, p99Ms, perSecond, bytes }) =>
      `| ${what} | ${p50Ms.toFixed(0)} | ${p99Ms.toFixed(0)} | ${perSecond.toFixed(0)} | ${(bytes / 1024).toFixed(0)} |`,
  );
  const { before, withStreams } = cost.residentMiB;
  return `${cost.applications} Applications of four objects, ${cost.clients} clients at once that ask again and again, over TLS and
without compression. Server, operator, control plane and clients share the machine.

| request | p50 ms | p99 ms | answers /s | KiB each |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

With ${cost.streams} streams of all Applications open, a change of one was told on the last of them after ${cost.streamsToldMs.toFixed(0)} ms.
The process took ${before.toFixed(0)} MiB before and ${withStreams.toFixed(0)} MiB with them.
`;
}
