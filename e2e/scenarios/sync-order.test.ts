import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AuditedWrite } from '../controlplane/audit-log.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { startWorld, type World } from '../language/world.ts';
import { annotated, configMap, deployment, hookJob, inWave, service, staged } from './manifests.ts';

const signal = AbortSignal.timeout(900_000);

const OPERATOR = ['--sync-wave-delay=100ms', '--repo-poll-interval=1s', '--repo-poll-jitter=0s'];
const WAVES = [-2, -1, 0, 1, 2];
/** So that neither names nor files nor the order of creation give the waves away. */
const NAME_OF_WAVE: Readonly<Record<number, string>> = {
  [-2]: 'mike',
  [-1]: 'zulu',
  0: 'alpha',
  1: 'yankee',
  2: 'bravo',
};

describe('the order of a sync, as the audit log of the API server tells it', () => {
  let plane: ControlPlane;
  let world: World;
  before(async () => {
    plane = await startControlPlane({ signal, audit: true });
    world = await startWorld({
      signal,
      cluster: plane,
      operator: OPERATOR,
    });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
  });

  /** What the operator stored in one namespace, from a moment on. */
  async function writesIn(namespace: string, sinceMicros = 0): Promise<readonly AuditedWrite[]> {
    const all = await plane.auditedWrites();
    return all.filter(
      (write) =>
        write.namespace === namespace &&
        write.userAgent === 'tiphys' &&
        write.subresource === '' &&
        !write.dryRun &&
        write.code < 300 &&
        write.receivedAtMicros > sinceMicros,
    );
  }

  /** Each group whole before the next one begins; who is in a group may come in any order. */
  function assertOrder(writes: readonly AuditedWrite[], groups: readonly (readonly string[])[]) {
    const title = ({ resource, name }: AuditedWrite) => `${resource}/${name}`;
    let rest = writes;
    let before = 0;
    for (const [index, group] of groups.entries()) {
      const members = rest.slice(0, group.length);
      assert.deepEqual(
        members.map(title).sort(),
        [...group].sort(),
        `group ${index} of ${JSON.stringify(writes.map(title))}`,
      );
      for (const member of members)
        assert.ok(member.receivedAtMicros >= before, `${title(member)} came too early`);
      before = Math.max(before, ...members.map(({ answeredAtMicros }) => answeredAtMicros));
      rest = rest.slice(group.length);
    }
    assert.deepEqual(rest.map(title), [], 'nothing was written beside what was expected');
  }

  const filesOfWaves = () =>
    Object.fromEntries(
      WAVES.flatMap((wave) => {
        const name = NAME_OF_WAVE[wave] ?? '';
        const inWave = { 'argocd.argoproj.io/sync-wave': String(wave) };
        return [
          [`1-${name}.yaml`, annotated(deployment(name), inWave)],
          [`2-${name}.yaml`, annotated(service(name), inWave)],
          [`3-${name}.yaml`, annotated(configMap(name, 'x'), inWave)],
        ];
      }),
    );

  const applyGroups = WAVES.flatMap((wave) => {
    const name = NAME_OF_WAVE[wave] ?? '';
    return [[`configmaps/${name}`], [`services/${name}`], [`deployments/${name}`]];
  });

  test('five waves of three kinds, with hooks before, among and after them', async () => {
    await world.given(
      world.repository('waves', {
        ...filesOfWaves(),
        'a-post.yaml': hookJob('a-post', 'PostSync'),
        'b-among.yaml': annotated(hookJob('b-among', 'Sync'), {
          'argocd.argoproj.io/sync-wave': '0',
        }),
        'x-pre-late.yaml': annotated(hookJob('x-pre-late', 'PreSync'), {
          'argocd.argoproj.io/sync-wave': '1',
        }),
        'z-pre.yaml': hookJob('z-pre', 'PreSync'),
      }),
    );
    const app = world.application('waves', {
      repoURL: world.git.urlOf('waves'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.operationSucceeded(), app.isSynced(), app.isHealthy());

    const writes = await writesIn(app.name);
    // The finalizer of a hook is taken off when it has ended: a second write, and not a second run.
    const first = writes.filter(
      ({ resource, name }, index) =>
        resource !== 'jobs' || writes.findIndex((one) => one.name === name) === index,
    );
    const among = applyGroups.indexOf(
      applyGroups.find(([name]) => name === 'deployments/alpha') ?? [],
    );
    assertOrder(first, [
      [`namespaces/${app.name}`],
      ['jobs/z-pre'],
      ['jobs/x-pre-late'],
      ...applyGroups.slice(0, among + 1),
      ['jobs/b-among'],
      ...applyGroups.slice(among + 1),
      ['jobs/a-post'],
    ]);
  });

  test('pruning goes through the waves in reverse, also over a kill, and PruneLast comes after all', async () => {
    const last = {
      'argocd.argoproj.io/sync-wave': '2', // would be the first one to go
      'argocd.argoproj.io/sync-options': 'PruneLast=true',
    };
    await world.given(
      world.repository('pruned', {
        ...filesOfWaves(),
        'last.yaml': annotated(configMap('last', 'x'), last),
        'stays.yaml': configMap('stays', 'one'),
      }),
    );
    const app = world.application('pruned', {
      repoURL: world.git.urlOf('pruned'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.operationSucceeded(), app.isSynced(), app.isHealthy());
    const [written] = (await writesIn(app.name)).slice(-1);

    // Keeps the third wave of five from going on.
    const held = (finalizers: readonly string[] | null) => () =>
      world.kubectl([
        ...['patch', 'configmap', NAME_OF_WAVE[0] ?? '', `--namespace=${app.name}`],
        ...['--type=merge', `--patch=${JSON.stringify({ metadata: { finalizers } })}`],
      ]);
    await world.given(held(['tiphys.dev/held']));
    const commit = await world.git.commit('pruned', {
      files: { 'stays.yaml': configMap('stays', 'two') },
      remove: [...Object.keys(filesOfWaves()), 'last.yaml'],
    });
    await world.when(app.refreshed());
    await world.thenEventually(app.operationSays(/waiting for deletion of ConfigMap\/alpha/));
    await world.when(
      () => world.stopOperator('SIGKILL'),
      async () => world.startOperator(OPERATOR),
      held(null),
    );
    await world.thenEventually(
      app.operationSucceeded(),
      app.isSynced(commit),
      world.object('configmaps', 'last', app.name).isAbsent(),
    );

    const writes = await writesIn(app.name, written?.receivedAtMicros ?? 0);
    const kinds = ['configmaps', 'services', 'deployments'];
    const pruned = (wave: number) => kinds.map((kind) => `${kind}/${NAME_OF_WAVE[wave]}`);
    // What asked for wave 2 goes in wave -2 and so on: two of the waves come after what is applied in 0.
    const groups = [...[2, 1, 0].map(pruned), ['configmaps/stays'], ...[-1, -2].map(pruned)];
    assertOrder(writes, [...groups, ['configmaps/last']]);
    for (const { verb, name } of writes)
      assert.equal(verb, name === 'stays' ? 'patch' : 'delete', name);
  });

  test('a wave waits for a Deployment, the next one for custom resources', async () => {
    await world.given(
      world.repository('waiting', {
        'databases.yaml': crd('example.com', 'Database', 'databases'),
        'certificates.yaml': crd('cert-manager.io', 'Certificate', 'certificates'),
        'web.yaml': inWave(1, staged(deployment('web'), 'hang')),
        'database.yaml': inWave(2, object('example.com/v1', 'Database', 'main')),
        'certificate.yaml': inWave(3, object('cert-manager.io/v1', 'Certificate', 'main')),
        'after.yaml': inWave(4, configMap('after', 'x')),
      }),
    );
    const app = world.application('waiting', {
      repoURL: world.git.urlOf('waiting'),
      // Without self-heal, which would undo what the test does to the Deployment.
      syncPolicy: { automated: {}, syncOptions: ['CreateNamespace=true'] },
    });
    const web = world.object('deployments.apps', 'web', app.name);
    const database = world.object('databases.example.com', 'main', app.name);
    const certificate = world.object('certificates.cert-manager.io', 'main', app.name);
    const afterwards = world.object('configmaps', 'after', app.name);
    const ready = (resource: string, status: string) => () =>
      world.kubectl([
        ...['patch', resource, 'main', `--namespace=${app.name}`, '--subresource=status'],
        '--type=merge',
        `--patch=${JSON.stringify({
          status: {
            observedGeneration: 1,
            conditions: [{ type: 'Ready', status, reason: 'Test', message: 'said by the test' }],
          },
        })}`,
      ]);

    await world.when(app.created());
    await world.thenEventually(web.exists(), app.operationSays(/apps\/Deployment\/web/));
    await world.thenConsistently(1_500, database.isAbsent());

    await world.when(() =>
      world.kubectl([
        ...['patch', 'deployment', 'web', `--namespace=${app.name}`, '--type=json'],
        '--patch=[{"op":"remove","path":"/spec/template/metadata/annotations"}]',
      ]),
    );
    // A kind that only the conventions know: its status says at first that nobody has looked yet.
    await world.thenEventually(database.exists(), app.operationSays(/Database\/main/));
    await world.when(ready('databases.example.com', 'Unknown'));
    await world.thenConsistently(1_500, certificate.isAbsent());
    await world.when(ready('databases.example.com', 'True'));
    // A kind of the table.
    await world.thenEventually(certificate.exists(), app.operationSays(/Certificate\/main/));
    await world.thenConsistently(1_500, afterwards.isAbsent());
    await world.when(ready('certificates.cert-manager.io', 'True'));
    await world.thenEventually(afterwards.exists(), app.operationSucceeded(), app.isHealthy());

    const writes = await writesIn(app.name);
    const first = writes.filter(({ resource }) => resource !== 'namespaces');
    assertOrder(first, [
      ['deployments/web'],
      ['databases/main'],
      ['certificates/main'],
      ['configmaps/after'],
    ]);
  });
});

const object = (apiVersion: string, kind: string, name: string): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\nspec: { size: small }\n`;

/** With the default of many controllers for a status that nobody has written. */
const crd = (group: string, kind: string, plural: string): string =>
  JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, plural },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                status: {
                  type: 'object',
                  'x-kubernetes-preserve-unknown-fields': true,
                  default: { observedGeneration: -1 },
                },
              },
            },
          },
        },
      ],
    },
  });
