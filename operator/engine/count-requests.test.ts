import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TiphysError } from '../core/errors.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { ApiResource, KubeClient } from '../ports/kube-client.ts';
import type { Metrics } from '../ports/telemetry.ts';
import { countRequests } from './count-requests.ts';

test('requests are counted by verb and answer, whatever comes of them', async () => {
  const counted: string[] = [];
  const metrics = {
    count(name: string, labels: Record<string, string>) {
      const { verb, response_code: code, dry_run: dryRun } = labels;
      counted.push(`${name} ${labels['namespace']}/${labels['name']} ${labels['project']}`);
      counted.push(`${labels['server']} ${labels['resource_kind']} ${verb} ${code} ${dryRun}`);
    },
  } as unknown as Metrics;
  const refused = new TiphysError('KubeConflict', 'no', { fields: { status: 409 } });
  const client = {
    server: 'https://127.0.0.1:1',
    get: async () => undefined,
    apply: async () => ({ kind: 'ConfigMap' }),
    patch: () => Promise.reject(refused),
    delete: () => Promise.reject(new TiphysError('KubeUnreachable', 'gone')),
  } as unknown as KubeClient;
  const cluster = { server: 'https://kubernetes.default.svc', client } as unknown as Cluster;
  const app = { metadata: { namespace: 'argocd', name: 'shop' }, spec: { project: 'team' } };
  const counting = countRequests(cluster, app as Parameters<typeof countRequests>[1], metrics);
  const resource = { kind: 'ConfigMap' } as ApiResource;
  const at = { resource, namespace: 'shop', name: 'settings' };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} };
  const signal = new AbortController().signal;

  assert.equal(counting.client.server, client.server);
  assert.equal(await counting.client.get(at, signal), undefined);
  const apply = { fieldManager: 'x', force: true, dryRun: true };
  assert.deepEqual(await counting.client.apply(at, object, apply, signal), { kind: 'ConfigMap' });
  const patched = counting.client.patch(at, {}, { type: 'merge' }, signal);
  await assert.rejects(patched, (error) => error === refused);
  await assert.rejects(counting.client.delete(at, {}, signal), /gone/);

  assert.deepEqual(
    new Set(counted.filter((_, index) => index % 2 === 0)),
    new Set(['argocd_app_k8s_request_total argocd/shop team']),
  );
  assert.deepEqual(
    counted.filter((_, index) => index % 2 === 1),
    [
      'https://kubernetes.default.svc ConfigMap get 404 false',
      'https://kubernetes.default.svc ConfigMap apply 200 true',
      'https://kubernetes.default.svc ConfigMap patch 409 false',
      'https://kubernetes.default.svc ConfigMap delete 0 false',
    ],
  );
});
