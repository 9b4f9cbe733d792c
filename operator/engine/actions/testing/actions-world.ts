import assert from 'node:assert/strict';
import { met, pending } from '../../../../e2e/language/expectation.ts';
import { startWorld, type World } from '../../../../e2e/language/world.ts';
import { connectPorts } from '../../../wiring/connect-ports.ts';
import { parseProject } from '../../../core/app/parse.ts';
import type { Project } from '../../../core/app/types.ts';
import type { ActionInfo } from '../../../core/actions/action.ts';
import type { JsonObject } from '../../../core/objects/json.ts';
import type { KubeObject } from '../../../core/objects/kube-object.ts';
import { connectionFromKubeconfig } from '../../../kube/kubeconfig.ts';
import { readResourceSettings } from '../../../live/resource-settings.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Cluster } from '../../../ports/clusters.ts';
import type { KubeClient } from '../../../ports/kube-client.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { ActionChange } from '../carry-out.ts';
import { listResourceActions } from '../list-resource-actions.ts';
import { runResourceAction } from '../run-resource-action.ts';

/** How one action is run; everything has a default. */
export interface ActOptions {
  readonly parameters?: Readonly<Record<string, string>>;
  /** `spec` of the project; the default one permits everything. */
  readonly project?: JsonObject;
  /** What is known of the object; default: as it is now. */
  readonly live?: KubeObject;
  readonly isOwnApplication?: boolean;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Stands between the action and the API server. */
  readonly client?: (client: KubeClient) => KubeClient;
}

/** A cluster with the library connected to it, to run actions on. */
export interface ActionsWorld extends AsyncDisposable {
  readonly world: World;
  readonly namespace: string;
  /** `kubectl get <what> -n <namespace>`. */
  read(...what: readonly string[]): Promise<KubeObject>;
  /** Server-side apply by somebody, into the namespace. */
  apply(object: KubeObject): Promise<void>;
  list(object: KubeObject): Promise<readonly ActionInfo[]>;
  act(object: KubeObject, action: string, options?: ActOptions): Promise<readonly ActionChange[]>;
  /** Writes `argocd-cm` and waits until the library has read it. */
  settings(data: Readonly<Record<string, string>>): Promise<void>;
  /** The cluster knows kinds that were just installed. */
  rediscover(): Promise<void>;
}

const ALL = [{ group: '*', kind: '*' }];
const SERVER = 'https://kubernetes.default.svc';

/** Also starts an operator, which does what it does. */
export async function startActionsWorld(signal: AbortSignal): Promise<ActionsWorld> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await startWorld({ signal }));
  const { namespace, kubectl } = world;
  const connection = await connectionFromKubeconfig({
    path: world.kubeconfigPath,
    clock: systemClock,
  });
  const { ports } = await connectPorts(
    { connection, namespace, createProject: true },
    stack,
    signal,
  );
  const cluster = await ports.clusters.connect(SERVER, signal);

  async function read(...what: readonly string[]): Promise<KubeObject> {
    const object = await kubectl.get<KubeObject>([...what, '-n', namespace]);
    assert.ok(object, `${what.join(' ')} is not there`);
    return object;
  }

  const owned = stack.move();
  return {
    world,
    namespace,
    read,
    apply: (object) => kubectl.apply({ ...object, metadata: { ...object.metadata, namespace } }),
    list: (object) =>
      listResourceActions(object, { settings: ports.resources(), scripts: ports.scripts }, signal),
    act: (object, action, { parameters = {}, project, live = object, client, ...rest } = {}) =>
      runResourceAction(
        {
          clock: systemClock,
          ...rest,
          live,
          action,
          parameters,
          cluster: client === undefined ? cluster : withClient(cluster, client),
          project: projectOf(project),
          settings: ports.resources(),
          scripts: ports.scripts,
        },
        signal,
      ),
    async settings(data) {
      await kubectl.apply({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'argocd-cm',
          namespace,
          labels: { 'app.kubernetes.io/part-of': 'argocd' },
        },
        data,
      });
      const text = JSON.stringify(readResourceSettings(data).customizations);
      await world.thenEventually(() =>
        JSON.stringify(ports.resources().settings.customizations) === text
          ? met('read')
          : pending('argocd-cm is not read yet'),
      );
    },
    rediscover: () => cluster.live.rediscover(signal),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function withClient(cluster: Cluster, change: (client: KubeClient) => KubeClient): Cluster {
  return { ...cluster, client: change(cluster.client) };
}

function projectOf(spec: JsonObject | undefined): Project {
  const parsed = parseProject({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'team', namespace: 'any', uid: 'u', resourceVersion: '1' },
    spec: spec ?? {
      destinations: [{ server: '*', namespace: '*' }],
      clusterResourceWhitelist: ALL,
    },
  });
  assert.ok(parsed.type === 'ok', JSON.stringify(parsed));
  return parsed.project;
}
