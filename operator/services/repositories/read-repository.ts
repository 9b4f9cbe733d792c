import { applicationObject } from '../../core/access/access-object.ts';
import type { Requester } from '../../core/access/requester.ts';
import { appKey } from '../../core/app/app-key.ts';
import type { ApplicationSource, Project } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import { jsonEqual, type JsonValue } from '../../core/objects/json.ts';
import { permitsSource } from '../../core/project/permits.ts';
import { withInherited } from '../../core/repository/find-repository.ts';
import { bareRecord, type RepositoryRecord } from '../../core/repository/repository-record.ts';
import { shownUrl } from '../../core/repository/shown-url.ts';
import { findProject } from '../../engine/find-project.ts';
import type { ChartVersions } from '../../ports/repository-probe.ts';
import type { ControlPlane } from '../control-plane.ts';
import { projectNameOf } from '../applications/find-application.ts';
import { bareRefusal, enforce } from '../enforce.ts';
import { probedRepository, typeOf } from './connection.ts';
import { namedSources, type SourceName } from './named-sources.ts';
import {
  findRegistration,
  isSame,
  registrations,
  repositoryObject,
  type RepositoryName,
} from './registrations.ts';

/**
 * What is known of a repository that somebody may read; of one that nobody registered, its URL and what a
 * template says. Errors: as `findRegistration`.
 */
export function readableRepository(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: RepositoryName,
): RepositoryRecord {
  const { ports } = controlPlane;
  const known = registrations(controlPlane, 'repository').filter(({ record }) =>
    isSame(record.url, wanted.url),
  );
  const own = known.some(({ record }) => record.project === wanted.project);
  if (own || (wanted.project === '' && known.length > 0))
    return findRegistration(controlPlane, requester, wanted, 'get').record;
  if (known.some(({ record }) => record.project === ''))
    return findRegistration(controlPlane, requester, { ...wanted, project: '' }, 'get').record;
  const record = bareRecord(wanted.url);
  const asked = { resource: 'repositories', action: 'get', object: repositoryObject(record) };
  if (!ports.access.decide(requester.caller, asked).allowed) throw bareRefusal();
  return withInherited(record, ports.config);
}

/** Branches and tags. Errors: as `readableRepository`, and why it cannot be reached. */
export async function repositoryRefs(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: RepositoryName,
  signal: AbortSignal,
): Promise<{ readonly branches: readonly string[]; readonly tags: readonly string[] }> {
  const record = readableRepository(controlPlane, requester, wanted);
  return await controlPlane.ports.probe.refs(probedRepository(record, controlPlane), signal);
}

/** Tags of a repository in a registry. Errors as `repositoryRefs`. */
export async function repositoryTags(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: RepositoryName,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const record = readableRepository(controlPlane, requester, wanted);
  return await controlPlane.ports.probe.tags(probedRepository(record, controlPlane), signal);
}

/** Charts of a Helm repository. Errors as `repositoryRefs`, and `InvalidRequest` when it is none. */
export async function repositoryCharts(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: RepositoryName,
  signal: AbortSignal,
): Promise<readonly ChartVersions[]> {
  const record = readableRepository(controlPlane, requester, wanted);
  if (typeOf(record) !== 'helm')
    throw new TiphysError(
      'InvalidRequest',
      `repository ${shownUrl(record.url)}: is no Helm repository`,
    );
  return await controlPlane.ports.probe.charts(probedRepository(record, controlPlane), signal);
}

/** The Application that a question about a source is asked for. */
export interface AskedFor {
  readonly name: string;
  readonly project: string;
}

/**
 * Whether somebody who makes an Application may look into a repository for it: they may create or update it,
 * and its project permits the repository. Errors: `PermissionDenied`.
 */
export function enforceSourceFor(
  controlPlane: ControlPlane,
  requester: Requester,
  app: AskedFor,
  url: string,
): Project {
  const { access } = controlPlane.ports;
  const object = objectOf(app, controlPlane);
  const may = (action: string) =>
    access.decide(requester.caller, { resource: 'applications', action, object }).allowed;
  if (!may('create') && !may('update'))
    enforce(requester, { resource: 'applications', action: 'update', object }, access);
  return permittingProject(controlPlane, app.project, url);
}

/**
 * Whether somebody may look at a source: of an Application that is there, the one of that name, which it has or had; for a
 * new one as who creates it. Errors: `PermissionDenied`.
 */
export function enforceSourceOf(
  controlPlane: ControlPlane,
  requester: Requester,
  app: AskedFor,
  { source, name }: { readonly source: ApplicationSource; readonly name: SourceName },
): Project {
  const { ports } = controlPlane;
  const object = objectOf(app, controlPlane);
  const existing = ports.apps.get(keyOf(app, controlPlane));
  const action = existing === undefined ? 'create' : 'get';
  enforce(requester, { resource: 'applications', action, object }, ports.access);
  if (existing !== undefined) {
    if (projectNameOf(existing) !== projectOr(app.project)) throw bareRefusal();
    const meant = namedSources(existing, name);
    if (!meant.some((one) => jsonEqual(plain(one), plain(source)))) throw bareRefusal();
  }
  return permittingProject(controlPlane, app.project, source.repoURL);
}

function permittingProject(controlPlane: ControlPlane, name: string, url: string): Project {
  const found = findProject(name, controlPlane.ports);
  const verdict = found.type === 'found' ? permitsSource(found.project, url) : undefined;
  if (found.type === 'found' && verdict?.type === 'permitted') return found.project;
  throw new TiphysError(
    'PermissionDenied',
    `repository '${shownUrl(url)}' not permitted in project '${projectOr(name)}'`,
    { hint: 'Add it to sourceRepos of the project.' },
  );
}

/** Without members that say nothing. */
function plain(value: unknown): JsonValue {
  return JSON.parse(
    JSON.stringify(value, (_key, member: unknown) =>
      member === '' || member === null || member === false ? undefined : member,
    ),
  ) as JsonValue;
}

function projectOr(name: string): string {
  return name === '' ? 'default' : name;
}

function place({ name }: AskedFor, { settings }: ControlPlane) {
  const [first = '', second] = name.split('/');
  return second === undefined
    ? { namespace: settings.namespace, name: first }
    : { namespace: first, name: second };
}

function objectOf(app: AskedFor, controlPlane: ControlPlane): string {
  const { namespace } = controlPlane.settings;
  return applicationObject(projectOr(app.project), place(app, controlPlane), namespace);
}

function keyOf(app: AskedFor, controlPlane: ControlPlane) {
  const { namespace, name } = place(app, controlPlane);
  return appKey(namespace, name);
}
