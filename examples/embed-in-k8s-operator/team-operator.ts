import k8sOperator, { type ResourceEvent } from '@dot-i/k8s-operator';
import {
  connectionFromKubeconfig,
  createOperator,
  systemClock,
  type ApiResource,
  type KubeClient,
  type KubeObject,
  type Operator,
} from 'tiphys';
import { createKubeClient } from 'tiphys/adapters';

export interface TeamOperatorOptions {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  readonly repoURL: string;
}

const APPLICATIONS: ApiResource = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  plural: 'applications',
  namespaced: true,
  verbs: ['patch'],
  subresources: ['status'],
  preferred: true,
};

class TeamOperator extends k8sOperator.default {
  readonly #options: TeamOperatorOptions;
  readonly #client: KubeClient;
  readonly #tiphys: Operator;

  constructor(options: TeamOperatorOptions, client: KubeClient, tiphys: Operator) {
    super();
    this.kubeConfig.loadFromFile(options.kubeconfigPath);
    this.#options = options;
    this.#client = client;
    this.#tiphys = tiphys;
  }

  protected async init(): Promise<void> {
    await this.#tiphys.start(AbortSignal.timeout(60_000));
    const { namespace } = this.#options;
    await this.watchResource('', 'v1', 'configmaps', (event) => this.#onTeam(event), namespace);
  }

  async #onTeam({ object, type }: ResourceEvent): Promise<void> {
    const team = object as unknown as KubeObject;
    if (type === 'DELETED' || team.metadata.labels?.['example.com/team'] === undefined) return;
    const { namespace, repoURL } = this.#options;
    const name = `team-${team.metadata.name ?? ''}`;
    const data = team['data'] as { readonly path?: string } | undefined;
    const application: KubeObject = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name, namespace },
      spec: {
        project: 'default',
        source: { repoURL, path: data?.path ?? '.', targetRevision: 'HEAD' },
        destination: { server: 'https://kubernetes.default.svc', namespace },
        syncPolicy: { automated: { prune: true, selfHeal: true } },
      },
    };
    await this.#client.apply(
      { resource: APPLICATIONS, namespace, name },
      application,
      { fieldManager: 'team-operator', force: true },
      AbortSignal.timeout(30_000),
    );
  }
}

/** Starts the operator with Tiphys inside. Disposing stops both. */
export async function startTeamOperator(options: TeamOperatorOptions): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const clock = systemClock;
  const connection = await connectionFromKubeconfig({ path: options.kubeconfigPath, clock });
  const client = stack.use(createKubeClient({ connection, clock, random: Math.random }));
  const tiphys = stack.use(createOperator({ connection, namespace: options.namespace }));
  const operator = new TeamOperator(options, client, tiphys);
  await operator.start();
  stack.defer(() => operator.stop());
  return stack.move();
}
