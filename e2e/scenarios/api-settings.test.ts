import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { selfSigned } from '../../operator/identity/self-signed.ts';
import {
  type ApiAnswer,
  type ApiClient,
  type ApiRequest,
  apiClient,
} from '../language/api-client.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { signIn } from '../language/sign-in.ts';
import { startWorld, type World } from '../language/world.ts';
import { settingsMap } from './manifests.ts';

const run = promisify(execFile);
const signal = AbortSignal.timeout(300_000);
const CANARY = 'canary-5ec4e7';

describe('settings, version, certificates and keys over the API', () => {
  let world: World;
  let api: ApiClient;
  let admin: string;

  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    admin = await signIn(api, world);
  });
  after(() => world[Symbol.asyncDispose]());

  function configMap(name: string, data: Readonly<Record<string, string>>): object {
    return settingsMap(world.namespace, name, data);
  }

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    token: string | undefined = admin,
  ): Promise<ApiAnswer> {
    const request: ApiRequest = {
      method,
      ...(token !== '' && { token }),
      ...(body !== undefined && { body }),
    };
    return await api.request(path, request);
  }

  function refused(answer: ApiAnswer, status: number, message: RegExp): void {
    assert.equal(answer.status, status, answer.text);
    assert.match((answer.json as { message: string }).message, message);
  }

  test('CVE-2024-37152: strangers are told what a page needs, and nothing else', async () => {
    await world.given(
      world.applied(
        configMap('argocd-cm', {
          url: 'https://cd.example',
          'ui.bannercontent': CANARY,
          passwordPattern: `^${CANARY}$`,
          'resource.customizations.health.apps_Deployment': `-- ${CANARY}`,
          'help.chatUrl': 'https://chat.example',
          'kustomize.path.v4.5.0': `/opt/${CANARY}`,
          'dex.config': [
            'connectors:',
            '- type: github',
            '  id: gh',
            '  name: GitHub',
            `  config: { clientID: a, clientSecret: ${CANARY} }`,
          ].join('\n'),
        }),
        configMap('argocd-notifications-cm', {
          'trigger.on-sync': CANARY,
          'template.synced': CANARY,
          'service.slack': `token: ${CANARY}`,
          'service.webhook.hook': `url: ${CANARY}`,
        }),
      ),
    );
    await eventually(
      async () => {
        const { text, json } = await ask('GET', '/api/v1/settings', undefined, '');
        assert.ok(!text.includes(CANARY), text);
        if (!text.includes('cd.example')) return pending(text);
        assert.deepEqual(json, {
          url: 'https://cd.example',
          googleAnalytics: { anonymizeUsers: true },
          help: { chatUrl: 'https://chat.example', chatText: 'Chat now!', binaryUrls: {} },
          trackingMethod: 'annotation',
          appLabelKey: 'app.kubernetes.io/instance',
          syncWithReplaceAllowed: true,
          resourceViewEnabled: true,
          kustomizeOptions: {},
          kustomizeVersions: ['v4.5.0'],
          dexConfig: { connectors: [{ name: 'GitHub', type: 'github', id: 'gh' }] },
        });
        return met('as it must be');
      },
      { withinMs: 20_000, signal },
    );
    const { json } = await ask('GET', '/api/v1/settings');
    const shown = json as Record<string, unknown>;
    assert.equal(shown['uiBannerContent'], CANARY);
    assert.equal(shown['passwordPattern'], `^${CANARY}$`);
    assert.equal(shown['controllerNamespace'], world.namespace);
    assert.deepEqual(shown['resourceOverrides'], {
      'apps/Deployment': { 'health.lua': `-- ${CANARY}` },
    });
    refused(await ask('GET', '/api/v1/settings/plugins', undefined, ''), 401, /no session/);
    assert.deepEqual((await ask('GET', '/api/v1/settings/plugins')).json, {});
  });

  test('a certificate of argocd-server-tls is shown as soon as it is there, while it can be used', async () => {
    const { port } = new URL(api.url);
    const shown = async (): Promise<string> => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const becomes = (wanted: string) =>
      world.thenEventually(async () => {
        const now = await shown();
        return now === wanted ? met(now) : pending(now);
      });
    const own = await shown();
    const [one, other] = [await selfSigned('one', Date.now()), await selfSigned('two', Date.now())];
    const metadata = { name: 'argocd-server-tls', namespace: world.namespace };
    const written = (certificate: string, key: string) =>
      world.applied({
        ...{ apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls' },
        stringData: { 'tls.crt': certificate, 'tls.key': key },
      });
    const theirs = new X509Certificate(one.certificate).fingerprint256;
    await world.when(written(one.certificate, one.key));
    await becomes(theirs);
    await world.when(written(one.certificate, other.key));
    await becomes(own);
    const log = await world.operatorLog();
    assert.match(log, /argocd-server-tls.*tls\.key is not the key of tls\.crt/);
    assert.doesNotMatch(log, /PRIVATE KEY/);
    await world.when(written(one.certificate, one.key));
    await becomes(theirs);
    await world.kubectl(['delete', 'secret', metadata.name, `--namespace=${world.namespace}`]);
    await becomes(own);
  });

  test('versions of the programs are for who signed in', async () => {
    const stranger = await ask('GET', '/api/version', undefined, '');
    assert.deepEqual(Object.keys(stranger.json as object), ['Version']);
    const { json } = await ask('GET', '/api/version');
    const shown = json as Record<string, string>;
    assert.match(shown['HelmVersion'] ?? '', /^v?\d+\.\d+\.\d+/);
    assert.match(shown['KustomizeVersion'] ?? '', /^v?\d+\.\d+\.\d+/);
    assert.match(shown['Platform'] ?? '', /^\w+\/\w+$/);
    assert.match(shown['Compiler'] ?? '', /^node v\d+\.\d+\.\d+$/);
    // Nothing was built here, and nothing is made up.
    assert.deepEqual(
      ['BuildDate', 'GitCommit', 'GoVersion'].filter((name) => name in shown),
      [],
    );
  });

  test('notifications are listed by name only', async () => {
    const names = async (kind: string) => {
      const { json, text } = await ask('GET', `/api/v1/notifications/${kind}`);
      assert.ok(!text.includes(CANARY), text);
      return (json as { items: readonly { name: string }[] }).items.map(({ name }) => name);
    };
    assert.deepEqual(await names('triggers'), ['on-sync']);
    assert.deepEqual(await names('templates'), ['synced']);
    assert.deepEqual(await names('services'), ['hook', 'slack']);
    refused(await ask('GET', '/api/v1/notifications/services', undefined, ''), 401, /no session/);
  });

  test('known hosts and authorities are added, listed by fingerprint and subject, and removed', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tiphys-keys-'));
    const names = ['-subj', '/CN=ca.example', '-keyout', join(dir, 'key'), '-out', '-'];
    const pem = (await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...names]))
      .stdout;
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'id')]);
    const { stdout: print } = await run('ssh-keygen', ['-l', '-f', join(dir, 'id.pub')]);
    const { stdout: key } = await run('cat', [join(dir, 'id.pub')]);
    await rm(dir, { recursive: true });
    const encode = (text: string) => Buffer.from(text).toString('base64');
    const ssh = {
      ...{ serverName: '[git.example]:2222', certType: 'ssh', certSubType: 'ssh-ed25519' },
      certData: encode(key.split(' ')[1] ?? ''),
    };
    const https = { serverName: 'git.example', certType: 'https', certData: encode(pem) };
    const path = '/api/v1/certificates';
    const send = (items: readonly object[], query = '') =>
      ask('POST', `${path}${query}`, { items });
    refused(await send([{ ...https, certData: encode('no') }]), 400, /no certificate in PEM/);
    refused(await send([{ ...ssh, certSubType: 'ssh-rsa' }]), 400, /no ssh-rsa key/);
    refused(await send([{ ...ssh, serverName: 'a b\nevil ssh-rsa AAAA' }]), 400, /is no host/);
    const made = await send([ssh, https]);
    assert.equal(made.status, 200, made.text);
    const shown = [
      {
        ...{ serverName: '[git.example]:2222', certType: 'ssh', certSubType: 'ssh-ed25519' },
        ...{ certData: null, certInfo: print.split(' ')[1] },
      },
      {
        ...{ serverName: 'git.example', certType: 'https', certSubType: 'rsa' },
        ...{ certData: null, certInfo: 'CN=ca.example' },
      },
    ];
    assert.deepEqual((await ask('GET', path)).json, { metadata: {}, items: shown });
    const filtered = await ask('GET', `${path}?hostNamePattern=git.*&certType=https`);
    assert.deepEqual(filtered.json, { metadata: {}, items: shown.slice(1) });
    assert.deepEqual((await send([ssh, https])).json, { metadata: {}, items: null });
    const other = { ...ssh, certData: encode(`${key.split(' ')[1]?.slice(0, -4)}AAAA`) };
    refused(await send([other]), 400, /another one exists/);
    assert.equal((await send([other], '?upsert=true')).status, 200);
    refused(await ask('DELETE', path), 400, /hostNamePattern: is missing/);
    const removed = await ask('DELETE', `${path}?hostNamePattern=*`);
    assert.equal((removed.json as { items: object[] }).items.length, 2, removed.text);
    assert.deepEqual((await ask('GET', path)).json, { metadata: {}, items: null });
    refused(await ask('GET', path, undefined, ''), 401, /no session/);
  });

  test('public keys are read by gpg, and private ones refused', async () => {
    const home = await mkdtemp(join(tmpdir(), 'tiphys-gpg-'));
    const gpg = (...args: string[]) =>
      run('gpg', ['--homedir', home, '--batch', '--no-tty', '--quiet', ...args]);
    await gpg('--passphrase', '', '--quick-gen-key', 'Ann <ann@example.com>', 'ed25519', 'sign');
    const keyData = (await gpg('--armor', '--export')).stdout;
    const secret = (await gpg('--armor', '--export-secret-keys')).stdout;
    const listing = (await gpg('--with-colons', '--list-keys')).stdout;
    await run('gpgconf', ['--homedir', home, '--kill', 'all']);
    await rm(home, { recursive: true });
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listing)?.[1] ?? '';
    const keyID = fingerprint.slice(-16);
    const path = '/api/v1/gpgkeys';
    refused(
      await ask('POST', path, { keyData: 'nothing' }),
      400,
      /gpg cannot read it|no public key/,
    );
    refused(await ask('POST', path, { keyData: secret }), 400, /it is a private key/);
    const shown = {
      keyID,
      fingerprint,
      owner: 'Ann <ann@example.com>',
      trust: 'unknown',
      subType: 'ed25519',
    };
    const made = await ask('POST', path, { keyData });
    assert.deepEqual(made.json, { created: { metadata: {}, items: [shown] } }, made.text);
    const again = await ask('POST', path, { keyData });
    assert.deepEqual(again.json, { created: { metadata: {}, items: [] }, skipped: [keyID] });
    assert.deepEqual((await ask('GET', path)).json, { metadata: {}, items: [shown] });
    const one = (await ask('GET', `${path}/${fingerprint}`)).json as { keyData: string };
    assert.match(one.keyData, /^-----BEGIN PGP PUBLIC KEY BLOCK-----/);
    refused(await ask('GET', `${path}/0123456789ABCDEF`), 404, /No such key/);
    refused(await ask('DELETE', `${path}?keyID=x`), 400, /is no id of a key/);
    assert.deepEqual((await ask('DELETE', `${path}?keyID=${keyID}`)).json, {});
    refused(await ask('DELETE', `${path}?keyID=${keyID}`), 404, /No such key/);
    assert.ok(!(await world.operatorLog()).includes(CANARY));
  });
});
