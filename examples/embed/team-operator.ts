import {
  createController,
  createKubeClient,
  createOperator,
  createWatchedStore,
  resourceKey,
  silentLogger,
  systemClock,
  type ApiResource,
  type KubeConnection,
  type KubeObject,
} from 'tiphys';

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
  verbs: ['list', 'watch'],
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
  const controller = stack.use(
    createController<string>({
      name: 'team',
      clock: systemClock,
      async reconcile(name, stop) {
        const team = teams.get(resourceKey({ group: '', kind: 'ConfigMap', namespace, name }));
        if (team === undefined) return { type: 'done' };
        const address = { resource: APPLICATIONS, namespace, name: `team-${name}` };
        const apply = { fieldManager: 'team-operator', force: true };
        await client.apply(address, applicationOf(team, options), apply, stop);
        return { type: 'done' };
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
    metadata: { name: `team-${name}`, namespace },
    spec: {
      project: 'default',
      source: { repoURL, path: data?.path ?? name, targetRevision: 'HEAD' },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  };
}
