import { roleSubject } from '../../core/access/project-policy.ts';
import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { storedTokens } from './project-tokens.ts';
import { parsedProject, readProject } from './read-project.ts';
import { change } from './write-project.ts';

/** A role of a project. */
export interface RoleName {
  readonly project: string;
  readonly role: string;
}

/**
 * A token for a role; whoever is in one of the groups of the role may have one too. Errors: `NotFound` for a
 * project or role that is not there, before anything else; `PermissionDenied`, `InvalidRequest` for an id
 * that the role has already.
 */
export async function createRoleToken(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: RoleName & { readonly id: string; readonly lifetimeMs: number },
  signal: AbortSignal,
): Promise<string> {
  const { project: name, role, id, lifetimeMs } = wanted;
  const { ports } = controlPlane;
  const project = await readProject(controlPlane, name, signal);
  if (!hasRole(project, role))
    throw new TiphysError('NotFound', `project '${name}' does not have role '${role}'`);
  enforceRole(controlPlane, requester, project, role);
  if (lifetimeMs < 0) throw new TiphysError('InvalidRequest', 'expiresIn: cannot be negative');
  refuseKnownId(project);
  const issued = await ports.tokens.issue(roleSubject(name, role), {
    ...(id !== '' && { id }),
    ...(lifetimeMs > 0 && { lifetimeMs }),
  });
  const token: JsonObject = {
    iat: issued.issuedAt,
    ...(issued.expiresAt > 0 && { exp: issued.expiresAt }),
    id: issued.id,
  };
  const stored = await change(controlPlane, name, signal, (existing) => {
    refuseKnownId(existing);
    if (!hasRole(existing, role))
      throw new TiphysError('NotFound', `project '${name}' does not have role '${role}'`);
    return withRoleTokens(existing, role, [...(storedTokens(existing).get(role) ?? []), token]);
  });
  record(controlPlane, requester, stored, `created token of role ${role}`);
  return issued.token;

  function refuseKnownId(at: KubeObject): void {
    const known = storedTokens(at).get(role) ?? [];
    if (id === '' || !known.some((one) => one['id'] === id)) return;
    throw new TiphysError('InvalidRequest', `Token id '${id}' has been used.`);
  }
}

/** Revokes a token; one that is not there, or a role that is not, is no error. Errors: `NotFound`, `PermissionDenied`. */
export async function deleteRoleToken(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: RoleName & { readonly id: string; readonly issuedAt: number },
  signal: AbortSignal,
): Promise<void> {
  const { project: name, role, id, issuedAt } = wanted;
  const project = await readProject(controlPlane, name, signal);
  enforceRole(controlPlane, requester, project, role);
  const isMeant = (token: JsonObject) =>
    id === '' ? token['iat'] === issuedAt : token['id'] === id;
  if (!(storedTokens(project).get(role) ?? []).some(isMeant)) return;
  const stored = await change(controlPlane, name, signal, (existing) => {
    const kept = (storedTokens(existing).get(role) ?? []).filter((token) => !isMeant(token));
    return withRoleTokens(existing, role, kept);
  });
  record(controlPlane, requester, stored, `deleted token of role ${role}`);
}

function enforceRole(
  { ports }: ControlPlane,
  requester: Requester,
  project: KubeObject,
  role: string,
): void {
  const { spec } = parsedProject(project);
  const groups = spec.roles?.find(({ name }) => name === role)?.groups ?? [];
  const own = requester.caller?.groups ?? [];
  if (groups?.some((group) => own.includes(group)) === true) return;
  const object = project.metadata.name ?? '';
  enforce(requester, { resource: 'projects', action: 'update', object }, ports.access);
}

function hasRole(project: KubeObject, role: string): boolean {
  return parsedProject(project).spec.roles?.some(({ name }) => name === role) ?? false;
}

/** In the spec and, where tokens are looked for, in the status. */
function withRoleTokens(
  project: KubeObject,
  role: string,
  tokens: readonly JsonObject[],
): KubeObject {
  const spec = isJsonObject(project['spec']) ? project['spec'] : {};
  const roles = isJsonArray(spec['roles']) ? spec['roles'] : [];
  const status = isJsonObject(project['status']) ? project['status'] : {};
  const byRole = isJsonObject(status['jwtTokensByRole']) ? status['jwtTokensByRole'] : {};
  return {
    ...project,
    spec: {
      ...spec,
      roles: roles.map((one) =>
        isJsonObject(one) && one['name'] === role ? { ...one, jwtTokens: tokens } : one,
      ),
    },
    status: { ...status, jwtTokensByRole: { ...byRole, [role]: { items: tokens } } },
  };
}

function record(
  { ports }: ControlPlane,
  requester: Requester,
  object: KubeObject,
  what: string,
): void {
  recordMutation(ports.events, requester, { reason: 'ResourceUpdated', object, what });
}
