import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, met, pending } from '../language/expectation.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { STAGE_ANNOTATION } from './stages.ts';
import { isAlive } from './tool-cache.ts';

const signal = AbortSignal.timeout(600_000);

describe('a control plane', () => {
  let plane: ControlPlane;
  let kubectl: Kubectl;
  before(async () => {
    plane = await startControlPlane({ signal });
    kubectl = await createKubectl(plane.kubeconfigPath, signal);
  });
  after(() => plane[Symbol.asyncDispose]());

  test('runs Deployments and Jobs', async (t) => {
    t.diagnostic(`ready after ${plane.startedInMs} ms`);
    await kubectl.apply(deployment('web'), job('once'));
    await kubectl(['wait', '--for=condition=Available', 'deployment/web', '--timeout=30s']);
    await kubectl(['wait', '--for=condition=Complete', 'job/once', '--timeout=30s']);
  });

  const fates = [
    { stage: 'fail', phase: 'Failed', ready: 'False' },
    { stage: 'hang', phase: 'Running', ready: 'False' },
    { stage: 'crash-loop', phase: 'Running', ready: 'False' },
    { stage: 'image-missing', phase: 'Pending', ready: 'False' },
    { stage: 'ready-after-1s', phase: 'Running', ready: 'True' },
    { stage: 'complete-after-1s', phase: 'Succeeded', ready: 'False' },
  ];
  for (const { stage, phase, ready } of fates) {
    test(`a Pod annotated ${stage} becomes ${phase}, Ready ${ready}`, async () => {
      const name = `pod-${stage}`;
      await kubectl.apply({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, annotations: { [STAGE_ANNOTATION]: stage } },
        spec: { restartPolicy: 'Never', ...containers },
      });
      await eventually(
        async () => {
          const pod = await kubectl.get<Pod>(['pod', name]);
          const condition = pod?.status.conditions?.find(({ type }) => type === 'Ready');
          const seen = `${pod?.status.phase}, Ready ${condition?.status}`;
          return seen === `${phase}, Ready ${ready}` ? met() : pending(seen);
        },
        { withinMs: 20_000, signal },
      );
    });
  }

  test('gives a Service of type LoadBalancer an address', async () => {
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'entry' },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    });
    const path = '{.status.loadBalancer.ingress[0].ip}';
    await kubectl(['wait', `--for=jsonpath=${path}=127.0.0.1`, 'service/entry', '--timeout=30s']);
  });

  test('new users may do what RBAC lets them', async () => {
    const path = join(plane.dir, 'jane.kubeconfig');
    await writeFile(path, await plane.user('jane', ['readers']));
    const jane = await createKubectl(path, signal);
    assert.match(
      (await jane.try(['get', 'pods'])).stderr,
      /User "jane" cannot list resource "pods"/,
    );
    await kubectl(['create', 'rolebinding', 'readers', '--clusterrole=view', '--group=readers']);
    await eventually(
      async () => {
        const { exitCode, stderr } = await jane.try(['get', 'pods']);
        return exitCode === 0 ? met() : pending(stderr);
      },
      { withinMs: 10_000, signal },
    );
  });

  test('a namespace is deleted with what it holds', async () => {
    await kubectl(['create', 'namespace', 'short-lived']);
    await kubectl(['create', 'configmap', 'inside', '--namespace=short-lived']);
    await kubectl(['delete', 'namespace', 'short-lived', '--timeout=30s']);
    assert.equal(await kubectl.get(['namespace', 'short-lived']), undefined);
  });

  test('the API server comes back on the same address with the same objects', async () => {
    await kubectl(['create', 'configmap', 'survivor']);
    await plane.stopApiServer();
    assert.notEqual((await kubectl.try(['get', 'namespaces'])).exitCode, 0);
    await plane.startApiServer(signal);
    assert.notEqual(await kubectl.get(['configmap', 'survivor']), undefined);
  });

  test('after forgetting its history it answers 410 to watches from before', async () => {
    const watch = ['get', '--raw', '/api/v1/configmaps?watch=1&timeoutSeconds=1&resourceVersion=2'];
    await plane.stopApiServer();
    await plane.compactHistory();
    await plane.startApiServer(signal);
    const { stdout, stderr } = await kubectl.try(watch);
    assert.match(stdout + stderr, /"code":410|too old resource version|Expired|Gone/);
  });
});

test('two at once do not know each other, and disposing leaves nothing', async () => {
  const components = { controllerManager: false, scheduler: false, kwok: false };
  let pids: number[];
  const dirs: string[] = [];
  {
    await using stack = new AsyncDisposableStack();
    const start = async () => stack.use(await startControlPlane({ signal, components }));
    const [one, two] = await Promise.all([start(), start()]);
    pids = [...Object.values(one.pids), ...Object.values(two.pids)];
    dirs.push(one.dir, two.dir);
    assert.equal(new Set(pids).size, 6, 'each has etcd, an API server and a supervisor');
    const [first, second] = await Promise.all(
      [one, two].map((plane) => createKubectl(plane.kubeconfigPath, signal)),
    );
    await first?.(['create', 'configmap', 'mine']);
    assert.equal(await second?.get(['configmap', 'mine']), undefined);
  }
  assert.deepEqual(pids.filter(isAlive), []);
  assert.deepEqual(dirs.filter(existsSync), []);
});

test('when its owner is killed no process and no data stay behind', async () => {
  const owner = fork(join(import.meta.dirname, 'testdata', 'owner.ts'), { stdio: 'inherit' });
  const [{ pids, dir }] = (await once(owner, 'message', { signal })) as [
    { pids: Record<string, number>; dir: string },
  ];
  assert.equal(Object.values(pids).filter(isAlive).length, 3);
  owner.kill('SIGKILL');
  await eventually(
    async () => {
      const alive = Object.entries(pids).filter(([, pid]) => isAlive(pid));
      return alive.length === 0 ? met() : pending(`alive: ${alive.map(([name]) => name)}`);
    },
    { withinMs: 10_000, signal },
  );
  assert.deepEqual(await readdir(dir), ['kubeconfig.json', 'logs', 'users']);
  await rm(dir, { recursive: true });
});

test('a start that is aborted rejects with the reason', async () => {
  const abort = new AbortController();
  const starting = startControlPlane({ signal: abort.signal });
  setTimeout(() => abort.abort(new Error('changed my mind')), 700);
  await assert.rejects(starting, /changed my mind/);
});

interface Pod {
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const containers = { containers: [{ name: 'main', image: 'example.com/main:1' }] };

function deployment(name: string): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: containers },
    },
  };
}

function job(name: string): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: { spec: { restartPolicy: 'Never', ...containers } } },
  };
}
