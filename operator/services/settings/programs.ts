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

/** Where each program's version stands in that of the generator that runs it. */
const PROGRAMS: readonly (readonly [generator: string, program: string, RegExp])[] = [
  ['Helm', 'Helm', /^\S+ (.+)$/],
  ['Kustomize', 'Kustomize', /^\S+ (.+)$/],
  ['Directory', 'Jsonnet', /\bjsonnet\b.* (v?\d+(?:\.\d+)+)/i],
];

/** Versions of the programs that render, by their names; one that is not there has none. */
export async function programVersions(
  { ports }: { readonly ports: Pick<ControlPlane['ports'], 'generators' | 'logger'> },
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const versions: Record<string, string> = {};
  for (const { name, version } of ports.generators.generators)
    for (const [, program, place] of PROGRAMS.filter(([generator]) => generator === name)) {
      try {
        const found = place.exec(await version(signal))?.[1];
        if (found !== undefined) versions[program] = found;
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
