import type { ResourceKey } from '../objects/kube-object.ts';
import type { SyncPair } from '../sync/plan-sync.ts';
import type { HealthStatusCode } from './types.ts';

/** Why automated sync leaves an object alone. */
export interface Held {
  readonly reason: 'shared' | 'heal-loop';
  /** Short, for the entry of the object. */
  readonly message: string;
  /** Whole, for a condition. */
  readonly detail: string;
}

/** One object of an application, desired and live side by side, judged. */
export interface ComparedResource extends SyncPair {
  readonly key: ResourceKey;
  /** True for hooks: shown, but not part of sync status. */
  readonly hook: boolean;
  /** `undefined`: the kind has no notion of health. */
  readonly health:
    | {
        readonly status: HealthStatusCode;
        readonly message?: string | undefined;
        /** Why the rule could not judge. */
        readonly problem?: string | undefined;
        readonly rule?: string | undefined;
      }
    | undefined;
  /** Another application whose mark the live object carries. */
  readonly sharedWith: string | undefined;
  /** Why an `ignoreDifferences` rule could not be followed: a difference is then not to be relied on. */
  readonly ruleFailure: string | undefined;
  readonly held?: Held | undefined;
  /** False when the project forbids it; such an object is never written. */
  readonly permitted: boolean;
  /** Fields that differ, when they do. */
  readonly paths: readonly string[];
}
