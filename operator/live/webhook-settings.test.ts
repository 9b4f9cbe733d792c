import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import { readRefreshSpread, readWebhookSettings } from './webhook-settings.ts';

function config(
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
  cm: Readonly<Record<string, string>> = {},
): ConfigStore {
  const object = (
    kind: string,
    name: string,
    data: Readonly<Record<string, string>>,
  ): KubeObject => ({
    apiVersion: 'v1',
    kind,
    metadata: { name },
    data,
  });
  const encoded = (data: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)]));
  return {
    configMap: (name) => (name === 'argocd-cm' ? object('ConfigMap', name, cm) : undefined),
    secret: (name) =>
      secrets[name] === undefined ? undefined : object('Secret', name, encoded(secrets[name])),
    secretsOfType: () => [],
    observe() {},
    observeGone() {},
    onChange: () => ({ [Symbol.dispose]() {} }),
  };
}

test('every key of argocd-secret is read, without the line break at its end', () => {
  const data = {
    'webhook.github.secret': 'a\n',
    'webhook.gitlab.secret': 'b',
    'webhook.gogs.secret': 'c',
    'webhook.bitbucket.uuid': 'd',
    'webhook.bitbucketserver.secret': 'e',
    'webhook.azuredevops.username': 'f',
    'webhook.azuredevops.password': 'g',
    'webhook.harbor.secret': 'h',
  };
  assert.deepEqual(readWebhookSettings(config({ 'argocd-secret': data })).secrets, {
    github: 'a',
    gitlab: 'b',
    gogs: 'c',
    bitbucketUuid: 'd',
    bitbucketServer: 'e',
    azureUsername: 'f',
    azurePassword: 'g',
    harbor: 'h',
  });
  assert.deepEqual(readWebhookSettings(config({})).secrets, {});
});

test('a value may lead to another key, or to another Secret', () => {
  const { secrets } = readWebhookSettings(
    config({
      'argocd-secret': {
        'webhook.github.secret': '$mine',
        mine: 'a',
        'webhook.gitlab.secret': '$vault:key',
        'webhook.gogs.secret': '$vault:absent',
      },
      vault: { key: 'b' },
    }),
  );
  assert.deepEqual([secrets.github, secrets.gitlab], ['a', 'b']);
  assert.ok((secrets.gogs ?? '').length > 1, 'what leads nowhere is checked against something');
  assert.notEqual(secrets.gogs, '$vault:absent');
});

test('the bound of bodies is 50 MB unless argocd-cm says otherwise', () => {
  const bound = (written: string) =>
    readWebhookSettings(config({}, { 'webhook.maxPayloadSizeMB': written })).maxBytes;
  assert.deepEqual(
    ['', '1', '0', '-3', 'many', '9999'].map(bound),
    [50_000_000, 1_000_000, 50_000_000, 50_000_000, 50_000_000, 1_000_000_000],
  );
});

test('how refreshes are spread is two keys, and what makes no sense counts as absent', () => {
  const read = (jitter: string, threshold = '10') => {
    const data = {
      'webhook.refresh.jitter': jitter,
      'webhook.refresh.jitter.threshold': threshold,
    };
    return readRefreshSpread(config({}, data));
  };
  assert.deepEqual(readRefreshSpread(config({})), { jitterMs: 0, threshold: 10 });
  assert.deepEqual(read('30s', '3'), { jitterMs: 30_000, threshold: 3 });
  assert.deepEqual(read('1m', '0'), { jitterMs: 60_000, threshold: 0 });
  for (const wrong of ['', 'soon', '-5s']) assert.equal(read(wrong).jitterMs, 0, wrong);
  for (const wrong of ['', '-1', '1.5']) assert.equal(read('1s', wrong).threshold, 10, wrong);
  assert.equal(read('100h').jitterMs, 3_600_000);
});
