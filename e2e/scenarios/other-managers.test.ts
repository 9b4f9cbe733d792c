import { after, before, describe, test } from 'node:test';
import type { TestApplication } from '../language/application.ts';
import type { Expectation } from '../language/expectation.ts';
import { staysStill } from '../language/stillness.ts';
import { startWorld, type World } from '../language/world.ts';
import { deployment } from './manifests.ts';

const signal = AbortSignal.timeout(900_000);

const autoscaler = (target: string, minReplicas: number): string => `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: ${target}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: ${target}
  minReplicas: ${minReplicas}
  maxReplicas: 5
  metrics:
    - type: Resource
      resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } }
`;

const withoutReplicas = (image = 'nginx:1'): string =>
  deployment('web', 1, image).replace('  replicas: 1\n', '');

describe('fields that others own', () => {
  let world: World;
  /** Kubernetes' own autoscaler is part of its controller manager, whose program has any name here. */
  let autoscalers: string;
  before(async () => {
    world = await startWorld({
      signal,
      operator: ['--self-heal-loop-limit=2'],
    });
    const made = world.object('configmaps', 'kube-root-ca.crt', 'default');
    await world.thenEventually(made.exists());
    autoscalers = (await made.read(signal))?.metadata.managedFields?.[0]?.manager ?? '';
  });
  after(() => world[Symbol.asyncDispose]());

  const webOf = (app: TestApplication) => world.object('deployments.apps', 'web', app.name);

  test('an autoscaler owns the replicas that Git does not name', async () => {
    await world.given(
      world.repository('scaled', {
        'web.yaml': withoutReplicas(),
        'scaler.yaml': autoscaler('web', 3),
      }),
    );
    const app = world.application('scaled', {
      repoURL: world.git.urlOf('scaled'),
      syncPolicy: true,
    });
    await world.when(app.created());
    const web = webOf(app);
    await world.thenEventually(app.isSynced(), app.operationSucceeded());
    await world.thenEventually(web.has('spec.replicas', 3), web.has('status.readyReplicas', 3));
    await world.thenEventually(app.isSynced());
    await staysStill(world, app, [web], signal);
    await world.when(
      world.pushed('scaled', { files: { 'web.yaml': withoutReplicas('nginx:2') } }),
      app.refreshed(),
    );
    await world.thenEventually(app.isSynced(await world.git.revision('scaled')));
    await world.thenConsistently(2_000, web.has('spec.replicas', 3), app.isSynced());
  });

  for (const [how, ruleFor] of [
    ['managers', () => ({ managedFieldsManagers: [autoscalers] })],
    ['pointers', () => ({ jsonPointers: ['/spec/replicas'] })],
    ['jq', () => ({ jqPathExpressions: ['.spec.replicas'] })],
  ] as const)
    test(`replicas that Git names and rules of ${how} leave out: a sync leaves the autoscaler’s number`, async () => {
      const repository = `respected-${how}`;
      await world.given(
        world.repository(repository, {
          'web.yaml': deployment('web', 1),
          'scaler.yaml': autoscaler('web', 3),
        }),
      );
      const app = world.application(repository, {
        repoURL: world.git.urlOf(repository),
        syncPolicy: {
          automated: { selfHeal: true },
          syncOptions: ['CreateNamespace=true', 'RespectIgnoreDifferences=true'],
        },
        spec: { ignoreDifferences: [{ group: 'apps', kind: 'Deployment', ...ruleFor() }] },
      });
      await world.when(app.created());
      const web = webOf(app);
      await world.thenEventually(
        web.has('spec.replicas', 3),
        web.has('status.readyReplicas', 3),
        app.isSynced(),
      );
      await staysStill(world, app, [web], signal);
      await world.when(
        world.pushed(repository, { files: { 'web.yaml': deployment('web', 1, 'nginx:2') } }),
        app.refreshed(),
      );
      await world.thenEventually(
        web.matches('has the new image', ({ spec }) => JSON.stringify(spec).includes('nginx:2')),
        app.isSynced(await world.git.revision(repository)),
        app.operationSucceeded(),
      );
      await world.thenConsistently(2_000, web.has('spec.replicas', 3), app.isSynced());
    });

  test('replicas that Git names and an autoscaler sets: the fight ends, and is named', async () => {
    await world.given(
      world.repository('fought', {
        'web.yaml': deployment('web', 1),
        'scaler.yaml': autoscaler('web', 3),
      }),
    );
    const app = world.application('fought', {
      repoURL: world.git.urlOf('fought'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenWithin(
      120_000,
      app.hasCondition(
        'HealLoopWarning',
        new RegExp(`Deployment/.*/web: spec\\.replicas was set back 2 times.*"${autoscalers}"`),
      ),
      app.isOutOfSync(),
    );
    await world.thenConsistently(3_000, webOf(app).has('spec.replicas', 3));
  });

  test('a person who scales by hand is OutOfSync until somebody syncs', async () => {
    await world.given(world.repository('by-hand', { 'web.yaml': deployment('web', 1) }));
    const app = world.application('by-hand', { repoURL: world.git.urlOf('by-hand') });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.isSynced(), app.operationSucceeded());
    const web = webOf(app);
    await world.kubectl(['scale', 'deployment', 'web', '-n', app.name, '--replicas=2']);
    await world.thenEventually(app.isOutOfSync());
    await staysStill(world, app, [web], signal, app.isOutOfSync());
    await world.when(app.synced());
    await world.thenEventually(app.isSynced(), web.has('spec.replicas', 1));
  });

  test('a jq rule on an injected init container: a sync leaves it as and where it is', async () => {
    const own = (image: string, replicas: number) =>
      deployment('web', replicas).replace(
        '      containers:\n',
        `      initContainers:\n        - name: migrate\n          image: ${image}\n        - name: mesh\n          image: mesh:of-git\n      containers:\n`,
      );
    await world.given(world.repository('mesh', { 'web.yaml': own('migrate:1', 1) }));
    const app = world.application('mesh', {
      repoURL: world.git.urlOf('mesh'),
      syncPolicy: {
        automated: { selfHeal: true },
        syncOptions: ['CreateNamespace=true', 'RespectIgnoreDifferences=true'],
      },
      spec: {
        ignoreDifferences: [
          {
            group: 'apps',
            kind: 'Deployment',
            jqPathExpressions: [
              '.spec.template.spec.initContainers[] | select(.name == "mesh" or .name == "first")',
            ],
          },
        ],
      },
    });
    await world.when(app.created());
    const web = webOf(app);
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.operationSucceeded());
    // The mesh updates its own container, and puts another before all others.
    const injected = [
      { name: 'first', image: 'first:1' },
      { name: 'migrate', image: 'migrate:1' },
      { name: 'mesh', image: 'mesh:2' },
    ];
    await world.kubectl([
      ...['patch', 'deployment', 'web', '-n', app.name, '--field-manager=mesh', '--type=json'],
      `-p=${JSON.stringify([
        { op: 'replace', path: '/spec/template/spec/initContainers', value: injected },
      ])}`,
    ]);
    const images = (wanted: string): Expectation =>
      web.matches(`runs ${wanted} first`, ({ spec }) => {
        const { template } = spec as {
          template: { spec: { initContainers: readonly { image: string }[] } };
        };
        return template.spec.initContainers.map(({ image }) => image).join() === wanted;
      });
    await world.thenEventually(images('first:1,migrate:1,mesh:2'));
    await world.thenEventually(app.isSynced());
    await staysStill(world, app, [web], signal);
    await world.when(
      world.pushed('mesh', { files: { 'web.yaml': own('migrate:2', 2) } }),
      app.refreshed(),
    );
    await world.thenEventually(
      web.has('spec.replicas', 2),
      app.isSynced(await world.git.revision('mesh')),
    );
    await world.thenConsistently(2_000, images('first:1,migrate:2,mesh:2'), app.isSynced());
  });
});
