import { appKey } from '../core/app/app-key.ts';
import type { ComparedResource } from '../core/app/compared-resource.ts';
import { parseInstanceName } from '../core/app/names.ts';
import type { Application, Project } from '../core/app/types.ts';
import { keyOf, type KubeObject, type ResourceKey } from '../core/objects/kube-object.ts';
import { findOrphans } from '../core/project/find-orphans.ts';
import { instanceOf } from '../core/tracking/tracking.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { NewCondition } from './admit.ts';
import type { EnginePorts, EngineSettings } from './ports.ts';

export interface OrphanRequest {
  readonly app: Application;
  readonly project: Project;
  readonly cluster: Cluster;
}

/**
 * How many objects stand in the destination namespace that nobody manages; `undefined` when the
 * project does not ask.
 */
export function countOrphans(
  request: OrphanRequest,
  compared: readonly ComparedResource[],
  ports: Pick<EnginePorts, 'apps'>,
  settings: EngineSettings,
): number | undefined {
  if (request.project.spec.orphanedResources === undefined) return undefined;
  const own = new Set(compared.map(({ key }) => key));
  return orphansOf(request, own, ports, settings).length;
}

/**
 * The objects in the destination namespace that nobody manages: neither this application, whose own they
 * are not, nor another one that exists. None when the project does not ask.
 */
export function orphansOf(
  { app, project, cluster }: OrphanRequest,
  own: ReadonlySet<ResourceKey>,
  ports: Pick<EnginePorts, 'apps'>,
  { tracking, namespace: home }: EngineSettings,
): readonly KubeObject[] {
  const namespace = app.spec.destination.namespace ?? '';
  if (project.spec.orphanedResources === undefined || namespace === '') return [];
  return findOrphans({
    project,
    objects: cluster.live.inNamespace(namespace),
    isManaged(object) {
      if (own.has(keyOf(object))) return true;
      const instance = instanceOf(object, tracking);
      if (instance === undefined) return false;
      const other = parseInstanceName(instance, home);
      return ports.apps.get(appKey(other.namespace, other.name)) !== undefined;
    },
  });
}

/** What `status` says of them, if the project wants that. */
export function orphanConditions(
  { spec }: Project,
  count: number | undefined,
): readonly NewCondition[] {
  if (count === undefined || count === 0 || spec.orphanedResources?.warn !== true) return [];
  const message = `Application has ${count} orphaned resources`;
  return [{ type: 'OrphanedResourceWarning', message }];
}
