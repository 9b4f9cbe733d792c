import { toTiphysError } from '../../core/errors.ts';
import type { ControlPlane } from '../control-plane.ts';

/** Names of the config management plugins that are there now. */
export async function pluginNames(
  { ports }: Pick<ControlPlane, 'ports'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const plugins = ports.generators.generators.find(({ name }) => name === 'Plugin');
  const names = (await plugins?.detectVersion?.(signal)) ?? '';
  return names.split(' ').filter((name) => name !== '');
}

/** Versions of the programs that render, by the names of their generators; one that is not there has none. */
export async function programVersions(
  { ports }: Pick<ControlPlane, 'ports'>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const versions: Record<string, string> = {};
  for (const { name, version } of ports.generators.generators) {
    if (name !== 'Helm' && name !== 'Kustomize') continue;
    try {
      versions[name] = (await version(signal)).replace(/^\S+ /, '');
    } catch (error) {
      signal.throwIfAborted();
      ports.logger.debug(
        { generator: name, err: toTiphysError(error) },
        'its version is not known',
      );
    }
  }
  return versions;
}
