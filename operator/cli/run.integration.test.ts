import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { applicationCrd, appProjectCrd } from '../core/app/crd.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { createKubeClient } from '../kube/kube-client.ts';
import { startRealApiServer, type RealApiServer } from '../kube/testing/real-api-server.ts';
import { systemClock } from '../runtime/clock.ts';

const WITHIN_MS = 60_000;

type LogLine = Readonly<Record<string, unknown>>;

/** `tiphys run` as a process, and what it has logged. */
interface Running {
  readonly child: ChildProcess;
  readonly lines: readonly LogLine[];
  readonly exited: Promise<readonly unknown[]>;
}

describe('tiphys run', () => {
  let folder: string;
  let plane: RealApiServer;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiphys-run-'));
    plane = await startRealApiServer();
    await using client = createKubeClient({
      connection: plane.connection(),
      clock: systemClock,
      random: Math.random,
    });
    const signal = AbortSignal.timeout(WITHIN_MS);
    const catalogue = await client.discover(signal);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'argocd' } };
    for (const object of [namespace, applicationCrd(), appProjectCrd()] as KubeObject[]) {
      const group = object.kind === 'Namespace' ? '' : 'apiextensions.k8s.io';
      const resource = catalogue.find({ group, version: 'v1', kind: object.kind });
      assert.ok(resource !== undefined);
      const name = object.metadata.name ?? '';
      await client.create({ resource, namespace: '', name }, object, {}, signal);
    }
    await eventually('the CRDs are served', async () => {
      const { resources } = await client.discover(signal);
      return resources.some(({ kind }) => kind === 'AppProject');
    });
    await writeFile(join(folder, 'kubeconfig'), kubeconfigOf(plane));
  });
  after(async () => {
    await plane[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  function run(
    flags: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Running & AsyncDisposable {
    const main = join(import.meta.dirname, '../main.ts');
    const kubeconfig = ['--kubeconfig', join(folder, 'kubeconfig'), '--metrics-port', '0'];
    const child = spawn(process.execPath, [main, 'run', ...kubeconfig, ...flags], {
      env: { PATH: process.env['PATH'], ...variables },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines: LogLine[] = [];
    createInterface({ input: child.stderr }).on('line', (line) =>
      lines.push(line.startsWith('{') ? (JSON.parse(line) as LogLine) : { msg: line }),
    );
    const exited = once(child, 'exit');
    return {
      child,
      lines,
      exited,
      async [Symbol.asyncDispose]() {
        child.kill('SIGTERM'); // gently: it has a temporary folder to remove
        await exited;
      },
    };
  }

  async function pageOf({ lines }: Running, path: string) {
    const { port } = await eventually('the port is logged', () =>
      lines.find(({ msg }) => msg === 'metrics and probes'),
    );
    const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`);
    return { status: answer.status, body: await answer.text() };
  }

  test('logs what is in effect, becomes ready, is measured, and ends in order', async () => {
    await using running = run(['--resync', '5m', '--workers=3'], { ARGOCD_GRPC_MAX_SIZE_MB: '9' });
    const { config } = await eventually('the start is logged', () =>
      running.lines.find(({ msg }) => msg === 'starting'),
    );
    const effective = config as Record<string, unknown>;
    assert.deepEqual([effective['resync'], effective['workers']], [300_000, 3]);
    await eventually('it is ready', async () => (await pageOf(running, '/readyz')).status === 200);
    assert.equal((await pageOf(running, '/healthz')).body, 'ok\n');
    const { body } = await pageOf(running, '/metrics');
    assert.match(body, /^argocd_cluster_info\{.*name="in-cluster"\} 1$/m);
    assert.match(body, /^workqueue_depth\{name="app_reconciliation_queue"\} 0$/m);
    running.child.kill('SIGTERM');
    assert.deepEqual(await running.exited, [0, null]);
    assert.ok(!running.lines.some(({ level }) => level === 'error'), JSON.stringify(running.lines));
    const told = running.lines.filter(({ msg }) => msg === 'settings have no effect');
    assert.deepEqual(
      told.map(({ settings }) => Object.keys(settings as object)),
      [['ARGOCD_GRPC_MAX_SIZE_MB']],
    );
  });

  test('with leader election the second stands by, and takes over when the first is stopped', async () => {
    await using first = run(['--leader-election', '--identity=first']);
    await eventually('the first works', () => worksIn(first));
    await using second = run(['--leader-election', '--identity=second']);
    await eventually('it stands by', () =>
      second.lines.find(({ msg }) => msg === 'standing by for leadership'),
    );
    await eventually('it is ready', async () => (await pageOf(second, '/readyz')).status === 200);
    assert.ok(!worksIn(second));
    first.child.kill('SIGTERM');
    await first.exited;
    await eventually('the second works', () => worksIn(second));
  });

  test('two may be given one data folder, and the area of a killed one is taken again', async () => {
    const shared = join(folder, 'data');
    const flags = [`--data-dir=${shared}`, '--leader-election'];
    const areas = async () => (await readdir(shared)).filter((name) => /^\d+$/.test(name)).sort();
    await using first = run([...flags, '--identity=one']);
    await eventually('the first works', () => worksIn(first));
    await using second = run([...flags, '--identity=two']);
    await eventually('the second stands by', () =>
      second.lines.find(({ msg }) => msg === 'standing by for leadership'),
    );
    assert.deepEqual(await areas(), ['1', '2']);
    await mkdir(join(shared, '1/render/run-left'), { recursive: true });
    first.child.kill('SIGKILL');
    await first.exited;
    await using third = run([...flags, '--identity=three']);
    await eventually('the third stands by, or leads', () => third.lines.length > 3);
    await eventually('what was left is gone', async () => {
      const left = await readdir(join(shared, '1/render')).catch((): string[] => []);
      return !left.includes('run-left');
    });
    assert.deepEqual(await areas(), ['1', '2'], 'no third area was needed');
  });

  test('a context that is not in the kubeconfig is told with a hint, and exit code 2', async () => {
    await using bare = run(['--context=absent']);
    assert.deepEqual(await bare.exited, [2, null]);
    const told = bare.lines.map(({ msg }) => msg).join('\n');
    assert.match(told, /error: .*context "absent"/);
    assert.match(told, /hint: /);
  });
});

const worksIn = ({ lines }: Running): boolean => lines.some(({ msg }) => msg === 'operator works');

/** Polls until there is something. */
async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const until = Date.now() + WITHIN_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > until) throw new Error(`not within ${WITHIN_MS} ms: ${what}`);
    await sleep(50);
  }
}

function kubeconfigOf({ server, ca, adminToken }: RealApiServer): string {
  const authority = Buffer.from(ca).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'u', user: { token: adminToken } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}
