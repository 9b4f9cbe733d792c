import type { Application, OperationState } from '../core/app/types.ts';
import { parseSyncOptions, type SyncOptions } from '../core/sync/options.ts';

const MIGRATION_MANAGER_ANNOTATION = 'argocd.argoproj.io/client-side-apply-migration-manager';

/** The manager of an earlier client-side apply whose fields become ours, besides those known to us. */
export const migrationManagerOf = ({ metadata }: Application): string | undefined =>
  metadata.annotations[MIGRATION_MANAGER_ANNOTATION];

/** The options of a running operation: those it was created with, and the force of its strategy. */
export function operationOptions({ operation }: OperationState): SyncOptions {
  const { syncOptions, syncStrategy } = operation.sync ?? {};
  const options = parseSyncOptions(syncOptions);
  const force = syncStrategy?.apply?.force === true || syncStrategy?.hook?.force === true;
  return force ? { ...options, force } : options;
}
