import { textsOf } from '../../core/objects/object-texts.ts';
import type { ControlPlane } from '../control-plane.ts';

/** Names of what `argocd-notifications-cm` defines, sorted; its texts stay there, for they may hold secrets. */
export function notificationNames(
  { ports }: Pick<ControlPlane, 'ports'>,
  kind: 'trigger' | 'template' | 'service',
): readonly string[] {
  const prefix = `${kind}.`;
  const names = [...textsOf(ports.config.configMap('argocd-notifications-cm')).keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
    // `service.webhook.NAME` is called by its name.
    .map((name) => (kind === 'service' ? name.slice(name.indexOf('.') + 1) : name));
  return [...new Set(names)].sort();
}
