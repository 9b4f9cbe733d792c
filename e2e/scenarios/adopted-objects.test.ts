import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestApplication } from '../language/application.ts';
import { type Expectation, met, pending } from '../language/expectation.ts';
import { howMany, requestsFor, staysStill } from '../language/stillness.ts';
import { startWorld, type World } from '../language/world.ts';

const signal = AbortSignal.timeout(900_000);

interface Way {
  readonly name: string;
  readonly args: readonly string[];
  /** What adopting costs beside the apply that adds our mark: moving ownership. */
  readonly moves: boolean;
  /**
   * Whether a field that Git drops goes: once it was applied, by kubectl or by us. What others
   * created or apply server-side under their own name is theirs.
   */
  readonly removes: 'always' | 'once applied by us' | 'never';
}

const WAYS: readonly Way[] = [
  { name: 'kubectl create', args: ['create'], moves: false, removes: 'once applied by us' },
  { name: 'kubectl apply', args: ['apply'], moves: true, removes: 'always' },
  {
    name: 'kubectl apply --server-side',
    args: ['apply', '--server-side'],
    moves: false,
    removes: 'never',
  },
  {
    name: 'a client-side apply under our manager',
    args: ['apply', '--field-manager=argocd-controller'],
    moves: true,
    removes: 'always',
  },
  {
    name: 'a server-side apply under our manager',
    args: ['apply', '--server-side', '--field-manager=argocd-controller'],
    moves: false,
    removes: 'always',
  },
];

describe('objects that were there before', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const objects = (names: readonly string[]) => [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', labels: { team: 'blue' } },
      data: Object.fromEntries(names.map((name) => [name, '1'])),
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              {
                name: 'web',
                image: 'nginx:1',
                ports: [{ containerPort: 80 }],
                resources: { requests: { cpu: '1000m', memory: '0.5Gi' } },
                env: names.map((name) => ({ name, value: '1' })),
              },
            ],
          },
        },
      },
    },
  ];
  const files = (names: readonly string[]) =>
    Object.fromEntries(
      objects(names).map((object) => [`${object.kind}.json`, JSON.stringify(object)]),
    );
  const groupOf = (apiVersion: string) => apiVersion.split('/').toReversed()[1] ?? '';

  /** As a person made them, before anybody thought of Git. */
  async function make(app: TestApplication, way: Way, marked: boolean): Promise<void> {
    await world.kubectl(['create', 'namespace', app.name]);
    for (const { metadata, ...object } of objects(['A', 'B'])) {
      const { kind, apiVersion } = object;
      const id = `${app.name}:${groupOf(apiVersion)}/${kind}:${app.name}/${metadata.name}`;
      const annotations = marked ? { 'argocd.argoproj.io/tracking-id': id } : {};
      await world.kubectl([...way.args, '-f', '-'], {
        stdin: { ...object, metadata: { ...metadata, namespace: app.name, annotations } },
      });
    }
    await world.thenEventually(
      world.object('deployments.apps', 'web', app.name).has('status.readyReplicas', 1),
    );
  }

  const namesLeft = async (app: TestApplication) => {
    const settings = await world.object('configmaps', 'settings', app.name).read(signal);
    const web = await world.object('deployments.apps', 'web', app.name).read(signal);
    assert.ok(web);
    const { template } = web['spec'] as {
      template: { spec: { containers: readonly { env: readonly { name: string }[] }[] } };
    };
    const variables = template.spec.containers[0]?.env.map(({ name }) => name).join('');
    return [Object.keys(settings?.['data'] ?? {}).join(''), variables];
  };

  const hasNames =
    (app: TestApplication, wanted: string): Expectation =>
    async () => {
      const seen = await namesLeft(app);
      return seen.every((names) => names === wanted) ? met(wanted) : pending(seen.join(', '));
    };

  for (const way of WAYS)
    for (const marked of [true, false])
      test(`${way.name}, ${marked ? 'with our mark: adopted without a write' : 'no mark: adopted with one apply each'}`, async () => {
        const removes = way.removes === 'always' || (way.removes !== 'never' && !marked);
        const repository = `before-${WAYS.indexOf(way)}-${marked}`;
        await world.given(world.repository(repository, files(['A', 'B'])));
        const app = world.application(repository, {
          repoURL: world.git.urlOf(repository),
          syncPolicy: { automated: { prune: true, selfHeal: true } },
        });
        await make(app, way, marked);
        const both = [
          world.object('configmaps', 'settings', app.name),
          world.object('deployments.apps', 'web', app.name),
        ];
        const before = (await both[1]?.read(signal))?.['spec'];
        await world.when(app.created());
        await world.thenEventually(app.isSynced(), app.isHealthy());
        if (!marked) await world.thenEventually(app.operationSucceeded());
        await staysStill(world, app, both, signal);
        const requests = await requestsFor(world, app, signal);
        for (const kind of ['ConfigMap', 'Deployment']) {
          const count = (verb: string) => howMany(requests, { verb, kind, dryRun: false });
          assert.equal(count('apply'), marked ? 0 : 1, `applies of the ${kind}`);
          assert.equal(count('patch'), way.moves && !marked ? 1 : 0, `patches of the ${kind}`);
        }
        assert.deepEqual((await both[1]?.read(signal))?.['spec'], before);

        await world.when(world.pushed(repository, { files: files(['A']) }), app.refreshed());
        await world.thenEventually(
          app.isSynced(await world.git.revision(repository)),
          hasNames(app, removes ? 'A' : 'AB'),
        );
        await staysStill(world, app, both, signal);
      });
});
