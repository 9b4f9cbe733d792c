import type { OperationState } from '../core/app/types.ts';
import { parseSyncOptions, type SyncOptions } from '../core/sync/options.ts';

/** The options of a running operation: those it was created with, and the force of its strategy. */
export function operationOptions({ operation }: OperationState): SyncOptions {
  const { syncOptions, syncStrategy } = operation.sync ?? {};
  const options = parseSyncOptions(syncOptions);
  const force = syncStrategy?.apply?.force === true || syncStrategy?.hook?.force === true;
  return force ? { ...options, force } : options;
}
