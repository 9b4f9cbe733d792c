import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkVariables } from './link-variables.ts';

const CANARY = 'canary-7f3a9c';
const named = (kind: string, name: string, annotations: Record<string, string> = {}) => ({
  ...{ apiVersion: 'v1', kind },
  metadata: { name, annotations, managedFields: [{ manager: 'x' }] },
});

test('links can name what they belong to, and nothing of what signs in to a cluster', () => {
  const url = 'https://other.example.com';
  const variables = linkVariables({
    application: named('Application', 'shop', { 'argocd.argoproj.io/managed-by-url': url }),
    project: named('AppProject', 'default'),
    cluster: {
      ...{ name: 'far', server: 'https://far', namespaces: ['a'], clusterResources: false },
      ...{ config: { bearerToken: CANARY }, shard: undefined, project: '' },
      ...{ labels: { env: 'prod' }, annotations: { logs: 'loki', hidden: CANARY } },
    },
    sensitiveAnnotations: ['hidden'],
    resource: named('Pod', 'web'),
  });
  const application = {
    ...{ apiVersion: 'v1', kind: 'Application' },
    metadata: { name: 'shop', annotations: { 'argocd.argoproj.io/managed-by-url': url } },
  };
  const marks = { labels: { env: 'prod' }, annotations: { logs: 'loki' } };
  assert.deepEqual(variables, {
    application,
    project: {
      apiVersion: 'v1',
      kind: 'AppProject',
      metadata: { name: 'default', annotations: {} },
    },
    cluster: {
      ...{ name: 'far', server: 'https://far', project: '', clusterResources: false },
      ...{ namespaces: ['a'], ...marks, metadata: { name: 'far', ...marks } },
    },
    resource: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', annotations: {} } },
    managedByURL: url,
  });
  assert.ok(!JSON.stringify(variables).includes(CANARY));
});

test('what is not there is not named', () => {
  const application = named('Application', 'shop');
  const variables = linkVariables({
    ...{ application, project: undefined, cluster: undefined, sensitiveAnnotations: [] },
  });
  assert.deepEqual(Object.keys(variables), ['application', 'managedByURL']);
});
