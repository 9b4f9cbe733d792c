import type { ResourceKey } from '../objects/kube-object.ts';
import type { SyncPair } from '../sync/plan-sync.ts';
import type { HealthStatusCode } from './types.ts';

/** One object of an application, desired and live side by side, judged. */
export interface ComparedResource extends SyncPair {
  readonly key: ResourceKey;
  /** True for hooks: shown, but not part of sync status. */
  readonly hook: boolean;
  /** `undefined`: the kind has no notion of health. */
  readonly health:
    | { readonly status: HealthStatusCode; readonly message?: string | undefined }
    | undefined;
  /** Another application whose mark the live object carries. */
  readonly sharedWith: string | undefined;
  /** Why the comparison is not to be relied on, e.g. an `ignoreDifferences` rule that failed. */
  readonly undecided: string | undefined;
  /** False when the project forbids it; such an object is never written. */
  readonly permitted: boolean;
  /** Fields that differ, when they do. */
  readonly paths: readonly string[];
}
