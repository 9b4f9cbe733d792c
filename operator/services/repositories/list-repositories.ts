import type { Requester } from '../../core/access/requester.ts';
import { mapLimit } from '../../runtime/map-limit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { type ConnectionState, connectionOf } from './connection.ts';
import {
  findRegistration,
  isSame,
  kindsOf,
  type Registration,
  registrations,
  repositoryObject,
  type RepositoryName,
  withTemplate,
} from './registrations.ts';

/** A registration with the state of its connection. */
export interface ShownRepository extends Registration {
  readonly connection: ConnectionState;
}

const AT_ONCE = 10;

/** The registered repositories that somebody may see, by project and URL, with their connections. */
export async function listRepositories(
  controlPlane: ControlPlane,
  { caller }: Requester,
  filter: RepositoryName & { readonly fresh: boolean },
  signal: AbortSignal,
): Promise<readonly ShownRepository[]> {
  const { access } = controlPlane.ports;
  const { resource, repository } = kindsOf(controlPlane);
  const visible = registrations(controlPlane, repository)
    .filter(({ record }) => filter.url === '' || isSame(record.url, filter.url))
    .filter(({ record }) => filter.project === '' || record.project === filter.project)
    .filter(({ record }) => {
      const object = repositoryObject(record);
      return access.decide(caller, { resource, action: 'get', object }).allowed;
    })
    .sort(byProjectAndUrl)
    .map((registration) => withTemplate(registration, controlPlane));
  return await mapLimit(
    visible,
    AT_ONCE,
    async (one, stop) => ({
      ...one,
      connection: await connectionOf(one, controlPlane, filter.fresh, stop),
    }),
    signal,
  );
}

/** One of them. Errors as `findRegistration`. */
export async function getRepository(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: RepositoryName & { readonly fresh: boolean },
  signal: AbortSignal,
): Promise<ShownRepository> {
  const found = findRegistration(controlPlane, requester, wanted, 'get');
  return { ...found, connection: await connectionOf(found, controlPlane, wanted.fresh, signal) };
}

function byProjectAndUrl({ record: left }: Registration, { record: right }: Registration): number {
  const [a, b] = [left, right].map(({ project, url }) => `${project}\n${url}`);
  return (a ?? '') < (b ?? '') ? -1 : 1;
}
