import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { kubeconfigText } from '../../e2e/controlplane/kubeconfig.ts';
import { parseConfig } from '../config/parse-config.ts';
import type { ConnectOptions } from '../wiring/connected.ts';
import { connectOptions } from './connect-options.ts';

describe('settings of Git', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiphys-connect-'));
    const cluster = { server: 'https://127.0.0.1:1', ca: 'x', token: 'y', user: 'z' };
    await writeFile(join(dir, 'kubeconfig'), kubeconfigText(cluster));
  });
  after(() => rm(dir, { recursive: true }));

  async function gitWith(
    env: Readonly<Record<string, string>>,
  ): Promise<NonNullable<ConnectOptions['git']>> {
    const argv = [`--kubeconfig=${join(dir, 'kubeconfig')}`, `--data-dir=${join(dir, 'data')}`];
    const parsed = parseConfig({ argv, env });
    assert.ok(parsed.type === 'ok', JSON.stringify(parsed));
    await using stack = new AsyncDisposableStack();
    const silent = { write() {} };
    const stdin = Readable.from([]);
    const signal = new AbortController().signal;
    const io = { stdout: silent, stderr: silent, stdin, env, cwd: dir, signal };
    const { git } = await connectOptions(parsed.config, io, stack);
    return git ?? assert.fail('nothing of Git');
  }

  test('arrive there from the variables of Argo CD', async () => {
    const git = await gitWith({
      ARGOCD_EXEC_TIMEOUT: '2m',
      ARGOCD_GIT_REQUEST_TIMEOUT: '30s',
      ARGOCD_GIT_ATTEMPTS_COUNT: '3',
      ARGOCD_GIT_RETRY_DURATION: '1s',
      ARGOCD_GIT_RETRY_FACTOR: '3',
      ARGOCD_GIT_RETRY_MAX_DURATION: '20s',
      ARGOCD_GIT_LS_REMOTE_PARALLELISM_LIMIT: '5',
      ARGOCD_GITHUB_APP_CREDS_EXPIRATION_DURATION: '30',
      ARGOCD_GIT_MODULES_ENABLED: 'false',
      ARGOCD_GPG_ENABLED: 'no',
    });
    assert.equal(git.timeoutMs, 120_000);
    assert.equal(git.listTimeoutMs, 30_000);
    const listRetry = { attempts: 3, delayMs: 1_000, factor: 3, maxDelayMs: 20_000 };
    assert.deepEqual(git.listRetry, listRetry);
    assert.equal(git.maxConcurrentLists, 5);
    assert.equal(git.gitHubTokenMs, 1_800_000);
    assert.equal(git.submodules, false);
    assert.equal(git.verifySignatures, false);
  });

  test('have repositories polled for as long as anybody may use them', async () => {
    const idleAt = async (resync: string) =>
      (await gitWith({ TIPHYS_RESYNC: resync, TIPHYS_RESYNC_JITTER: '1m' })).pollIdleMs;
    assert.equal(await idleAt('3m'), 600_000);
    assert.equal(await idleAt('1h'), 7_320_000);
    assert.equal(await idleAt('0'), Infinity);
  });

  test('are those of Argo CD when nobody sets them', async () => {
    const git = await gitWith({});
    assert.equal(git.timeoutMs, 90_000);
    assert.equal(git.listTimeoutMs, 15_000);
    const listRetry = { attempts: 1, delayMs: 250, factor: 2, maxDelayMs: 5_000 };
    assert.deepEqual(git.listRetry, listRetry);
    assert.equal(git.maxConcurrentLists, 0);
    assert.equal(git.gitHubTokenMs, 3_600_000);
  });
});
