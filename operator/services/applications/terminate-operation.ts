import type { Requester } from '../../core/access/requester.ts';
import { appKey } from '../../core/app/app-key.ts';
import { TiphysError } from '../../core/errors.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { type ApplicationName, findApplication } from './find-application.ts';
import { retryOnConflict } from './retry-on-conflict.ts';
import { isRunning } from './start-operation.ts';

/**
 * Asks for the end of the operation that runs. Errors: as `findApplication` for `sync`; `InvalidRequest` when
 * none does.
 */
export async function terminateOperation(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  signal: AbortSignal,
): Promise<void> {
  const { apps, events } = controlPlane.ports;
  await retryOnConflict(async () => {
    const options = { action: 'sync', fresh: true };
    const { app } = await findApplication(controlPlane, requester, wanted, options, signal);
    if (!isRunning(app))
      throw new TiphysError(
        'InvalidRequest',
        'Unable to terminate operation. No operation is in progress',
      );
    const { namespace, name, resourceVersion } = app.metadata;
    const status = { operationState: { phase: 'Terminating' } };
    const stored = await apps.patchStatus(appKey(namespace, name), status, resourceVersion, signal);
    const what = 'terminated running operation';
    recordMutation(events, requester, { object: stored, reason: 'ResourceUpdated', what });
  });
}
