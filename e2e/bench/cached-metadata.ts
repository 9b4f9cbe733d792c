import { FIELD_MANAGER, type JsonObject, type JsonValue, type KubeObject } from 'tiphys';

/** The fields of an object beside its metadata. */
export type Made = Omit<KubeObject, 'metadata'>;

/** Objects come about at moments of their own. */
export const whenOf = (index: number): string =>
  new Date(1_790_000_000_000 + index * 7_000).toISOString().replace('.000Z', 'Z');
const uid = (prefix: string, index: number): string =>
  `${prefix}-${index.toString(16).padStart(8, '0')}-4c5d-8e9f-0a1b2c3d4e5f`;
export const nameOf = (index: number): string => `service-${String(index).padStart(6, '0')}`;
/** All that the objects stand in. */
export const NAMESPACES: readonly string[] = Array.from({ length: 200 }, (_, at) => `team-${at}`);
const namespaceOf = (index: number): string => `team-${index % NAMESPACES.length}`;
const labelsOf = (index: number): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/name': nameOf(index),
  'app.kubernetes.io/instance': `release-${index % 1000}`,
  'app.kubernetes.io/version': '1.14.2',
  'app.kubernetes.io/managed-by': 'Helm',
  'helm.sh/chart': 'service-3.2.1',
});

/** What Git holds, with our tracking mark. */
export function desiredObject(
  apiVersion: string,
  kind: string,
  index: number,
  body: Made,
): KubeObject {
  const name = nameOf(index);
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  return {
    ...body,
    apiVersion,
    kind,
    metadata: {
      name,
      namespace: namespaceOf(index),
      labels: labelsOf(index),
      annotations: {
        'argocd.argoproj.io/tracking-id': `app-${index % 1000}:${group}/${kind}:${namespaceOf(index)}/${name}`,
      },
    },
  };
}

/** With what the API server adds to every object, and the entries of its field managers. */
export function liveObject(
  object: KubeObject,
  index: number,
  more: {
    readonly annotations?: object;
    readonly generation?: number;
    readonly status?: JsonObject;
  },
  body: Made,
): KubeObject {
  const { apiVersion, kind, metadata } = object;
  const { name: _name, namespace: _namespace, ...own } = metadata;
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...spec } = object;
  const ours = entry(index, FIELD_MANAGER, 'Apply', apiVersion, { ...spec, metadata: own });
  const others =
    more.status === undefined
      ? []
      : [
          {
            ...entry(index, 'kube-controller-manager', 'Update', apiVersion, {
              status: more.status,
            }),
            subresource: 'status',
          },
        ];
  return {
    ...body,
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, ...more.annotations } as Record<string, string>,
      uid: uid(kind.toLowerCase().slice(0, 4), index),
      resourceVersion: String(100_000 + index),
      creationTimestamp: whenOf(index),
      ...(more.generation === undefined ? {} : { generation: more.generation }),
      managedFields: [ours, ...others],
    },
    ...(more.status === undefined ? {} : { status: more.status }),
  };
}

const entry = (
  index: number,
  manager: string,
  operation: string,
  apiVersion: string,
  value: JsonObject,
) => ({
  manager,
  operation,
  apiVersion,
  time: whenOf(index),
  fieldsType: 'FieldsV1',
  fieldsV1: fieldsOf(value) as JsonObject,
});

/** The field set of a value: lists of named items by their name, other lists whole. */
function fieldsOf(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    const items = value as readonly JsonObject[];
    const key = ['name', 'containerPort', 'port', 'type'].find((field) =>
      items.every((item) => typeof item === 'object' && item[field] !== undefined),
    );
    if (key === undefined) return {};
    return Object.fromEntries(
      items.map((item) => [
        `k:${JSON.stringify({ [key]: item[key], ...(key.endsWith('ort') ? { protocol: item['protocol'] ?? 'TCP' } : {}) })}`,
        { '.': {}, ...(fieldsOf(item) as JsonObject) },
      ]),
    );
  }
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [`f:${name}`, fieldsOf(member ?? null)]),
  );
}

/** Made by a controller, for a Deployment. */
export function owned(
  apiVersion: string,
  kind: string,
  index: number,
  owner: string,
  body: Made,
): KubeObject {
  const suffix = (index * 2_654_435_761).toString(36).slice(-5);
  const { spec, status } = body as { readonly spec: JsonObject; readonly status: JsonObject };
  const labels = {
    'app.kubernetes.io/name': nameOf(index),
    'pod-template-hash': `5d4f8c${index % 10}7b`,
  };
  return {
    ...body,
    apiVersion,
    kind,
    metadata: {
      name: `${nameOf(index)}-5d4f8c${index % 10}7b-${suffix}`,
      namespace: namespaceOf(index),
      labels,
      uid: uid(kind.toLowerCase().slice(0, 4), index),
      resourceVersion: String(100_000 + index),
      creationTimestamp: whenOf(index),
      generation: 1,
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: owner,
          name: nameOf(index),
          uid: uid(owner.toLowerCase().slice(0, 4), index),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: [
        entry(index, 'kube-controller-manager', 'Update', apiVersion, {
          spec,
          metadata: { labels },
        }),
        { ...entry(index, 'kubelet', 'Update', apiVersion, { status }), subresource: 'status' },
      ],
    },
  };
}
