import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../objects/kube-object.ts';
import { decodeText, encodeText } from '../objects/object-texts.ts';
import {
  clusterSecret,
  clusterSecretName,
  parseClusterRecord,
  shownConfig,
} from './cluster-record.ts';

const decode = (base64: string) => decodeText(base64) ?? '';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const secret = (texts: Readonly<Record<string, string>>, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'c', ...metadata },
  data: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, encodeText(text)])),
});

describe('a registered cluster', () => {
  test('is read from its Secret; what cannot be read is empty', () => {
    const record = parseClusterRecord(
      secret(
        {
          server: 'https://a.example/ ',
          namespaces: 'a, b,',
          shard: '2',
          config: '{"proxyUrl":"x"}',
        },
        {
          labels: { 'argocd.argoproj.io/secret-type': 'cluster', tier: 'one' },
          annotations: { [LAST_APPLIED]: '{"password":"x"}', 'managed-by': 'y', note: 'z' },
        },
      ),
      decode,
    );
    assert.deepEqual(record, {
      ...{
        name: 'https://a.example',
        server: 'https://a.example',
        namespaces: ['a', 'b'],
        shard: 2,
      },
      ...{ config: { proxyUrl: 'x' }, clusterResources: false, project: '' },
      ...{ labels: { tier: 'one' }, annotations: { note: 'z' } },
    });
    const broken = secret({ server: 'https://a', config: 'no', shard: 'x' });
    const { config, shard } = parseClusterRecord(broken, decode);
    assert.deepEqual([config, shard], [{}, undefined]);
  });

  test('is written without what kubectl kept of the old credentials; other marks of ours stay', () => {
    const existing = secret(
      { server: 'https://a', config: '{"password":"old"}' },
      {
        labels: { 'argocd.argoproj.io/secret-type': 'cluster', tier: 'one' },
        annotations: { [LAST_APPLIED]: '{"password":"old"}', 'managed-by': 'argocd.argoproj.io' },
        resourceVersion: '7',
      },
    );
    const record = { ...parseClusterRecord(existing, decode), labels: { tier: 'two' } };
    const written = clusterSecret({ ...record, config: { bearerToken: 'new' } }, 'ns', existing);
    assert.deepEqual(written.metadata, {
      ...{ name: 'c', resourceVersion: '7' },
      labels: { 'argocd.argoproj.io/secret-type': 'cluster', tier: 'two' },
      annotations: { 'managed-by': 'argocd.argoproj.io' },
    });
    assert.ok(!JSON.stringify(written).includes('old'));
  });

  test('labels that are sent cannot make something else of the Secret', () => {
    const record = parseClusterRecord(secret({ server: 'https://a' }), decode);
    const labels = { 'argocd.argoproj.io/secret-type': 'repository' };
    const written = clusterSecret({ ...record, labels }, 'ns', undefined);
    assert.equal(written.metadata.labels?.['argocd.argoproj.io/secret-type'], 'cluster');
  });

  for (const [server, name] of [
    ['https://API.example:6443', /^cluster-api\.example-\d+$/],
    ['https://[::1]:6443', /^cluster-1-\d+$/],
    ['https://10.0.0.1', /^cluster-10\.0\.0\.1-\d+$/],
  ] as const)
    test(`the Secret of ${server} has a name that Kubernetes takes`, () =>
      assert.match(clusterSecretName(server), name));

  test('is shown without anything that proves who we are', () => {
    const config = {
      ...{ username: 'S', password: 'S', bearerToken: 'S', disableCompression: true },
      tlsClientConfig: {
        insecure: false,
        serverName: 'n',
        certData: 'S',
        keyData: 'S',
        caData: 'S',
      },
      execProviderConfig: { command: 'S', env: { A: 'S' } },
      proxyUrl: 'http://me:S@proxy.example:8080',
    };
    const shown = shownConfig(config);
    assert.ok(!JSON.stringify(shown).includes('"S"') && !JSON.stringify(shown).includes(':S@'));
    assert.deepEqual(shown, {
      tlsClientConfig: { insecure: false, serverName: 'n' },
      ...{ proxyUrl: 'http://proxy.example:8080', disableCompression: true },
    });
  });
});
