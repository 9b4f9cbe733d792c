import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicMs, sleep } from '../controlplane/waiting.ts';
import { met, pending } from '../language/expectation.ts';
import { untilValue } from './cluster-client.ts';
import { usageOf } from './processes.ts';
import { NAMESPACE, startSyncedWorld } from './synced-world.ts';

// What a push costs that touches one of many applications in one repository, told by a webhook while
// nothing is polled: how long until the live object has changed, and what the operator started and used.

export interface PushCost {
  readonly applications: number;
  readonly samples: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Of one push, on average. */
  readonly cpuMs: number;
  /** Git commands of one push, on average, by their first word. */
  readonly commands: ReadonlyMap<string, number>;
}

const SAMPLES = 20;
const SETTLE_MS = 1_000;

export async function measurePushes(
  applications: number,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<PushCost> {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-bench-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const calls = join(dir, 'calls');
  await writeFile(calls, '');
  const git = join(dir, 'git');
  await writeFile(git, `#!/bin/sh\necho "$1" >> ${calls}\nexec git "$@"\n`);
  await chmod(git, 0o755);
  const { world, client, workload, url } = await startSyncedWorld(
    {
      applications,
      operator: ['--webhook-port=0', '--repo-poll-interval=24h', '--resync=24h', `--git=${git}`],
    },
    say,
    stack,
    signal,
  );
  await sleep(10 * SETTLE_MS, signal);

  const port = await webhookPort();
  const pid = world.operatorPid() ?? 0;
  const called = async () => (await readFile(calls, 'utf8')).split('\n').filter(Boolean);
  const before = { calls: (await called()).length, cpu: usageOf(pid).cpuSeconds };
  const samples: number[] = [];
  for (let number = 0; number < SAMPLES; number += 1) {
    const name = workload.names[Math.floor((number * applications) / SAMPLES)] ?? '';
    const value = `push ${number}`;
    const files = workload.change(name, value);
    await world.git.commit('bench', { files });
    const startedMs = monotonicMs();
    await tell(port, url, Object.keys(files), signal);
    await untilValue(client, `/api/v1/namespaces/${NAMESPACE}/configmaps/${name}`, value, signal);
    samples.push(monotonicMs() - startedMs);
    await sleep(SETTLE_MS, signal);
  }
  const sorted = samples.toSorted((left, right) => left - right);
  const commands = new Map<string, number>();
  for (const word of (await called()).slice(before.calls))
    commands.set(word, (commands.get(word) ?? 0) + 1 / SAMPLES);
  return {
    applications,
    samples: SAMPLES,
    p50Ms: sorted[Math.floor(SAMPLES * 0.5)] ?? 0,
    p95Ms: sorted[Math.floor(SAMPLES * 0.95)] ?? 0,
    cpuMs: ((usageOf(pid).cpuSeconds - before.cpu) * 1000) / SAMPLES,
    commands,
  };

  async function webhookPort(): Promise<number> {
    let found = 0;
    await world.thenEventually(async () => {
      found = Number(/"port":(\d+),[^\n]*"webhooks"/.exec(await world.operatorLog())?.[1] ?? 0);
      return found > 0 ? met('the port is logged') : pending('no port yet');
    });
    return found;
  }
}

async function tell(
  port: number,
  url: string,
  modified: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify({
    ref: 'refs/heads/main',
    repository: { html_url: url.replace(/\.git$/, ''), default_branch: 'main' },
    commits: [{ modified }],
  });
  const headers = { 'x-github-event': 'push' };
  const address = `http://127.0.0.1:${port}/api/webhook`;
  const response = await fetch(address, { method: 'POST', headers, body, signal });
  if (response.status !== 200) throw new Error(`the webhook was answered with ${response.status}`);
}

export function describePushes(cost: PushCost): string {
  const commands = Array.from(cost.commands, ([word, count]) => `${count.toFixed(2)} × ${word}`);
  return `${cost.applications} applications in one repository, nothing polled; ${cost.samples} pushes that touch one of them
each, told by a webhook, until the live object has changed.

| p50 ms | p95 ms | CPU ms | git commands |
| --- | --- | --- | --- |
| ${cost.p50Ms.toFixed(0)} | ${cost.p95Ms.toFixed(0)} | ${cost.cpuMs.toFixed(0)} | ${commands.join(', ')} |

CPU and commands are of one push on average, with the second of rest after it; all processes that the operator starts
for these applications are git's.`;
}
