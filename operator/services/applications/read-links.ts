import type { Requester } from '../../core/access/requester.ts';
import { hasCode } from '../../core/errors.ts';
import { type DeepLink, readDeepLinks } from '../../core/settings/deep-links.ts';
import type { ControlPlane } from '../control-plane.ts';
import { readSetting } from '../setting.ts';
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
  const { ports } = controlPlane;
  try {
    return readDeepLinks(ports.readYaml(readSetting(ports.config, key)));
  } catch (error) {
    if (!hasCode(error, 'InvalidManifest')) throw error;
    ports.logger.warn({ err: error, key }, 'argocd-cm has links that cannot be read');
    return [];
  }
}
