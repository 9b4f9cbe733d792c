import type { Requester } from '../../core/access/requester.ts';
import type { Application, Project, SyncWindow } from '../../core/app/types.ts';
import {
  decideWindows,
  matchingWindows,
  type WindowDecision,
} from '../../core/project/sync-windows.ts';
import { windowTime } from '../../engine/check-windows.ts';
import type { ControlPlane } from '../control-plane.ts';
import { type ApplicationName, findApplication } from './find-application.ts';

export interface ApplicationWindows {
  /** Those of its project that concern it. */
  readonly assigned: readonly SyncWindow[];
  /** Those of them that are open. */
  readonly active: readonly SyncWindow[];
  /** Whether somebody may sync it now. */
  readonly canSync: boolean;
}

/** How the sync windows of an Application stand now. Errors: as `findApplication`. */
export async function readSyncWindows(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  signal: AbortSignal,
): Promise<ApplicationWindows> {
  const options = { action: 'get', fresh: true };
  const { app, project } = await findApplication(controlPlane, requester, wanted, options, signal);
  const { nowMs, stateAt } = windowTime(controlPlane.ports);
  const assigned = matchingWindows(project, app);
  return {
    assigned,
    active: assigned.filter((window) => stateAt(window, nowMs).type === 'open'),
    canSync: decideManualSync(app, project, controlPlane).type === 'allowed',
  };
}

/** Whether the sync windows let somebody sync an Application now. */
export function decideManualSync(
  app: Application,
  project: Project,
  { ports }: Pick<ControlPlane, 'ports'>,
): WindowDecision {
  return decideWindows(matchingWindows(project, app), { by: 'manual' }, windowTime(ports));
}
