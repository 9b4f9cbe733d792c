import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import {
  type AdmissionRequest,
  type AdmissionServer,
  type PatchOperation,
  startAdmissionServer,
  type Verdict,
} from '../controlplane/admission-server.ts';
import type { TestApplication } from '../language/application.ts';
import { type Expectation, met, pending } from '../language/expectation.ts';
import { howMany, requestsFor, staysStill } from '../language/stillness.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const program = join(import.meta.dirname, '../../operator/main.ts');

interface Metadata {
  readonly name?: string;
  readonly labels?: object;
  readonly annotations?: object;
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string }[];
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name: string }[];
}

interface ApplicationStatus {
  readonly resources?: readonly { readonly name: string; readonly status?: string }[];
  readonly operationState?: {
    readonly phase?: string;
    readonly syncResult?: { readonly resources?: unknown };
  };
}

const statusOf = async (app: TestApplication): Promise<ApplicationStatus> =>
  ((await app.read(signal))?.['status'] ?? {}) as ApplicationStatus;

const resourceIs =
  (app: TestApplication, name: string, wanted: string): Expectation =>
  async () => {
    const { resources = [] } = await statusOf(app);
    const seen = resources.find((one) => one.name === name)?.status;
    return seen === wanted ? met(`${name} is ${wanted}`) : pending(`${name} is ${seen}`);
  };

const allow = (...patch: readonly PatchOperation[]): Verdict => ({ type: 'allow', patch });
const add = (path: string, value: unknown): PatchOperation => ({ op: 'add', path, value });

/** Members for a map that may not be there yet; other members stay. */
const members = (path: string, present: object | undefined, more: object): PatchOperation =>
  add(path, { ...present, ...more });

const metadataOf = ({ object }: AdmissionRequest): Metadata =>
  (object as { readonly metadata: Metadata }).metadata;

const podSpecOf = ({ object }: AdmissionRequest): PodSpec =>
  (object as { readonly spec: { readonly template: { readonly spec: PodSpec } } }).spec.template
    .spec;

describe('admission webhooks', () => {
  let world: World;
  let hooks: AdmissionServer;
  before(async () => {
    hooks = await startAdmissionServer();
    world = await startWorld({ signal });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await hooks[Symbol.asyncDispose]();
  });

  /** Makes the namespace, and asks the hook about every ConfigMap, Deployment and Pod in it from now on. */
  async function install(
    namespace: string,
    judge: (request: AdmissionRequest) => Verdict,
    failurePolicy: 'Ignore' | 'Fail' = 'Ignore',
  ): Promise<AsyncDisposable> {
    const kind = 'MutatingWebhookConfiguration';
    hooks.handle(namespace, judge);
    await world.kubectl(['create', 'namespace', namespace]);
    await world.kubectl.apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind,
      metadata: { name: namespace },
      webhooks: [
        {
          name: 'hook.example.com',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy,
          clientConfig: { url: `${hooks.url}/${namespace}`, caBundle: hooks.caBundle },
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          rules: [
            {
              apiGroups: ['', 'apps'],
              apiVersions: ['v1'],
              operations: ['CREATE', 'UPDATE'],
              resources: ['configmaps', 'deployments', 'pods'],
            },
          ],
        },
      ],
    });
    const probe = ['create', 'configmap', 'probe', '-n', namespace, '--dry-run=server'];
    await world.thenEventually(async () => {
      await world.kubectl(probe);
      return hooks.seen(namespace).some(({ name }) => name === 'probe')
        ? met('the hook is asked')
        : pending('the hook is not asked yet');
    });
    return {
      async [Symbol.asyncDispose]() {
        await world.kubectl(['delete', kind, namespace]);
      },
    };
  }

  const applicationOf = async (
    name: string,
    files: Readonly<Record<string, string>>,
    more: { readonly syncPolicy?: true } = { syncPolicy: true },
  ): Promise<TestApplication> => {
    await world.given(world.repository(name, files));
    return world.application(name, { repoURL: world.git.urlOf(name), ...more });
  };

  const specOf = async (app: TestApplication): Promise<PodSpec> => {
    const seen = await world.object('deployments.apps', 'web', app.name).read(signal);
    assert.ok(seen);
    return (seen['spec'] as { readonly template: { readonly spec: PodSpec } }).template.spec;
  };

  test('what a webhook adds is nobody’s business: Synced, and not a request more', async () => {
    const app = await applicationOf('adds', {
      'a.yaml': configMap('a', '1'),
      'web.yaml': deployment('web'),
    });
    await using _hook = await install(app.name, (request) => {
      const { labels, annotations } = metadataOf(request);
      return allow(
        members('/metadata/labels', labels, { 'example.com/cost-centre': '42' }),
        members('/metadata/annotations', annotations, { 'example.com/seen': 'yes' }),
      );
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.operationSucceeded());
    const a = world.object('configmaps', 'a', app.name);
    const web = world.object('deployments.apps', 'web', app.name);
    for (const object of [a, web])
      assert.equal((await object.read(signal))?.metadata.labels?.['example.com/cost-centre'], '42');
    await staysStill(world, app, [a, web], signal);

    await world.kubectl(['patch', 'configmap', 'a', '-n', app.name, '-p={"data":{"value":"2"}}']);
    await world.thenEventually(a.has('data.value', '1'), app.isSynced());
    await staysStill(world, app, [a, web], signal);
    const applied = howMany(await requestsFor(world, app, signal), {
      verb: 'apply',
      kind: 'ConfigMap',
      dryRun: false,
    });
    assert.equal(applied, 2, 'created once, healed once');
  });

  test('a new timestamp with each write is no drift, unless one asks for it', async () => {
    const app = await applicationOf('stamps', {
      'a.yaml': configMap('a', '1'),
      'web.yaml': deployment('web'),
    });
    let stamp = 0;
    await using _hook = await install(app.name, (request) => {
      stamp += 1;
      const { annotations } = metadataOf(request);
      return allow(
        members('/metadata/annotations', annotations, { 'example.com/stamp': `at ${stamp}` }),
        ...(request.kind.kind === 'Deployment' ? mirrored(podSpecOf(request)) : []),
      );
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.operationSucceeded());
    const a = world.object('configmaps', 'a', app.name);
    await staysStill(world, app, [a], signal);
    // Drift of its own is found and healed with the stamps about.
    await world.kubectl(['patch', 'configmap', 'a', '-n', app.name, '-p={"data":{"value":"2"}}']);
    await world.thenEventually(a.has('data.value', '1'), app.isSynced());
    await staysStill(world, app, [a], signal);

    const compareOptions = (value: string | null) =>
      app.patched({
        metadata: { annotations: { 'argocd.argoproj.io/compare-options': value } },
        spec: { syncPolicy: null },
      });
    await world.when(compareOptions('IncludeMutationWebhook=true'));
    await world.thenEventually(
      app.isOutOfSync(),
      resourceIs(app, 'a', 'OutOfSync'),
      resourceIs(app, 'web', 'OutOfSync'),
    );
    await world.when(compareOptions(null));
    await world.thenEventually(app.isSynced());
  });

  test('an injected sidecar stays, and our own container is rolled out beside it', async () => {
    const app = await applicationOf('sidecar', { 'web.yaml': deployment('web') });
    await using _hook = await install(app.name, (request) =>
      request.kind.kind === 'Deployment' ? allow(...injection(podSpecOf(request))) : allow(),
    );
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.operationSucceeded());
    const web = world.object('deployments.apps', 'web', app.name);
    assert.deepEqual(await injected(app), ['nginx:1', 'proxy:1', 'setup:1', 'PROXY', 'sockets']);
    await staysStill(world, app, [web], signal);

    await world.when(
      world.pushed('sidecar', { files: { 'web.yaml': deployment('web', 1, 'nginx:2') } }),
      app.refreshed(),
    );
    const revision = await world.git.revision('sidecar');
    await world.thenEventually(app.isSynced(revision), app.isHealthy(), app.operationSucceeded());
    assert.deepEqual(await injected(app), ['nginx:2', 'proxy:1', 'setup:1', 'PROXY', 'sockets']);
    await staysStill(world, app, [web], signal);
  });

  /** Our image, then what the injector added, by its names. */
  async function injected(app: TestApplication): Promise<readonly (string | undefined)[]> {
    const { containers, initContainers = [], volumes = [] } = await specOf(app);
    const of = (name: string) => containers.find((one) => one.name === name);
    return [
      of('web')?.image,
      of('proxy')?.image,
      ...initContainers.map(({ image }) => image),
      ...(of('web')?.env ?? []).map(({ name }) => name),
      ...volumes.map(({ name }) => name),
    ];
  }

  test('a sidecar in Pods: those of a Deployment, and one that Git names itself', async () => {
    const pod = (image: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata:\n  name: alone\nspec:\n  containers:\n    - name: web\n      image: ${image}\n`;
    const app = await applicationOf('pods', {
      'pod.yaml': pod('nginx:1'),
      'web.yaml': deployment('web'),
    });
    await using _hook = await install(app.name, (request) => {
      if (request.kind.kind !== 'Pod') return allow();
      const spec = (request.object as { readonly spec: PodSpec }).spec;
      return request.operation === 'CREATE' ? allow(...injection(spec, '/spec')) : allow();
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.operationSucceeded());
    const alone = world.object('pods', 'alone', app.name);
    await staysStill(world, app, [alone], signal);
    await world.when(
      world.pushed('pods', { files: { 'pod.yaml': pod('nginx:2') } }),
      app.refreshed(),
    );
    await world.thenEventually(
      app.isSynced(await world.git.revision('pods')),
      app.isHealthy(),
      alone.matches('has its new image beside the sidecar', (object) => {
        const { containers } = object['spec'] as PodSpec;
        return containers.map(({ image }) => image).join() === 'nginx:2,proxy:1';
      }),
    );
    await staysStill(world, app, [alone], signal);
  });

  test('a registry mirror that rewrites our image is asked once, and is no drift', async () => {
    const app = await applicationOf('mirror', { 'web.yaml': deployment('web') });
    await using _hook = await install(app.name, (request) => {
      if (request.kind.kind !== 'Deployment') return allow();
      return allow(...mirrored(podSpecOf(request)));
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.operationSucceeded());
    assert.equal((await specOf(app)).containers[0]?.image, 'mirror.example.com/nginx:1');
    const web = world.object('deployments.apps', 'web', app.name);
    await staysStill(world, app, [web], signal);

    await world.when(
      world.pushed('mirror', { files: { 'web.yaml': deployment('web', 1, 'nginx:2') } }),
      app.refreshed(),
    );
    const revision = await world.git.revision('mirror');
    await world.thenEventually(app.isSynced(revision), app.isHealthy(), app.operationSucceeded());
    assert.equal((await specOf(app)).containers[0]?.image, 'mirror.example.com/nginx:2');
    await staysStill(world, app, [web], signal);
  });

  test('a webhook that denies: OutOfSync, and its words in the status and in explain', async () => {
    const app = await applicationOf('denies', { 'a.yaml': configMap('a', '1') }, {});
    await using _hook = await install(app.name, ({ operation }) =>
      operation === 'UPDATE' ? { type: 'deny', message: 'not on Fridays' } : allow(),
    );
    await world.when(app.created(), app.synced());
    await world.thenEventually(app.isSynced(), app.operationSucceeded());
    await world.when(
      world.pushed('denies', { files: { 'a.yaml': configMap('a', '2') } }),
      app.refreshed(),
    );
    await world.thenEventually(app.isOutOfSync());
    await staysStill(world, app, [], signal, app.isOutOfSync());
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        ...[program, 'explain', 'app', app.name],
        ...[`--kubeconfig=${world.kubeconfigPath}`, `--namespace=${world.namespace}`],
      ],
      { signal, env: { PATH: process.env['PATH'] ?? '' } },
    );
    assert.match(stdout, /^ {4}differs in data\.value; a dry run fails: .*not on Fridays/m);

    await world.when(app.synced());
    await world.thenEventually(async () => {
      const { operationState } = await statusOf(app);
      const told = JSON.stringify(operationState?.syncResult?.resources);
      return operationState?.phase === 'Failed' && told.includes('not on Fridays')
        ? met(told)
        : pending(`${operationState?.phase}: ${told}`);
    }, app.isOutOfSync());
  });

  test('what passes the dry run and is rejected when it is written: the others are applied', async () => {
    const app = await applicationOf(
      'late',
      { 'a.yaml': configMap('a', '1'), 'b.yaml': configMap('b', '1') },
      {},
    );
    await using _hook = await install(app.name, ({ name, dryRun }) =>
      name === 'b' && dryRun !== true ? { type: 'deny', message: 'only for show' } : allow(),
    );
    await world.when(app.created(), app.synced());
    await world.thenEventually(
      app.operationFailed(
        /admission webhook "hook\.example\.com" denied the request: only for show/,
      ),
      resourceIs(app, 'a', 'Synced'),
      resourceIs(app, 'b', 'OutOfSync'),
      world.object('configmaps', 'a', app.name).exists(),
    );
  });

  test('a webhook that was out of order: its refusals are not held against the object', async () => {
    const app = await applicationOf('outage', { 'web.yaml': deployment('web') }, {});
    let broken = false;
    const judge = (request: AdmissionRequest): Verdict => {
      if (broken) throw new Error('out of order');
      return request.kind.kind === 'Deployment' ? allow(...mirrored(podSpecOf(request))) : allow();
    };
    await using _hook = await install(app.name, judge, 'Fail');
    await world.when(app.created(), app.synced());
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.operationSucceeded());
    // An operator that begins anew has to ask about the image, and is refused.
    broken = true;
    await world.stopOperator();
    world.startOperator();
    await world.when(app.refreshed());
    await world.thenEventually(app.isOutOfSync());
    broken = false;
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced());
    await staysStill(world, app, [world.object('deployments.apps', 'web', app.name)], signal);
  });
});

/** What an injector does to a Pod, or to the template of one, that it has not seen before. */
function injection(
  { containers, initContainers, volumes }: PodSpec,
  at = '/spec/template/spec',
): readonly PatchOperation[] {
  if (containers.some(({ name }) => name === 'proxy')) return [];
  const env = [{ name: 'PROXY', value: 'localhost:15001' }];
  const [first] = containers;
  return [
    add(`${at}/containers/-`, { name: 'proxy', image: 'proxy:1' }),
    add(`${at}/initContainers`, [...(initContainers ?? []), { name: 'setup', image: 'setup:1' }]),
    add(`${at}/volumes`, [...(volumes ?? []), { name: 'sockets', emptyDir: {} }]),
    add(`${at}/containers/0/env`, [...(first?.env ?? []), ...env]),
  ];
}

/** The images of a Pod template, as a registry mirror has them. */
function mirrored({ containers }: PodSpec): readonly PatchOperation[] {
  return containers.flatMap(({ image }, index) => {
    const path = `/spec/template/spec/containers/${index}/image`;
    const value = `mirror.example.com/${image}`;
    return image.startsWith('mirror.') ? [] : [{ op: 'replace' as const, path, value }];
  });
}
