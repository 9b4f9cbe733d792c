import type { AppKey } from '../core/app/app-key.ts';
import type { JsonObject, JsonValue } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';

export interface AppChange {
  readonly type: 'applied' | 'deleted';
  readonly key: AppKey;
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

/** The Applications of the control plane, raw as they came; parsing happens in one place, later. */
export interface AppStore {
  get(key: AppKey): KubeObject | undefined;
  list(): readonly KubeObject[];
  /** As of which version `list` is: what was changed later is yet to be told of by `onChange`. */
  readonly resourceVersion: string;
  /** Those of the last thousand that were deleted, as they were, that went after this version. */
  deletedSince(resourceVersion: string): readonly KubeObject[];
  /** The Application as it is on the API server now. */
  read(key: AppKey, signal: AbortSignal): Promise<KubeObject | undefined>;
  /**
   * Whether `status` and the rest of an Application are one write, for its CRD has no status subresource:
   * that of Argo CD, whose front side then stays in use.
   */
  readonly inOneWrite: boolean;
  /**
   * Merge-patches `status`, through the subresource where the CRD has one. With `resourceVersion`
   * the write fails with `KubeConflict` when somebody else wrote meanwhile. `beside` is a merge patch of the
   * rest, which counts only `inOneWrite`. Resolves with the object as stored.
   */
  patchStatus(
    key: AppKey,
    status: JsonObject,
    resourceVersion: string | undefined,
    signal: AbortSignal,
    beside?: JsonObject,
  ): Promise<KubeObject>;
  /** Merge-patches everything but `status`. `resourceVersion` as above. */
  patch(
    key: AppKey,
    patch: JsonObject,
    resourceVersion: string | undefined,
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** Errors: `KubeAlreadyExists`, `KubeInvalid`, … */
  create(object: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  /** Replaces everything but `status`; fails with `KubeConflict` unless `metadata.resourceVersion` is the stored one. */
  replace(object: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  /**
   * What a patch would make of the Application; nothing is written. Its `resourceVersion` is that of
   * what was patched. Errors: `KubeInvalid` when the patch cannot be applied.
   */
  preview(
    key: AppKey,
    patch: JsonValue,
    type: 'json' | 'merge',
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /**
   * Asks for an operation and forgets the state of the last one: in one write where the CRD has no status
   * subresource, else the state goes first. Fails with `KubeConflict` unless `resourceVersion` is the stored one.
   */
  startOperation(
    key: AppKey,
    operation: JsonObject,
    resourceVersion: string,
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** Deletes the Application with this uid; finalizers may hold it. One that is gone already is no error. */
  delete(key: AppKey, uid: string, signal: AbortSignal): Promise<void>;
  onChange(listener: (change: AppChange) => void): Disposable;
}

/** The AppProjects of the control plane. */
export interface ProjectStore {
  get(name: string): KubeObject | undefined;
  list(): readonly KubeObject[];
  /** Takes in what a write returned, so that the next read is never older than it. */
  observe(project: KubeObject): void;
  /** Takes in that a project was deleted. */
  observeGone(project: KubeObject): void;
  onChange(listener: (name: string) => void): Disposable;
}
