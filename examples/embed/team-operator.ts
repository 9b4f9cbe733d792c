import {
  createController,
  createOperator,
  resourceKey,
  silentLogger,
  systemClock,
  withFinalizer,
  type ApiResource,
  type KubeConnection,
  type KubeObject,
} from 'tiphys';
import { createFinalizerStore, createKubeClient, createWatchedStore } from 'tiphys/adapters';

export interface TeamOperatorOptions {
  readonly connection: KubeConnection;
  /** Where teams and Applications live. */
  readonly namespace: string;
  /** The repository that all teams deploy from. */
  readonly repoURL: string;
}

const CONFIG_MAPS: ApiResource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
  verbs: ['get', 'list', 'watch', 'patch', 'delete'],
  subresources: [],
  preferred: true,
};
const APPLICATIONS: ApiResource = {
  ...CONFIG_MAPS,
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  plural: 'applications',
};

/** Starts a controller for teams, and Tiphys beside it. Disposing stops both. */
export async function startTeamOperator(
  options: TeamOperatorOptions,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const { connection, namespace } = options;
  await using stack = new AsyncDisposableStack();
  const shared = { clock: systemClock, random: Math.random, logger: silentLogger };

  const tiphys = stack.use(createOperator({ connection, namespace }));
  await tiphys.start(signal);

  const client = stack.use(createKubeClient({ ...shared, connection }));
  const teams = stack.use(
    createWatchedStore({
      ...shared,
      client,
      address: { resource: CONFIG_MAPS, namespace, name: '' },
      labelSelector: 'example.com/team',
    }),
  );
  const applicationAt = (team: KubeObject) => ({
    resource: APPLICATIONS,
    namespace,
    name: `team-${team.metadata.name ?? ''}`,
  });
  // A team is held until its Application, and all that it deployed, is gone.
  const reconcileTeam = withFinalizer<KubeObject>({
    name: 'example.com/team',
    store: createFinalizerStore({ client, resource: CONFIG_MAPS }),
    async reconcile(team, stop) {
      const apply = { fieldManager: 'team-operator', force: true };
      await client.apply(applicationAt(team), applicationOf(team, options), apply, stop);
      return { type: 'done' };
    },
    async cleanUp(team, stop) {
      await client.delete(applicationAt(team), {}, stop);
      const left = await client.get(applicationAt(team), stop);
      return left === undefined ? { type: 'done' } : { type: 'requeue', afterMs: 500 };
    },
  });
  const controller = stack.use(
    createController<string>({
      name: 'team',
      clock: systemClock,
      async reconcile(name, stop) {
        const team = teams.get(resourceKey({ group: '', kind: 'ConfigMap', namespace, name }));
        return team === undefined ? { type: 'done' } : reconcileTeam(team, stop);
      },
      onError: () => {}, // the controller tries again; a real operator logs here
    }),
  );
  stack.use(teams.onChange(({ object }) => controller.enqueue(object.metadata.name ?? '')));
  await teams.start(signal);
  controller.start();
  return stack.move();
}

function applicationOf(team: KubeObject, { namespace, repoURL }: TeamOperatorOptions): KubeObject {
  const name = team.metadata.name ?? '';
  const data = team['data'] as { readonly path?: string } | undefined;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name: `team-${name}`,
      namespace,
      finalizers: ['resources-finalizer.argocd.argoproj.io'], // what it deployed goes with it
    },
    spec: {
      project: 'default',
      source: { repoURL, path: data?.path ?? name, targetRevision: 'HEAD' },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  };
}
