import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { load } from 'js-yaml';
import { type ControlPlane, startControlPlane } from '../e2e/controlplane/control-plane.ts';
import { eventually, met, pending } from '../e2e/language/expectation.ts';
import { createKubectl, type Kubectl } from '../e2e/controlplane/kubectl.ts';

// What the real API server makes of the generated CRDs, asked with kubectl as users do.

const signal = AbortSignal.timeout(600_000);
const folder = import.meta.dirname;
const MAX_ANNOTATION_BYTES = 262_144;

const application = (spec: unknown, more: object = {}) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web', namespace: 'default' },
  spec,
  ...more,
});
const source = { repoURL: 'https://git.example/web.git', path: 'deploy' };
const destination = { server: 'https://kubernetes.default.svc', namespace: 'web' };
const valid = { project: 'default', source, destination };

const project = (spec: unknown) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name: 'team', namespace: 'default' },
  spec,
});

interface Refusal {
  readonly name: string;
  readonly object: object;
  /** What kubectl must say. */
  readonly says: RegExp;
}

const hydrator = (path: string) => ({
  project: 'default',
  destination,
  sourceHydrator: {
    drySource: { repoURL: source.repoURL, targetRevision: 'main', path: 'x' },
    syncSource: { targetBranch: 'env', path },
  },
});

const refusals: readonly Refusal[] = [
  {
    name: 'a retry limit that is text',
    object: application({ ...valid, syncPolicy: { retry: { limit: 'x' } } }),
    says: /spec\.syncPolicy\.retry\.limit: Invalid value: "string"/,
  },
  {
    name: 'no destination',
    object: application({ project: 'default', source }),
    says: /spec\.destination: Required value/,
  },
  {
    name: 'a project that is a number',
    object: application({ ...valid, project: 5 }),
    says: /spec\.project: Invalid value: "integer"/,
  },
  { name: 'no project', object: application({ source, destination }), says: /spec\.project: Req/ },
  { name: 'no spec', object: application(undefined), says: /spec: Required value/ },
  {
    name: 'a source without a repository',
    object: application({ ...valid, source: { path: 'x' } }),
    says: /spec\.source\.repoURL: Required value/,
  },
  {
    name: 'a list where a map belongs',
    object: application({ ...valid, source: { ...source, helm: { valueFiles: 'a.yaml' } } }),
    says: /spec\.source\.helm\.valueFiles: Invalid value: "string"/,
  },
  {
    name: 'an operation on an object without a name',
    object: application(valid, { operation: { sync: { resources: [{ kind: 'Service' }] } } }),
    says: /operation\.sync\.resources\[0\]\.name: Required value/,
  },
  ...['.', '/'].map((path) => ({
    name: `a hydrator that writes to ${path}`,
    object: application(hydrator(path)),
    says: /spec\.sourceHydrator\.syncSource\.path: Invalid value/,
  })),
  {
    name: 'a sync window of an unknown kind',
    object: project({ syncWindows: [{ kind: 'maybe' }] }),
    says: /spec\.syncWindows\[0\]\.kind: Unsupported value: "maybe": supported values: "allow", "deny"/,
  },
  {
    name: 'a kind rule without a group',
    object: project({ clusterResourceWhitelist: [{ kind: 'Namespace' }] }),
    says: /spec\.clusterResourceWhitelist\[0\]\.group: Required value/,
  },
  {
    name: 'a description that is too long',
    object: project({ description: 'x'.repeat(256) }),
    says: /spec\.description: Too long/,
  },
];

const accepted: readonly { readonly name: string; readonly spec: object }[] = [
  { name: 'the smallest one', spec: { project: '', destination: {} } },
  {
    name: 'Helm with values of every kind',
    spec: {
      ...valid,
      source: {
        ...source,
        helm: {
          valueFiles: ['$values/prod.yaml'],
          valuesObject: { a: { b: [1, 'x', null, { c: 1.5 }] }, d: null },
          parameters: [{ name: 'replicas', value: '3', forceString: true }],
        },
      },
    },
  },
  {
    name: 'Kustomize with replicas as number and as text',
    spec: {
      ...valid,
      source: {
        ...source,
        kustomize: {
          replicas: [
            { name: 'a', count: 2 },
            { name: 'b', count: '3' },
          ],
          commonLabels: { team: 'web' },
          patches: [
            { patch: '[]', target: { kind: 'Service' }, options: { allowNameChange: true } },
          ],
        },
      },
    },
  },
  {
    name: 'several sources and a policy',
    spec: {
      project: 'default',
      destination: { name: 'in-cluster', namespace: 'web' },
      sources: [
        { repoURL: 'https://charts.example', chart: 'web', targetRevision: '1.x' },
        { repoURL: source.repoURL, targetRevision: 'main', ref: 'values' },
      ],
      syncPolicy: {
        automated: { prune: true, selfHeal: true, enabled: true },
        syncOptions: ['CreateNamespace=true'],
        retry: { limit: -1, backoff: { duration: '5s', factor: 2, maxDuration: '3m' } },
        managedNamespaceMetadata: { labels: { a: 'b' } },
      },
      ignoreDifferences: [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] }],
      info: [{ name: 'owner', value: 'web' }],
      revisionHistoryLimit: 0,
    },
  },
  { name: 'a hydrator', spec: hydrator('apps/web') },
];

describe('the CRDs on a real API server', () => {
  let plane: ControlPlane;
  let kubectl: Kubectl;
  before(async () => {
    const components = { controllerManager: false, scheduler: false, kwok: false };
    plane = await startControlPlane({ components, signal });
    kubectl = await createKubectl(plane.kubeconfigPath, signal);
    await kubectl(['apply', '-f', `${folder}/application.yaml`, '-f', `${folder}/appproject.yaml`]);
    await eventually(
      async () => {
        const { items } = (await kubectl.get<{ items: readonly Crd[] }>(['crd'])) ?? { items: [] };
        const states = items.map(({ status }) => statesOf(status?.conditions).join());
        return states.every((state) => state.includes('Established=True'))
          ? met()
          : pending(states.join(' and '));
      },
      { withinMs: 30_000, signal },
    );
  });
  after(() => plane[Symbol.asyncDispose]());

  for (const name of ['applications', 'appprojects']) {
    test(`${name}.argoproj.io is structural and keeps its names`, async () => {
      const crd = await kubectl.get<Crd>(['crd', `${name}.argoproj.io`]);
      assert.deepEqual(statesOf(crd?.status?.conditions), [
        'Established=True',
        'NamesAccepted=True',
      ]);
    });
  }

  test('plain kubectl apply works a second time too, far below the limit of its annotation', async (t) => {
    assert.match(await kubectl(['apply', '-f', `${folder}/application.yaml`]), /unchanged/);
    const text = await readFile(`${folder}/application.yaml`, 'utf8');
    const bytes = JSON.stringify(load(text)).length;
    t.diagnostic(`application.yaml is ${bytes} bytes of JSON`);
    assert.ok(bytes < MAX_ANNOTATION_BYTES / 2);
  });

  test('kubectl explain is readable', async () => {
    const explain = ['explain', 'application.spec.syncPolicy'];
    await eventually(
      async () => {
        // The API server publishes the schema a moment after the kind is there.
        const { exitCode, stderr } = await kubectl.try(explain);
        return exitCode === 0 ? met() : pending(stderr);
      },
      { withinMs: 30_000, signal },
    );
    const policy = await kubectl(explain);
    assert.match(policy, /automated\s+<Object>\n\s+\S/);
    const limit = await kubectl(['explain', 'application.spec.syncPolicy.retry.limit']);
    assert.match(limit, /FIELD: limit <integer>\s+DESCRIPTION:\s+\S/);
  });

  test('kubectl get shows the columns, wide more of them', async () => {
    await kubectl(['apply', '-f', '-'], { stdin: application(valid) });
    const status = { sync: { status: 'Synced', revision: 'abc' }, health: { status: 'Healthy' } };
    const patch = JSON.stringify({ status });
    await kubectl(['patch', 'app', 'web', '--subresource=status', '--type=merge', '-p', patch]);
    assert.deepEqual(table(await kubectl(['get', 'applications'])), [
      ['NAME', 'SYNC STATUS', 'HEALTH STATUS'],
      ['web', 'Synced', 'Healthy'],
    ]);
    assert.deepEqual(table(await kubectl(['get', 'apps', '-o', 'wide'])), [
      ['NAME', 'SYNC STATUS', 'HEALTH STATUS', 'REVISION', 'PROJECT'],
      ['web', 'Synced', 'Healthy', 'abc', 'default'],
    ]);
    assert.match(await kubectl(['get', 'appproj,appprojs'], {}), /^$/);
  });

  for (const { name, object, says } of refusals) {
    test(`refuses ${name}`, async () => {
      const { exitCode, stderr } = await create(object);
      assert.notEqual(exitCode, 0);
      assert.match(stderr, says);
    });
  }

  for (const { name, spec } of accepted) {
    test(`accepts ${name} and keeps all of it`, async () => {
      const { exitCode, stdout, stderr } = await create(application(spec), '-o', 'json');
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual((JSON.parse(stdout) as { spec: unknown }).spec, spec);
    });
  }

  test('prunes a field it does not know, and kubectl warns of it', async () => {
    const unknown = application({ ...valid, syncPolcy: {} });
    const strict = await create(unknown);
    assert.match(strict.stderr, /unknown field "spec\.syncPolcy"/);
    const { stdout } = await create(unknown, '--validate=warn', '-o', 'json');
    assert.deepEqual((JSON.parse(stdout) as { spec: unknown }).spec, valid);
  });

  const create = (object: object, ...args: readonly string[]) =>
    kubectl.try(['create', '--dry-run=server', ...args, '-f', '-'], {
      stdin: { ...object, metadata: { name: 'another', namespace: 'default' } },
    });
});

interface Condition {
  readonly type: string;
  readonly status: string;
}

interface Crd {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const statesOf = (conditions: readonly Condition[] = []) =>
  conditions.map(({ type, status }) => `${type}=${status}`).sort();

const table = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd().split(/ {2,}/));
