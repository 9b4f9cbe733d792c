import type { Application, ApplicationSource, Condition, Project } from '../core/app/types.ts';
import { sourcesOf } from '../core/app/sources.ts';
import { validateStructure } from '../core/app/validate.ts';
import { validateApplicationAgainstProject } from '../core/project/validate-application.ts';
import type { ClusterEntry } from '../ports/clusters.ts';
import { findProject } from './find-project.ts';
import type { EnginePorts, EngineSettings } from './ports.ts';

/** Whether an application may be worked on, and with what. */
export type Admission =
  | {
      readonly type: 'admitted';
      readonly project: Project;
      readonly destination: ClusterEntry;
      readonly sources: readonly ApplicationSource[];
    }
  | { readonly type: 'refused'; readonly conditions: readonly NewCondition[] };

export type NewCondition = Pick<Condition, 'type' | 'message'>;

/** Checks spec, project and destination; every problem found is a condition. Needs no I/O. */
export function admit(
  app: Application,
  ports: Pick<EnginePorts, 'projects' | 'projectSettings' | 'clusters' | 'repositoriesOf'>,
  settings: EngineSettings,
): Admission {
  const invalid = (message: string): NewCondition => ({ type: 'InvalidSpecError', message });
  const structure = validateStructure(app.spec);
  if (structure.length > 0) return { type: 'refused', conditions: structure };
  const found = findProject(app.spec.project, ports);
  if (found.type !== 'found') return { type: 'refused', conditions: [invalid(found.message)] };
  const { project } = found;
  const destination = findDestination(app, ports.clusters.entries);
  if (destination.type === 'unknown')
    return { type: 'refused', conditions: [invalid(destination.message)] };
  const conditions = validateApplicationAgainstProject(
    app,
    project,
    destination.entry,
    settings.namespace,
  );
  if (conditions.length > 0) return { type: 'refused', conditions };
  return {
    type: 'admitted',
    project,
    destination: destination.entry,
    sources: sourcesOf(app.spec),
  };
}

export type Destination =
  | { readonly type: 'found'; readonly entry: ClusterEntry }
  | { readonly type: 'unknown'; readonly message: string };

/** The registered cluster that `spec.destination` names by server or by name. */
export function findDestination(app: Application, entries: readonly ClusterEntry[]): Destination {
  const { server = '', name = '' } = app.spec.destination;
  const unknown = (message: string): Destination => ({ type: 'unknown', message });
  if (server !== '' && name !== '')
    return unknown(
      `application destination can't have both name and server defined: ${name} ${server}`,
    );
  if (server === '' && name === '') return unknown('Destination server missing from app spec');
  if (server !== '') {
    const wanted = server.replace(/\/+$/, '');
    const entry = entries.find((candidate) => candidate.server === wanted);
    return entry === undefined
      ? unknown(`error getting cluster by server "${server}": cluster "${server}" not found`)
      : { type: 'found', entry };
  }
  const named = entries.filter((candidate) => candidate.name === name);
  const [entry] = named;
  if (entry === undefined) return unknown(`there are no clusters with this name: ${name}`);
  if (named.length > 1)
    return unknown(
      `there are ${named.length} clusters with the same name: [${named.map((c) => c.server).join(' ')}]`,
    );
  return { type: 'found', entry };
}
