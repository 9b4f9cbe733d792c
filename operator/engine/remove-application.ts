import { instanceName } from '../core/app/names.ts';
import type { Application } from '../core/app/types.ts';
import { hasCode, toTiphysError } from '../core/errors.ts';
import type { AppKey } from '../core/app/app-key.ts';
import { actAs } from './act-as.ts';
import { findDestination, type NewCondition } from './admit.ts';
import { countRequests } from './count-requests.ts';
import { cascadeOf, deletePass, isHookFinalizer, isOurFinalizer } from './delete-application.ts';
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
  if (app.metadata.annotations[LET_GO_ANNOTATION] === 'true') {
    tell(app, ports, `${LET_GO_ANNOTATION} is set: its objects are left alone`);
    return letGo(key, app, ports, signal);
  }
  const held = (message: string): Removal => ({
    type: 'going',
    conditions: [{ type: 'DeletionError', message }],
  });
  // Somebody wants them to run, and nothing here runs them: going on would be silently wrong.
  const hooks = finalizers.filter(isHookFinalizer);
  if (hooks.length > 0)
    return held(
      `${hooks.join(', ')}: hooks around a deletion are not run by Tiphys; do what they would do, then take the finalizer off, or set the annotation ${LET_GO_ANNOTATION}: "true" to leave all objects alone`,
    );
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
      tell(app, ports, `${destination.message}: its objects are left alone`);
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
    const waits = step.type === 'wait' ? [{ type: 'DeletionWarning', message: step.message }] : [];
    return { type: 'going', conditions: waits };
  } catch (error) {
    signal.throwIfAborted();
    return held(toTiphysError(error).message);
  }
}

/** Ours alone: lets an Application go whose cluster will not come back, or whose objects shall stay. */
export const LET_GO_ANNOTATION = 'tiphys.io/let-go';

/** When the Application is gone, an Event is all that is left to read. */
function tell(app: Application, { events, logger }: EnginePorts, message: string): void {
  const { name, namespace, uid, resourceVersion } = app.metadata;
  const { apiVersion, kind } = app.raw;
  const object = { apiVersion, kind, name, namespace, uid, resourceVersion };
  events.publish({ type: 'Warning', reason: 'LetGo', message, object });
  logger.warn({ app: `${namespace}/${name}`, reason: message }, 'application let go');
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
