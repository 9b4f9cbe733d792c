import { applicationObject } from '../../core/access/access-object.ts';
import type { Requester } from '../../core/access/requester.ts';
import { appKey } from '../../core/app/app-key.ts';
import { isApplicationNamespace } from '../../core/app/names.ts';
import { parseApplication } from '../../core/app/parse.ts';
import type { Application, Project } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { admitsNamespace } from '../../core/project/validate-application.ts';
import { findProject } from '../../engine/find-project.ts';
import type { ControlPlane } from '../control-plane.ts';
import { bareRefusal } from '../enforce.ts';

/** Which Application somebody means. */
export interface ApplicationName {
  readonly name: string;
  /** Empty: the control plane's. */
  readonly namespace: string;
  /** Empty: not told. Who tells it, and may act in it, is told what does not exist. */
  readonly project: string;
}

export interface Found {
  readonly app: Application;
  readonly project: Project;
  /** How policies name it. */
  readonly object: string;
}

export interface FindOptions {
  /** What is about to be done: `get`, `sync`, `delete/apps/Deployment/ns/name`; of several, any suffices. */
  readonly action: string | readonly string[];
  /** Ask the API server instead of the store. */
  readonly fresh?: boolean;
}

/**
 * The Application that somebody means, if they may do `action` to it (`spec/api.md` 1.1).
 *
 * Errors: without a project always the same bare `PermissionDenied`, whether it is not there or not
 * theirs; with one in which they may act, `NotFound`; `InvalidRequest` when the project is gone or does not
 * admit the namespace; `InvalidSpec` when the object cannot be read.
 */
export async function findApplication(
  { ports, settings }: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  { action, fresh = false }: FindOptions,
  signal: AbortSignal,
): Promise<Found> {
  const { name } = wanted;
  const namespace = wanted.namespace === '' ? settings.namespace : wanted.namespace;
  const key = appKey(namespace, name);
  const objectIn = (project: string) =>
    applicationObject(project, { namespace, name }, settings.namespace);
  const may = (project: string) =>
    [action].flat().some((one) => {
      const asked = { resource: 'applications', action: one, object: objectIn(project) };
      return ports.access.decide(requester.caller, asked).allowed;
    });
  const told = wanted.project !== '';
  const mayThere = told && may(wanted.project);
  const hidden = (): TiphysError => (mayThere ? notFound(name) : bareRefusal());
  // Looked up in any case, so that the time it takes tells nothing.
  const raw = isApplicationNamespace(namespace, settings)
    ? await read(fresh && (mayThere || !told))
    : undefined;
  if (raw === undefined || (told && !mayThere)) throw hidden();
  const parsed = parseApplication(raw);
  const project = projectNameOf(raw);
  if (told && project !== wanted.project) throw hidden();
  if (!may(project)) throw hidden();
  if (parsed.type === 'invalid') {
    const problems = parsed.problems.map(({ path, message }) => `${path}: ${message}`);
    throw new TiphysError('InvalidSpec', `Application ${key}: ${problems.join('; ')}`);
  }
  return {
    app: parsed.application,
    project: admittingProject(project, namespace, { ports, settings }),
    object: objectIn(project),
  };

  async function read(live: boolean): Promise<KubeObject | undefined> {
    return live ? await ports.apps.read(key, signal) : ports.apps.get(key);
  }
}

/** Errors: `InvalidRequest` when there is no such project or it does not admit Applications from there. */
export function admittingProject(
  name: string,
  namespace: string,
  { ports, settings }: Pick<ControlPlane, 'ports' | 'settings'>,
): Project {
  const found = findProject(name, ports);
  if (found.type === 'found' && admitsNamespace(found.project, namespace, settings.namespace))
    return found.project;
  throw new TiphysError(
    'InvalidRequest',
    `app is not allowed in project "${name}", or the project does not exist`,
    { hint: `Create the AppProject, or add ${namespace} to its sourceNamespaces.` },
  );
}

/** The project that an Application says it is in; `default` when it says none. */
export function projectNameOf(raw: KubeObject): string {
  const spec = raw['spec'];
  const project =
    typeof spec === 'object' && spec !== null && 'project' in spec ? spec['project'] : undefined;
  return typeof project === 'string' && project !== '' ? project : 'default';
}

function notFound(name: string): TiphysError {
  return new TiphysError('NotFound', `applications.argoproj.io "${name}" not found`);
}
