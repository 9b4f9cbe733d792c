import type { TypeSchema } from '../core/diff/type-schema.ts';
import type { KubeClient } from './kube-client.ts';
import type { LiveState } from './live-state.ts';

/** One cluster that applications are deployed to. */
export interface Cluster {
  /** Display name, `in-cluster` for the one Tiphys runs in. */
  readonly name: string;
  /** API URL as written in destinations, without a trailing slash. */
  readonly server: string;
  /** Set for a project-scoped cluster. */
  readonly project: string | undefined;
  /** Non-empty in namespaced mode: the only namespaces that may be managed. */
  readonly namespaces: readonly string[];
  /** Namespaced mode only: whether cluster-scoped kinds may be managed. */
  readonly clusterResources: boolean;
  /** Git version of its API server, e.g. `v1.36.3`. */
  readonly version: string;
  readonly client: KubeClient;
  readonly live: LiveState;
  readonly types: ObjectTypes;
  /** When it was listed, milliseconds since 1970. */
  readonly listedAtMs?: number;
}

/** What the API server says of the types of its objects. */
export interface ObjectTypes {
  /** The type of a kind; `undefined` when the server does not tell. Rejects only with `signal.reason`. */
  find(apiVersion: string, kind: string, signal: AbortSignal): Promise<TypeSchema | undefined>;
}

/** A cluster as it is registered, whether or not it has been reached yet. */
export interface ClusterEntry {
  readonly name: string;
  readonly server: string;
  readonly project: string | undefined;
  /** Of the Secret that registers it; empty for the implicit one. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The clusters that are registered. A cluster is connected on first use and each fails alone. */
export interface Clusters {
  readonly entries: readonly ClusterEntry[];
  /**
   * The connected, listed cluster behind a registered server URL.
   * Errors: `DestinationUnknown` when no such cluster is registered, `KubeUnreachable`,
   * `KubeUnauthorized` or `KubeForbidden` when it cannot be listed.
   */
  connect(server: string, signal: AbortSignal): Promise<Cluster>;
  /** The cluster if it is connected already; never waits. */
  connected(server: string): Cluster | undefined;
  /** Called with each cluster when it has been connected and listed, also those connected before. */
  onConnected(listener: (cluster: Cluster) => void): Disposable;
  /** Called when clusters are registered, changed or removed. The listener must not throw or wait. */
  onEntriesChanged(listener: () => void): Disposable;
}
