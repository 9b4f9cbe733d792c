import type { ResourceTree } from '../core/tree/resource-tree.ts';

/** What the front side of Argo CD is told of an Application. */
export interface PublishedApplication {
  /** `name`, or `namespace_name` outside the control-plane namespace. */
  readonly instance: string;
  /** The objects desired and live as JSON texts, Secrets masked, sorted by group, kind, namespace and name. */
  readonly managed: readonly object[];
  readonly tree: ResourceTree;
}

/** What it is told of a cluster. Times are RFC 3339, or null. */
export interface PublishedCluster {
  readonly connectionState: {
    readonly status: 'Successful' | 'Failed' | 'Unknown';
    readonly message: string;
    readonly attemptedAt: string | null;
  };
  readonly serverVersion?: string;
  readonly cacheInfo: {
    readonly resourcesCount?: number;
    readonly apisCount?: number;
    readonly lastCacheSyncTime?: string;
  };
  readonly applicationsCount: number;
  readonly apiVersions?: readonly string[];
}

/**
 * Where the API server, page and CLI of Argo CD look for what its controller knows (`spec/interop.md`).
 * Rejects when it cannot be reached; nothing is kept for later.
 */
export interface FrontSide extends AsyncDisposable {
  /** How long what is told of an Application stays. */
  readonly applicationTtlMs: number;
  application(published: PublishedApplication): Promise<void>;
  cluster(server: string, published: PublishedCluster): Promise<void>;
}
