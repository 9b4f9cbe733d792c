import type { Kubectl } from '../controlplane/kubectl.ts';
import type { ClusterReader, SeenObject } from './cluster-reader.ts';
import { type Expectation, met, pending, violated } from './expectation.ts';
import type { Step } from './world.ts';

export const APPLICATIONS = 'applications.argoproj.io';

/** What a test says about an Application; everything else has the default of a newcomer. */
export interface ApplicationInput {
  /** URL of the repository. */
  readonly repoURL: string;
  /** Default `.`. */
  readonly path?: string;
  /** Default `HEAD`. */
  readonly targetRevision?: string;
  /** Further fields of `spec.source`. */
  readonly source?: object;
  /** Where its objects go. */
  readonly namespace: string;
  /** `true` is automated with prune, self-heal and CreateNamespace; otherwise as in the spec. */
  readonly syncPolicy?: true | object;
  /** Adds the finalizer that deletes what it deployed. Default false. */
  readonly cascade?: boolean;
  readonly project?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Merged over the spec at the end. */
  readonly spec?: object;
}

interface ApplicationStatus {
  readonly sync?: { readonly status?: string; readonly revision?: string };
  readonly health?: { readonly status?: string; readonly message?: string };
  readonly conditions?: readonly { readonly type: string; readonly message: string }[];
  readonly operationState?: {
    readonly phase?: string;
    readonly message?: string;
    readonly finishedAt?: string;
  };
}

/** An Application of a test: what can be done with kubectl, and what can be seen of it. */
export interface TestApplication {
  readonly name: string;
  readonly object: object;
  // What people do.
  created(): Step;
  /** A JSON merge patch. */
  patched(patch: object): Step;
  /** `operation.sync`, as `kubectl patch` starts it. */
  synced(sync?: object): Step;
  /** Asks for the end of the operation that runs. */
  terminated(): Step;
  refreshed(type?: 'normal' | 'hard'): Step;
  /** Does not wait until it is gone. */
  deleted(): Step;
  // What can be seen.
  isSynced(revision?: string): Expectation;
  isOutOfSync(): Expectation;
  hasHealth(status: string): Expectation;
  isHealthy(): Expectation;
  hasCondition(type: string, message?: RegExp): Expectation;
  hasNoConditions(): Expectation;
  operationSucceeded(): Expectation;
  /** As `operationSucceeded`, but one that failed may be followed by another. */
  operationEndedWell(): Expectation;
  /** The operation runs, and its message matches. */
  operationSays(message: RegExp): Expectation;
  operationFailed(message?: RegExp): Expectation;
  isAbsent(): Expectation;
  read(signal: AbortSignal): Promise<SeenObject | undefined>;
}

export interface ApplicationContext {
  readonly kubectl: Kubectl;
  readonly reader: ClusterReader;
  /** The control-plane namespace. */
  readonly namespace: string;
}

export function testApplication(
  { kubectl, reader, namespace }: ApplicationContext,
  name: string,
  input: ApplicationInput,
): TestApplication {
  const object = applicationObject(namespace, name, input);
  const address = [APPLICATIONS, name, `--namespace=${namespace}`];
  const read = (signal: AbortSignal) => reader.get(APPLICATIONS, name, namespace, signal);

  /** An expectation about the status; the object may not be there yet, or have none yet. */
  function sees(judge: (status: ApplicationStatus) => ReturnType<typeof pending>): Expectation {
    return async (signal) => {
      const seen = await read(signal);
      if (seen === undefined) return pending(`Application ${name} does not exist`);
      const status = (seen['status'] ?? {}) as ApplicationStatus;
      const answer = judge(status);
      return { ...answer, seen: `Application ${name}: ${answer.seen} (${summaryOf(status)})` };
    };
  }
  const patched = (patch: object): Step => {
    const body = JSON.stringify(patch);
    return () => kubectl(['patch', ...address, '--type=merge', `--patch=${body}`]);
  };

  return {
    name,
    object,
    read,
    patched,
    created: () => () => kubectl.apply(object),
    synced: (sync = {}) => patched({ operation: { initiatedBy: { username: 'test' }, sync } }),
    terminated: () => {
      const patch = { status: { operationState: { phase: 'Terminating' } } };
      const body = `--patch=${JSON.stringify(patch)}`;
      return () => kubectl(['patch', ...address, '--subresource=status', '--type=merge', body]);
    },
    refreshed: (type = 'normal') =>
      patched({ metadata: { annotations: { 'argocd.argoproj.io/refresh': type } } }),
    deleted: () => () => kubectl(['delete', ...address, '--wait=false']),

    isSynced: (revision) =>
      sees(({ sync }) => {
        if (sync?.status !== 'Synced') return pending('not Synced');
        if (revision !== undefined && sync.revision !== revision) return pending('other revision');
        return met('Synced');
      }),
    isOutOfSync: () =>
      sees(({ sync }) => (sync?.status === 'OutOfSync' ? met('OutOfSync') : pending('no drift'))),
    hasHealth: (wanted) =>
      sees(({ health }) => (health?.status === wanted ? met(wanted) : pending(`not ${wanted}`))),
    isHealthy: () =>
      sees(({ health }) =>
        health?.status === 'Healthy' ? met('Healthy') : pending('not Healthy'),
      ),
    hasCondition: (type, message = /(?:)/) =>
      sees(({ conditions = [] }) =>
        conditions.some((one) => one.type === type && message.test(one.message))
          ? met(type)
          : pending(`no condition ${type} with ${message}`),
      ),
    hasNoConditions: () =>
      sees(({ conditions = [] }) =>
        conditions.length === 0 ? met('no conditions') : pending('has conditions'),
      ),
    operationSucceeded: () =>
      sees(({ operationState }) => {
        if (operationState?.phase === 'Succeeded') return met('the operation succeeded');
        const failed = ['Failed', 'Error'].includes(operationState?.phase ?? '');
        return failed ? violated('the operation failed') : pending('the operation has not ended');
      }),
    operationEndedWell: () =>
      sees(({ operationState }) =>
        operationState?.phase === 'Succeeded' ? met('it succeeded') : pending('no success yet'),
      ),
    operationSays: (message) =>
      sees(({ operationState }) =>
        operationState?.phase === 'Running' && message.test(operationState.message ?? '')
          ? met(`the operation says ${message}`)
          : pending(`the operation does not run and say ${message}`),
      ),
    operationFailed: (message = /(?:)/) =>
      sees(({ operationState }) => {
        if (operationState?.phase === 'Succeeded') return violated('the operation succeeded');
        const failed = ['Failed', 'Error'].includes(operationState?.phase ?? '');
        const matches = message.test(operationState?.message ?? '');
        return failed && matches ? met('the operation failed') : pending(`not failed, ${message}`);
      }),
    isAbsent: () => async (signal) => {
      const seen = await read(signal);
      return seen === undefined ? met('absent') : pending(`Application ${name} exists`);
    },
  };
}

function applicationObject(namespace: string, name: string, input: ApplicationInput): object {
  const automated = {
    automated: { prune: true, selfHeal: true },
    syncOptions: ['CreateNamespace=true'],
  };
  const syncPolicy = input.syncPolicy === true ? automated : input.syncPolicy;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name,
      namespace,
      ...(input.annotations === undefined ? {} : { annotations: input.annotations }),
      ...(input.cascade === true ? { finalizers: ['resources-finalizer.argocd.argoproj.io'] } : {}),
    },
    spec: {
      project: input.project ?? 'default',
      source: {
        repoURL: input.repoURL,
        path: input.path ?? '.',
        targetRevision: input.targetRevision ?? 'HEAD',
        ...input.source,
      },
      destination: { server: 'https://kubernetes.default.svc', namespace: input.namespace },
      ...(syncPolicy === undefined ? {} : { syncPolicy }),
      ...input.spec,
    },
  };
}

/** One line with what a person would look at first. */
function summaryOf({ sync, health, conditions = [], operationState }: ApplicationStatus): string {
  const parts = [
    `${sync?.status ?? 'no sync status'} at ${sync?.revision?.slice(0, 8) ?? 'no revision'}`,
    [health?.status ?? 'no health', health?.message].filter(Boolean).join(': '),
    ...conditions.map(({ type, message }) => `${type}: ${message}`),
  ];
  if (operationState !== undefined) {
    parts.push(`operation ${operationState.phase}: ${operationState.message ?? ''}`);
  }
  return parts.join('; ');
}
