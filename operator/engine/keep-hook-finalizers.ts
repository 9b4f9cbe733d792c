import type { AppKey } from '../core/app/app-key.ts';
import { parseApplication } from '../core/app/parse.ts';
import type { Application, OperationState } from '../core/app/types.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { withHookFinalizers } from '../core/sync/deletion-stages.ts';
import type { EnginePorts } from './ports.ts';

/**
 * Gives an Application whose manifests hold hooks around its deletion the finalizers for them, and
 * takes them off when it holds none any more. Resolves with the Application as it is then. An
 * operation that syncs something else than the spec says decides nothing here.
 * Errors: `KubeConflict` when somebody else wrote meanwhile.
 */
export async function keepHookFinalizers(
  key: AppKey,
  app: Application,
  hooks: readonly KubeObject[],
  operation: OperationState | undefined,
  ports: Pick<EnginePorts, 'apps'>,
  signal: AbortSignal,
): Promise<Application> {
  const { deletionTimestamp, finalizers, resourceVersion } = app.metadata;
  if (deletionTimestamp !== undefined || isOfElse(operation)) return app;
  const wanted = withHookFinalizers(finalizers, hooks);
  if (wanted === finalizers) return app;
  const patch = { metadata: { finalizers: [...wanted] } };
  const parsed = parseApplication(await ports.apps.patch(key, patch, resourceVersion, signal));
  return parsed.type === 'ok' ? parsed.application : app;
}

function isOfElse(operation: OperationState | undefined): boolean {
  const { source, sources, revision, revisions } = operation?.operation.sync ?? {};
  const automated = operation?.operation.initiatedBy?.automated === true;
  if (source !== undefined || sources !== undefined) return true;
  return !automated && (revision !== undefined || revisions !== undefined);
}
