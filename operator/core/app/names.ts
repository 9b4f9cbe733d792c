import { compileGlob } from '../glob.ts';
import type { ApplicationMeta } from './types.ts';

/** The name in tracking marks and caches: bare in the control-plane namespace, else `namespace_name`. */
export function instanceName(
  meta: Pick<ApplicationMeta, 'name' | 'namespace'>,
  controlPlaneNamespace: string,
): string {
  return meta.namespace === controlPlaneNamespace ? meta.name : `${meta.namespace}_${meta.name}`;
}

/** `namespace` and `name` of the Application behind an instance name. */
export function parseInstanceName(
  instance: string,
  controlPlaneNamespace: string,
): { readonly namespace: string; readonly name: string } {
  const split = instance.indexOf('_');
  if (split < 0) return { namespace: controlPlaneNamespace, name: instance };
  return { namespace: instance.slice(0, split), name: instance.slice(split + 1) };
}

const SKIP_RECONCILE = 'argocd.argoproj.io/skip-reconcile';
const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

/** Whether this operator works on an Application at all, even one that cannot be parsed: its namespace is ours, and nobody asked to skip it. */
export function isProcessed(
  { metadata }: { readonly metadata: Partial<Pick<ApplicationMeta, 'namespace' | 'annotations'>> },
  settings: { readonly namespace: string; readonly applicationNamespaces: readonly string[] },
): boolean {
  if (TRUE.has(metadata.annotations?.[SKIP_RECONCILE] ?? '')) return false;
  return isApplicationNamespace(metadata.namespace ?? '', settings);
}

/** Whether Applications of a namespace count: the control plane's, and those that it was told of. */
export function isApplicationNamespace(
  namespace: string,
  settings: { readonly namespace: string; readonly applicationNamespaces: readonly string[] },
): boolean {
  return (
    namespace === settings.namespace ||
    settings.applicationNamespaces.some((pattern) => matchesNamespace(pattern, namespace))
  );
}

/** A namespace pattern is a glob, or a regular expression between slashes. */
export function matchesNamespace(pattern: string, namespace: string): boolean {
  if (pattern.length > 2 && pattern.startsWith('/') && pattern.endsWith('/')) {
    try {
      return new RegExp(pattern.slice(1, -1)).test(namespace);
    } catch {
      return false; // a pattern that is no regular expression permits nothing
    }
  }
  return compileGlob(pattern)(namespace);
}
