import type { Requester } from '../../core/access/requester.ts';
import type { ManagedResource } from '../../engine/views/managed-resource.ts';
import { type ApplicationName, findApplication } from '../applications/find-application.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { ResourceName } from './find-resource.ts';

/**
 * Every object that Git wants or that the Application has, desired and live, hooks left out, Secrets
 * masked. Needs `get`. Errors: as `findApplication`; `NotPossibleNow` and those of rendering when it cannot be
 * compared.
 */
export async function listManaged(
  controlPlane: ControlPlane,
  requester: Requester,
  { app: wanted, filter }: { readonly app: ApplicationName; readonly filter: ResourceName },
  signal: AbortSignal,
): Promise<readonly ManagedResource[]> {
  const options = { action: 'get' };
  const { app } = await findApplication(controlPlane, requester, wanted, options, signal);
  const managed = await controlPlane.views.managed(app, signal);
  return managed.filter((resource) => resource.hook !== true && isMeant(resource, filter));
}

/** Nobody asks for a version here: an object is compared in one. */
function isMeant(resource: ManagedResource, filter: ResourceName): boolean {
  return (['group', 'kind', 'namespace', 'name'] as const).every(
    (part) => filter[part] === '' || (resource[part] ?? '') === filter[part],
  );
}
