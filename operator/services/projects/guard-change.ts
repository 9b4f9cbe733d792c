import type { AccessRequest } from '../../core/access/decide-access.ts';
import { parseApplication } from '../../core/app/parse.ts';
import { sourcesOf } from '../../core/app/sources.ts';
import type { Application, Project, ProjectSpec } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import { canonicalJson, type JsonValue } from '../../core/objects/json.ts';
import { permitsDestination, permitsSource } from '../../core/project/permits.ts';
import type { ClusterEntry } from '../../ports/clusters.ts';
import type { ControlPlane } from '../control-plane.ts';
import { projectNameOf } from '../applications/find-application.ts';

type KindList =
  | 'clusterResourceWhitelist'
  | 'clusterResourceBlacklist'
  | 'namespaceResourceWhitelist'
  | 'namespaceResourceBlacklist';

const KIND_LISTS: readonly KindList[] = [
  'clusterResourceWhitelist',
  'clusterResourceBlacklist',
  'namespaceResourceWhitelist',
  'namespaceResourceBlacklist',
];

type Lists = Pick<ProjectSpec, 'destinations' | 'sourceRepos' | KindList>;

/**
 * What it takes beside the right to update a project: it gives out clusters and repositories, so whoever
 * changes which must be allowed to change those. Destinations and repositories count that only one
 * of both has; a change of the lists of kinds counts for all destinations.
 */
export function rightsForChange(
  before: Lists,
  after: Lists,
  serverOf: (name: string) => string | undefined,
): readonly AccessRequest[] {
  const [old, now] = [before, after].map(({ destinations }) => destinations ?? []);
  const kindsChanged = KIND_LISTS.some((list) => !equal(before[list], after[list]));
  const destinations = kindsChanged
    ? [...(old ?? []), ...(now ?? [])]
    : onlyInOne(old ?? [], now ?? []);
  const servers = destinations.map(
    ({ server = '', name = '' }) => server || (serverOf(name) ?? name),
  );
  const urls = onlyInOne(before.sourceRepos ?? [], after.sourceRepos ?? []);
  return [
    ...Array.from(new Set(servers), (object) => request('clusters', object)),
    ...urls.map((object) => request('repositories', object)),
  ];
}

function request(resource: string, object: string): AccessRequest {
  return { resource, action: 'update', object };
}

function equal(left: unknown, right: unknown): boolean {
  return canonicalJson(left as JsonValue) === canonicalJson(right as JsonValue);
}

function onlyInOne<T>(left: readonly T[], right: readonly T[]): readonly T[] {
  const without = (from: readonly T[], others: readonly T[]) =>
    from.filter((item) => !others.some((other) => equal(item, other)));
  return [...without(left, right), ...without(right, left)];
}

/**
 * A project must not forbid what its Applications already do: those of the control plane's namespace.
 * Errors: `InvalidRequest` with their numbers.
 */
export function refuseStranding(
  before: Project,
  after: Project,
  { ports, settings }: ControlPlane,
): void {
  let sources = 0;
  let destinations = 0;
  for (const raw of ports.apps.list()) {
    if (raw.metadata.namespace !== settings.namespace || projectNameOf(raw) !== after.name)
      continue;
    const parsed = parseApplication(raw);
    if (parsed.type === 'invalid') continue;
    const { application } = parsed;
    const mayRead = (project: Project) => permitsSources(project, application);
    const mayDeploy = (project: Project) =>
      permitsPlace(project, application, ports.clusters.entries);
    if (mayRead(before) && !mayRead(after)) sources += 1;
    if (mayDeploy(before) && !mayDeploy(after)) destinations += 1;
  }
  if (sources === 0 && destinations === 0) return;
  throw new TiphysError(
    'InvalidRequest',
    `as a result of project update ${sources} applications source became invalid and ${destinations} applications destination became invalid`,
    { hint: 'Move those Applications first, or keep what they need in the project.' },
  );
}

function permitsSources(project: Project, { spec }: Application): boolean {
  return sourcesOf(spec).every(
    ({ repoURL }) => permitsSource(project, repoURL).type === 'permitted',
  );
}

function permitsPlace(
  project: Project,
  { spec: { destination } }: Application,
  entries: readonly ClusterEntry[],
): boolean {
  const { server = '', name = '', namespace = '' } = destination;
  const known = entries.find((entry) =>
    server === '' ? entry.name === name : entry.server === server.replace(/\/+$/, ''),
  );
  const place = { server: known?.server ?? server, name: known?.name ?? name, namespace };
  return permitsDestination(project, place).type === 'permitted';
}
