import type { FollowedSettings } from '../live/follow-resource-settings.ts';
import type { Logger, ScriptEngine } from '../ports/index.ts';

/** CEL rules are checked when the ConfigMap is read, not when the first object is judged. */
export function checkExpressions(
  resources: FollowedSettings,
  scripts: ScriptEngine,
  logger: Logger,
): Disposable {
  const stop = new AbortController();
  const check = async (): Promise<void> => {
    for (const { group, kind, healthCel } of resources.current().settings.customizations) {
      if (healthCel === undefined) continue;
      for (const problem of await scripts.checkCel(healthCel, stop.signal))
        logger.warn({ problem, group, kind }, 'argocd-cm has a CEL rule that cannot be used');
    }
  };
  const run = (): void =>
    void check().catch((error: unknown) => {
      if (!stop.signal.aborted) logger.warn({ err: error }, 'CEL rules could not be checked');
    });
  run();
  const subscription = resources.onChange(run);
  return {
    [Symbol.dispose]() {
      subscription[Symbol.dispose]();
      stop.abort(new Error('shutdown'));
    },
  };
}
