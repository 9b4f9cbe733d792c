import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient } from '../../e2e/language/api-client.ts';
import { met, pending, type Expectation } from '../../e2e/language/expectation.ts';
import { refusal } from '../../e2e/language/refusal.ts';
import { startWorld, type World } from '../../e2e/language/world.ts';
import { argocdSettings, everybodyMay } from '../../e2e/scenarios/manifests.ts';
import { METRICS } from '../telemetry/metric-names.ts';

const signal = AbortSignal.timeout(600_000);

/** Samples of it are a defect of Tiphys; its own test provokes them. */
const NEVER_SEEN = ['tiphys_metric_misuse_total'];

let world: World;
before(async () => {
  world = await startWorld({
    signal,
    operator: [
      '--metrics-application-labels=team,example.com/tier',
      '--metrics-application-conditions=SyncError,InvalidSpecError',
      '--metrics-cluster-labels=example.com/env',
      '--webhook-port=0',
      '--api-port=0',
      '--api-insecure',
      '--api-proxy-extensions',
      '--redis=127.0.0.1:1', // nobody is there
    ],
  });
});
after(() => world[Symbol.asyncDispose]());

/** Where the operator said that it serves this. */
async function urlOf(what: string): Promise<string> {
  const log = await world.operatorLog();
  const port = new RegExp(`"port":(\\d+)[^\n]*"${what}"`).exec(log)?.[1];
  assert.ok(port, 'the operator has told its port');
  return `http://127.0.0.1:${port}`;
}

async function samples(): Promise<readonly string[]> {
  const answer = await fetch(`${await urlOf('metrics and probes')}/metrics`, { signal });
  return (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** Histograms have samples under names of their own; a gauge may be called so by itself. */
function nameOf(sample: string): string {
  const [name = ''] = /^[^{ ]*/.exec(sample) ?? [];
  return name in METRICS ? name : name.replace(/_(?:bucket|sum|count)$/, '');
}

const hasMetric =
  (name: string): Expectation =>
  async () => {
    const found = (await samples()).find((line) => nameOf(line) === name);
    return found === undefined ? pending(`no sample of ${name}`) : met(found);
  };

test('every metric of the catalogue is there, and what tells of a deleted Application goes', async () => {
  const configMap = (value: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  value: "${value}"\n`;
  // With this, renders are signed and looked for in Redis.
  const signing = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'argocd-secret',
      namespace: world.namespace,
      labels: { 'app.kubernetes.io/part-of': 'argocd' },
    },
    stringData: { 'server.secretkey': 'a test key' },
  };
  await world.given(world.applied(signing));
  await world.given(world.repository('apps', { 'a.yaml': configMap('one') }));
  const app = world.application('measured', {
    repoURL: world.git.urlOf('apps'),
    syncPolicy: true,
    cascade: true,
  });
  const labels = { team: 'blue', 'example.com/tier': 'web' };
  const { metadata } = app.object as { metadata: object };
  await world.when(world.applied({ ...app.object, metadata: { ...metadata, labels } }));
  await world.thenEventually(app.isSynced(), app.isHealthy());
  // Drift that only the API server can judge, and that is healed.
  const settings = world.object('configmaps', 'settings', app.name);
  await world.when(() =>
    world.kubectl([
      'patch',
      'configmap',
      'settings',
      `--namespace=${app.name}`,
      '--type=merge',
      '--patch={"data":{"value":"two"}}',
    ]),
  );
  await world.thenEventually(settings.has('data.value', 'one'), app.isSynced());

  // A status that cannot be written fails the reconcile; an Event that is refused is lost.
  const statuses = refusal(world.namespace, 'argoproj.io', 'applications/status');
  const events = refusal(world.namespace, '', 'events');
  const permit = async (policy: ReturnType<typeof refusal>) => {
    for (const { kind, metadata: named } of policy)
      await world.kubectl(['delete', kind, named.name, '--ignore-not-found']);
  };
  let commits = 0;
  /** Syncs once more every two seconds: it takes a moment until the API server knows a policy. */
  const bySyncing = (expectation: Expectation): Expectation => {
    let looks = 0;
    return async (stop) => {
      if (looks++ % 20 === 0) {
        commits += 1;
        await world.git.commit('apps', { files: { 'a.yaml': configMap(String(commits)) } });
        await app.refreshed()();
      }
      return expectation(stop);
    };
  };
  try {
    await world.when(world.applied(...statuses, ...events));
    await world.thenEventually(bySyncing(hasMetric('tiphys_reconcile_errors_total')));
    await permit(statuses);
    await world.thenEventually(bySyncing(hasMetric('tiphys_events_dropped_total')));
  } finally {
    await permit([...statuses, ...events]);
  }
  await world.thenEventually(settings.has('data.value', String(commits)), app.isSynced());

  // Orphans are counted for projects that ask for it.
  const project = ['appproject', 'default', `--namespace=${world.namespace}`, '--type=merge'];
  await world.kubectl(['patch', ...project, '--patch={"spec":{"orphanedResources":{}}}']);
  await world.thenEventually(hasMetric('argocd_app_orphaned_resources_count'));

  const told = await fetch(`${await urlOf('webhooks')}/api/webhook`, {
    method: 'POST',
    body: '{',
    signal,
  });
  assert.equal(told.status, 400);

  // One that says something, and somebody who cannot sign in.
  const pushed = await fetch(`${await urlOf('webhooks')}/api/webhook`, {
    method: 'POST',
    headers: { 'x-github-event': 'push', 'content-type': 'application/json' },
    body: JSON.stringify({
      ref: 'refs/heads/main',
      repository: { html_url: 'https://git.example/nobody/reads', default_branch: 'main' },
      commits: [],
    }),
    signal,
  });
  assert.equal(pushed.status, 200);
  const api = await apiClient(world, signal);
  const body = { username: 'nobody', password: 'a test password' };
  const refused = await api.request('/api/v1/session', { method: 'POST', body });
  assert.equal(refused.status, 401);

  // A service behind the API, where nobody is.
  const away = JSON.stringify({ services: [{ url: 'http://127.0.0.1:1' }] });
  await world.when(
    world.applied(
      argocdSettings(world.namespace, {
        'users.anonymous.enabled': 'true',
        'extension.config.away': away,
      }),
      everybodyMay(
        world.namespace,
        'p, role:somebody, applications, get, *, allow',
        'p, role:somebody, extensions, invoke, away, allow',
      ),
    ),
  );
  const headers = {
    'argocd-application-name': `${world.namespace}:${app.name}`,
    'argocd-project-name': 'default',
  };
  await world.thenEventually(async () => {
    const { status } = await api.request('/extensions/away', { headers });
    const name = 'argocd_proxy_extension_request_total';
    return (await samples()).some((line) => nameOf(line) === name)
      ? met(`the answer ${status} is counted`)
      : pending(`the answer is ${status}`);
  });

  const lines = await samples();
  const seen = new Set(lines.map(nameOf));
  const missing = Object.keys(METRICS).filter((name) => !seen.has(name));
  assert.deepEqual(missing, NEVER_SEEN);
  const own = lines.filter((line) => line.includes(`name="${app.name}"`));
  assert.ok(own.some((line) => /^argocd_app_labels\{.*label_example_com_tier="web"/.test(line)));
  assert.ok(own.some((line) => /^argocd_app_condition\{.*condition="SyncError"\} 0$/.test(line)));
  assert.ok(own.some((line) => line.startsWith('argocd_app_sync_total{')));

  await world.when(app.deleted());
  await world.thenEventually(app.isAbsent(), async () => {
    const left = (await samples()).filter((line) => line.includes(`name="${app.name}"`));
    return left.length === 0 ? met() : pending(left.join('\n'));
  });
});
