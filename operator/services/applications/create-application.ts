import { applicationObject } from '../../core/access/access-object.ts';
import type { Requester } from '../../core/access/requester.ts';
import { appKey } from '../../core/app/app-key.ts';
import { isApplicationNamespace } from '../../core/app/names.ts';
import { hasCode, TiphysError } from '../../core/errors.ts';
import { jsonEqual, type JsonValue } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { bareRefusal, enforce } from '../enforce.ts';
import { type ApplicationInput, asApplication, readSpec } from './application-input.ts';
import { checkApplication } from './check-application.ts';
import { projectNameOf } from './find-application.ts';
import { retryOnConflict } from './retry-on-conflict.ts';

export interface CreateOptions {
  /** Changes the Application when there is one of that name with another spec. */
  readonly upsert: boolean;
  /** Whether its sources must render. */
  readonly validate: boolean;
}

/**
 * Creates an Application, without an operation, whatever was sent (CVE-2023-50726). One that is there already
 * and equal is the answer too.
 *
 * Errors: `PermissionDenied`; `RequestFailed` when Applications are not looked at in its namespace; `InvalidRequest`
 * when the project does not permit it, it does not render, or there is another one and no `upsert`.
 */
export async function createApplication(
  controlPlane: ControlPlane,
  requester: Requester,
  sent: ApplicationInput,
  { upsert, validate }: CreateOptions,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { ports, settings } = controlPlane;
  const namespace = sent.namespace === '' ? settings.namespace : sent.namespace;
  const input = { ...sent, namespace };
  const { app, raw } = asApplication(input);
  const may = (action: string): void =>
    enforce(requester, { resource: 'applications', action, object: objectOf(raw) }, ports.access);
  may('create');
  if (!isApplicationNamespace(namespace, settings))
    throw new TiphysError('RequestFailed', `namespace '${namespace}' is not permitted`, {
      hint: 'Add it to application.namespaces of the control plane.',
    });
  await checkApplication(app, controlPlane, { validate }, signal);
  try {
    const created = await ports.apps.create(raw, signal);
    record(created, 'ResourceCreated', 'created application');
    return created;
  } catch (error) {
    if (!hasCode(error, 'KubeAlreadyExists')) throw error;
  }
  return await retryOnConflict(async () => {
    const existing = await ports.apps.read(appKey(namespace, input.name), signal);
    if (existing === undefined) return await ports.apps.create(raw, signal); // gone meanwhile
    if (isSame(existing, input)) return existing;
    if (!upsert)
      throw new TiphysError(
        'InvalidRequest',
        'existing application spec is different, use upsert flag to force update',
      );
    may('update');
    refuseForeign(existing);
    const stored = await ports.apps.replace(merged(existing, input), signal);
    record(stored, 'ResourceUpdated', 'updated application');
    return stored;
  });

  function objectOf(object: KubeObject): string {
    const { name } = input;
    return applicationObject(projectNameOf(object), { namespace, name }, settings.namespace);
  }

  /** Moving it here from another project is changing it there; which project that is, is not told. */
  function refuseForeign(existing: KubeObject): void {
    const asked = { resource: 'applications', action: 'update', object: objectOf(existing) };
    if (!ports.access.decide(requester.caller, asked).allowed) throw bareRefusal();
  }

  function record(
    object: KubeObject,
    reason: 'ResourceCreated' | 'ResourceUpdated',
    what: string,
  ): void {
    recordMutation(ports.events, requester, { object, reason, what });
  }
}

function isSame(existing: KubeObject, input: ApplicationInput): boolean {
  const { labels = {}, annotations = {}, finalizers = [] } = existing.metadata;
  const stored = { labels, annotations, finalizers, spec: specOf(existing) };
  const { spec } = input;
  const wanted = {
    ...{ labels: input.labels, annotations: input.annotations },
    ...{ finalizers: input.finalizers, spec },
  };
  return jsonEqual(stored as JsonValue, wanted as JsonValue);
}

/** As it would be read from a request; what cannot be read is as it is. */
function specOf(existing: KubeObject): JsonValue | undefined {
  try {
    return readSpec(existing['spec'], '');
  } catch {
    return existing['spec'];
  }
}

function merged(existing: KubeObject, input: ApplicationInput): KubeObject {
  const { labels, annotations, finalizers = [] } = existing.metadata;
  return {
    ...existing,
    metadata: {
      ...existing.metadata,
      labels: { ...labels, ...input.labels },
      annotations: { ...annotations, ...input.annotations },
      finalizers: [...new Set([...finalizers, ...input.finalizers])],
    },
    spec: input.spec,
  };
}
