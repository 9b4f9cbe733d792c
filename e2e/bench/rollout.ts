import { join } from 'node:path';
import { startControlPlane } from '../controlplane/control-plane.ts';
import { monotonicMs, sleep } from '../controlplane/waiting.ts';
import { startWorld, type World } from '../language/world.ts';
import { type ClusterClient, createClusterClient } from './cluster-client.ts';
import { createWorkload } from './workload.ts';

// What rolling out costs: many applications at once, slow hooks beside quick applications, and one
// application of many objects against a bare client that applies the same objects.

/** Times from the first Application being created until each has Succeeded, in ms. */
interface Times {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly lastMs: number;
}

export interface RolloutCost {
  readonly applications: number;
  readonly slow: number;
  readonly hookSeconds: number;
  /** All of them, none with a hook. */
  readonly together: Times;
  /** Those without a hook, alone and beside the others. */
  readonly quickAlone: Times;
  readonly quickBeside: Times;
  /** Those with the hook. */
  readonly slowOnes: Times;
  readonly big: BigCost;
}

interface BigCost {
  readonly objects: number;
  readonly width: number;
  /** From the operation being asked for until it has Succeeded: first sync, and one that changes all. */
  readonly operatorMs: readonly [first: number, changed: number];
  /** The same writes by a client that does nothing else, with as many at once. */
  readonly bareMs: readonly [first: number, changed: number];
}

export interface RolloutSizes {
  readonly applications: number;
  readonly slow: number;
  readonly objects: number;
}

const NAMESPACE = 'bench';
const HOOK_SECONDS = 10;
/** How many objects the operator applies at once, too. */
const WIDTH = 10;
const POLL_MS = 200;

export async function measureRollout(
  sizes: RolloutSizes,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<RolloutCost> {
  const { applications, slow } = sizes;
  const quick = applications - slow;
  // A control plane for each, so that all begin with the same empty one.
  const [together] = await rollOut(applications, 0, signal);
  say(`${applications} at once: the last after ${seconds(together.lastMs)} s`);
  const [quickAlone] = await rollOut(quick, 0, signal);
  say(`${quick} alone: p50 ${seconds(quickAlone.p50Ms)} s`);
  const [quickBeside, slowOnes] = await rollOut(quick, slow, signal);
  say(`${quick} beside ${slow} slow ones: p50 ${seconds(quickBeside.p50Ms)} s`);
  const big = await measureBig(sizes.objects, signal);
  say(
    `${big.objects} objects: ${big.operatorMs.map(seconds)} s, bare ${big.bareMs.map(seconds)} s`,
  );
  const hookSeconds = HOOK_SECONDS;
  return { applications, slow, hookSeconds, together, quickAlone, quickBeside, slowOnes, big };
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

interface Stage extends AsyncDisposable {
  readonly world: World;
  readonly client: ClusterClient;
  /** Path of the Applications. */
  readonly collection: string;
}

async function startStage(signal: AbortSignal): Promise<Stage> {
  await using undo = new AsyncDisposableStack();
  const plane = undo.use(await startControlPlane({ signal }));
  const world = undo.use(
    await startWorld({
      signal,
      cluster: plane,
      operator: [],
      program: join(import.meta.dirname, '../../dist/main.js'),
    }),
  );
  const client = undo.use(createClusterClient({ ...plane, token: plane.adminToken }));
  await world.kubectl(['create', 'namespace', NAMESPACE]);
  await world.thenEventually(
    world.object('appprojects.argoproj.io', 'default', world.namespace).exists(),
  );
  const collection = `/apis/argoproj.io/v1alpha1/namespaces/${world.namespace}/applications`;
  const running = undo.move();
  return { world, client, collection, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The last `slow` of them have a hook to wait for; they are created among the first. */
async function rollOut(
  quick: number,
  slow: number,
  signal: AbortSignal,
): Promise<readonly [quick: Times, slow: Times]> {
  await using stage = await startStage(signal);
  const { world, client, collection } = stage;
  const workload = createWorkload(quick + slow);
  const slowNames = workload.names.slice(quick);
  const hooks = slowNames.map((name) => [`${name}/hook.yaml`, slowHook(name)]);
  const url = await world.git.createRepository('bench', {
    ...workload.files(),
    ...Object.fromEntries(hooks),
  });
  const startedMs = monotonicMs();
  // Whatever the hooks hold up, they hold it up from the start.
  await atOnce(32, [...slowNames, ...workload.names.slice(0, quick)], (name) =>
    client.call('POST', collection, workload.application(name, url, world.namespace, NAMESPACE)),
  );
  const ended = new Map<string, number>();
  while (ended.size < workload.names.length) {
    const { items } = await client.call<{ items: Operated[] }>(
      'GET',
      `${collection}?resourceVersion=0`,
    );
    for (const { metadata, status } of items)
      if (status?.operationState?.phase === 'Succeeded' && !ended.has(metadata.name))
        ended.set(metadata.name, monotonicMs() - startedMs);
    await sleep(POLL_MS, signal);
  }
  const timesOf = (names: readonly string[]) => distribution(names.map((n) => ended.get(n) ?? 0));
  return [timesOf(workload.names.slice(0, quick)), timesOf(slowNames)];
}

interface Operated {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly operationState?: { readonly phase: string; readonly startedAt: string };
    readonly sync?: { readonly revision?: string };
    readonly history?: readonly { readonly revision: string }[];
  };
}

function distribution(samples: readonly number[]): Times {
  const sorted = samples.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { p50Ms: at(0.5), p95Ms: at(0.95), lastMs: at(1) };
}

/** A Job whose Pod runs that long. */
const slowHook = (name: string): string => `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}-before
  annotations: { argocd.argoproj.io/hook: PreSync }
spec:
  template:
    metadata:
      annotations: { tiphys.dev/stage: complete-after-${HOOK_SECONDS}s }
    spec:
      restartPolicy: Never
      containers: [{ name: main, image: example.invalid/job:1 }]
`;

async function measureBig(objects: number, signal: AbortSignal): Promise<BigCost> {
  await using stage = await startStage(signal);
  const { world, client, collection } = stage;
  await world.kubectl(['create', 'namespace', 'bare']);
  const names = Array.from({ length: objects }, (_, i) => `object-${String(i).padStart(5, '0')}`);
  const objectOf = (name: string, value: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { value, payload: 'x'.repeat(200) },
  });
  const fileOf = (value: string) => ({
    'all.yaml': names.map((name) => JSON.stringify(objectOf(name, value))).join('\n---\n'),
  });
  const bare = async (value: string): Promise<number> => {
    const startedMs = monotonicMs();
    await atOnce(WIDTH, names, (name) =>
      client.apply(`/api/v1/namespaces/bare/configmaps/${name}`, objectOf(name, value)),
    );
    return monotonicMs() - startedMs;
  };
  const path = `${collection}/big`;
  const operator = async (revision: string): Promise<number> => {
    const startedMs = monotonicMs();
    await client.call('PATCH', path, { operation: { sync: { revision } } });
    for (;;) {
      const { status } = await client.call<Operated>('GET', path);
      const phase = status?.operationState?.phase;
      if (phase === 'Failed' || phase === 'Error') throw new Error(`the sync of ${path} failed`);
      if (status?.history?.at(-1)?.revision === revision && phase === 'Succeeded') break;
      await sleep(20, signal);
    }
    return monotonicMs() - startedMs;
  };
  const url = await world.git.createRepository('bench', fileOf('one'));
  await client.call('POST', collection, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'big', namespace: world.namespace },
    spec: {
      project: 'default',
      source: { repoURL: url, path: '.', targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: NAMESPACE },
    },
  });
  // Compared once, so that fetching and rendering are not what is measured.
  await world.thenEventually(
    world
      .object('applications.argoproj.io', 'big', world.namespace)
      .has('status.sync.status', 'OutOfSync'),
  );
  const firstBare = await bare('one');
  const first = await operator(await world.git.revision('bench'));
  const revision = await world.git.commit('bench', { files: fileOf('two') });
  const changedBare = await bare('two');
  const changed = await operator(revision);
  return {
    objects,
    width: WIDTH,
    operatorMs: [first, changed],
    bareMs: [firstBare, changedBare],
  };
}

async function atOnce(
  width: number,
  names: readonly string[],
  work: (name: string) => Promise<unknown>,
): Promise<void> {
  const queue = names.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const name of queue) await work(name);
    }),
  );
}

export function describeRollout(cost: RolloutCost): string {
  const { applications, slow, hookSeconds, big } = cost;
  const quick = applications - slow;
  const row = (what: string, { p50Ms, p95Ms, lastMs }: Times) =>
    `| ${what} | ${seconds(p50Ms)} | ${seconds(p95Ms)} | ${seconds(lastMs)} |`;
  const ratio = (cost.quickBeside.p50Ms / cost.quickAlone.p50Ms).toFixed(2);
  const bigRow = (what: string, index: 0 | 1) => {
    const [own, bare] = [big.operatorMs[index], big.bareMs[index]];
    const each = ((own - bare) / big.objects).toFixed(2);
    return `| ${what} | ${seconds(own)} | ${seconds(bare)} | ${(own / bare).toFixed(2)} | ${each} |`;
  };
  return `Applications of four objects each, created at once on an empty control plane; seconds until the sync of
each has succeeded, looked at every ${POLL_MS} ms.

| applications | p50 s | p95 s | last s |
| --- | --- | --- | --- |
${row(`${applications}`, cost.together)}
${row(`${quick}`, cost.quickAlone)}
${row(`${quick}, beside ${slow} with a PreSync Job of ${hookSeconds} s`, cost.quickBeside)}
${row(`${slow} with that Job`, cost.slowOnes)}

The slow ones make the others ${ratio} times as slow (p50).

One application of ${big.objects} ConfigMaps, against a bare client that applies the same ones, ${big.width} at once. The
operator also asks for a dry run of each before the first write, and writes the results into status.

| sync | operator s | bare client s | ratio | ms more per object |
| --- | --- | --- | --- | --- |
${bigRow('all are new', 0)}
${bigRow('all change', 1)}`;
}
