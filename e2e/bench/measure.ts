import { join } from 'node:path';
import { startControlPlane } from '../controlplane/control-plane.ts';
import { monotonicMs, sleep } from '../controlplane/waiting.ts';
import { startWorld } from '../language/world.ts';
import { createClusterClient, type ClusterClient, untilValue } from './cluster-client.ts';
import { usageOf, watchPeak } from './processes.ts';
import { createWorkload } from './workload.ts';

/** One row of the table. Times of single samples are in `p50Ms` and `p95Ms`. */
export interface Measurement {
  readonly applications: number;
  readonly scenario: string;
  readonly wallSeconds: number;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly requests: number;
}

interface AppState {
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  readonly status?: {
    readonly sync?: { readonly status?: string };
    readonly health?: { readonly status?: string };
    readonly reconciledAt?: string;
  };
}

const NAMESPACE = 'bench';
const SAMPLES = 10;
const WIDTH = 16;
const IDLE_MS = 60_000;
const REFRESH = 'argocd.argoproj.io/refresh';

/** Plays all scenarios with so many applications on a control plane of their own. */
export async function measure(
  applications: number,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<readonly Measurement[]> {
  await using plane = await startControlPlane({ signal });
  await using world = await startWorld({
    signal,
    cluster: plane,
    operator: [],
    program: join(import.meta.dirname, '../../dist/main.js'),
  });
  await using client = createClusterClient({ ...plane, token: plane.adminToken });
  const workload = createWorkload(applications);
  const url = await world.git.createRepository('bench', workload.files());
  await world.kubectl(['create', 'namespace', NAMESPACE]);
  const collection = `/apis/argoproj.io/v1alpha1/namespaces/${world.namespace}/applications`;
  const projects = `/apis/argoproj.io/v1alpha1/namespaces/${world.namespace}/appprojects/default`;
  const configMap = (name: string) => `/api/v1/namespaces/${NAMESPACE}/configmaps/${name}`;
  const pid = world.operatorPid() ?? 0;
  const rows: Measurement[] = [];
  const picked = Array.from(
    { length: Math.min(SAMPLES, applications) },
    (_, i) => workload.names[Math.floor((i * applications) / SAMPLES)] ?? '',
  );

  async function row(scenario: string, play: () => Promise<readonly number[]>): Promise<void> {
    await quiet(pid, signal);
    const before = usageOf(pid);
    const requests = await client.served();
    using peak = watchPeak(pid);
    const startedMs = monotonicMs();
    const samples = [...(await play())].sort((a, b) => a - b);
    rows.push({
      applications,
      scenario,
      wallSeconds: (monotonicMs() - startedMs) / 1000,
      p50Ms: samples[Math.floor(samples.length * 0.5)],
      p95Ms: samples[Math.min(samples.length - 1, Math.floor(samples.length * 0.95))],
      cpuSeconds: usageOf(pid).cpuSeconds - before.cpuSeconds,
      peakMiB: peak.peakMiB,
      requests: (await client.served()) - requests,
    });
    const last = rows.at(-1);
    say(`${scenario}: ${last?.wallSeconds.toFixed(2)} s, CPU ${last?.cpuSeconds.toFixed(2)} s`);
  }

  await world.thenEventually(
    world.object('appprojects.argoproj.io', 'default', world.namespace).exists(),
  );
  await row('cold', async () => {
    await each(workload.names, (name) =>
      client.call('POST', collection, workload.application(name, url, world.namespace, NAMESPACE)),
    );
    await all(
      client,
      collection,
      signal,
      ({ status }) => status?.sync?.status === 'Synced' && status.health?.status === 'Healthy',
    );
    return [];
  });
  await row('refresh all', async () => {
    await each(workload.names, (name) => refresh(client, `${collection}/${name}`));
    await all(
      client,
      collection,
      signal,
      ({ metadata }) => metadata.annotations?.[REFRESH] === undefined,
    );
    return [];
  });
  await row('compare all', async () => {
    await client.call('PATCH', projects, { spec: { description: 'told to all' } });
    await quiet(pid, signal);
    return [];
  });
  await row('one commit', () =>
    oneByOne(picked, async (name) => {
      const value = `commit of ${name}`;
      await world.git.commit('bench', { files: workload.change(name, value) });
      const startedMs = monotonicMs();
      await refresh(client, `${collection}/${name}`);
      await untilValue(client, configMap(name), value, signal);
      return monotonicMs() - startedMs;
    }),
  );
  await row('drift', () =>
    oneByOne(picked, async (name) => {
      const { data } = await client.call<{ data: { value: string } }>('GET', configMap(name));
      const startedMs = monotonicMs();
      await client.call('PATCH', configMap(name), { data: { value: 'drift' } });
      await untilValue(client, configMap(name), data.value, signal);
      return monotonicMs() - startedMs;
    }),
  );
  await row('idle', async () => {
    await sleep(IDLE_MS, signal);
    return [];
  });
  return rows;

  async function oneByOne(
    names: readonly string[],
    sample: (name: string) => Promise<number>,
  ): Promise<number[]> {
    const samples: number[] = [];
    for (const name of names) {
      samples.push(await sample(name));
      await sleep(300, signal);
    }
    return samples;
  }
}

function refresh(client: ClusterClient, path: string): Promise<unknown> {
  return client.call('PATCH', path, { metadata: { annotations: { [REFRESH]: 'normal' } } });
}

/** Looks once a second, as a list of a thousand applications is not free. */
async function all(
  client: ClusterClient,
  collection: string,
  signal: AbortSignal,
  done: (app: AppState) => boolean,
): Promise<void> {
  for (;;) {
    const { items } = await client.call<{ items: AppState[] }>(
      'GET',
      `${collection}?resourceVersion=0`,
    );
    if (items.length > 0 && items.every(done)) return;
    await sleep(1000, signal);
  }
}

async function each(
  names: readonly string[],
  work: (name: string) => Promise<unknown>,
): Promise<void> {
  const queue = names.values();
  await Promise.all(
    Array.from({ length: WIDTH }, async () => {
      for (const name of queue) await work(name);
    }),
  );
}

/** Until the operator uses less than a twentieth of a core for a second, so that scenarios do not overlap. */
async function quiet(pid: number, signal: AbortSignal): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    const before = usageOf(pid).cpuSeconds;
    await sleep(1000, signal);
    if (usageOf(pid).cpuSeconds - before < 0.05) return;
  }
}
