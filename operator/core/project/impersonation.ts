import type { Project } from '../app/types.ts';
import { compileGlob } from '../glob.ts';
import type { ProjectSettings } from './project-settings.ts';

/** Who writes to the destination. */
export type Identity =
  | { readonly type: 'operator' }
  /** `user` as the API server names it. */
  | { readonly type: 'service-account'; readonly user: string }
  /** Nothing may be written. */
  | { readonly type: 'refused'; readonly message: string };

export interface ImpersonationTarget {
  /** URL of the registered cluster. */
  readonly server: string;
  /** `spec.destination.namespace` of the application. */
  readonly namespace: string;
  /** Namespace of the Application object. */
  readonly appNamespace: string;
}

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/**
 * The service account that writes for an application: of the first entry of
 * `destinationServiceAccounts` whose globs match. An account without a namespace is of the
 * destination's, else of the application's. What is no account's name refuses, rather than to act as
 * somebody else.
 */
export function decideIdentity(
  project: Project,
  { server, namespace, appNamespace }: ImpersonationTarget,
  { enabled, enforced }: ProjectSettings['impersonation'],
): Identity {
  if (!enabled) return { type: 'operator' };
  const entry = project.spec.destinationServiceAccounts?.find(
    (candidate) =>
      compileGlob(candidate.server)(server) && compileGlob(candidate.namespace ?? '')(namespace),
  );
  if (entry === undefined) {
    if (!enforced) return { type: 'operator' };
    return {
      type: 'refused',
      message: `no matching service account found for destination server ${server} and namespace ${namespace} (spec.destinationServiceAccounts of AppProject ${project.name})`,
    };
  }
  const [first = '', second, ...rest] = entry.defaultServiceAccount.split(':');
  const home = namespace === '' ? appNamespace : namespace;
  const [space, name] = second === undefined ? [home, first] : [first, second];
  if (rest.length > 0 || !NAME.test(space) || !NAME.test(name))
    return {
      type: 'refused',
      message: `default service account "${entry.defaultServiceAccount}" is neither a name nor namespace:name (spec.destinationServiceAccounts of AppProject ${project.name})`,
    };
  return { type: 'service-account', user: `system:serviceaccount:${space}:${name}` };
}
