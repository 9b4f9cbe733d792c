import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { eventually, type Expectation, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { argocdSecret, configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const SECRET = 'known to both';
/** Files of so many bytes stay with the Git server until they are read. */
const LARGE = 4_096;

describe('a push that a webhook tells of, while nothing is polled', () => {
  let world: World;
  before(async () => {
    world = await startWorld({
      signal,
      operator: [
        ...['--webhook-port=0', '--repo-poll-interval=24h', '--resync=24h', '--hydrator'],
        `--git-blob-limit=${LARGE}`,
      ],
    });
  });
  after(() => world[Symbol.asyncDispose]());

  async function port(): Promise<number> {
    let found: number | undefined;
    const logged = async () => {
      found = Number(/"port":(\d+),[^\n]*"webhooks"/.exec(await world.operatorLog())?.[1] ?? 0);
      return found > 0 ? met('the port is logged') : pending('no port yet');
    };
    await eventually(logged, { withinMs: 20_000, signal });
    return found ?? 0;
  }

  async function pushed(repository: string, files: readonly string[], secret: string) {
    const body = JSON.stringify({
      ref: 'refs/heads/main',
      repository: {
        html_url: world.git.urlOf(repository).replace(/\.git$/, ''),
        default_branch: 'main',
      },
      commits: [{ added: [], modified: files, removed: [] }],
    });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}` };
    const url = `http://127.0.0.1:${await port()}/api/webhook`;
    const response = await fetch(url, { method: 'POST', headers, body, signal });
    return { status: response.status, text: await response.text() };
  }

  test('leads to the live change, when it is signed, and only where a file was read', async () => {
    await world.given(
      world.applied(argocdSecret(world.namespace, { 'webhook.github.secret': SECRET })),
      world.repository('mono', {
        'apps/a/a.yaml': configMap('a', 'one'),
        'apps/b/b.yaml': configMap('b', 'one'),
      }),
    );
    const repoURL = world.git.urlOf('mono');
    const apps = ['a', 'b'].map((name) =>
      world.application(name, { repoURL, path: `apps/${name}`, syncPolicy: true }),
    );
    const [a, b] = apps;
    assert.ok(a !== undefined && b !== undefined);
    await world.when(a.created(), b.created());
    await world.thenEventually(a.isSynced(), b.isSynced());
    const live = world.object('configmaps', 'a', a.name);
    const files = { 'apps/a/a.yaml': configMap('a', 'two') };
    const commit = await world.git.commit('mono', { files });
    await world.thenConsistently(1_000, live.has('data.value', 'one'));
    assert.equal((await pushed('mono', ['apps/a/a.yaml'], 'guessed')).status, 400);
    await world.thenConsistently(1_000, live.has('data.value', 'one'));

    assert.equal((await pushed('mono', ['apps/a/a.yaml'], SECRET)).status, 200);
    await world.thenEventually(live.has('data.value', 'two'), a.isSynced(commit));
    const log = await world.operatorLog();
    const told = log.split('\n').filter((line) => line.includes('a webhook told news'));
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /"applications":1\b/, 'the other was left alone');
    assert.ok(!log.includes(SECRET));
  });

  test('concerns only who reads what it touched, also where files stay with the server', async () => {
    const large = (name: string, letter: string) => configMap(name, letter.repeat(LARGE));
    await world.given(
      world.applied(argocdSecret(world.namespace, { 'webhook.github.secret': SECRET })),
      world.repository('heavy', {
        'apps/here/a.yaml': large('here', 'a'),
        'apps/there/a.yaml': large('there', 'a'),
      }),
    );
    const repoURL = world.git.urlOf('heavy');
    const [here, there] = ['here', 'there'].map((name) =>
      world.application(name, { repoURL, path: `apps/${name}`, syncPolicy: true }),
    );
    assert.ok(here !== undefined && there !== undefined);
    await world.when(here.created(), there.created());
    await world.thenEventually(here.isSynced(), there.isSynced());
    const before = world.git.requests('heavy', 'fetch');
    const told = async () =>
      (await world.operatorLog())
        .split('\n')
        .filter((line) => line.includes('a webhook told news') && line.includes('heavy'));
    const files = { 'apps/here/a.yaml': large('here', 'b') };
    const commit = await world.git.commit('heavy', { files });
    assert.equal((await pushed('heavy', ['apps/here/a.yaml'], SECRET)).status, 200);
    const live = world.object('configmaps', 'here', here.name);
    await world.thenEventually(live.has('data.value', 'b'.repeat(LARGE)), here.isSynced(commit));
    const fetches = world.git.requests('heavy', 'fetch') - before;
    assert.equal(fetches, 2, 'the commit, then the one file that is read');
    const [line = '', ...more] = await told();
    assert.deepEqual(more, []);
    assert.match(line, /"applications":1\b/);
  });

  test('that concerns many is spread over the time of webhook.refresh.jitter', async () => {
    const names = ['left', 'right'];
    const labels = { 'app.kubernetes.io/part-of': 'argocd' };
    const data = { 'webhook.refresh.jitter': '1h', 'webhook.refresh.jitter.threshold': '1' };
    const metadata = { name: 'argocd-cm', namespace: world.namespace, labels };
    const filesOf = (value: string) =>
      Object.fromEntries(names.map((name) => [`apps/${name}/a.yaml`, configMap(name, value)]));
    await world.given(
      world.applied({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }),
      world.applied(argocdSecret(world.namespace, { 'webhook.github.secret': SECRET })),
      world.repository('both', filesOf('one')),
    );
    const repoURL = world.git.urlOf('both');
    const apps = names.map((name) =>
      world.application(name, { repoURL, path: `apps/${name}`, syncPolicy: true }),
    );
    await world.when(...apps.map((app) => app.created()));
    await world.thenEventually(...apps.map((app) => app.isSynced()));
    await world.git.commit('both', { files: filesOf('two') });
    const live = names.map((name, i) => world.object('configmaps', name, apps[i]?.name ?? ''));
    const howMany: (wanted: number) => Expectation = (wanted) => async (stop) => {
      const seen = await Promise.all(
        live.map(async (one) => await one.has('data.value', 'two')(stop)),
      );
      const moved = seen.filter(({ type }) => type === 'met').length;
      return moved === wanted ? met(`${moved} moved`) : pending(`${moved} moved`);
    };
    assert.equal((await pushed('both', Object.keys(filesOf('')), SECRET)).status, 200);
    await world.thenEventually(howMany(1));
    await world.thenConsistently(1_000, howMany(1));
    await world.when(...apps.map((app) => app.refreshed()));
    await world.thenEventually(howMany(2));
  });

  test('of a dry source is hydrated and then deployed', async () => {
    const [url, wet] = [world.git.urlOf('dry'), world.git.urlOf('wet')];
    await world.given(
      world.repository('dry', { 'web/a.yaml': configMap('dry', 'one') }),
      world.repository('wet', {}),
      world.applied({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'write-wet',
          namespace: world.namespace,
          labels: { 'argocd.argoproj.io/secret-type': 'repository-write' },
        },
        stringData: { url: wet },
      }),
    );
    const sourceHydrator = {
      drySource: { repoURL: url, targetRevision: 'main', path: 'web' },
      syncSource: { repoURL: wet, targetBranch: 'env', path: 'web' },
    };
    const spec = { source: undefined, sourceHydrator };
    const app = world.application('dry', { repoURL: url, syncPolicy: true, spec });
    const live = world.object('configmaps', 'dry', app.name);
    await world.when(app.created());
    await world.thenEventually(live.has('data.value', 'one'), app.isSynced());
    await world.git.commit('dry', { files: { 'web/a.yaml': configMap('dry', 'two') } });
    await world.thenConsistently(1_000, live.has('data.value', 'one'));
    assert.equal((await pushed('dry', ['web/a.yaml'], SECRET)).status, 200);
    await world.thenEventually(live.has('data.value', 'two'), app.isSynced());
  });
});
