import type { KubeObject } from '../core/objects/kube-object.ts';
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

/** The texts in `data` of a ConfigMap. */
export function textsOf(map: KubeObject | undefined): Readonly<Record<string, string>> {
  const data = map?.['data'];
  if (typeof data !== 'object' || data === null) return {};
  return Object.fromEntries(
    Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Text behind base64 of UTF-8; what is none is empty. */
export function decodeBase64(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  } catch {
    return ''; // whoever uses the value says what is missing
  }
}

/** A Secret that is to be written as the API server will hold it. */
export function withData(secret: KubeObject): KubeObject {
  const { stringData, ...rest } = secret as KubeObject & {
    readonly stringData?: Readonly<Record<string, string>>;
  };
  const encode = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const data = Object.fromEntries(
    Object.entries(stringData ?? {}).map(([key, value]) => [key, encode(value)]),
  );
  return { ...rest, data } as KubeObject;
}
