import type { GroupKind } from '../core/objects/kube-object.ts';
import { createSettingsView, type SettingsView } from '../core/settings/settings-view.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { readResourceSettings } from './resource-settings.ts';

/** What `argocd-cm` says about comparing and judging objects, as of now. */
export interface FollowedSettings extends Disposable {
  current(): SettingsView;
  /** Called with the kinds that are treated differently now; the listener must not throw or wait. */
  onChange(listener: (kinds: readonly GroupKind[]) => void): Disposable;
}

/**
 * Follows the ConfigMap. A change takes effect with the next comparison, and only for the kinds it
 * touches. What makes no sense is logged, and left out.
 */
export function followResourceSettings(config: ConfigStore, logger: Logger): FollowedSettings {
  const listeners = new Set<(kinds: readonly GroupKind[]) => void>();
  let view = read();

  function read(previous?: SettingsView): SettingsView {
    const settings = readResourceSettings(config.configMap('argocd-cm')?.['data']);
    for (const problem of settings.problems)
      logger.warn({ problem }, 'argocd-cm has a customization that makes no sense');
    return createSettingsView(settings, previous);
  }

  const subscription = config.onChange((object) => {
    if (object.metadata.name !== 'argocd-cm') return;
    const before = view;
    view = read(before);
    const kinds = before.changedKinds(view);
    if (kinds.length === 0) return;
    logger.info({ kinds: kinds.length }, 'argocd-cm changed how kinds are compared or judged');
    for (const listener of listeners) listener(kinds);
  });

  return {
    current: () => view,
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}
