/** `namespace/name` of an Application. */
export type AppKey = string & { readonly __brand: 'AppKey' };

/** The one maker of `AppKey`s. */
export function appKey(namespace: string, name: string): AppKey {
  return `${namespace}/${name}` as AppKey;
}
