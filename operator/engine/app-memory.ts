import type { RefreshLevel } from '../core/app/refresh.ts';
import type { OperationState } from '../core/app/types.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Targets } from '../core/sync/prepare-targets.ts';
import type { AppKey } from '../core/app/app-key.ts';
import type { ManifestRequest } from '../ports/manifest-source.ts';
import type { ApiCatalogue } from '../ports/kube-client.ts';
import { createCompareMemory, type CompareMemory } from './compare-application.ts';
import { createPreflightMemory, type PreflightMemory } from './preflight.ts';
import { createHealMemory, type HealMemory } from './hold-back.ts';

/**
 * What the engine remembers of one application between passes. All of it can be lost at any time:
 * it saves work, and keeps an outcome that could not be written yet; it decides nothing.
 */
export interface AppMemory {
  requested: RefreshLevel;
  /** Whether all that was asked for is to see if a moved repository moved anything that it reads. */
  onlyMoved: boolean;
  /** How it stood when nothing was left to do; absent while something is. */
  calm: Calm | undefined;
  compare: CompareMemory;
  heals: HealMemory;
  preflight: PreflightMemory;
  prepared: Prepared | undefined;
  /** Monotonic time of the first failure to load desired state since the last success. */
  failingSinceMs: number | undefined;
  failures: number;
  /** An operation that nothing stored tells of, of the object with this uid: its outcome is still to be written. */
  unwritten: { readonly uid: string; readonly state: OperationState } | undefined;
  /** Monotonic time before which the next wave must not start. */
  nextWaveAtMs: number;
  /** Objects in its namespace that nobody manages, as of the last comparison; absent when nobody asks. */
  orphans: number | undefined;
  /** When a sync window of this application opens or closes next; wall clock, milliseconds since 1970. */
  windowChangeMs: number | undefined;
  /** What was resolved for each source in the last comparison. */
  comparedRevisions: readonly string[] | undefined;
  /** When it was last compared with the newest revision, RFC 3339; may be later than the status says. */
  comparedAt: string | undefined;
  /** 0 … 1: this application's part of the resync jitter. */
  readonly jitter: number;
}

/** An application that is as Git wants it. */
export interface Calm {
  /** Of the Application object, our own last write included. */
  readonly resourceVersion: string;
  readonly request: ManifestRequest;
  /** Of these the live objects are as desired. */
  readonly objects: readonly KubeObject[];
}

interface Prepared {
  readonly manifests: readonly KubeObject[];
  readonly catalogue: ApiCatalogue;
  readonly namespace: string;
  readonly targets: Targets;
}

/** The memories of all applications, made on first use. */
export interface AppMemories {
  of(key: AppKey): AppMemory;
  /** Drops everything known of an application. */
  forget(key: AppKey): void;
}

export function createAppMemories(random: () => number): AppMemories {
  const memories = new Map<AppKey, AppMemory>();
  return {
    of(key) {
      const known = memories.get(key);
      if (known !== undefined) return known;
      const memory: AppMemory = {
        requested: 'none',
        onlyMoved: false,
        calm: undefined,
        compare: createCompareMemory(),
        heals: createHealMemory(),
        preflight: createPreflightMemory(),
        prepared: undefined,
        failingSinceMs: undefined,
        failures: 0,
        unwritten: undefined,
        nextWaveAtMs: 0,
        orphans: undefined,
        windowChangeMs: undefined,
        comparedRevisions: undefined,
        comparedAt: undefined,
        jitter: random(),
      };
      memories.set(key, memory);
      return memory;
    },
    forget(key) {
      memories.delete(key);
    },
  };
}
