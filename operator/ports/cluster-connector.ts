import type { KubeObject } from '../core/objects/kube-object.ts';
import type { KubeClient } from './kube-client.ts';

/**
 * A client for the cluster that a Secret describes, stored or not; the caller disposes it. Errors:
 * `InvalidConfig` when it cannot be used.
 */
export type ClusterConnector = (secret: KubeObject) => KubeClient & AsyncDisposable;
