import { hasCode } from '../../core/errors.ts';
import { type DeepLink, readDeepLinks } from '../../core/settings/deep-links.ts';
import type { ControlPlane } from '../control-plane.ts';
import { readSetting } from '../setting.ts';

/** The links that `argocd-cm` has under a key; none, and a line in the log, when they cannot be read. */
export function configuredLinks(
  { ports }: Pick<ControlPlane, 'ports'>,
  key: 'application.links' | 'resource.links' | 'project.links',
): readonly DeepLink[] {
  try {
    return readDeepLinks(ports.readYaml(readSetting(ports.config, key)));
  } catch (error) {
    if (!hasCode(error, 'InvalidManifest')) throw error;
    ports.logger.warn({ err: error, key }, 'argocd-cm has links that cannot be read');
    return [];
  }
}
