import type { ApplicationSource } from '../core/app/types.ts';

/** What a render is known by outside of this process. */
export interface RenderName {
  /** Hash of everything it depends on besides files, revisions and the cluster. */
  readonly key: string;
  readonly instance: string;
  /** Destination namespace. */
  readonly namespace: string;
  readonly source: ApplicationSource;
  /** Resolved revision of the source. */
  readonly revision: string;
  /** Sources with a `ref`, by that name, with their resolved revisions. */
  readonly refs: ReadonlyMap<string, { readonly repoUrl: string; readonly revision: string }>;
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
}

/**
 * Renders that outlive this process. Never in the way: whatever goes wrong is a miss, told by a
 * metric and the log; nothing is thrown but the reason of an abort.
 */
export interface ManifestStore {
  load(name: RenderName, signal: AbortSignal): Promise<string | undefined>;
  /** `secret`: there is a Secret among the objects. */
  save(
    name: RenderName,
    value: string,
    options: { readonly secret: boolean },
    signal: AbortSignal,
  ): Promise<void>;
}
