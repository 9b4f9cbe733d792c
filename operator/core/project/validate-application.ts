import { matchesNamespace } from '../app/names.ts';
import { sourcesOf } from '../app/sources.ts';
import type { Application, Condition, Project } from '../app/types.ts';
import { permitsDestination, permitsSource } from './permits.ts';

type NewCondition = Pick<Condition, 'type' | 'message'>;

/** The registered cluster that an application's destination resolves to. */
export interface ResolvedDestination {
  readonly server: string;
  readonly name: string;
  /** Set for a cluster that belongs to one project. */
  readonly project: string | undefined;
}

/** What a project has against an application; nothing is rendered while there is anything. */
export function validateApplicationAgainstProject(
  app: Application,
  project: Project,
  destination: ResolvedDestination,
  controlPlaneNamespace: string,
): readonly NewCondition[] {
  const { name, namespace } = app.metadata;
  const isHome = namespace === controlPlaneNamespace;
  const admitted = project.spec.sourceNamespaces?.some((p) => matchesNamespace(p, namespace));
  if (!isHome && admitted !== true)
    return [
      {
        type: 'UnknownError',
        message: `application '${name}' in namespace '${namespace}' is not permitted to use project '${project.name}' (spec.sourceNamespaces of AppProject ${project.name} has no match)`,
      },
    ];
  const repos = new Set([
    ...sourcesOf(app.spec).map((source) => source.repoURL),
    ...(app.spec.sourceHydrator === undefined ? [] : [app.spec.sourceHydrator.drySource.repoURL]),
  ]);
  const messages = [...repos].flatMap((repo) => {
    const verdict = permitsSource(project, repo);
    return verdict.type === 'refused' ? [verdict.message] : [];
  });
  return [...messages, ...destinationProblems(app, project, destination)].map((message) => ({
    type: 'InvalidSpecError',
    message,
  }));
}

function destinationProblems(
  app: Application,
  project: Project,
  destination: ResolvedDestination,
): readonly string[] {
  const { spec } = app;
  const namespace = spec.destination.namespace ?? '';
  const shown = spec.destination.name ?? destination.server;
  const verdict = permitsDestination(project, { ...destination, namespace }, shown);
  if (verdict.type === 'refused') return [verdict.message];
  const scoped = destination.project;
  if (project.spec.permitOnlyProjectScopedClusters === true && scoped !== project.name)
    return [
      `cluster ${destination.server} does not belong to project '${project.name}' (spec.permitOnlyProjectScopedClusters of AppProject ${project.name})`,
    ];
  return [];
}
