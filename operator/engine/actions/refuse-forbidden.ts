import type { ActionPlan } from '../../core/actions/action.ts';
import type { Project } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import { describeResource, idOf } from '../../core/objects/kube-object.ts';
import { permitsResource } from '../../core/project/permits.ts';
import { outsideScope } from '../../core/sync/outside-scope.ts';
import type { Cluster } from '../../ports/clusters.ts';
import { addressOf } from '../apply-object.ts';

/**
 * Errors: `NotPermitted` when the project or the scope of the cluster forbids one of the objects;
 * `KubeNotFound` when the cluster does not know its kind.
 */
export function refuseForbidden(plan: ActionPlan, cluster: Cluster, project: Project): void {
  for (const { object, operation } of plan) {
    const { resource } = addressOf(cluster, object);
    const id = idOf(object);
    const { namespaced } = resource;
    const verdict = permitsResource(project, { ...id, namespaced }, cluster);
    const outside = outsideScope([object], cluster, () => namespaced);
    const reason = verdict.type === 'refused' ? verdict.message : outside;
    if (reason === undefined) continue;
    throw new TiphysError(
      'NotPermitted',
      `${describeResource(id)}: ${operation} by a resource action refused: ${reason}`,
      { fields: { resource: describeResource(id), project: project.name } },
    );
  }
}
