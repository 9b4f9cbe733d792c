/**
 * How policies name an Application: `project/name`, with its namespace between when that is not the
 * control plane's (`spec/api.md` 6.2).
 */
export function applicationObject(
  project: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  controlPlaneNamespace: string,
): string {
  return namespace === controlPlaneNamespace
    ? `${project}/${name}`
    : `${project}/${namespace}/${name}`;
}
