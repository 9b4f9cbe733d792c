import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { goProgram, KUSTOMIZE_BEFORE } from '../controlplane/go-build.ts';
import { progressToStderr as log, toolCacheFolder } from '../controlplane/tool-cache.ts';
import { resolveTool } from '../controlplane/tools.ts';
import type { TestApplication } from '../language/application.ts';
import { startWorld, type World } from '../language/world.ts';
import {
  appProject,
  annotated,
  argocdSettings,
  chart,
  configMap,
  deployment,
  kustomization,
  service,
  under,
} from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

describe('an Application follows its source', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  test('a directory becomes Synced and Healthy and follows a new commit', async () => {
    await world.given(
      world.repository('directory', {
        'web/deployment.yaml': deployment('web'),
        'web/service.yaml': service('web'),
        'web/settings.json': JSON.stringify({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'settings' },
          data: { value: 'one' },
        }),
        'web/nested/ignored.yaml': configMap('ignored', 'x'),
        'web/values.yaml': 'replicas: 3\n',
      }),
    );
    const app = world.application('directory', {
      repoURL: world.git.urlOf('directory'),
      path: 'web',
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(
      app.isSynced(await world.git.revision('directory')),
      app.isHealthy(),
    );
    const settings = world.object('configmaps', 'settings', app.name);
    await world.thenEventually(
      settings.has('data.value', 'one'),
      world.object('deployments.apps', 'web', app.name).has('status.availableReplicas', 1),
      world.object('configmaps', 'ignored', app.name).isAbsent(),
    );

    const commit = await world.git.commit('directory', {
      files: { 'web/settings.yaml': configMap('settings', 'two') },
      remove: ['web/settings.json'],
    });
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(commit), settings.has('data.value', 'two'));
  });

  test('its status says all that there is to say', async () => {
    const files = {
      'web.yaml': deployment('web'),
      'link.yaml': annotated(configMap('link', 'one'), {
        'link.argocd.argoproj.io/docs': 'https://docs.example/web',
      }),
    };
    await world.given(world.repository('told', files));
    const repoURL = world.git.urlOf('told');
    const app = world.application('told', { repoURL, syncPolicy: true });
    const revision = await world.git.revision('told');
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.operationSucceeded());

    const namespace = app.name;
    const source = { path: '.', repoURL, targetRevision: 'HEAD' };
    const destination = { namespace, server: 'https://kubernetes.default.svc' };
    const initiatedBy = { automated: true };
    const synced = { status: 'Synced', syncPhase: 'Sync', version: 'v1' };
    const text = JSON.stringify((await app.read(signal))?.['status']);
    const status: unknown = JSON.parse(text.replace(/"\d{4}-\d\d-\d\dT[\d:]{8}Z"/g, '"a time"'));
    assert.deepEqual(status, {
      controllerNamespace: world.namespace,
      reconciledAt: 'a time',
      sourceType: 'Directory',
      sync: { status: 'Synced', revision, comparedTo: { source, destination } },
      health: { status: 'Healthy', lastTransitionTime: 'a time' },
      summary: { images: ['nginx:1'], externalURLs: ['https://docs.example/web'] },
      resources: [
        { version: 'v1', kind: 'ConfigMap', namespace, name: 'link', status: 'Synced' },
        {
          group: 'apps',
          version: 'v1',
          kind: 'Deployment',
          namespace,
          name: 'web',
          status: 'Synced',
          health: { status: 'Healthy', lastTransitionTime: 'a time' },
        },
      ],
      history: [
        {
          id: 0,
          revision,
          source,
          initiatedBy,
          deployStartedAt: 'a time',
          deployedAt: 'a time',
        },
      ],
      operationState: {
        phase: 'Succeeded',
        message: 'successfully synced (all tasks run)',
        startedAt: 'a time',
        finishedAt: 'a time',
        operation: {
          initiatedBy,
          retry: { limit: 5 },
          sync: { prune: true, revision, source, syncOptions: ['CreateNamespace=true'] },
        },
        syncResult: {
          revision,
          source,
          resources: [
            {
              ...synced,
              group: '',
              kind: 'Namespace',
              namespace: '',
              name: namespace,
              message: `namespace/${namespace} serverside-applied`,
              hookPhase: 'Succeeded',
              syncPhase: 'PreSync',
            },
            {
              ...synced,
              group: '',
              kind: 'ConfigMap',
              namespace,
              name: 'link',
              message: 'configmap/link serverside-applied',
              hookPhase: 'Succeeded',
            },
            {
              ...synced,
              group: 'apps',
              kind: 'Deployment',
              namespace,
              name: 'web',
              message: 'deployment.apps/web serverside-applied',
              images: ['nginx:1'],
              hookPhase: 'Running',
            },
          ],
        },
      },
    });
  });

  test('include, exclude and recurse choose the files of a directory', async () => {
    await world.given(
      world.repository('globs', {
        'app/a.yaml': configMap('a', '1'),
        'app/deep/b.yaml': configMap('b', '1'),
        'app/deep/skip-me.yaml': configMap('skipped', '1'),
        'app/deep/c.yml': configMap('c', '1'),
      }),
    );
    const app = world.application('globs', {
      repoURL: world.git.urlOf('globs'),
      path: 'app',
      source: { directory: { recurse: true, include: '*.yaml', exclude: '*skip*' } },
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.thenEventually(
      world.object('configmaps', 'a', app.name).exists(),
      world.object('configmaps', 'b', app.name).exists(),
      world.object('configmaps', 'c', app.name).isAbsent(),
      world.object('configmaps', 'skipped', app.name).isAbsent(),
    );
  });

  test('a Helm chart is rendered with files, values and parameters, and follows a new commit', async () => {
    await world.given(world.repository('helm', under('chart', chart('demo'))));
    const app = world.application('helm', {
      repoURL: world.git.urlOf('helm'),
      path: 'chart',
      source: {
        helm: {
          releaseName: 'demo',
          valueFiles: ['values-prod.yaml'],
          valuesObject: { value: 'from the Application' },
          parameters: [{ name: 'replicas', value: '2' }],
        },
      },
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const config = world.object('configmaps', 'demo-config', app.name);
    await world.thenEventually(
      config.has('data.value', 'from the Application'),
      config.has('data.namespace', app.name),
      world.object('deployments.apps', 'demo', app.name).has('spec.replicas', 2),
    );
    const patch = { spec: { source: { helm: { valuesObject: null } } } };
    await world.when(app.patched(patch));
    await world.thenEventually(config.has('data.value', 'from the production file'));
    const commit = await world.git.commit('helm', {
      files: { 'chart/values-prod.yaml': 'value: from a new commit\n' },
    });
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(commit), config.has('data.value', 'from a new commit'));
  });

  test('a kustomization is built with images and prefix, and follows a new commit of its base', async () => {
    await world.given(world.repository('kustomize', kustomization()));
    const app = world.application('kustomize', {
      repoURL: world.git.urlOf('kustomize'),
      path: 'overlay',
      source: {
        kustomize: { namePrefix: 'my-', images: ['nginx=nginx:2'], commonLabels: { team: 'blue' } },
      },
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const web = world.object('deployments.apps', 'my-web', app.name);
    const settings = world.object('configmaps', 'my-settings', app.name);
    await world.thenEventually(
      web.has('spec.template.spec.containers.0.image', 'nginx:2'),
      web.has('metadata.labels.team', 'blue'),
      settings.has('data.value', 'from the base'),
    );
    const commit = await world.git.commit('kustomize', {
      files: { 'base/configmap.yaml': configMap('settings', 'from a new commit') },
    });
    await world.when(app.refreshed());
    await world.thenEventually(
      app.isSynced(commit),
      settings.has('data.value', 'from a new commit'),
    );
  });
});

describe('argocd-cm chooses the programs', () => {
  let world: World;
  let dir = '';
  before(async () => {
    world = await startWorld({ signal });
    dir = await mkdtemp(join(tmpdir(), 'tiphys-programs-'));
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });
  const settings = (data: Readonly<Record<string, string>>) =>
    world.applied(argocdSettings(world.namespace, data));
  const automated = {
    automated: { prune: true, selfHeal: true, allowEmpty: true },
    syncOptions: ['CreateNamespace=true'],
  };

  test('kustomize of another version builds for who asks for it, and anew when it is another', async () => {
    const earlier = await goProgram(
      KUSTOMIZE_BEFORE,
      { cacheDir: toolCacheFolder(process.env), log },
      signal,
    );
    const usual = await resolveTool('kustomize', { env: process.env, log, signal });
    const chosen = join(dir, 'kustomize');
    await symlink(earlier, chosen);
    await world.given(
      world.repository('versions', {
        'kustomization.yaml': 'resources: [map.yaml]\nbuildMetadata: [managedByLabel]\n',
        'map.yaml': configMap('map', '1'),
      }),
      settings({ 'kustomize.path.old': chosen, 'kustomize.path.near': './kustomize' }),
    );
    const app = (base: string, version: string) =>
      world.application(base, {
        repoURL: world.git.urlOf('versions'),
        source: version === '' ? {} : { kustomize: { version } },
        syncPolicy: true,
      });
    const builtBy = ({ name }: { readonly name: string }, version: string) =>
      world
        .object('configmaps', 'map', name)
        .matches(
          `is built by ${version}`,
          ({ metadata }) =>
            metadata.labels?.['app.kubernetes.io/managed-by'] === `kustomize-${version}`,
        );
    const [plain, old] = [app('plain', ''), app('old', 'old')];
    const [unknown, near] = [app('unknown', 'v9'), app('near', 'near')];
    await world.when(plain.created(), old.created(), unknown.created(), near.created());
    await world.thenEventually(
      builtBy(plain, 'v5.8.1'),
      builtBy(old, 'v5.7.1'),
      plain.isSynced(),
      old.isSynced(),
      unknown.hasCondition(
        'ComparisonError',
        /kustomize version v9 is not registered\. Ask for one of near, old, or have an administrator set kustomize\.path\.v9/,
      ),
      near.hasCondition(
        'ComparisonError',
        /path \.\/kustomize of kustomize\.path\.near .* not absolute/,
      ),
    );
    // The same commit, and nothing in argocd-cm changes.
    await unlink(chosen);
    await symlink(usual, chosen);
    await world.when(old.refreshed());
    await world.thenEventually(builtBy(old, 'v5.8.1'), builtBy(plain, 'v5.8.1'));
    await world.when(unknown.patched({ spec: { source: { kustomize: { version: 'old' } } } }));
    await world.thenEventually(builtBy(unknown, 'v5.8.1'), unknown.hasNoConditions());
  });

  test('a tool that is switched off leaves its folders to the next kind, and plain manifests in the end', async () => {
    const templates = configMap('from-helm', '{{ .Release.Name }}');
    await world.given(
      world.repository('both', {
        'kustomization.yaml': 'resources: [map.yaml]\nnamePrefix: built-\n',
        'Chart.yaml': 'apiVersion: v2\nname: both\nversion: 1.0.0\n',
        'templates/map.yaml': templates,
        'map.yaml': configMap('map', '1'),
      }),
    );
    const repoURL = world.git.urlOf('both');
    const found = world.application('found', { repoURL, syncPolicy: automated });
    const named = world.application('named', {
      repoURL,
      source: { helm: { releaseName: 'shop' } },
      syncPolicy: automated,
    });
    const has = (app: TestApplication, type: string, name: string) => [
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .has('status.sourceType', type),
      world.object('configmaps', name, app.name).exists(),
      ...['built-map', 'from-helm', 'map']
        .filter((other) => other !== name)
        .map((other) => world.object('configmaps', other, app.name).isAbsent()),
      app.isSynced(),
    ];
    await world.given(settings({}));
    await world.when(found.created(), named.created());
    await world.thenEventually(
      ...has(found, 'Kustomize', 'built-map'),
      ...has(named, 'Helm', 'from-helm'),
    );
    await world.when(settings({ 'kustomize.enable': 'false' }), found.refreshed());
    await world.thenEventually(...has(found, 'Helm', 'from-helm'));
    await world.when(
      settings({ 'kustomize.enable': 'false', 'helm.enable': 'false' }),
      found.refreshed(),
      named.refreshed(),
    );
    await world.thenEventually(
      ...has(found, 'Directory', 'map'),
      ...has(named, 'Directory', 'map'),
    );
    await world.when(settings({ 'helm.enable': 'true' }), found.refreshed(), named.refreshed());
    await world.thenEventually(
      ...has(found, 'Kustomize', 'built-map'),
      ...has(named, 'Helm', 'from-helm'),
    );
  });
});

describe('a repository that is polled often', () => {
  let world: World;
  before(async () => {
    world = await startWorld({
      signal,
      operator: ['--repo-poll-interval=1s', '--repo-poll-jitter=0s'],
    });
  });
  after(() => world[Symbol.asyncDispose]());

  test('is followed without anybody asking', async () => {
    await world.given(world.repository('polled', { 'a.yaml': configMap('a', 'one') }));
    const app = world.application('polled', {
      repoURL: world.git.urlOf('polled'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.when(world.pushed('polled', { files: { 'a.yaml': configMap('a', 'two') } }));
    await world.thenEventually(world.object('configmaps', 'a', app.name).has('data.value', 'two'));
  });

  test('by its tags of one prefix, when the source has a tagPrefix', async () => {
    await world.given(world.repository('tagged', { 'a.yaml': configMap('a', 'one') }));
    await world.git.tag('tagged', 'web-1.0.0');
    await world.git.commit('tagged', { files: { 'a.yaml': configMap('a', 'of others') } });
    await world.git.tag('tagged', '1.9.0');
    const app = world.application('tagged', {
      repoURL: world.git.urlOf('tagged'),
      targetRevision: '1.x',
      source: { tagPrefix: 'web-' },
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(await world.git.revision('tagged', 'web-1.0.0')));
    const live = world.object('configmaps', 'a', app.name);
    await world.thenEventually(live.has('data.value', 'one'));
    await world.git.commit('tagged', { files: { 'a.yaml': configMap('a', 'two') } });
    await world.git.tag('tagged', 'web-1.1.0');
    await world.thenEventually(live.has('data.value', 'two'), app.isSynced());
  });

  test('a base of another repository is built and followed, unless the project may not read there', async () => {
    await world.given(
      world.repository('shared-base', {
        'base/kustomization.yaml': 'resources: [map.yaml]\nnamePrefix: shared-\n',
        'base/map.yaml': configMap('map', '1'),
      }),
    );
    const base = `${world.git.urlOf('shared-base')}//base?ref=main`;
    await world.given(
      world.repository('uses-base', { 'kustomization.yaml': `resources: ['${base}']\n` }),
    );
    const repoURL = world.git.urlOf('uses-base');
    const app = world.application('uses-base', { repoURL, syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const map = world.object('configmaps', 'shared-map', app.name);
    await world.thenEventually(map.has('data.value', '1'));
    // Nobody asks for it, and the repository of the Application stands still.
    await world.when(
      world.pushed('shared-base', { files: { 'base/map.yaml': configMap('map', '2') } }),
    );
    await world.thenEventually(map.has('data.value', '2'), app.isSynced(), app.isHealthy());
    const project = 'one-repository';
    await world.given(
      world.applied(appProject(world.namespace, project, { sourceRepos: [repoURL] })),
    );
    const other = world.application('narrow-base', { repoURL, project, syncPolicy: true });
    await world.when(other.created());
    await world.thenEventually(
      other.hasCondition('ComparisonError', /remote base \S+: .* not permitted in project/),
    );
  });
});
