import type { Requester } from '../../core/access/requester.ts';
import type { DeepLink } from '../../core/settings/deep-links.ts';
import type { ControlPlane } from '../control-plane.ts';
import { configuredLinks } from '../settings/configured-links.ts';
import { type ApplicationName, findApplication } from './find-application.ts';

export type LinksOf = 'application.links' | 'resource.links';

/**
 * The links that `argocd-cm` has for Applications, or for their objects; none when they cannot be read. Errors: as
 * `findApplication`.
 */
export async function readLinks(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  key: LinksOf,
  signal: AbortSignal,
): Promise<readonly DeepLink[]> {
  const options = { action: 'get', fresh: true };
  await findApplication(controlPlane, requester, wanted, options, signal);
  return configuredLinks(controlPlane, key);
}
