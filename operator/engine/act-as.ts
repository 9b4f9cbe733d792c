import { TiphysError } from '../core/errors.ts';
import type { Application, Project } from '../core/app/types.ts';
import { decideIdentity } from '../core/project/impersonation.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { EnginePorts } from './ports.ts';

/** A cluster as one application may write to it. */
export interface Acting {
  readonly cluster: Cluster;
  /** Why nothing may be written, if so. */
  readonly refusal: string | undefined;
}

/**
 * The cluster with the identity that writes and dry runs of an application have; reading stays the
 * operator's. Where the identity is refused every write fails with `NotPermitted`.
 */
export function actAs(
  cluster: Cluster,
  { metadata, spec }: Application,
  project: Project,
  { projectSettings }: Pick<EnginePorts, 'projectSettings'>,
): Acting {
  const identity = decideIdentity(
    project,
    {
      server: cluster.server,
      namespace: spec.destination.namespace ?? '',
      appNamespace: metadata.namespace,
    },
    projectSettings().impersonation,
  );
  switch (identity.type) {
    case 'operator':
      return { cluster, refusal: undefined };
    case 'service-account':
      return {
        cluster: { ...cluster, client: cluster.client.impersonate(identity.user) },
        refusal: undefined,
      };
    case 'refused':
      return { cluster: withoutWrites(cluster, identity.message), refusal: identity.message };
  }
}

function withoutWrites(cluster: Cluster, message: string): Cluster {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new TiphysError('NotPermitted', message, {
        hint: 'Add an entry for the destination to spec.destinationServiceAccounts of the AppProject.',
      }),
    );
  const client = {
    ...cluster.client,
    ...{
      create: refuse,
      replace: refuse,
      apply: refuse,
      patch: refuse,
      delete: refuse,
      exec: refuse,
    },
  };
  return { ...cluster, client };
}
