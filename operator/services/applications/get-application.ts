import { appKey } from '../../core/app/app-key.ts';
import type { Requester } from '../../core/access/requester.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { ControlPlane } from '../control-plane.ts';
import { bareRefusal } from '../enforce.ts';
import { type ApplicationName, findApplication } from './find-application.ts';
import { maySee } from './list-applications.ts';
import { refreshApplication, type RefreshType } from './refresh-application.ts';

/**
 * An Application as it is on the API server; with `refresh` as it is once it has been compared anew.
 * Errors: as `findApplication` and `refreshApplication`.
 */
export async function getApplication(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName & { readonly refresh: RefreshType | undefined },
  signal: AbortSignal,
): Promise<KubeObject> {
  const options = { action: 'get', fresh: true };
  const { app } = await findApplication(controlPlane, requester, wanted, options, signal);
  if (wanted.refresh === undefined) return app.raw;
  const key = appKey(app.metadata.namespace, app.metadata.name);
  const { apps } = controlPlane.ports;
  const compared = await refreshApplication(apps, key, wanted.refresh, signal);
  if (!maySee(compared, requester, controlPlane)) throw bareRefusal(); // its project may be another one now
  return compared;
}
