import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type ForwardProxy, startForwardProxy } from '../controlplane/forward-proxy.ts';
import { type Registry, startRegistry, tarOf } from '../controlplane/registry.ts';
import { type Expectation, met, pending } from '../language/expectation.ts';
import { startWorld, type Step, type World } from '../language/world.ts';
import { argocdSecret, configMap, registration } from './manifests.ts';
import { type BitbucketApi, startBitbucketApi } from './webhooks/bitbucket-api.ts';
import { BITBUCKET_CLOUD, REGISTRIES, SECRETS, SENDERS, type Sent } from './webhooks/senders.ts';
import { concernedBy, sendWebhook } from './webhooks/sending.ts';

const signal = AbortSignal.timeout(600_000);
const SECRET = SECRETS['webhook.github.secret'];
const TOKEN = 'canary-of-bitbucket';
/** Files of so many bytes stay with the Git server until they are read. */
const LARGE = 4_096;

describe('a push that a webhook tells of, while nothing is polled', () => {
  let world: World;
  let api: BitbucketApi;
  before(async () => {
    api = await startBitbucketApi({
      authorization: `Bearer ${TOKEN}`,
      folderOf: (name) => world.git.folderOf(name),
    });
    world = await startWorld({
      signal,
      operator: [
        ...['--webhook-port=0', '--repo-poll-interval=24h', '--resync=24h', '--hydrator'],
        ...[`--git-blob-limit=${LARGE}`, `--bitbucket-api-url=${api.url}`],
      ],
    });
    await world.given(world.applied(argocdSecret(world.namespace, SECRETS)));
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });

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
    return await sent({ headers, body });
  }

  const concernedSoFar =
    (repository: string, numbers: readonly number[]): Expectation =>
    async () => {
      const seen = (await concerned(repository)).join();
      return seen === numbers.join() ? met(seen) : pending(`${seen}, not ${numbers.join()}`);
    };
  const sent = (webhook: Sent) => sendWebhook(world, webhook, signal);
  const concerned = (repository: string) => concernedBy(world, repository);

  test('leads to the live change, when it is signed, and only where a file was read', async () => {
    await world.given(
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
    assert.deepEqual(await concerned('mono'), [1], 'the other was left alone');
    assert.ok(!(await world.operatorLog()).includes(SECRET));
  });

  test('concerns only who reads what it touched, also where files stay with the server', async () => {
    const large = (name: string, letter: string) => configMap(name, letter.repeat(LARGE));
    await world.given(
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
    const files = { 'apps/here/a.yaml': large('here', 'b') };
    const commit = await world.git.commit('heavy', { files });
    assert.equal((await pushed('heavy', ['apps/here/a.yaml'], SECRET)).status, 200);
    const live = world.object('configmaps', 'here', here.name);
    await world.thenEventually(live.has('data.value', 'b'.repeat(LARGE)), here.isSynced(commit));
    const fetches = world.git.requests('heavy', 'fetch') - before;
    assert.equal(fetches, 2, 'the commit, then the one file that is read');
    assert.deepEqual(await concerned('heavy'), [1]);
  });

  test('goes by the paths of manifest-generate-paths where there are any', async () => {
    await world.given(
      world.repository('annotated', {
        'web/a.yaml': configMap('a', 'one'),
        'shared/b.txt': 'one',
        'lib/deep/c.yaml': 'one',
      }),
    );
    const reading = (name: string, paths: string) =>
      world.application(name, {
        ...{ repoURL: world.git.urlOf('annotated'), path: 'web', syncPolicy: true },
        annotations: { 'argocd.argoproj.io/manifest-generate-paths': paths },
      });
    const apps = [reading('narrow', '.'), reading('wide', '.; ../shared ;/lib/*.yaml')];
    await world.when(...apps.map((app) => app.created()));
    await world.thenEventually(...apps.map((app) => app.isSynced()));
    const found: number[] = [];
    for (const [file, expected] of [
      ['shared/b.txt', 1],
      ['lib/deep/c.yaml', 0],
      ['README.md', 0],
      ['web/a.yaml', 2],
    ] as const) {
      found.push(expected);
      const files = { [file]: configMap('a', 'two') };
      await world.given(world.pushed('annotated', { files }));
      assert.equal((await pushed('annotated', [file], SECRET)).status, 200);
      await world.thenEventually(concernedSoFar('annotated', found));
    }
    const live = apps.map((app) => world.object('configmaps', 'a', app.name));
    await world.thenEventually(...live.map((one) => one.has('data.value', 'two')));
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
    const none = { data: { 'webhook.refresh.jitter': '0' } };
    await world.when(world.edited('configmaps', 'argocd-cm', world.namespace, none));
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

  describe('comes from one sender or another', { concurrency: 4 }, () => {
    for (const { name, repository, namesFiles, send } of SENDERS)
      test(`from ${name}: is believed by its secret only, and concerns ${namesFiles ? 'who reads the file' : 'all who follow it'}`, async () => {
        const isTag = repository.endsWith('-tag');
        await world.given(
          world.repository(repository, {
            'one/a.yaml': configMap('a', 'old'),
            'two/a.yaml': configMap('a', 'old'),
          }),
          async () => (isTag ? await world.git.tag(repository, '1.0.0') : undefined),
        );
        const cloneUrl = world.git.urlOf(repository);
        if (name === BITBUCKET_CLOUD.name) await world.when(bitbucketToken(cloneUrl));
        const short = repository.replaceAll(/[^a-z]+/g, '-');
        const [one, two] = ['one', 'two'].map((path) =>
          world.application(`${short}-${path}`, {
            ...{ repoURL: cloneUrl, path, syncPolicy: true },
            targetRevision: isTag ? '1.x' : 'HEAD',
          }),
        );
        assert.ok(one !== undefined && two !== undefined);
        await world.when(one.created(), two.created());
        await world.thenEventually(one.isSynced(), two.isSynced());

        const before = await world.git.revision(repository);
        const after = await world.git.commit(repository, {
          files: { 'one/a.yaml': configMap('a', 'new'), 'README.md': '1', 'docs/b.md': '2' },
        });
        if (isTag) await world.git.tag(repository, '1.1.0');
        const push = {
          ...{ cloneUrl, after, before: isTag ? '0'.repeat(40) : before },
          ...{ ref: isTag ? 'refs/tags/1.1.0' : 'refs/heads/main' },
          files: ['one/a.yaml', 'README.md', 'docs/b.md'],
        };
        const live = world.object('configmaps', 'a', one.name);
        assert.equal((await sent(send(push, false))).status, 400);
        await world.thenConsistently(300, live.has('data.value', 'old'));
        assert.deepEqual(await concerned(repository), []);

        assert.deepEqual(await sent(send(push, true)), { status: 200, text: 'accepted\n' });
        await world.thenEventually(live.has('data.value', 'new'), one.isSynced(after));
        assert.deepEqual(await concerned(repository), [namesFiles ? 1 : 2]);
      });
  });

  test('to Bitbucket Cloud concerns nobody on another branch, and all while its API is out of order', async () => {
    const { repository, send } = BITBUCKET_CLOUD;
    assert.equal(api.asked.filter((line) => line.includes('/diffstat/')).length, 2, 'two pages');
    const before = await world.git.revision(repository);
    const files = { 'two/a.yaml': configMap('a', 'newer') };
    const cloneUrl = world.git.urlOf(repository);
    const told = async (branch: string) => {
      const after = await world.git.commit(repository, { files, branch });
      const push = { cloneUrl, ref: `refs/heads/${branch}`, before, after, files: [] };
      assert.equal((await sent(send(push, true))).status, 200);
    };
    await told('dev');
    await world.thenEventually(concernedSoFar(repository, [1, 0]));
    api.isDown = true;
    await told('main');
    const live = world.object('configmaps', 'a', world.name('team-cloud-two'));
    await world.thenEventually(live.has('data.value', 'newer'));
    await world.thenEventually(concernedSoFar(repository, [1, 0, 2]));
    const log = await world.operatorLog();
    const warned = log.split('\n').filter((line) => line.includes('did not say what a push'));
    assert.equal(warned.length, 1);
    assert.match(warned[0] ?? '', /HTTP 500: out of order/);
    assert.ok(!log.includes(TOKEN));
  });

  describe('or of an artifact that was pushed', () => {
    let registry: Registry;
    let proxy: ForwardProxy;
    before(async () => {
      registry = await startRegistry();
      proxy = await startForwardProxy({ elsewhere: { 'ghcr.io:80': registry.host } });
    });
    after(async () => {
      await proxy[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    });

    for (const { name, artifact, send } of REGISTRIES)
      test(`comes from ${name}, and is believed by its secret only`, async () => {
        const address = artifact(registry.host);
        const repoURL = `oci://${address}`;
        const pushedTag = async (tag: string, value: string) => {
          const content = await tarOf({ 'a.yaml': configMap('a', value) });
          return registry.push(address.split('/').slice(1).join('/'), tag, [{ content }]);
        };
        const short = name.toLowerCase();
        const isElsewhere = !address.startsWith(registry.host);
        await pushedTag('1.0.0', 'old');
        const app = world.application(short, { repoURL, targetRevision: '1.x', syncPolicy: true });
        await world.when(
          world.applied(
            registration(world.namespace, short, 'repository', {
              ...{ url: repoURL, type: 'oci', insecureOCIForceHttp: 'true' },
              ...(isElsewhere && { proxy: proxy.url }),
            }),
          ),
          app.created(),
        );
        await world.thenEventually(app.isSynced());
        const digest = await pushedTag('1.1.0', 'new');
        const live = world.object('configmaps', 'a', app.name);
        assert.equal((await sent(send(address, '1.1.0', false))).status, 401);
        await world.thenConsistently(300, live.has('data.value', 'old'));
        assert.equal((await sent(send(address, '1.1.0', true))).status, 200);
        await world.thenEventually(live.has('data.value', 'new'), app.isSynced(digest));
        assert.deepEqual(await concerned(address), [1]);
      });
  });

  function bitbucketToken(url: string): Step {
    const secret = { url, username: 'x-token-auth', password: TOKEN };
    return world.applied(registration(world.namespace, 'bitbucket', 'repository', secret));
  }
});
