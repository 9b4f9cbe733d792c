import type { Project, ProjectDestination, ResourceRule } from '../app/types.ts';
import { compileGlob } from '../glob.ts';
import type { ResourceId } from '../objects/kube-object.ts';
import { normaliseRepoUrl } from '../repo-url.ts';
import { pathMatch } from './path-match.ts';

/** Whether a project permits something; a refusal names the rule that decided. */
export type Verdict =
  | { readonly type: 'permitted' }
  | {
      readonly type: 'refused';
      /** The list or entry, e.g. `spec.destinations of AppProject web`. */
      readonly rule: string;
      readonly message: string;
    };

const PERMITTED: Verdict = { type: 'permitted' };

function refused(message: string, rule: string): Verdict {
  return { type: 'refused', rule, message: `${message} (${rule})` };
}

const ofProject = (field: string, { name }: Project): string => `${field} of AppProject ${name}`;

/**
 * Whether manifests may come from a repository. Entries are globs of the normalised URL, in which
 * `*` stays within a path segment and `**` crosses. They are looked at in order: an entry with `!`
 * that matches refuses at once, and permits everything else. No entry: nothing is permitted.
 */
export function permitsSource(
  project: Project,
  repoUrl: string,
  what = 'application repo',
): Verdict {
  const message = `${what} ${repoUrl} is not permitted in project '${project.name}'`;
  const url = normaliseRepoUrl(repoUrl);
  let permitted = false;
  for (const entry of project.spec.sourceRepos ?? []) {
    const denies = entry.startsWith('!');
    const matches = matchesRepository(denies ? entry.slice(1) : entry, url);
    // Nobody can say that an address which cannot be read is not the forbidden one.
    if (denies && (matches || url === ''))
      return refused(message, `"${entry}" in ${ofProject('spec.sourceRepos', project)}`);
    permitted ||= denies || matches;
  }
  if (permitted) return PERMITTED;
  return refused(message, `${ofProject('spec.sourceRepos', project)} has no match`);
}

/**
 * The project with the repositories that are registered for it among those it permits. One that
 * would read as a pattern permits nothing: whoever registers a repository must not permit others.
 */
export function withRepositories(project: Project, urls: readonly string[]): Project {
  const plain = urls.filter((url) => !/[*?[\]{}!\\]/.test(url));
  if (plain.length === 0) return project;
  const sourceRepos = [...(project.spec.sourceRepos ?? []), ...plain];
  return { ...project, spec: { ...project.spec, sourceRepos } };
}

function matchesRepository(pattern: string, url: string): boolean {
  if (pattern === '*') return true;
  const normalised = normaliseRepoUrl(pattern);
  // What is no URL is empty when normalised, and equals nothing.
  if (normalised === '' || url === '') return false;
  return compileGlob(normalised, { separators: '/' })(url);
}

export interface DestinationId {
  readonly server: string;
  readonly name: string;
  readonly namespace: string;
}

/**
 * Whether a cluster and namespace may be deployed to: some entry matches by server or name, and by
 * namespace, and none with `!` forbids it. Give the server and the name of the registered cluster,
 * whichever of them the application uses.
 */
export function permitsDestination(
  project: Project,
  destination: DestinationId,
  shown: string = destination.server,
): Verdict {
  const message = destinationRefusal(project, shown, destination.namespace);
  let matched = false;
  for (const entry of project.spec.destinations ?? []) {
    const name = matchPart(entry.name, destination.name);
    const server = matchPart(entry.server, destination.server);
    const namespace = matchPart(entry.namespace ?? '', destination.namespace, true);
    const denies =
      name.denied || (server.denied && namespace.matches) || (namespace.denied && server.matches);
    if (denies)
      return refused(message, `${describe(entry)} in ${ofProject('spec.destinations', project)}`);
    matched ||= (server.matches || name.matches) && namespace.matches;
  }
  if (matched) return PERMITTED;
  return refused(message, `${ofProject('spec.destinations', project)} has no match`);
}

/** What is said of a refused destination, whichever rule refuses it; `shown` is its server or name. */
export function destinationRefusal(project: Project, shown: string, namespace: string): string {
  return `application destination server '${shown}' and namespace '${namespace}' do not match any of the allowed destinations in project '${project.name}'`;
}

interface PartMatch {
  readonly matches: boolean;
  /** A pattern with `!` that fired. */
  readonly denied: boolean;
}

function matchPart(pattern: string | undefined, value: string, emptyMatches = false): PartMatch {
  const no = { matches: false, denied: false };
  if (pattern === undefined || (pattern === '' && !emptyMatches)) return no;
  if (value === '' && !emptyMatches) return no;
  if (!pattern.startsWith('!')) return { matches: compileGlob(pattern)(value), denied: false };
  const denied = compileGlob(pattern.slice(1))(value);
  return { matches: !denied, denied };
}

function describe({ server, name, namespace }: ProjectDestination): string {
  const parts = Object.entries({ server, name, namespace }).filter(([, v]) => v !== undefined);
  return `entry {${parts.map(([key, value]) => `${key}: ${value}`).join(', ')}}`;
}

export interface KindId {
  readonly group: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly name: string;
}

/**
 * Whether objects of a kind may be managed. Cluster-scoped kinds must be listed; namespaced kinds
 * may be anything unless there is a list, and an empty list permits none.
 */
export function permitsKind(project: Project, resource: KindId): Verdict {
  const { spec } = project;
  const message = `resource ${resource.group}:${resource.kind} is not permitted in project ${project.name}`;
  const matches = (rule: ResourceRule): boolean =>
    pathMatch(rule.kind, resource.kind) &&
    pathMatch(rule.group, resource.group) &&
    ((rule.name ?? '') === '' || pathMatch(rule.name ?? '', resource.name));
  const scope = resource.namespaced ? 'namespace' : 'cluster';
  const allowed = resource.namespaced
    ? spec.namespaceResourceWhitelist
    : (spec.clusterResourceWhitelist ?? []);
  const denied = resource.namespaced
    ? spec.namespaceResourceBlacklist
    : spec.clusterResourceBlacklist;
  const blocking = denied?.find(matches);
  if (blocking !== undefined)
    return refused(
      message,
      `${describeRule(blocking)} in ${ofProject(`spec.${scope}ResourceBlacklist`, project)}`,
    );
  if (allowed === undefined || allowed.some(matches)) return PERMITTED;
  return refused(message, `${ofProject(`spec.${scope}ResourceWhitelist`, project)} has no match`);
}

function describeRule({ group, kind, name }: ResourceRule): string {
  return [group, kind, ...(name === undefined || name === '' ? [] : [name])].join('/');
}

/** Whether one object may be managed: its kind, and its namespace on that cluster. */
export function permitsResource(
  project: Project,
  resource: ResourceId & { readonly namespaced: boolean },
  cluster: { readonly server: string; readonly name: string },
): Verdict {
  const kind = permitsKind(project, resource);
  if (kind.type === 'refused' || !resource.namespaced || resource.namespace === '') return kind;
  const { namespace } = resource;
  const place = permitsDestination(project, { ...cluster, namespace });
  if (place.type === 'permitted') return PERMITTED;
  return refused(
    `namespace ${namespace} is not permitted in project '${project.name}'`,
    place.rule,
  );
}
