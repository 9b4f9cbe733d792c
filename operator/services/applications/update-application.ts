import { applicationObject } from '../../core/access/access-object.ts';
import type { Requester } from '../../core/access/requester.ts';
import { appKey } from '../../core/app/app-key.ts';
import type { Application } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { type ApplicationInput, asApplication, readApplication } from './application-input.ts';
import { checkApplication } from './check-application.ts';
import { type ApplicationName, findApplication } from './find-application.ts';
import { retryOnConflict } from './retry-on-conflict.ts';

/**
 * Changes spec, labels, annotations and finalizers of an Application to what was sent. Who moves it to
 * another project must be allowed to create it there. Errors: as `findApplication` for `update`;
 * `PermissionDenied`; `InvalidRequest` when its project does not permit it or it does not render.
 */
export function updateApplication(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  { sent, validate }: { readonly sent: ApplicationInput; readonly validate: boolean },
  signal: AbortSignal,
): Promise<KubeObject> {
  const change: Change = { action: 'update', validate, apply: () => Promise.resolve(sent) };
  return write(controlPlane, requester, wanted, change, signal);
}

/** As `updateApplication`, of the spec only. */
export function updateApplicationSpec(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  { spec, validate }: { readonly spec: JsonObject; readonly validate: boolean },
  signal: AbortSignal,
): Promise<KubeObject> {
  const apply = (app: Application) => Promise.resolve({ ...app.metadata, spec });
  return write(controlPlane, requester, wanted, { action: 'update', validate, apply }, signal);
}

export interface ApplicationPatch {
  readonly type: 'json' | 'merge';
  readonly patch: JsonValue;
}

/**
 * As `updateApplication`, with what a patch makes of the Application; what it does to status and operation
 * has no effect. Errors: also `KubeInvalid` when it cannot be applied.
 */
export function patchApplication(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  { type, patch }: ApplicationPatch,
  signal: AbortSignal,
): Promise<KubeObject> {
  const apply = async ({ metadata }: Application): Promise<ApplicationInput> => {
    const key = appKey(metadata.namespace, metadata.name);
    // The API server applies it, and thereby knows what it means.
    const patched = await controlPlane.ports.apps.preview(key, patch, type, signal);
    if (patched.metadata.resourceVersion !== metadata.resourceVersion) throw changedMeanwhile(key);
    return readApplication(patched);
  };
  return write(controlPlane, requester, wanted, { action: 'get', validate: true, apply }, signal);
}

interface Change {
  /** With what the access gate begins. */
  readonly action: 'get' | 'update';
  readonly validate: boolean;
  apply(app: Application): Promise<ApplicationInput>;
}

async function write(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  { action, validate, apply }: Change,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { ports, settings } = controlPlane;
  const may = (doing: string, object: string): void =>
    enforce(requester, { resource: 'applications', action: doing, object }, ports.access);
  return await retryOnConflict(async () => {
    const options = { action, fresh: true };
    const found = await findApplication(controlPlane, requester, wanted, options, signal);
    may('update', found.object);
    const { raw, metadata } = found.app;
    const { spec, labels, annotations, finalizers } = await apply(found.app);
    const next = asApplication({ ...metadata, spec, labels, annotations, finalizers });
    const object = applicationObject(next.app.spec.project, metadata, settings.namespace);
    if (object !== found.object) {
      may('create', object);
      may('update', object);
    }
    await checkApplication(next.app, controlPlane, { validate }, signal);
    const kept = { labels, annotations, finalizers };
    const replacement = { ...raw, metadata: { ...raw.metadata, ...kept }, spec };
    const stored = await ports.apps.replace(replacement, signal);
    const what = 'updated application';
    recordMutation(ports.events, requester, { object: stored, reason: 'ResourceUpdated', what });
    return stored;
  });
}

function changedMeanwhile(key: string): TiphysError {
  return new TiphysError('KubeConflict', `Application ${key}: was changed meanwhile`);
}
