import type { Requester } from '../../core/access/requester.ts';
import { appKey } from '../../core/app/app-key.ts';
import type { Application } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import { type Cascade, withCascade } from '../../core/sync/deletion-stages.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { type ApplicationName, findApplication } from './find-application.ts';
import { retryOnConflict } from './retry-on-conflict.ts';

export interface DeletionInput {
  /** Whether what was deployed goes too. */
  readonly cascade: boolean;
  /** `foreground`, `background`, or empty for the default. */
  readonly propagationPolicy: string;
}

/**
 * Deletes an Application; what finalizers ask for goes on when this has resolved. Errors: as `findApplication`;
 * `PermissionDenied`; `InvalidRequest` for a policy that there is not, or that has nothing to say.
 */
export async function deleteApplication(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  input: DeletionInput,
  signal: AbortSignal,
): Promise<void> {
  const { apps, access, events } = controlPlane.ports;
  await retryOnConflict(async () => {
    const options = { action: 'get', fresh: true };
    const found = await findApplication(controlPlane, requester, wanted, options, signal);
    const { app, object } = found;
    enforce(requester, { resource: 'applications', action: 'delete', object }, access);
    const { namespace, name, uid } = app.metadata;
    const key = appKey(namespace, name);
    await setFinalizers(app, cascadeOf(input));
    await apps.delete(key, uid, signal);
    const what = 'deleted application';
    recordMutation(events, requester, { object: app.raw, reason: 'ResourceDeleted', what });
  });

  async function setFinalizers({ metadata }: Application, cascade: Cascade): Promise<void> {
    if (metadata.deletionTimestamp !== undefined) return; // nobody may add any now
    const finalizers = withCascade(metadata.finalizers, cascade);
    if (finalizers === metadata.finalizers) return;
    const { namespace, name, resourceVersion } = metadata;
    const key = appKey(namespace, name);
    await apps.patch(key, { metadata: { finalizers } }, resourceVersion, signal);
  }
}

function cascadeOf({ cascade, propagationPolicy }: DeletionInput): Cascade {
  switch (propagationPolicy) {
    case '':
      return cascade ? '' : 'none';
    case 'foreground':
    case 'background':
      if (cascade) return propagationPolicy;
      throw new TiphysError(
        'InvalidRequest',
        'propagationPolicy: cannot be set when cascade is false',
      );
    default:
      throw new TiphysError(
        'InvalidRequest',
        `propagationPolicy: must be foreground or background, is "${propagationPolicy.slice(0, 100)}"`,
      );
  }
}
