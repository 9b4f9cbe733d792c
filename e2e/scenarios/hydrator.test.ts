import assert from 'node:assert/strict';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { git } from '../controlplane/git-repository.ts';
import { apiClient } from '../language/api-client.ts';
import type { TestApplication } from '../language/application.ts';
import { met, pending } from '../language/expectation.ts';
import { signIn } from '../language/sign-in.ts';
import { metricsOf } from '../language/stillness.ts';
import { type Step, startWorld, type World } from '../language/world.ts';
import { asked, isHydrated, isNotHydrated, isServed, sees } from './hydration.ts';
import { chart, configMap, registration, under } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const operator = [
  '--repo-poll-interval=1s',
  '--repo-poll-jitter=0',
  '--repo-error-grace-period=0',
] as const;

describe('an Application with a source hydrator', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal, operator: [...operator, '--hydrator', '--api-port=0'] });
  });
  after(() => world[Symbol.asyncDispose]());

  const reader = { username: 'reader', password: 'r3ad-sesame' };
  const writer = { username: 'writer', password: 'wr1te-sesame' };

  const registered = (
    name: string,
    type: string,
    stringData: Readonly<Record<string, string>>,
  ): Step => world.applied(registration(world.namespace, name, type, stringData));

  /** A repository that one user may read, and another one write to. */
  async function repository(name: string, files: Readonly<Record<string, string>>) {
    const url = await world.git.createRepository(name, files, { credentials: reader, writer });
    await world.given(
      registered(`read-${name}`, 'repository', { url, ...reader }),
      registered(`write-${name}`, 'repository-write', { url, ...writer }),
    );
    return url;
  }

  const hydratedFrom = (
    repoURL: string,
    path: string,
    { branch = 'env/dev', ...more }: { branch?: string; hydrateTo?: object; dry?: object } = {},
  ) => ({
    source: undefined,
    sourceHydrator: {
      drySource: { repoURL, targetRevision: 'main', path, ...more.dry },
      syncSource: { targetBranch: branch, path },
      ...(more.hydrateTo && { hydrateTo: more.hydrateTo }),
    },
  });
  const application = (base: string, repoURL: string, path: string, more = {}) =>
    world.application(base, {
      repoURL,
      syncPolicy: true,
      spec: hydratedFrom(repoURL, path, more),
    });

  const inRepository = (name: string, ...args: readonly string[]) =>
    git(world.git.folderOf(name), args);
  const commitsOn = async (name: string, branch = 'env/dev') =>
    Number(await inRepository(name, 'rev-list', '--count', branch));
  const explained = async (app: TestApplication): Promise<string> => {
    const found = [`--kubeconfig=${world.kubeconfigPath}`, `--namespace=${world.namespace}`];
    const args = [join(import.meta.dirname, '../../operator/main.ts'), 'explain', 'app', app.name];
    const env = { PATH: process.env['PATH'] ?? '' };
    const run = promisify(execFile);
    return (await run(process.execPath, [...args, ...found, '--hydrator'], { signal, env })).stdout;
  };
  const hookOf = (name: string) => join(world.git.folderOf(name), 'hooks', 'pre-receive');
  async function guard(name: string, script: string): Promise<void> {
    await writeFile(hookOf(name), `#!/bin/sh\n${script}\n`);
    await chmod(hookOf(name), 0o755);
  }

  test('two of one branch are committed together, then deployed; what renders the same is not', async () => {
    const url = await repository('pair', {
      ...under('one', chart('one')),
      'two/a.yaml': configMap('two', 'first'),
    });
    const [one, two] = [application('one', url, 'one'), application('two', url, 'two')];
    await world.when(one.created(), two.created());
    let dry = await world.git.revision('pair');
    await world.thenEventually(
      ...[isHydrated(one, dry), isHydrated(two, dry)],
      ...[one.isSynced(), two.isSynced(), one.hasNoConditions()],
    );

    dry = await world.git.commit('pair', {
      files: { 'two/a.yaml': configMap('two', 'second'), 'one/values.yaml': 'value: new\n' },
      message: 'Change both\n\nTogether.',
    });
    const before = await commitsOn('pair');
    await world.thenEventually(isHydrated(one, dry), isHydrated(two, dry));
    assert.equal(await commitsOn('pair'), before + 1);
    const wet = await world.git.revision('pair', 'env/dev');
    await world.thenEventually(
      ...[one.isSynced(wet), two.isSynced(wet)],
      world.object('configmaps', 'two', two.name).has('data.value', 'second'),
      world.object('configmaps', `${one.name}-config`, one.name).has('data.value', 'new'),
    );
    const about = await inRepository('pair', 'log', '-1', '--format=%an <%ae>%n%B', 'env/dev');
    assert.equal(
      about.trim(),
      `Argo CD <argo-cd@example.com>\n${dry.slice(0, 7)}: Change both\n\nTogether.\n\nCo-authored-by: Tess Test <tess@example.com>`,
    );
    const metadata = JSON.parse(await inRepository('pair', 'show', 'env/dev:hydrator.metadata'));
    assert.deepEqual([metadata.drySha, metadata.repoURL], [dry, url]);
    const manifest = await inRepository('pair', 'show', 'env/dev:two/manifest.yaml');
    assert.match(manifest, /value: second/);
    assert.doesNotMatch(manifest, /tracking-id|namespace/);

    const beside = await world.git.commit('pair', { files: { 'README.md': 'beside' } });
    await world.thenEventually(
      sees(one, 'was compared', (status) => status.lastComparedDryRevision === beside),
      sees(two, 'was compared', (status) => status.lastComparedDryRevision === beside),
    );
    assert.equal(await world.git.revision('pair', 'env/dev'), wet);
    const [made, from, last] = [wet, dry, beside].map((revision) => revision.slice(0, 12));
    assert.match(
      await explained(one),
      new RegExp(
        `^Hydration    to env/dev = ${made}, Hydrated \\S+ of ${from}; ${last} changed nothing$`,
        'm',
      ),
    );
    const metrics = await metricsOf(world, signal);
    assert.match(metrics, /^workqueue_depth\{name="manifest_hydration_queue"\} 0$/m);
    assert.match(metrics, /^workqueue_adds_total\{name="manifest_hydration_queue"\} [1-9]/m);
    await world.when(asked(one, 'normal'));
    await world.thenEventually(isServed(one), isHydrated(one, dry));
    await world.when(asked(one, 'hard'));
    await world.thenEventually(isServed(one), isHydrated(one, beside));
    assert.equal(await world.git.revision('pair', 'env/dev'), wet);
  });

  test('one that cannot be rendered keeps its group waiting, and says so', async () => {
    const url = await repository('broken', {
      'good/a.yaml': configMap('good', 'first'),
      'bad/a.yaml': configMap('bad', 'first'),
    });
    const [good, bad] = [application('good', url, 'good'), application('bad', url, 'bad')];
    const stranger = application('stranger', url, 'none', { branch: 'env/other' });
    await world.when(good.created(), bad.created());
    await world.thenEventually(good.isSynced(), bad.isSynced());
    const wet = await world.git.revision('broken', 'env/dev');

    await world.when(
      world.pushed('broken', {
        files: { 'good/a.yaml': configMap('good', 'second'), 'bad/a.yaml': 'kind: [' },
      }),
      stranger.created(),
    );
    await world.thenEventually(
      bad.hasCondition('HydrationError', /bad\/a\.yaml/),
      good.hasCondition('HydrationError', new RegExp(`/${bad.name} cannot be rendered`)),
      isNotHydrated(good, /committed together/),
      isNotHydrated(stranger, /none: app path does not exist/),
    );
    assert.equal(await world.git.revision('broken', 'env/dev'), wet);

    const dry = await world.git.commit('broken', {
      files: { 'bad/a.yaml': configMap('bad', '2') },
    });
    await world.thenEventually(
      ...[isHydrated(good, dry), isHydrated(bad, dry), good.hasNoConditions()],
      world.object('configmaps', 'good', good.name).has('data.value', 'second'),
    );
    assert.equal(await world.git.revision('broken', 'env/dev^'), wet);
  });

  test('a push that the server declines is told with its words, and made when it is asked for', async () => {
    const url = await repository('guarded', { 'web/a.yaml': configMap('a', 'first') });
    await guard('guarded', 'echo "only on weekdays" >&2; exit 1');
    const app = application('guarded', url, 'web');
    await world.when(app.created());
    await world.thenEventually(
      app.hasCondition(
        'HydrationError',
        /push to env\/dev: the server declined: .*only on weekdays/,
      ),
      app.hasCondition('ComparisonError', /Hydration failed: .*only on weekdays/),
    );
    await rm(hookOf('guarded'));
    await world.when(asked(app, 'normal'));
    await world.thenEventually(isServed(app), app.isSynced(), app.hasNoConditions());
    // What somebody else committed there stays, and is built upon.
    const theirs = await world.git.commit('guarded', { branch: 'env/dev', files: { notes: 'x' } });
    const dry = await world.git.commit('guarded', { files: { 'web/a.yaml': configMap('a', '2') } });
    await world.thenEventually(isHydrated(app, dry), app.isSynced());
    assert.equal(await world.git.revision('guarded', 'env/dev^'), theirs);
  });

  test('only credentials for writing push, and none is shown', async () => {
    const url = await world.git.createRepository(
      'unregistered',
      { 'web/a.yaml': configMap('a', 'first') },
      { credentials: reader, writer },
    );
    const app = application('unregistered', url, 'web');
    await world.when(registered('read-only', 'repository', { url, ...reader }), app.created());
    await world.thenEventually(
      app.hasCondition('HydrationError', /nothing is registered for writing.*repository-write/),
    );
    await world.when(
      registered('wrong', 'repo-write-creds', { url: world.git.url, ...writer, password: 'wrong' }),
      asked(app, 'normal'),
    );
    await world.thenEventually(
      app.hasCondition('HydrationError', /server refused the credentials.*repo-write-creds/),
    );
    assert.equal(world.git.requests('unregistered', 'push'), 0);
    await world.when(
      registered('wrong', 'repo-write-creds', { url: world.git.url, ...writer }),
      asked(app, 'normal'),
    );
    await world.thenEventually(app.isSynced());
    const log = await world.operatorLog();
    const written = JSON.stringify(await app.read(signal));
    for (const { password } of [reader, writer]) {
      assert.equal(log.includes(password), false);
      assert.equal(written.includes(password), false);
    }
  });

  test('credentials to push with are registered over the API, by who may', async () => {
    const url = await world.git.createRepository(
      'over-api',
      { 'web/a.yaml': configMap('a', 'first') },
      { credentials: reader, writer },
    );
    const api = await apiClient(world, signal);
    const admin = await signIn(api, world);
    const ask = (method: string, path: string, body?: unknown, token = admin) =>
      api.request(`/api/v1${path}`, { method, token, ...(body !== undefined && { body }) });
    const { json: settings } = await ask('GET', '/settings');
    assert.equal((settings as { hydratorEnabled: boolean }).hydratorEnabled, true);
    await world.given(registered('read-over-api', 'repository', { url, ...reader }));

    const team = world.name('team');
    const [subject, objects] = [`proj:${team}:dev`, `${team}/*`];
    const policies = [`p, ${subject}, repositories, *, ${objects}, allow`];
    const project = { metadata: { name: team }, spec: { roles: [{ name: 'dev', policies }] } };
    const begun = await ask('POST', '/projects', { project });
    assert.equal(begun.status, 200, begun.text);
    const issued = await ask('POST', `/projects/${team}/roles/dev/token`, {});
    const { token } = issued.json as { token: string };
    await world.given(
      world.applied({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'argocd-rbac-cm', namespace: world.namespace },
        data: { 'policy.csv': `p, ${subject}, write-repositories, get, ${objects}, allow` },
      }),
    );
    const own = { repo: url, project: team, ...writer };
    const refused = await ask('POST', '/write-repositories', own, token);
    assert.equal(refused.status, 403);
    assert.match(refused.text, /write-repositories, create/);

    const wrong = await ask('POST', '/write-repositories', { repo: url, ...writer, password: 'x' });
    assert.equal(wrong.status, 400, wrong.text);
    const made = await ask('POST', '/write-repositories', { repo: url, ...writer });
    assert.equal(made.status, 200, made.text);
    const scoped = await ask('POST', '/write-repositories', own);
    assert.equal(scoped.status, 200, scoped.text);
    const one = await ask(
      'GET',
      `/write-repositories/${encodeURIComponent(url)}?forceRefresh=true`,
    );
    assert.match(one.text, /"status":"Successful"/);
    const isSeen = async () => {
      const { json, text } = await ask('GET', '/write-repositories', undefined, token);
      const { items } = json as { items: { repo: string; project: string }[] | null };
      const [only, ...others] = items ?? [];
      const is = only?.repo === url && only.project === team && others.length === 0;
      return is ? met('its own') : pending(text);
    };
    await world.thenEventually(isSeen);
    const seen = await ask('GET', '/write-repositories', undefined, token);
    const creds = await ask('POST', '/write-repocreds', {
      url: `${world.git.url}/over`,
      ...writer,
    });
    assert.equal(creds.status, 200, creds.text);
    for (const answer of [made, one, seen, creds, await ask('GET', '/write-repocreds')])
      assert.equal(answer.text.includes(writer.password), false);
    const reading = await ask('GET', '/repositories');
    assert.equal(reading.text.includes('"username":"writer"'), false);

    const app = application('over-api', url, 'web');
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    const path = `/write-repositories/${encodeURIComponent(url)}`;
    const gone = await ask('DELETE', path);
    assert.equal(gone.status, 200, gone.text);
    assert.equal((await ask('DELETE', `${path}?appProject=${team}`)).status, 200);
    const creation = `/write-repocreds/${encodeURIComponent(`${world.git.url}/over`)}`;
    assert.equal((await ask('DELETE', creation)).status, 200);
    const left = await world.kubectl(['get', 'secrets', '-o', 'name', '-n', world.namespace]);
    assert.doesNotMatch(left, /secret\/(?:repo-write|creds-write)-/);
  });

  test('hydrateTo is committed beside what is synced, and deployed when somebody merges it', async () => {
    const url = await repository('staged', { 'web/a.yaml': configMap('a', 'first') });
    const direct = application('direct', url, 'web', { branch: 'env/prod' });
    await world.when(direct.created());
    await world.thenEventually(direct.isSynced());
    await world.when(direct.deleted());
    await world.thenEventually(direct.isAbsent());
    const synced = await world.git.revision('staged', 'env/prod');

    const app = application('staged', url, 'web', {
      branch: 'env/prod',
      hydrateTo: { targetBranch: 'env/prod-next' },
    });
    await world.when(app.created());
    await world.thenEventually(
      isHydrated(app, await world.git.revision('staged')),
      app.isSynced(synced),
    );
    assert.equal(await world.git.revision('staged', 'env/prod-next'), synced);
    const dry = await world.git.commit('staged', { files: { 'web/a.yaml': configMap('a', '2') } });
    await world.thenEventually(isHydrated(app, dry), app.isSynced(synced));
    assert.equal(await world.git.revision('staged', 'env/prod-next^'), synced);
    assert.equal(await world.git.revision('staged', 'env/prod'), synced);
    await inRepository('staged', 'branch', '--force', 'env/prod', 'env/prod-next');
    await world.thenEventually(
      app.isSynced(await world.git.revision('staged', 'env/prod')),
      world.object('configmaps', 'a', app.name).has('data.value', '2'),
    );
  });

  test('killed while it pushes, it goes on and commits once', async () => {
    const url = await repository('killed', { 'web/a.yaml': configMap('a', 'first') });
    const app = application('killed', url, 'web');
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    const before = await commitsOn('killed');
    const started = join(world.git.folderOf('killed'), 'started');
    await guard('killed', `touch ${started}; while [ -e ${started} ]; do sleep 0.1; done`);
    const dry = await world.git.commit('killed', { files: { 'web/a.yaml': configMap('a', '2') } });
    await world.thenEventually(
      sees(app, 'is pushed', ({ currentOperation }) => currentOperation?.phase === 'Hydrating'),
    );
    await world.stopOperator('SIGKILL');
    await rm(started, { force: true });
    await rm(hookOf('killed'));
    world.startOperator([...operator, '--hydrator']);
    await world.thenEventually(
      isHydrated(app, dry),
      app.isSynced(),
      world.object('configmaps', 'a', app.name).has('data.value', '2'),
    );
    assert.equal(await commitsOn('killed'), before + 1);
  });

  test('where nobody hydrates, the branch is deployed, and one that is missing says why', async () => {
    const url = await repository('elsewhere', { 'web/a.yaml': configMap('a', 'first') });
    await world.git.commit('elsewhere', {
      branch: 'env/dev',
      files: { 'web/manifest.yaml': configMap('a', 'by somebody else') },
    });
    const stuck = application('stuck', url, 'none', { branch: 'env/none' });
    await world.when(stuck.created());
    await world.thenEventually(stuck.hasCondition('HydrationError', /path does not exist/));
    await world.stopOperator();
    world.startOperator(operator);
    const there = application('there', url, 'web');
    const missing = application('missing', url, 'web', { branch: 'env/none' });
    await world.when(there.created(), missing.created());
    await world.thenEventually(
      there.isSynced(),
      world.object('configmaps', 'a', there.name).has('data.value', 'by somebody else'),
      missing.hasCondition('ComparisonError', /Nobody hydrates here: start Tiphys with --hydrator/),
      async (stop) => {
        const status = (await stuck.read(stop))?.['status'] as { conditions?: object[] };
        const types = JSON.stringify(status.conditions);
        return types.includes('HydrationError') ? pending(types) : met('what failed is not said');
      },
    );
    assert.equal(world.git.requests('elsewhere', 'push'), 0);
  });
});
