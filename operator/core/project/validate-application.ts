import { matchesNamespace } from '../app/names.ts';
import { sourcesOf } from '../app/sources.ts';
import type { Application, ApplicationSpec, Condition, Project } from '../app/types.ts';
import { destinationRefusal, permitsDestination, permitsSource } from './permits.ts';

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
  if (!admitsNamespace(project, namespace, controlPlaneNamespace))
    return [
      {
        type: 'UnknownError',
        message: `application '${name}' in namespace '${namespace}' is not permitted to use project '${project.name}' (spec.sourceNamespaces of AppProject ${project.name} has no match)`,
      },
    ];
  const messages = [
    ...sourceProblems(app, project),
    ...destinationProblems(app, project, destination),
  ];
  return messages.map((message) => ({ type: 'InvalidSpecError', message }));
}

/** Whether Applications in this namespace may belong to the project. */
export function admitsNamespace(
  project: Project,
  namespace: string,
  controlPlaneNamespace: string,
): boolean {
  if (namespace === controlPlaneNamespace) return true;
  return project.spec.sourceNamespaces?.some((p) => matchesNamespace(p, namespace)) ?? false;
}

function sourceProblems({ spec }: Application, project: Project): readonly string[] {
  const verdicts = repositoriesOf(spec).map(({ url, what }) => permitsSource(project, url, what));
  return [...new Set(verdicts.flatMap((v) => (v.type === 'refused' ? [v.message] : [])))];
}

function repositoriesOf(spec: ApplicationSpec): readonly { url: string; what?: string }[] {
  const { sourceHydrator: hydrator } = spec;
  if (hydrator === undefined) return sourcesOf(spec).map(({ repoURL }) => ({ url: repoURL }));
  const dry = hydrator.drySource.repoURL;
  const synced = hydrator.syncSource.repoURL ?? '';
  return [{ url: dry }, ...(synced === '' ? [] : [{ url: synced, what: 'sync source repo' }])];
}

function destinationProblems(
  app: Application,
  project: Project,
  destination: ResolvedDestination,
): readonly string[] {
  const { spec } = app;
  const namespace = spec.destination.namespace ?? '';
  const shown = spec.destination.name || destination.server;
  const verdict = permitsDestination(project, { ...destination, namespace }, shown);
  if (verdict.type === 'refused') return [verdict.message];
  const scoped = destination.project;
  if (project.spec.permitOnlyProjectScopedClusters === true && scoped !== project.name)
    return [
      `${destinationRefusal(project, shown, namespace)} (spec.permitOnlyProjectScopedClusters of AppProject ${project.name}: cluster ${destination.name} belongs to ${scoped === undefined ? 'no project' : `project ${scoped}`})`,
    ];
  return [];
}
