import { isDeepStrictEqual } from 'node:util';
import {
  readControlPlaneSettings,
  type ControlPlaneSettings,
} from '../live/control-plane-settings.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Logger } from '../ports/index.ts';

/** Marks and watches depend on them from the beginning, so a change waits for the next start. */
export function readSettings(
  config: ConfigStore,
  logger: Logger,
  stack: AsyncDisposableStack,
): ControlPlaneSettings {
  const first = readControlPlaneSettings(config);
  for (const problem of first.problems) logger.warn({ problem }, 'argocd-cm has an invalid key');
  stack.use(
    config.onChange((object) => {
      if (object.metadata.name !== 'argocd-cm') return;
      if (isDeepStrictEqual(readControlPlaneSettings(config), first)) return;
      logger.warn(
        {},
        'argocd-cm changed tracking or exclusions; that takes effect at the next start',
      );
    }),
  );
  return first;
}
