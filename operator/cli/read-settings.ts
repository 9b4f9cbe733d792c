import { createSettingsView, type SettingsView } from '../core/settings/settings-view.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../core/settings/resource-settings.ts';
import { TiphysError } from '../core/errors.ts';
import { readResourceSettings } from '../live/resource-settings.ts';
import type { CommandIo } from './command.ts';
import { readObjects } from './read-objects.ts';

/**
 * What a file with an `argocd-cm` ConfigMap says about comparing and judging; the defaults without a
 * file. Errors: `InvalidConfig` when there is no ConfigMap in it, or it has a key that makes no sense.
 */
export async function readSettings(path: string | undefined, io: CommandIo): Promise<SettingsView> {
  if (path === undefined) return createSettingsView(DEFAULT_RESOURCE_SETTINGS);
  const objects = await readObjects(path, io);
  const maps = objects.filter(
    ({ kind, apiVersion }) => kind === 'ConfigMap' && apiVersion === 'v1',
  );
  const map = maps.find(({ metadata }) => metadata.name === 'argocd-cm') ?? maps[0];
  if (map === undefined)
    throw new TiphysError('InvalidConfig', `${path}: holds no ConfigMap`, {
      hint: 'Give the file of the ConfigMap argocd-cm, e.g. from kubectl get -o yaml.',
    });
  const settings = readResourceSettings(map['data']);
  if (settings.problems.length > 0)
    throw new TiphysError('InvalidConfig', `${path}: ${settings.problems.join('; ')}`, {
      hint: 'Correct the named keys of the ConfigMap.',
    });
  return createSettingsView(settings);
}
