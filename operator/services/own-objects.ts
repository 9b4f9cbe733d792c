import type { KubeObject } from '../core/objects/kube-object.ts';
import { decodeText, encodeText } from '../core/objects/object-texts.ts';
import type { ApiResource, ObjectAddress } from '../ports/kube-client.ts';

/** Kinds that the control plane itself is made of. */
const OWN = {
  Secret: { group: '', version: 'v1', plural: 'secrets' },
  ConfigMap: { group: '', version: 'v1', plural: 'configmaps' },
  Event: { group: '', version: 'v1', plural: 'events' },
  AppProject: { group: 'argoproj.io', version: 'v1alpha1', plural: 'appprojects' },
} as const;

export type OwnKind = keyof typeof OWN;

/** Where an object of the control plane is; with an empty name, all of that kind. */
export function ownAddress(kind: OwnKind, namespace: string, name: string): ObjectAddress {
  const resource: ApiResource = {
    ...OWN[kind],
    kind,
    namespaced: true,
    verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'],
    subresources: [],
    preferred: true,
  };
  return { resource, namespace, name };
}

/** Text behind base64 of UTF-8; what is none is empty: whoever uses the value says what is missing. */
export function decodeBase64(base64: string): string {
  return decodeText(base64) ?? '';
}

/** A Secret that is to be written as the API server will hold it. */
export function withData(secret: KubeObject): KubeObject {
  const { stringData, ...rest } = secret as KubeObject & {
    readonly stringData?: Readonly<Record<string, string>>;
  };
  const data = Object.fromEntries(
    Object.entries(stringData ?? {}).map(([key, value]) => [key, encodeText(value)]),
  );
  return { ...rest, data } as KubeObject;
}
