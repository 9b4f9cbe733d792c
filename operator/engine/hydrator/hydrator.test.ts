import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TiphysError } from '../../core/errors.ts';
import { readCommitSettings } from '../../core/hydrator/commit-message.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { engineSettings } from '../../operator-options.ts';
import type { HydratedChange, ManifestRequest, PreparedCommit } from '../../ports/index.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../telemetry/silent.ts';
import { createHydrator } from './hydrator.ts';
import type { HydratorPorts } from './ports.ts';

const signal = AbortSignal.timeout(20_000);
const DRY = 'd'.repeat(40);
const WET = 'e'.repeat(40);

interface Given {
  readonly name: string;
  readonly path?: string;
  readonly dryPath?: string;
  readonly dryRevision?: string;
  readonly project?: string;
  readonly branch?: string;
  readonly status?: JsonObject;
}

function application(given: Given): KubeObject {
  const { name, path = name, dryPath = name, dryRevision = 'main' } = given;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd', uid: name, resourceVersion: '1' },
    spec: {
      project: given.project ?? 'default',
      destination: { server: 'https://cluster', namespace: 'x' },
      sourceHydrator: {
        drySource: { repoURL: 'https://g/r', targetRevision: dryRevision, path: dryPath },
        syncSource: { targetBranch: given.branch ?? 'env', path },
      },
    },
    ...(given.status && { status: given.status }),
  };
}

const project = (name: string, sourceRepos: readonly string[]): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name, namespace: 'argocd' },
  spec: { sourceRepos, destinations: [{ server: '*', namespace: '*' }] },
});

interface WorldOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** The tip of the branch when a commit is prepared. */
  readonly tip?: string;
  readonly push?: () => 'pushed' | 'moved';
  readonly records?: string;
}

/** What the hydrator sees, and what it did: no Git, no cluster. */
function world(applications: readonly Given[], options: WorldOptions = {}) {
  const apps = new Map(applications.map((one) => [one.name, application(one)]));
  const projects = new Map([
    ['default', project('default', ['*'])],
    ['other', project('other', ['*'])],
    ['strict', project('strict', ['https://nothing'])],
  ]);
  const renders: ManifestRequest[] = [];
  const commits: HydratedChange[] = [];
  const projectsOfBranches = new Set<string>();
  const ports = {
    clock: systemClock,
    random: () => 0,
    logger: silentLogger,
    events: { publish() {} },
    apps: {
      get: (key: string) => apps.get(key.split('/')[1] ?? ''),
      list: () => [...apps.values()],
      async patchStatus(key: string, patch: JsonObject) {
        const name = key.split('/')[1] ?? '';
        const raw = apps.get(name) ?? assert.fail(key);
        const next = { ...raw, status: merged(raw['status'], patch) };
        apps.set(name, next);
        return next;
      },
    },
    projects: { get: (name: string) => projects.get(name) },
    projectSettings: () => ({ globalProjects: [] }),
    clusters: { entries: [{ server: 'https://cluster', name: 'c', project: undefined }] },
    manifests: {
      async manifests(request: ManifestRequest) {
        renders.push(request);
        const { path } = request.sources[0] ?? {};
        if (path === 'bad') throw new TiphysError('InvalidManifest', 'bad/a.yaml: is no YAML');
        return { objects: [], revisions: [DRY], sourceTypes: [], commands: [] };
      },
    },
    repositories: {
      resolve: async () => DRY,
      commit: async () => ({ author: 'Ann <a@b>', date: '', message: 'Subject', tags: [] }),
      refresh: async () => {},
    },
    branches: {
      read: async (_branch: unknown, paths: readonly string[]) => ({
        tip: WET,
        texts: paths.map(() => options.records),
      }),
      async prepare(branch: { project: string }, change: HydratedChange): Promise<PreparedCommit> {
        commits.push(change);
        projectsOfBranches.add(branch.project);
        return { type: 'changed', commit: WET, tip: options.tip };
      },
      push: async () => options.push?.() ?? 'pushed',
    },
    commitSettings: () => readCommitSettings(new Map(Object.entries(options.settings ?? {}))),
    writeYaml: () => '',
  };
  const settings = engineSettings({ namespace: 'argocd', hydrates: true });
  const hydrator = createHydrator(ports as unknown as HydratorPorts, settings);
  return {
    renders,
    commits,
    projectsOfBranches,
    async hydrate(name: string) {
      const raw = apps.get(name) ?? assert.fail(name);
      return await hydrator.hydrate(hydrator.groupOf(raw) ?? assert.fail('no group'), signal);
    },
    operation(name: string): JsonObject {
      const status = apps.get(name)?.['status'];
      const all = isJsonObject(status) ? status['sourceHydrator'] : undefined;
      const last = isJsonObject(all) ? all['currentOperation'] : undefined;
      return isJsonObject(last) ? last : {};
    },
  };
}

function merged(before: JsonValue | undefined, patch: JsonObject): JsonObject {
  const next: Record<string, JsonValue | undefined> = isJsonObject(before) ? { ...before } : {};
  for (const [key, value] of Object.entries(patch))
    next[key] = isJsonObject(value) ? merged(next[key], value) : (value ?? undefined);
  return next;
}

describe('a group is committed', () => {
  test('once for all, rendered at one commit and for no cluster', async () => {
    const { hydrate, commits, renders, operation } = world([{ name: 'a' }, { name: 'b' }]);
    await hydrate('a');
    assert.deepEqual(
      commits.map(({ folders, message }) => [folders, message.split('\n')[0]]),
      [[['a', 'b'], `${DRY.slice(0, 7)}: Subject`]],
    );
    for (const { revisions, kubeVersion, apiVersions, isTrial } of renders)
      assert.deepEqual([revisions, kubeVersion, apiVersions, isTrial], [[DRY], '', [], true]);
    assert.deepEqual([operation('a')['phase'], operation('b')['hydratedSHA']], ['Hydrated', WET]);
  });

  test('without those whom their project refuses', async () => {
    const { hydrate, commits, operation } = world([
      { name: 'a' },
      { name: 'bad', project: 'strict' },
    ]);
    await hydrate('a');
    assert.deepEqual(commits[0]?.folders, ['a']);
    assert.equal(operation('bad')['phase'], undefined);
  });

  test('by the registrations of its project, and of several projects by those for all', async () => {
    const own = world([{ name: 'a', project: 'other' }]);
    await own.hydrate('a');
    assert.deepEqual([...own.projectsOfBranches], ['other']);
    const shared = world([{ name: 'a', project: 'other' }, { name: 'b' }]);
    await shared.hydrate('a');
    assert.deepEqual([...shared.projectsOfBranches], ['']);
  });

  test('again when somebody was faster, and not for ever', async () => {
    let left = 2;
    const won = world([{ name: 'a' }], { push: () => (left-- > 0 ? 'moved' : 'pushed') });
    await won.hydrate('a');
    assert.deepEqual([won.commits.length, won.operation('a')['phase']], [3, 'Hydrated']);
    const lost = world([{ name: 'a' }], { push: () => 'moved' });
    await lost.hydrate('a');
    assert.match(String(lost.operation('a')['message']), /faster 3 times\. Let nobody else push/);
  });

  test('not again when an interrupted operation left its record', async () => {
    const spec = application({ name: 'a' })['spec'];
    const sourceHydrator = isJsonObject(spec) ? spec['sourceHydrator'] : undefined;
    const status = {
      sourceHydrator: { currentOperation: { phase: 'Hydrating', drySHA: DRY, sourceHydrator } },
    };
    const records = JSON.stringify({ repoURL: 'https://g/r', drySha: DRY });
    const known = world([{ name: 'a', status }], { records });
    await known.hydrate('a');
    assert.deepEqual([known.commits.length, known.renders.length], [0, 0]);
    assert.deepEqual(
      [known.operation('a')['phase'], known.operation('a')['hydratedSHA']],
      ['Hydrated', WET],
    );
    const unknown = world([{ name: 'a', status }]);
    await unknown.hydrate('a');
    assert.equal(unknown.commits.length, 1);
  });
});

describe('nothing is committed', () => {
  const cases: readonly {
    readonly name: string;
    readonly given: readonly Given[];
    readonly options?: WorldOptions;
    readonly says: RegExp;
    readonly others?: RegExp;
  }[] = [
    {
      name: 'while one of a group cannot be rendered',
      given: [{ name: 'bad' }, { name: 'a' }],
      says: /^bad\/a\.yaml: is no YAML/,
      others: /^not hydrated: argocd\/bad cannot be rendered/,
    },
    {
      name: 'to the folder of another Application',
      given: [{ name: 'bad', path: 'a', dryPath: 'x' }, { name: 'a' }],
      says: /argocd\/a is hydrated to a of the same branch, which is where argocd\/bad is/,
      others: /argocd\/bad is hydrated to a of the same branch/,
    },
    {
      name: 'to a folder in that of another group',
      given: [{ name: 'bad', path: 'a/b', dryRevision: 'v1' }, { name: 'a' }],
      says: /argocd\/a is hydrated to a of the same branch/,
    },
    {
      name: 'to the root',
      given: [{ name: 'bad', path: './' }, { name: 'a' }],
      says: /is the root of the repository/,
      others: /^not hydrated: argocd\/bad cannot be written/,
    },
    {
      name: 'to what is no branch',
      given: [{ name: 'bad', branch: 'a..b' }],
      says: /^"a\.\.b" is no name of a branch/,
    },
    {
      name: 'over the dry source itself',
      given: [{ name: 'bad', path: 'web/out', dryPath: 'web' }],
      options: { tip: DRY },
      says: /env is the branch of the dry source, and web\/out would be replaced/,
    },
    {
      name: 'over a dry source that is the root',
      given: [{ name: 'bad', path: 'out', dryPath: '.' }],
      options: { tip: DRY },
      says: /env is the branch of the dry source/,
    },
    {
      name: 'by a template that nobody here reads',
      given: [{ name: 'bad', dryPath: 'x' }],
      options: { settings: { 'sourceHydrator.commitMessageTemplate': '{{ if .x }}' } },
      says: /^argocd-cm: sourceHydrator\.commitMessageTemplate: \{\{ if \.x \}\} is not supported\. Use/,
    },
  ];
  for (const { name, given, options, says, others } of cases)
    test(name, async () => {
      let pushed = 0;
      const seen = world(given, {
        ...options,
        push: () => {
          pushed += 1;
          return 'pushed';
        },
      });
      const outcome = await seen.hydrate('bad');
      assert.equal(pushed, 0);
      assert.match(String(seen.operation('bad')['message']), says);
      assert.equal(seen.operation('bad')['phase'], 'Failed');
      if (others !== undefined) assert.match(String(seen.operation('a')['message']), others);
      assert.deepEqual(outcome, { type: 'requeue', afterMs: 120_000 });
    });

  test('but beside the dry source on its own branch there is room', async () => {
    const { hydrate, operation } = world([{ name: 'a', path: 'out', dryPath: 'web' }], {
      tip: DRY,
    });
    await hydrate('a');
    assert.equal(operation('a')['phase'], 'Hydrated');
  });
});
