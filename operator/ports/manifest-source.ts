import type { KubeObject } from '../core/objects/kube-object.ts';
import type { SignatureCriteria } from '../core/signatures/criteria.ts';
import type { ApplicationSource } from '../core/app/types.ts';
import type { OtherRepository } from './generator.ts';

export interface ManifestRequest {
  /** All sources in order; sources with only a `ref` yield nothing. */
  readonly sources: readonly ApplicationSource[];
  /** Revisions to render, one per source; empty strings are resolved from `targetRevision`. */
  readonly revisions: readonly string[];
  /** What must be signed, one for each source; absent: nothing. Not for charts. */
  readonly signatures?: readonly SignatureCriteria[];
  /** The annotation `argocd.argoproj.io/manifest-generate-paths`, when the Application has it. */
  readonly generatePaths?: string;
  readonly instance: string;
  readonly appName: string;
  readonly project: string;
  readonly namespace: string;
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
  /** Ask Git for the newest refs instead of using the table. */
  readonly freshRevisions: boolean;
  /** Only to look at: what is read for it does not count as what the application reads. Default false. */
  readonly isTrial?: boolean;
  /** Render again even if the result is known (hard refresh). */
  readonly freshManifests: boolean;
}

/** The desired objects of an application, before namespaces and tracking are set. */
export interface Manifests {
  /** Frozen; the same array (identity) is returned while nothing changed. */
  readonly objects: readonly KubeObject[];
  /** Resolved revision of each source. */
  readonly revisions: readonly string[];
  /** Generator of each source that renders: `Directory`, `Helm`, … */
  readonly sourceTypes: readonly string[];
  readonly commands: readonly string[];
}

/** Where desired state comes from: in-process rendering, or a renderer spoken to over the network. */
export interface ManifestSource {
  /** Errors: those of `SourceRepositories` and `Generator`, with the source named in the message. */
  manifests(request: ManifestRequest, signal: AbortSignal): Promise<Manifests>;
  /**
   * Paths of the repository of a source that the last render of an instance has read, from its root;
   * a folder stands for all below it. `undefined`: not known.
   */
  pathsRead?(instance: string, source: ApplicationSource): readonly string[] | undefined;
  /** Repositories that the last render of an instance has read besides those of its sources, such as bases. */
  othersRead?(instance: string): readonly OtherRepository[];
}
