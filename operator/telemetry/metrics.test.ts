import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appKey } from '../core/app/app-key.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { registerAppMetrics } from './app-metrics.ts';
import type { AppChange, AppStore } from '../ports/app-store.ts';
import type { LiveEvent } from '../ports/live-state.ts';
import { createVirtualClock } from '../runtime/clock.ts';
import type { Cluster } from '../ports/clusters.ts';
import { registerClusterMetrics } from './cluster-metrics.ts';
import { METRICS } from './metric-names.ts';
import { createMetrics, type PrometheusMetrics } from './metrics.ts';

/** The lines of one metric, without comments. */
async function samples(metrics: PrometheusMetrics, name: string): Promise<string[]> {
  const text = await metrics.text();
  return text.split('\n').filter((line) => line.startsWith(name));
}

describe('metrics', () => {
  test('counts, observes and measures the process', async () => {
    const metrics = createMetrics();
    const labels = { namespace: 'argocd', dest_server: 'https://kubernetes.default.svc' };
    metrics.observe('argocd_app_reconcile', labels, 0.3);
    metrics.count('tiphys_dry_runs_total', { verdict: 'same' });
    metrics.count('tiphys_dry_runs_total', { verdict: 'same' }, 2);
    assert.deepEqual(await samples(metrics, 'tiphys_dry_runs_total'), [
      'tiphys_dry_runs_total{verdict="same"} 3',
    ]);
    const buckets = await samples(metrics, 'argocd_app_reconcile_bucket');
    assert.ok(buckets.some((line) => line.includes('le="0.25"') && line.endsWith(' 0')));
    assert.ok(buckets.some((line) => line.includes('le="0.5"') && line.endsWith(' 1')));
    assert.equal((await samples(metrics, 'process_resident_memory_bytes')).length, 1);
    assert.match(metrics.contentType, /^text\/plain/);
  });

  test('two registries in one process know nothing of each other', async () => {
    const [left, right] = [createMetrics(), createMetrics()];
    left.count('tiphys_events_dropped_total', { reason: 'refused' });
    assert.deepEqual(await samples(right, 'tiphys_events_dropped_total{'), []);
  });

  test('a new name is registered on first use; wrong use is counted and never throws', async () => {
    const metrics = createMetrics();
    metrics.count('tiphys_new_total', { a: '1' });
    metrics.count('tiphys_new_total', { a: '1', b: '2' });
    metrics.count('tiphys_new_total', {});
    assert.deepEqual(await samples(metrics, 'tiphys_new_total'), [
      'tiphys_new_total{a="1"} 2',
      'tiphys_new_total 1',
    ]);
    metrics.observe('tiphys_new_total', { a: '1' }, 1);
    metrics.count('tiphys_new_total', { a: '1' }, -1);
    metrics.count('tiphys_new_total', { a: '1' }, Number.NaN);
    metrics.observe('not a name', {}, 1);
    metrics.gauge('process_cpu_seconds_total', '', [], () => []);
    const misuse = await samples(metrics, 'tiphys_metric_misuse_total');
    assert.deepEqual(misuse.toSorted(), [
      'tiphys_metric_misuse_total{metric="not a name"} 1',
      'tiphys_metric_misuse_total{metric="process_cpu_seconds_total"} 1',
      'tiphys_metric_misuse_total{metric="tiphys_new_total"} 3',
    ]);
  });

  test('a gauge is computed when asked for, by everybody who registered it', async () => {
    const metrics = createMetrics();
    const depths = new Map([['a', 1]]);
    const collect = () => [...depths].map(([name, value]) => ({ labels: { name }, value }));
    const first = metrics.gauge('workqueue_depth', 'x', ['name'], collect);
    const second = metrics.gauge('workqueue_depth', 'x', ['name'], () => [
      { labels: { name: 'other' }, value: 9 },
    ]);
    assert.deepEqual(await samples(metrics, 'workqueue_depth'), [
      'workqueue_depth{name="a"} 1',
      'workqueue_depth{name="other"} 9',
    ]);
    depths.clear();
    second[Symbol.dispose]();
    assert.deepEqual(await samples(metrics, 'workqueue_depth'), []);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    metrics.gauge('workqueue_depth', 'x', ['name'], () => [{ labels: { name: 'b' }, value: 2 }]);
    assert.deepEqual(await samples(metrics, 'workqueue_depth'), ['workqueue_depth{name="b"} 2']);
  });

  test('a gauge that fails leaves the other metrics readable', async () => {
    const metrics = createMetrics();
    metrics.gauge('tiphys_broken', 'x', [], () => {
      throw new Error('no');
    });
    metrics.count('tiphys_dry_runs_total', { verdict: 'same' });
    assert.equal((await samples(metrics, 'tiphys_dry_runs_total')).length, 1);
    assert.equal((await samples(metrics, 'tiphys_metric_misuse_total{')).length, 1);
  });

  test('the catalogue can be registered and has a sentence for each metric', async () => {
    const metrics = createMetrics();
    const text = await metrics.text();
    for (const [name, { type, help }] of Object.entries(METRICS)) {
      assert.match(name, /^(argocd|tiphys|workqueue)_[a-z0-9_]+$/);
      assert.match(help, /\.$/, name);
      if (type !== 'gauge') assert.ok(text.includes(`# HELP ${name} `), name);
    }
    assert.deepEqual(await samples(metrics, 'tiphys_metric_misuse_total{'), []);
  });
});

describe('argocd_app_info', () => {
  const web: KubeObject = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', namespace: 'argocd' },
    spec: {
      project: 'shop',
      source: { repoURL: 'https://me:pw@Git.example.com/Shop.git' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
      syncPolicy: { automated: {} },
    },
    status: { sync: { status: 'Synced' }, health: { status: 'Healthy' } },
  };

  test('shows each Application as it is, malformed ones too, until disposed', async () => {
    const metrics = createMetrics();
    let apps: readonly KubeObject[] = [web];
    const registered = registerAppMetrics(
      metrics,
      storeOf(() => apps),
    );
    const show = () => samples(metrics, 'argocd_app_info');
    assert.deepEqual(await show(), [
      'argocd_app_info{namespace="argocd",name="web",project="shop",autosync_enabled="true",' +
        'repo="https://git.example.com/shop",dest_server="https://kubernetes.default.svc",' +
        'dest_namespace="shop",sync_status="Synced",health_status="Healthy",operation=""} 1',
    ]);
    apps = [
      { ...web, metadata: { name: 'odd' }, spec: 7, status: null, operation: {} },
      { ...web, metadata: { ...web.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
    ];
    const [odd = '', deleted = ''] = await show();
    assert.match(
      odd,
      /project="default".*sync_status="Unknown",health_status="Unknown",operation="sync"/,
    );
    assert.match(deleted, /operation="delete"/);
    registered[Symbol.dispose]();
    assert.deepEqual(await show(), []);
  });

  test('labels and conditions are shown where the settings name them', async () => {
    const metrics = createMetrics();
    const conditions = ['SyncError', 'SyncError', 'Other'].map((type) => ({ type, message: '' }));
    const app = {
      ...web,
      metadata: { ...web.metadata, labels: { 'example.com/tier': 'front', other: 'x' } },
      status: { conditions },
    };
    using _registered = registerAppMetrics(
      metrics,
      storeOf(() => [app, { ...web, metadata: { name: 'bare' } }]),
      { labels: ['example.com/tier', 'team'], conditions: ['SyncError'] },
    );
    assert.deepEqual(await samples(metrics, 'argocd_app_labels'), [
      'argocd_app_labels{namespace="argocd",name="web",project="shop",label_example_com_tier="front",label_team=""} 1',
      'argocd_app_labels{namespace="",name="bare",project="shop",label_example_com_tier="",label_team=""} 1',
    ]);
    assert.deepEqual(await samples(metrics, 'argocd_app_condition'), [
      'argocd_app_condition{namespace="argocd",name="web",project="shop",condition="SyncError"} 2',
      'argocd_app_condition{namespace="",name="bare",project="shop",condition="SyncError"} 0',
    ]);
  });

  test('the counters of a deleted Application go, and only those', async () => {
    const metrics = createMetrics();
    const listeners = new Set<(change: AppChange) => void>();
    using _registered = registerAppMetrics(
      metrics,
      storeOf(() => [], listeners),
    );
    const phases = (namespace: string, name: string) => {
      for (const phase of ['Succeeded', 'Failed'])
        metrics.count('argocd_app_sync_total', { phase, namespace, name });
    };
    phases('argocd', 'web');
    phases('argocd', 'other');
    phases('team', 'web');
    const change = { key: appKey('argocd', 'web'), object: web, previous: web };
    for (const tell of listeners) tell({ ...change, type: 'applied' });
    assert.equal((await samples(metrics, 'argocd_app_sync_total{')).length, 6);
    for (const tell of listeners) tell({ ...change, type: 'deleted' });
    assert.deepEqual(await samples(metrics, 'argocd_app_sync_total{'), [
      'argocd_app_sync_total{namespace="argocd",name="other",phase="Succeeded"} 1',
      'argocd_app_sync_total{namespace="argocd",name="other",phase="Failed"} 1',
      'argocd_app_sync_total{namespace="team",name="web",phase="Succeeded"} 1',
      'argocd_app_sync_total{namespace="team",name="web",phase="Failed"} 1',
    ]);
    phases('argocd', 'web');
    assert.equal((await samples(metrics, 'argocd_app_sync_total{')).length, 6, 'counted anew');
  });
});

function storeOf(
  list: () => readonly KubeObject[],
  listeners = new Set<(change: AppChange) => void>(),
): Pick<AppStore, 'list' | 'onChange'> {
  return {
    list,
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}

test('gauges about clusters show all that are registered, and what is known of those connected', async () => {
  const metrics = createMetrics();
  const preferred = (kind: string) => ({ kind, preferred: kind !== 'Old' });
  const clock = createVirtualClock();
  const listeners = new Set<(event: LiveEvent) => void>();
  const subscribe = (listener: (event: LiveEvent) => void) => listeners.add(listener);
  const connected = {
    server: 'https://a',
    version: 'v1.36.3',
    live: { subscribe, size: 7, catalogue: { resources: ['Pod', 'Old', 'Node'].map(preferred) } },
  } as unknown as Cluster;
  using _gauges = registerClusterMetrics(
    metrics,
    {
      entries: [
        {
          name: 'here',
          server: 'https://a',
          project: undefined,
          labels: { 'example.com/env': 'prod' },
        },
        { name: 'there', server: 'https://b', project: undefined, labels: {} },
      ],
      connected: (server) => (server === 'https://a' ? connected : undefined),
      onConnected(listener) {
        listener(connected);
        return { [Symbol.dispose]() {} };
      },
    },
    clock,
    { labels: ['example.com/env'] },
  );
  await clock.advance(5_000);
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };
  for (const tell of listeners) tell({ object } as LiveEvent);
  assert.deepEqual(await samples(metrics, 'argocd_cluster_'), [
    'argocd_cluster_events_total{server="https://a",group="apps",kind="Deployment"} 1',
    'argocd_cluster_info{server="https://a",k8s_version="v1.36.3",name="here"} 1',
    'argocd_cluster_info{server="https://b",k8s_version="",name="there"} 1',
    'argocd_cluster_labels{server="https://a",name="here",label_example_com_env="prod"} 1',
    'argocd_cluster_labels{server="https://b",name="there",label_example_com_env=""} 1',
    'argocd_cluster_connection_status{server="https://a",k8s_version="v1.36.3"} 1',
    'argocd_cluster_connection_status{server="https://b",k8s_version=""} 0',
    'argocd_cluster_api_resources{server="https://a"} 2',
    'argocd_cluster_api_resource_objects{server="https://a"} 7',
    'argocd_cluster_cache_age_seconds{server="https://a"} 5',
    'argocd_cluster_cache_age_seconds{server="https://b"} -1',
  ]);
});
