import type { Requester } from '../../core/access/requester.ts';
import { withoutNulls } from '../../core/app/parse.ts';
import type { Project } from '../../core/app/types.ts';
import { hasCode, TiphysError } from '../../core/errors.ts';
import { isJsonObject, jsonEqual, type JsonObject } from '../../core/objects/json.ts';
import type { KubeObject, ObjectMeta } from '../../core/objects/kube-object.ts';
import { findProject } from '../../engine/find-project.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { ownAddress } from '../own-objects.ts';
import { projectNameOf } from '../applications/find-application.ts';
import { checkProject } from './check-project.ts';
import { refuseStranding, rightsForChange } from './guard-change.ts';
import { isName, parsedProject, readProject } from './read-project.ts';
import { tokensByRole, withTokensOf } from './project-tokens.ts';

/** A project as somebody sends it. */
export interface SentProject {
  readonly metadata: ObjectMeta;
  readonly spec: JsonObject;
}

const RETRIES = 10;

/**
 * Creates a project; an equal one that is there already is the answer as it is.
 * Errors: `PermissionDenied`, `InvalidSpec`, `InvalidRequest` when it is not right or another one of that name
 * is there and `upsert` is not set; with it as `updateProject`.
 */
export async function createProject(
  controlPlane: ControlPlane,
  requester: Requester,
  { project, upsert }: { readonly project: SentProject; readonly upsert: boolean },
  signal: AbortSignal,
): Promise<KubeObject> {
  const { ports, settings } = controlPlane;
  const name = project.metadata.name ?? '';
  enforce(requester, { resource: 'projects', action: 'create', object: name }, ports.access);
  const wanted = objectOf(project, name, settings.namespace);
  const parsed = parsedProject(wanted);
  checkProject(parsed, controlPlane);
  const address = ownAddress('AppProject', settings.namespace, name);
  try {
    const complete = { ...wanted, ...statusOf(parsed) };
    const options = { fieldManager: 'argocd-server' };
    const created = await ports.client.create(address, complete, options, signal);
    ports.projects.observe(created);
    record('ResourceCreated', created, 'created project');
    return created;
  } catch (error) {
    if (!hasCode(error, 'KubeAlreadyExists')) throw error;
  }
  const existing = await readProject(controlPlane, name, signal);
  if (jsonEqual(existing['spec'], wanted['spec'])) return existing;
  if (!upsert)
    throw new TiphysError(
      'InvalidRequest',
      'existing project spec is different, use upsert flag to force update',
    );
  return await updateProject(controlPlane, requester, { name, project }, signal);

  function record(reason: 'ResourceCreated', object: KubeObject, what: string): void {
    recordMutation(ports.events, requester, { reason, object, what });
  }
}

/**
 * Replaces the spec of a project, and its labels, annotations and finalizers when they are sent; tokens
 * stay as they are. Errors: `PermissionDenied`, also for a cluster or repository that is given or taken;
 * `NotFound`, `InvalidSpec`; `InvalidRequest` when it is not right or Applications would be left outside.
 */
export async function updateProject(
  controlPlane: ControlPlane,
  requester: Requester,
  { name, project }: { readonly name: string; readonly project: SentProject },
  signal: AbortSignal,
): Promise<KubeObject> {
  const { ports, settings } = controlPlane;
  enforce(requester, { resource: 'projects', action: 'update', object: name }, ports.access);
  const sent = objectOf(project, name, settings.namespace);
  checkProject(parsedProject(sent), controlPlane);
  return await change(controlPlane, name, signal, (existing) => {
    const wanted = withTokensOf(existing, sent);
    const before = lenient(existing);
    const after = parsedProject(wanted);
    const rights = rightsForChange(before.spec, after.spec, serverOf);
    for (const right of rights) enforce(requester, right, ports.access);
    refuseStranding(whole(existing, before), whole(wanted, after), controlPlane);
    const { labels, annotations, finalizers } = sent.metadata;
    const given = {
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
      ...(finalizers !== undefined && { finalizers }),
    };
    const metadata = { ...existing.metadata, ...given };
    return { ...existing, metadata, spec: wanted['spec'], ...statusOf(after) };
  }).then((stored) => {
    const what = 'updated project';
    recordMutation(ports.events, requester, { reason: 'ResourceUpdated', object: stored, what });
    return stored;
  });

  function serverOf(cluster: string): string | undefined {
    return ports.clusters.entries.find((entry) => entry.name === cluster)?.server;
  }

  /** With global projects and registered repositories, as Applications are judged. */
  function whole(raw: KubeObject, parsed: Project): Project {
    const projects = {
      ...ports.projects,
      get: (other: string) => (other === name ? raw : ports.projects.get(other)),
    };
    const found = findProject(name, { ...ports, projects });
    return found.type === 'found' ? found.project : parsed;
  }
}

/**
 * Deletes a project that no Application of the control plane's namespace is in. Errors: `InvalidRequest` for
 * `default` and for one that is in use, `PermissionDenied`, `NotFound`.
 */
export async function deleteProject(
  controlPlane: ControlPlane,
  requester: Requester,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const { ports, settings } = controlPlane;
  if (name === 'default')
    throw new TiphysError('InvalidRequest', `name '${name}' is reserved and cannot be deleted`);
  enforce(requester, { resource: 'projects', action: 'delete', object: name }, ports.access);
  const users = ports.apps
    .list()
    .filter((app) => app.metadata.namespace === settings.namespace && projectNameOf(app) === name);
  if (users.length > 0)
    throw new TiphysError(
      'InvalidRequest',
      `project is referenced by ${users.length} applications`,
      { hint: 'Move or delete those Applications first.' },
    );
  const existing = await readProject(controlPlane, name, signal);
  const { uid } = existing.metadata;
  const address = ownAddress('AppProject', settings.namespace, name);
  const deletion = await ports.client.delete(address, { ...(uid && { uid }) }, signal);
  if (deletion.type !== 'terminating') ports.projects.observeGone(existing);
  const what = 'deleted project';
  recordMutation(ports.events, requester, { reason: 'ResourceDeleted', object: existing, what });
}

/** Reads, changes and stores a project; begins anew when somebody else wrote meanwhile. */
export async function change(
  controlPlane: ControlPlane,
  name: string,
  signal: AbortSignal,
  edit: (existing: KubeObject) => KubeObject,
): Promise<KubeObject> {
  const { ports, settings } = controlPlane;
  const address = ownAddress('AppProject', settings.namespace, name);
  for (let attempt = 1; ; attempt += 1) {
    const existing = await readProject(controlPlane, name, signal);
    const wanted = edit(existing);
    try {
      const options = { fieldManager: 'argocd-server' };
      const stored = await ports.client.replace(address, wanted, options, signal);
      ports.projects.observe(stored);
      return stored;
    } catch (error) {
      if (!hasCode(error, 'KubeConflict') || attempt >= RETRIES) throw error;
    }
  }
}

function objectOf({ metadata, spec }: SentProject, name: string, namespace: string): KubeObject {
  if (!isName(name))
    throw new TiphysError(
      'InvalidRequest',
      `project.metadata.name: "${name.slice(0, 100)}" is no name`,
    );
  const { labels, annotations, finalizers } = metadata;
  const cleaned = withoutNulls(spec);
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: {
      name,
      namespace,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
    },
    spec: isJsonObject(cleaned) ? cleaned : {},
  };
}

/** One that cannot be read gives out nothing: to repair it takes the rights for all that it gets. */
function lenient(raw: KubeObject): Project {
  try {
    return parsedProject(raw);
  } catch {
    return { name: raw.metadata.name ?? '', namespace: raw.metadata.namespace ?? '', spec: {} };
  }
}

function statusOf({ spec }: Project): { readonly status?: JsonObject } {
  const tokens = tokensByRole(spec.roles ?? []);
  return Object.keys(tokens).length === 0
    ? { status: {} }
    : { status: { jwtTokensByRole: tokens } };
}
