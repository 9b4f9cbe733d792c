import { hasCode } from '../core/errors.ts';
import { isJsonObject, type JsonValue } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { ApiResource, KubeClient, ObjectAddress } from '../ports/kube-client.ts';
import type { LeaseLock, LeaseRecord, StoredLease } from '../ports/lease.ts';

export interface LeaseLockOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
}

const LEASE: ApiResource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  verbs: ['get', 'create', 'update'],
  subresources: [],
  preferred: true,
};

/** A lease kept in a `coordination.k8s.io/v1` Lease, guarded by its resourceVersion. */
export function createLeaseLock({ client, namespace, name }: LeaseLockOptions): LeaseLock {
  const address: ObjectAddress = { resource: LEASE, namespace, name };
  return {
    name: `${namespace}/${name}`,
    async get(signal) {
      const lease = await client.get(address, signal);
      return lease === undefined ? undefined : recordOf(lease);
    },
    async update(record, version, signal) {
      const lease = leaseOf(record, namespace, name, version);
      try {
        const stored =
          version === undefined
            ? await client.create(address, lease, {}, signal)
            : await client.replace(address, lease, {}, signal);
        return recordOf(stored);
      } catch (error) {
        if (hasCode(error, 'KubeConflict', 'KubeAlreadyExists', 'KubeNotFound')) return undefined;
        throw error;
      }
    },
  };
}

function recordOf(lease: KubeObject): StoredLease {
  const spec = isJsonObject(lease['spec']) ? lease['spec'] : {};
  return {
    holder: typeof spec['holderIdentity'] === 'string' ? spec['holderIdentity'] : '',
    durationMs: numberOf(spec['leaseDurationSeconds']) * 1000,
    acquiredAtMs: timeOf(spec['acquireTime']),
    renewedAtMs: timeOf(spec['renewTime']),
    transitions: numberOf(spec['leaseTransitions']),
    version: lease.metadata.resourceVersion ?? '',
  };
}

function leaseOf(
  record: LeaseRecord,
  namespace: string,
  name: string,
  version: string | undefined,
): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      namespace,
      name,
      ...(version === undefined ? {} : { resourceVersion: version }),
    },
    spec: {
      holderIdentity: record.holder,
      leaseDurationSeconds: Math.max(1, Math.ceil(record.durationMs / 1000)),
      acquireTime: microTime(record.acquiredAtMs),
      renewTime: microTime(record.renewedAtMs),
      leaseTransitions: record.transitions,
    },
  };
}

/** Kubernetes wants exactly six digits here. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

function timeOf(value: JsonValue | undefined): number {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? 0 : ms;
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}
