import { instanceName } from '../core/app/names.ts';
import type { Application } from '../core/app/types.ts';
import { hasCode, toTiphysError } from '../core/errors.ts';
import type { AppKey } from '../core/app/app-key.ts';
import { actAs } from './act-as.ts';
import { findDestination, type NewCondition } from './admit.ts';
import { countRequests } from './count-requests.ts';
import { cascadeOf, deletePass, isOurFinalizer } from './delete-application.ts';
import { findProject } from './find-project.ts';
import type { EnginePorts, EngineSettings } from './ports.ts';

export type Removal =
  /** Nothing of ours is left to do. */
  | { readonly type: 'gone' }
  /** Waiting, or held up by what the conditions say. */
  | { readonly type: 'going'; readonly conditions: readonly NewCondition[] };

/**
 * One pass over an Application that is being deleted. Without one of our finalizers its objects
 * stay. Errors are conditions of type DeletionError, so that `kubectl get -o yaml` tells what blocks.
 */
export async function removeApplication(
  key: AppKey,
  app: Application,
  ports: EnginePorts,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<Removal> {
  const { finalizers } = app.metadata;
  if (!finalizers.some(isOurFinalizer)) return { type: 'gone' };
  const held = (message: string): Removal => ({
    type: 'going',
    conditions: [{ type: 'DeletionError', message }],
  });
  const found = findProject(app.spec.project, ports);
  if (found.type !== 'found') {
    const name = app.spec.project === '' ? 'default' : app.spec.project;
    return held(
      `AppProject ${name} does not exist or is invalid; nothing is deleted until it is back`,
    );
  }
  const destination = findDestination(app, ports.clusters.entries);
  const cascade = cascadeOf(finalizers);
  if (destination.type === 'unknown' || cascade.type === 'keep') {
    if (destination.type === 'unknown')
      ports.logger.warn(
        { app: key, reason: destination.message },
        'destination is gone, its objects are left alone',
      );
    return letGo(key, app, ports, signal);
  }
  try {
    const connected = await ports.clusters.connect(destination.entry.server, signal);
    const acting = actAs(connected, app, found.project, ports);
    if (acting.refusal !== undefined) return held(acting.refusal);
    const cluster = countRequests(acting.cluster, app, ports.metrics);
    const instance = instanceName(app.metadata, settings.namespace);
    const step = await deletePass(
      {
        app,
        instance,
        project: found.project,
        cluster,
        settings,
        propagation: cascade.propagation,
      },
      signal,
    );
    if (step.type === 'done') return await letGo(key, app, ports, signal);
    if (step.type === 'wait')
      ports.logger.info({ app: key, reason: step.message }, 'deletion waits');
    return { type: 'going', conditions: [] };
  } catch (error) {
    signal.throwIfAborted();
    return held(toTiphysError(error).message);
  }
}

/** Takes our finalizers off; foreign ones stay. */
async function letGo(
  key: AppKey,
  app: Application,
  ports: EnginePorts,
  signal: AbortSignal,
): Promise<Removal> {
  const finalizers = app.metadata.finalizers.filter((finalizer) => !isOurFinalizer(finalizer));
  try {
    await ports.apps.patch(key, { metadata: { finalizers } }, app.metadata.resourceVersion, signal);
  } catch (error) {
    if (!hasCode(error, 'KubeNotFound', 'KubeConflict')) throw error;
    return { type: 'going', conditions: [] }; // the next pass sees what changed
  }
  return { type: 'gone' };
}
