import type { Requester } from '../../core/access/requester.ts';
import { parseProject } from '../../core/app/parse.ts';
import type { Project, SyncWindow } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { selects } from '../../core/objects/label-selector.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { ownAddress } from '../own-objects.ts';

/** The projects that somebody may see, sorted by name. */
export function listProjects(
  { ports }: ControlPlane,
  { caller }: Requester,
): readonly KubeObject[] {
  const maySee = (name: string) =>
    ports.access.decide(caller, { resource: 'projects', action: 'get', object: name }).allowed;
  return ports.projects
    .list()
    .filter(({ metadata }) => maySee(metadata.name ?? ''))
    .sort((left, right) => ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1));
}

/** One project. Errors: `PermissionDenied`, and only for who may see it, `NotFound`. */
export function getProject(
  { ports }: ControlPlane,
  requester: Requester,
  name: string,
): KubeObject {
  enforce(requester, { resource: 'projects', action: 'get', object: name }, ports.access);
  return knownProject(ports.projects.get(name), name);
}

/** The project as the API server has it now. Errors: `NotFound`. */
export async function readProject(
  { ports, settings }: ControlPlane,
  name: string,
  signal: AbortSignal,
): Promise<KubeObject> {
  const address = ownAddress('AppProject', settings.namespace, name);
  return knownProject(isName(name) ? await ports.client.get(address, signal) : undefined, name);
}

/** What can be the name of an object; nothing else is asked for. */
export function isName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name);
}

function knownProject(project: KubeObject | undefined, name: string): KubeObject {
  if (project !== undefined) return project;
  throw new TiphysError('NotFound', `appprojects.argoproj.io "${name}" not found`);
}

/** The project as it is read. Errors: `InvalidSpec` with every field that is wrong. */
export function parsedProject(raw: KubeObject): Project {
  const parsed = parseProject(raw);
  if (parsed.type === 'ok') return parsed.project;
  const problems = parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  throw new TiphysError(
    'InvalidSpec',
    `AppProject ${raw.metadata.name ?? ''}: ${problems.join('; ')}`,
  );
}

/** The global projects whose lists count for it as well. Errors as `getProject`. */
export function globalProjectsOf(
  controlPlane: ControlPlane,
  requester: Requester,
  name: string,
): readonly KubeObject[] {
  const { projects, projectSettings } = controlPlane.ports;
  const labels = getProject(controlPlane, requester, name).metadata.labels ?? {};
  return projectSettings().globalProjects.flatMap(({ projectName, selector }) => {
    if (projectName === name || !selects(selector, labels)) return [];
    return projects.get(projectName) ?? [];
  });
}

/** The sync windows of a project that are open now. Errors as `getProject`, and `InvalidSpec`. */
export function openWindowsOf(
  controlPlane: ControlPlane,
  requester: Requester,
  name: string,
): readonly SyncWindow[] {
  const { schedule, clock } = controlPlane.ports;
  const { spec } = parsedProject(getProject(controlPlane, requester, name));
  const now = clock.now();
  return (spec.syncWindows ?? []).filter((window) => schedule.stateAt(window, now).type === 'open');
}
