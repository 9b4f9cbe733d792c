import type { Requester } from '../../core/access/requester.ts';
import type { Application, HistoryEntry } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { ControlPlane } from '../control-plane.ts';
import { isSwitchedOn } from '../setting.ts';
import { admittedOf } from './check-application.ts';
import { type ApplicationName, findApplication } from './find-application.ts';
import { startOperation } from './start-operation.ts';
import { isAutomated, refuseDeleting } from './sync-application.ts';

export interface RollbackRequest {
  /** Of an entry in `status.history`. */
  readonly id: number;
  readonly dryRun: boolean;
  readonly prune: boolean;
}

const OWN_RIGHT = 'server.rbac.rollback.enforce.enable';

/**
 * Starts a sync of what was deployed before. Sync windows do not hold it back. Errors: as `findApplication` for
 * `sync`, or `rollback` where the settings ask for that right; `NotPossibleNow`; `InvalidRequest` when there is
 * no such entry or the project does not permit its source any more.
 */
export async function rollbackApplication(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  { id, dryRun, prune }: RollbackRequest,
  signal: AbortSignal,
): Promise<KubeObject> {
  const action = isSwitchedOn(controlPlane.ports.config, OWN_RIGHT) ? 'rollback' : 'sync';
  const options = { action, fresh: true };
  const { app } = await findApplication(controlPlane, requester, wanted, options, signal);
  if (isAutomated(app))
    throw new TiphysError(
      'NotPossibleNow',
      'rollback cannot be initiated when auto-sync is enabled',
      { hint: 'Take spec.syncPolicy.automated away, or set its enabled to false, and ask again.' },
    );
  refuseDeleting(app);
  const entry = app.status.history?.find((deployed) => deployed.id === id);
  if (entry === undefined)
    throw new TiphysError(
      'InvalidRequest',
      `application ${app.metadata.name} does not have deployment with id ${id}`,
    );
  const { revision, revisions, source, sources } = entry;
  admittedOf(asDeployed(app, entry), controlPlane);
  const operation = {
    sync: {
      ...{ revision, revisions, source, sources },
      ...{ dryRun, prune },
      syncStrategy: { apply: {} },
      syncOptions: app.spec.syncPolicy?.syncOptions,
    },
  };
  const what = `initiated rollback to ${id} (${revisions?.join(', ') ?? revision ?? ''})`;
  return await startOperation(controlPlane, requester, app, { operation, what }, signal);
}

/** The project says today where may be deployed from. */
function asDeployed(app: Application, { source, sources }: HistoryEntry): Application {
  const { sourceHydrator: _now, ...spec } = app.spec;
  const isMulti = sources !== undefined && sources.length > 0;
  if (!isMulti && source === undefined) return app;
  return { ...app, spec: { ...spec, source, sources: isMulti ? sources : undefined } };
}
