import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { normaliseRepoUrl } from '../../core/repo-url.ts';
import { type RepositoryConfig, withInherited } from '../../core/repository/find-repository.ts';
import {
  parseRepositorySecret,
  type RepositoryRecord,
} from '../../core/repository/repository-record.ts';
import type { RegistrationType } from '../../core/repository/repository-secret.ts';
import { shownUrl } from '../../core/repository/shown-url.ts';
import type { ControlPlane } from '../control-plane.ts';
import { bareRefusal } from '../enforce.ts';

/** A registered repository or template of credentials. Most of the record is secret. */
export interface Registration {
  readonly secret: KubeObject;
  readonly record: RepositoryRecord;
}

/** All of one type, by the names of their Secrets. */
export function registrations(
  { ports }: Pick<ControlPlane, 'ports'>,
  type: RegistrationType,
): readonly Registration[] {
  return ports.config
    .secretsOfType(type)
    .map((secret) => ({ secret, record: parseRepositorySecret(secret) }));
}

/** How registrations of one purpose are called, by policies and by their Secrets. */
interface Kinds {
  readonly resource: 'repositories' | 'write-repositories';
  readonly repository: RegistrationType;
  readonly template: RegistrationType;
}

const KINDS: Readonly<Record<NonNullable<ControlPlane['registered']>, Kinds>> = {
  'for-reading': { resource: 'repositories', repository: 'repository', template: 'repo-creds' },
  'for-writing': {
    resource: 'write-repositories',
    repository: 'repository-write',
    template: 'repo-write-creds',
  },
};

export function kindsOf({ registered = 'for-reading' }: Pick<ControlPlane, 'registered'>): Kinds {
  return KINDS[registered];
}

/** Where credentials are inherited from. */
export function templatesOf(
  controlPlane: Pick<ControlPlane, 'ports' | 'registered'>,
): Pick<RepositoryConfig, 'secretsOfType'> {
  const { template } = kindsOf(controlPlane);
  const { config } = controlPlane.ports;
  return {
    secretsOfType: (type) => config.secretsOfType(type === 'repo-creds' ? template : type),
  };
}

/** How policies name a repository. */
export function repositoryObject({
  url,
  project,
}: Pick<RepositoryRecord, 'url' | 'project'>): string {
  return project === '' ? shownUrl(url) : `${project}/${shownUrl(url)}`;
}

/** Which repository somebody means. */
export interface RepositoryName {
  readonly url: string;
  /** Empty: not told. */
  readonly project: string;
}

/**
 * The registration that somebody means, if they may do `action` to it. What is not there is refused in
 * the same words as what is not theirs. Errors: `PermissionDenied`; `RequestFailed` when several projects
 * have it and none is told.
 */
export function findRegistration(
  controlPlane: ControlPlane,
  { caller }: Requester,
  wanted: RepositoryName,
  action: string,
): Registration {
  const { resource, repository } = kindsOf(controlPlane);
  const may = (record: RepositoryRecord) =>
    controlPlane.ports.access.decide(caller, {
      resource,
      action,
      object: repositoryObject(record),
    }).allowed;
  const found = registrations(controlPlane, repository).filter(
    ({ record }) =>
      isSame(record.url, wanted.url) &&
      (wanted.project === '' || record.project === wanted.project) &&
      may(record),
  );
  const [only, ...others] = found;
  if (only === undefined) throw bareRefusal();
  const chosen = others.length === 0 ? only : found.find(({ record }) => record.project === '');
  if (chosen === undefined)
    throw new TiphysError(
      'RequestFailed',
      `repository ${shownUrl(wanted.url)}: several projects have it: say which with appProject`,
    );
  return withTemplate(chosen, controlPlane);
}

/** With the credentials that it inherits. */
export function withTemplate(
  { secret, record }: Registration,
  controlPlane: Pick<ControlPlane, 'ports' | 'registered'>,
): Registration {
  return { secret, record: withInherited(record, templatesOf(controlPlane)) };
}

/** Whether two URLs name the same repository; one may be written as it is shown. */
export function isSame(left: string, right: string): boolean {
  const [a, b] = [normaliseRepoUrl(left), normaliseRepoUrl(right)];
  if (a === '' || b === '') return left === right;
  return a === b || normaliseRepoUrl(shownUrl(left)) === b;
}
