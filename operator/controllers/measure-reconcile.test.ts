import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appKey } from '../core/app/app-key.ts';
import { TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { AppStore } from '../ports/app-store.ts';
import { createVirtualClock } from '../runtime/clock.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { noAside } from '../runtime/places.ts';
import { measureReconciles } from './measure-reconcile.ts';

const key = appKey('argocd', 'shop');
const signal = new AbortController().signal;

function setUp(destination: Readonly<Record<string, string>>) {
  const app: KubeObject = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'shop', namespace: 'argocd' },
    spec: { destination },
  };
  const apps = { get: (asked: string) => (asked === key ? app : undefined) } as unknown as AppStore;
  const metrics = createMetrics();
  const clock = createVirtualClock();
  const samples = async (name: string) =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith(name));
  return { measured: measureReconciles({ apps, clock, metrics }), clock, samples };
}

test('a reconcile is timed whether it succeeds or fails, and its result passes through', async () => {
  const { measured, clock, samples } = setUp({ server: 'https://a', name: 'ignored' });
  const work = measured.reconcile(async () => {
    await clock.advance(1_500);
    return { type: 'done' };
  });
  assert.deepEqual(await work(key, signal, noAside), { type: 'done' });
  const failing = measured.reconcile(() => Promise.reject(new Error('no')));
  await assert.rejects(async () => failing(key, signal, noAside), /no/);
  assert.deepEqual(await samples('argocd_app_reconcile_sum'), [
    'argocd_app_reconcile_sum{namespace="argocd",dest_server="https://a"} 1.5',
  ]);
  assert.deepEqual(await samples('argocd_app_reconcile_count'), [
    'argocd_app_reconcile_count{namespace="argocd",dest_server="https://a"} 2',
  ]);
});

test('a failure is counted by its code', async () => {
  const { measured, samples } = setUp({ name: 'there' });
  measured.failed(new TiphysError('KubeConflict', 'x'));
  measured.failed(new Error('foreign'));
  assert.deepEqual((await samples('tiphys_reconcile_errors_total')).toSorted(), [
    'tiphys_reconcile_errors_total{code="Internal"} 1',
    'tiphys_reconcile_errors_total{code="KubeConflict"} 1',
  ]);
  assert.deepEqual(await samples('workqueue_retries_total'), [
    'workqueue_retries_total{name="app_reconciliation_queue"} 2',
  ]);
});

test('how long keys wait and are worked on is shown while the queue lives', async () => {
  const { measured, clock, samples } = setUp({ server: 'https://a' });
  const shown = measured.queue({ depth: 3 });
  const release = Promise.withResolvers<void>();
  const work = measured.reconcile(async () => {
    await release.promise;
    return { type: 'done' };
  });
  const first = work(key, signal, noAside);
  await clock.advance(2_000);
  const second = work(appKey('argocd', 'other'), signal, noAside);
  await clock.advance(1_000);
  measured.taken(250);
  const queue = '{name="app_reconciliation_queue"}';
  assert.deepEqual(await samples('workqueue_depth'), [`workqueue_depth${queue} 3`]);
  assert.deepEqual(await samples('workqueue_unfinished'), [
    `workqueue_unfinished_work_seconds${queue} 4`,
  ]);
  assert.deepEqual(await samples('workqueue_longest'), [
    `workqueue_longest_running_processor_seconds${queue} 3`,
  ]);
  assert.deepEqual(await samples('workqueue_queue_duration_seconds_sum'), [
    `workqueue_queue_duration_seconds_sum${queue} 0.25`,
  ]);
  release.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(await samples('workqueue_longest'), [
    `workqueue_longest_running_processor_seconds${queue} 0`,
  ]);
  shown[Symbol.dispose]();
  assert.deepEqual(await samples('workqueue_depth'), []);
});
