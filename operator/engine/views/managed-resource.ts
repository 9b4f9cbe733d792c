import type { ComparedResource } from '../../core/app/compared-resource.ts';
import { foldStringData, normalise, type NormaliseOptions } from '../../core/diff/normalise.ts';
import { maskSecrets } from '../../core/diff/mask-secret.ts';
import { hideManifests } from '../../core/app/hide-manifests.ts';
import type { Application } from '../../core/app/types.ts';
import { canonicalJson } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { Cluster } from '../../ports/clusters.ts';
import type { AppMemory } from '../app-memory.ts';

/** One object of an Application, desired and live, as it is shown: states are JSON texts, `null` where there is none. */
export interface ManagedResource {
  readonly group?: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly targetState: string;
  readonly liveState: string;
  readonly normalizedLiveState: string;
  readonly predictedLiveState: string;
  readonly hook?: boolean;
  readonly resourceVersion?: string;
  readonly modified?: boolean;
}

/** A comparison, with what earlier ones found out. */
export interface ComparedApplication {
  readonly app: Application;
  readonly cluster: Cluster;
  readonly memory: AppMemory;
  readonly compared: readonly ComparedResource[];
}

export interface Sides {
  /** Live without what rules leave out. */
  readonly live: KubeObject | undefined;
  /** What applying would make of live, without what rules leave out. */
  readonly predicted: KubeObject | undefined;
}

export interface ShowOptions {
  readonly normalise: NormaliseOptions;
  readonly sensitiveAnnotations: readonly string[];
}

/** Values of Secrets are masked, the same value alike in all four states. */
export function showManaged(
  { id, target, live, hook, comparison }: ComparedResource,
  sides: Sides,
  options: ShowOptions,
): ManagedResource {
  const plain = (object: KubeObject | undefined): KubeObject | undefined =>
    object === undefined ? undefined : normalise(hideManifests(object), options.normalise);
  const normal = plain(sides.live);
  const isChange = comparison.type === 'different' || comparison.type === 'missing';
  const predicted = isChange ? plain(sides.predicted) : target === undefined ? undefined : normal;
  const [desired, actual, before, after] = maskSecrets(
    [
      target && foldStringData(hideManifests(target)),
      live && hideManifests(live),
      normal,
      predicted,
    ] as const,
    options.sensitiveAnnotations,
  );
  const resourceVersion = live?.metadata.resourceVersion ?? '';
  return {
    ...(id.group !== '' && { group: id.group }),
    kind: id.kind,
    ...(id.namespace !== '' && { namespace: id.namespace }),
    name: id.name,
    targetState: textOf(desired),
    liveState: textOf(actual),
    normalizedLiveState: textOf(before),
    predictedLiveState: textOf(after),
    ...(hook && { hook }),
    ...(resourceVersion !== '' && { resourceVersion }),
    ...(isChange && { modified: true }),
  };
}

const textOf = (object: KubeObject | undefined): string =>
  object === undefined ? 'null' : canonicalJson(object);
