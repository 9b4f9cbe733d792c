import type { Requester } from '../../core/access/requester.ts';
import { TiphysError, toTiphysError } from '../../core/errors.ts';
import { isSecret } from '../../core/diff/mask-secret.ts';
import type { JsonValue } from '../../core/objects/json.ts';
import { describeResource, idOf, type KubeObject } from '../../core/objects/kube-object.ts';
import type { DeleteOptions, PatchType } from '../../ports/kube-client.ts';
import type { ApplicationName } from '../applications/find-application.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { readSetting } from '../setting.ts';
import { findResource, fineGrained, type ResourceName } from './find-resource.ts';
import { showObject } from './read-resource.ts';

export interface PatchResourceRequest {
  readonly app: ApplicationName;
  readonly resource: ResourceName;
  /** JSON. */
  readonly patch: string;
  /** A MIME type of Kubernetes. */
  readonly patchType: string;
}

const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  'application/merge-patch+json': 'merge',
  'application/json-patch+json': 'json',
  'application/strategic-merge-patch+json': 'strategic',
};

/**
 * Patches an object of an Application, with the identity that its syncs have. Answers with the object as it
 * is then, Secrets masked. Needs `update/group/kind/namespace/name`.
 *
 * Errors: as `findResource`; `InvalidRequest` for a patch that is none; what the API server says, of a Secret
 * without its words, which may quote values.
 */
export async function patchResource(
  controlPlane: ControlPlane,
  requester: Requester,
  { app, resource, patch, patchType }: PatchResourceRequest,
  signal: AbortSignal,
): Promise<KubeObject> {
  const action = actionsFor('update', resource, controlPlane);
  const request = { app, resource, options: { action } };
  const found = await findResource(controlPlane, requester, request, signal);
  const { cluster, address, object } = found;
  const type = Object.hasOwn(PATCH_TYPES, patchType) ? PATCH_TYPES[patchType] : undefined;
  if (type === undefined)
    throw new TiphysError('InvalidRequest', `patchType "${patchType}" is not supported`, {
      hint: `Use one of ${Object.keys(PATCH_TYPES).join(', ')}.`,
    });
  const body = parsePatch(patch);
  let patched: KubeObject;
  try {
    patched = await cluster.client.patch(address, body, { type }, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw isSecret(object) ? withoutWords(error, object) : error;
  }
  cluster.live.observe(patched);
  const what = `patched ${describeResource(idOf(patched))}`;
  const { events } = controlPlane.ports;
  recordMutation(events, requester, { reason: 'ResourceUpdated', object: found.app.raw, what });
  return showObject(patched, controlPlane);
}

export interface DeleteResourceRequest {
  readonly app: ApplicationName;
  readonly resource: ResourceName;
  /** At once, without waiting for what it owns or for its own end. */
  readonly force: boolean;
  /** What it owns stays. */
  readonly orphan: boolean;
}

/**
 * Deletes an object of an Application, as it is known: another one that took its name meanwhile stays.
 * Needs `delete/group/kind/namespace/name`. Errors: as `findResource`, and what the API server says.
 */
export async function deleteResource(
  controlPlane: ControlPlane,
  requester: Requester,
  { app, resource, force, orphan }: DeleteResourceRequest,
  signal: AbortSignal,
): Promise<void> {
  const action = actionsFor('delete', resource, controlPlane);
  const request = { app, resource, options: { action } };
  const found = await findResource(controlPlane, requester, request, signal);
  const { cluster, address, object } = found;
  const { uid } = object.metadata;
  await cluster.client.delete(
    address,
    { ...howToDelete(force, orphan), ...(uid !== undefined && { uid }) },
    signal,
  );
  const what = `deleted ${describeResource(idOf(object))}`;
  const { events } = controlPlane.ports;
  recordMutation(events, requester, { reason: 'ResourceDeleted', object: found.app.raw, what });
}

function howToDelete(force: boolean, orphan: boolean): DeleteOptions {
  if (orphan) return { propagation: 'Orphan' };
  return force
    ? { propagation: 'Background', gracePeriodSeconds: 0 }
    : { propagation: 'Foreground' };
}

const INHERITANCE_KEY = 'server.rbac.disableApplicationFineGrainedRBACInheritance';

/** Where inheritance is on, who may do it to the Application may do it to all of its objects. */
function actionsFor(
  verb: 'update' | 'delete',
  resource: ResourceName,
  { ports }: ControlPlane,
): readonly string[] {
  const fine = fineGrained(verb, resource);
  return readSetting(ports.config, INHERITANCE_KEY) === 'false' ? [verb, fine] : [fine];
}

function parsePatch(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // The parser quotes what it could not read, which may be a secret.
    throw new TiphysError('InvalidRequest', 'patch: is not JSON');
  }
}

function withoutWords(error: unknown, object: KubeObject): TiphysError {
  const { code } = toTiphysError(error);
  return new TiphysError(code, `${describeResource(idOf(object))}: could not be patched`, {
    hint: 'The words of the API server may quote values of the Secret, and are not shown.',
  });
}
