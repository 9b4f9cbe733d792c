import type { JsonObject, JsonValue } from '../core/objects/json.ts';
import type { GroupKind, GroupVersionKind, KubeObject } from '../core/objects/kube-object.ts';

/** A kind as the API server serves it. */
export interface ApiResource extends GroupVersionKind {
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** Names of its subresources: `status`, `scale`, … */
  readonly subresources: readonly string[];
  /** True for the version its group prefers. */
  readonly preferred: boolean;
}

/** What one API server offers, as of one discovery. */
export interface ApiCatalogue {
  /** Every kind in every served version. */
  readonly resources: readonly ApiResource[];
  /** `group/version` and `group/version/Kind`, sorted, as Helm's `--api-versions` wants them. */
  readonly apiVersions: readonly string[];
  /** Groups whose API server did not answer: their kinds may be missing or out of date. */
  readonly incompleteGroups: ReadonlySet<string>;
  find(kind: GroupVersionKind): ApiResource | undefined;
  /** The preferred version of a kind. */
  findKind(kind: GroupKind): ApiResource | undefined;
}

/** Names one object, or with an empty name a collection. `namespace` is empty for cluster scope or all namespaces. */
export interface ObjectAddress {
  readonly resource: ApiResource;
  readonly namespace: string;
  readonly name: string;
}

export interface WriteOptions {
  readonly dryRun?: boolean;
  /** `Strict` refuses unknown fields, `Warn` and `Ignore` let them pass. Default: the server's, `Warn`. */
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
  readonly fieldManager?: string;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Take over fields that other managers own. */
  readonly force: boolean;
}

export type PatchType = 'merge' | 'json' | 'strategic';

export interface PatchOptions extends WriteOptions {
  readonly type: PatchType;
  readonly subresource?: string;
}

export type Propagation = 'Foreground' | 'Background' | 'Orphan';

export interface DeleteOptions {
  readonly propagation?: Propagation;
  /** How long the object has to end by itself; 0: it goes at once. Default: as it says itself. */
  readonly gracePeriodSeconds?: number;
  /** The delete fails with `KubeConflict` when the object has another uid by now. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly dryRun?: boolean;
}

/** What became of an object that was to be deleted. */
export type Deletion =
  /** It was gone already. */
  | { readonly type: 'absent' }
  /** It is gone now. */
  | { readonly type: 'gone' }
  /** Finalizers or a grace period hold it: the object as it stands, with `deletionTimestamp`. */
  | { readonly type: 'terminating'; readonly object: KubeObject };

export interface ListOptions {
  /** Objects per page; the server may return fewer. */
  readonly limit?: number;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only `metadata` of each object (`PartialObjectMetadata`), with the kind's own apiVersion and kind put back. */
  readonly metadataOnly?: boolean;
}

export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Set on a first page when the list had to begin again: forget the pages before it. */
  readonly restarted?: boolean;
}

/** Which part of the log of a container. */
export interface LogOptions {
  /** Empty: the only container of the Pod. */
  readonly container: string;
  /** Stays with it until the container ends. */
  readonly follow: boolean;
  /** Of the container that ran before this one. */
  readonly previous: boolean;
  /** The last so many lines. */
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
}

/** A command to run in a container, with a terminal. */
export interface ExecRequest {
  readonly container: string;
  readonly command: readonly string[];
  /** Must not throw or wait. */
  readonly onOutput: (chunk: Uint8Array) => void;
}

export interface ExecEnd {
  readonly ok: boolean;
  /** Why it ended otherwise, in the words of the API server. */
  readonly message: string;
}

/** A command that runs. Disposing cuts it off. */
export interface ExecSession extends Disposable {
  readonly ended: Promise<ExecEnd>;
  write(text: string): void;
  resize(size: { readonly rows: number; readonly columns: number }): void;
  /** No more output for now. */
  pause(): void;
  resume(): void;
}

export interface WatchOptions extends Omit<ListOptions, 'limit'> {
  readonly resourceVersion: string;
  /** The server ends the watch after this long; the watcher starts the next. */
  readonly timeoutSeconds: number;
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/**
 * Typed access to one API server, raw JSON in and out.
 *
 * Errors: `TiphysError` with a `Kube…` code (`KubeNotFound`, `KubeConflict`, `KubeGone`,
 * `KubeTooManyRequests` with `retry: {afterMs}`, `KubeInvalid`, …) whose message names the object
 * and ends in the API server's own words. Cancellation: every call rejects with `signal.reason`.
 */
export interface KubeClient {
  /** The address of the API server. */
  readonly server: string;
  /** Git version of the API server, such as `v1.36.3`. */
  version(signal: AbortSignal): Promise<string>;
  /** Asks what the API server offers (aggregated discovery, one or two requests). Not cached here. */
  discover(signal: AbortSignal): Promise<ApiCatalogue>;
  /** The OpenAPI v3 document of one group version, e.g. `apis/apps/v1` or `api/v1`. */
  openApi(groupVersionPath: string, signal: AbortSignal): Promise<JsonObject>;
  /** Resolves with `undefined` when the object does not exist. */
  get(address: ObjectAddress, signal: AbortSignal): Promise<KubeObject | undefined>;
  /** Pages through a collection; every page carries the resourceVersion of the whole list. */
  list(address: ObjectAddress, options: ListOptions, signal: AbortSignal): AsyncIterable<ListPage>;
  /** Ends when the server ends it; throws `KubeGone` when the resourceVersion is too old. */
  watch(
    address: ObjectAddress,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent>;
  /**
   * The log of a container of a Pod as bytes, every line with its time in front. A log that is followed ends
   * with the container, and after half a day at the latest.
   */
  logs(pod: ObjectAddress, options: LogOptions, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Runs a command in a container of a Pod. Errors: `KubeRejected` when it cannot be begun. */
  exec(pod: ObjectAddress, request: ExecRequest, signal: AbortSignal): Promise<ExecSession>;
  create(
    address: ObjectAddress,
    object: KubeObject,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** Replaces the object (PUT); `metadata.resourceVersion` in the object guards it. */
  replace(
    address: ObjectAddress,
    object: KubeObject,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** Server-side apply. */
  apply(
    address: ObjectAddress,
    object: KubeObject,
    options: ApplyOptions,
    signal: AbortSignal,
  ): Promise<KubeObject>;
  patch(
    address: ObjectAddress,
    patch: JsonValue,
    options: PatchOptions,
    signal: AbortSignal,
  ): Promise<KubeObject>;
  delete(address: ObjectAddress, options: DeleteOptions, signal: AbortSignal): Promise<Deletion>;
  /**
   * The same client, whose writes, dry runs and commands in Pods are judged as this user's (`Impersonate-User`);
   * reading stays as it is. The user behind the connection must be allowed to impersonate.
   */
  impersonate(user: string): KubeClient;
}
