import {
  gvkOf,
  idOf,
  keyOf,
  type GroupVersionKind,
  type KubeObject,
  type ResourceKey,
} from '../objects/kube-object.ts';
import { track, type TrackingSettings } from '../tracking/tracking.ts';
import { hookRole } from './hooks.ts';

export interface TargetWarning {
  readonly type: 'RepeatedResourceWarning' | 'ExcludedResourceWarning';
  readonly message: string;
}

/** Desired objects ready to be compared and applied. */
export interface Targets {
  /** Ordinary objects by the key they have in the cluster, namespace and tracking mark set. */
  readonly resources: ReadonlyMap<ResourceKey, KubeObject>;
  /** Objects with a hook annotation of a known type, marked too. */
  readonly hooks: readonly KubeObject[];
  /** Objects that Git holds but that are no ordinary resources: hooks, `Skip`, tests. Never pruned. */
  readonly kept: ReadonlySet<ResourceKey>;
  readonly warnings: readonly TargetWarning[];
}

export interface PrepareOptions {
  /** Destination namespace, for namespaced objects that name none. */
  readonly namespace: string;
  readonly instance: string;
  readonly tracking: TrackingSettings;
  /** `undefined`: the cluster does not know the kind (yet); it is taken for namespaced. */
  readonly isNamespaced: (kind: GroupVersionKind) => boolean | undefined;
  /** Kinds that the settings leave alone (`resource.exclusions`): of them nothing is a target. Default: none. */
  readonly isExcluded?: ((kind: GroupVersionKind) => boolean) | undefined;
}

/**
 * Makes rendered manifests into targets: cluster-scoped objects lose a namespace, namespaced ones
 * get the destination's, each is marked as this application's, hooks are set apart, and of objects
 * with one key the last wins. Excluded kinds are left out, with a warning.
 */
export function prepareTargets(manifests: readonly KubeObject[], options: PrepareOptions): Targets {
  const resources = new Map<ResourceKey, KubeObject>();
  const hooks: KubeObject[] = [];
  const kept = new Set<ResourceKey>();
  const times = new Map<ResourceKey, number>();
  const excluded: KubeObject[] = [];
  for (const manifest of manifests) {
    if (options.isExcluded?.(gvkOf(manifest)) === true) {
      excluded.push(manifest);
      continue;
    }
    const role = hookRole(manifest).type;
    if (role !== 'resource') kept.add(keyOf(withScope(manifest, options)));
    if (role === 'skip' || role === 'ignored') continue;
    const target = track(
      withScope(manifest, options),
      options.instance,
      options.namespace,
      options.tracking,
    );
    if (role === 'hook') {
      hooks.push(target);
      continue;
    }
    const key = keyOf(target);
    times.set(key, (times.get(key) ?? 0) + 1);
    resources.delete(key); // the last one wins, also in order
    resources.set(key, target);
  }
  const warnings = [...repeated(resources, times), ...excluded.map(exclusion)];
  return { resources, hooks, kept, warnings };
}

/** Nobody watches such objects: as targets they would be missing for ever. */
function exclusion(manifest: KubeObject): TargetWarning {
  const { group, kind } = gvkOf(manifest);
  const { name = manifest.metadata['generateName'] } = manifest.metadata;
  const message = `Resource ${group}/${kind} ${String(name)} is excluded in the settings`;
  return { type: 'ExcludedResourceWarning', message };
}

function withScope(manifest: KubeObject, options: PrepareOptions): KubeObject {
  const { namespace, ...metadata } = manifest.metadata;
  if (options.isNamespaced(gvkOf(manifest)) === false)
    return namespace === undefined ? manifest : { ...manifest, metadata };
  if ((namespace ?? '') !== '' || options.namespace === '') return manifest;
  return { ...manifest, metadata: { ...metadata, namespace: options.namespace } };
}

function repeated(
  resources: ReadonlyMap<ResourceKey, KubeObject>,
  times: ReadonlyMap<ResourceKey, number>,
): TargetWarning[] {
  const warnings: TargetWarning[] = [];
  for (const [key, count] of times)
    if (count > 1 && resources.has(key))
      warnings.push({
        type: 'RepeatedResourceWarning',
        message: `Resource ${key} appeared ${count} times among application resources.`,
      });
  return warnings;
}

/** A namespaced object for which neither it nor the destination names a namespace. */
export function missingNamespace(
  targets: Targets,
  isNamespaced: PrepareOptions['isNamespaced'],
): readonly string[] {
  return [...targets.resources.values()]
    .filter((target) => (target.metadata.namespace ?? '') === '')
    .filter((target) => isNamespaced(gvkOf(target)) !== false)
    .map((target) => {
      const { group, version, kind } = gvkOf(target);
      const gvk = group === '' ? `/${version}, Kind=${kind}` : `${group}/${version}, Kind=${kind}`;
      return `Namespace for ${idOf(target).name} ${gvk} is missing.`;
    });
}
