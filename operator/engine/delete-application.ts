import type { Application, Project } from '../core/app/types.ts';
import { deleteObject } from './delete-object.ts';
import { groupOf, idOf, type KubeObject } from '../core/objects/kube-object.ts';
import { permitsResource } from '../core/project/permits.ts';
import { parseSyncOptions, permissionOf } from '../core/sync/options.ts';
import { waveOf } from '../core/sync/order.ts';
import { isOwnOf } from '../core/tracking/tracking.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { Propagation } from '../ports/kube-client.ts';
import { mapLimit } from '../runtime/map-limit.ts';
import { addressOf } from './apply-object.ts';
import type { EngineSettings } from './ports.ts';

/** What a cascading deletion does next. */
export type DeletionStep =
  | { readonly type: 'delete'; readonly objects: readonly KubeObject[] }
  | { readonly type: 'wait'; readonly message: string }
  | { readonly type: 'done' };

export interface DeletionInput {
  readonly app: Application;
  /** Objects with this application's mark. */
  readonly live: readonly KubeObject[];
  readonly isOwn: (object: KubeObject) => boolean;
  readonly parseTime: (text: string) => number;
}

/**
 * The next step of a cascade: the objects of the highest wave, once those of higher waves are gone.
 * Pure. Never names a CRD, an object marked to be kept, or one whose mark names another object.
 */
export function nextDeletion({ app, live, isOwn, parseTime }: DeletionInput): DeletionStep {
  const options = parseSyncOptions(app.spec.syncPolicy?.syncOptions);
  const own = live.filter(isOwn);
  // Also one that is to be kept, and that somebody else deletes.
  const going = own.filter((object) => object.metadata.deletionTimestamp !== undefined);
  if (going.length > 0) return { type: 'wait', message: describeGoing(going) };
  const deletable = own.filter(
    (object) => isDeletable(object) && permissionOf('Delete', object, options.delete) !== 'no',
  );
  if (deletable.length === 0) return { type: 'done' };
  const confirm = deletable.find((o) => permissionOf('Delete', o, options.delete) === 'confirm');
  const approved = app.metadata.annotations['argocd.argoproj.io/deletion-approved'];
  const since = app.metadata.deletionTimestamp ?? '';
  if (confirm !== undefined && !(approved !== undefined && parseTime(approved) >= parseTime(since)))
    return {
      type: 'wait',
      message: `waiting for approval to delete ${confirm.kind}/${confirm.metadata.name ?? ''}: set the annotation argocd.argoproj.io/deletion-approved to the current time`,
    };
  const wave = Math.max(...deletable.map(waveOf));
  return { type: 'delete', objects: deletable.filter((object) => waveOf(object) === wave) };
}

function describeGoing(going: readonly KubeObject[]): string {
  const [first] = going;
  const name = `${first?.kind ?? ''}/${first?.metadata.name ?? ''}`;
  const held = first?.metadata.finalizers?.join(', ') ?? '';
  const by = held === '' ? '' : ` (held by finalizers: ${held})`;
  const more = going.length > 1 ? ` and ${going.length - 1} more` : '';
  return `waiting for the deletion of ${name}${by}${more}`;
}

function isDeletable(object: KubeObject): boolean {
  const group = groupOf(object.apiVersion);
  if (object.kind === 'CustomResourceDefinition' && group === 'apiextensions.k8s.io') return false;
  return object.metadata.annotations?.['helm.sh/resource-policy'] !== 'keep';
}

export interface DeletionRequest {
  readonly app: Application;
  readonly instance: string;
  readonly project: Project;
  readonly cluster: Cluster;
  readonly settings: EngineSettings;
  readonly propagation: Propagation;
}

/** One pass of a cascading deletion. Errors: what the API server says of the first delete that fails. */
export async function deletePass(
  request: DeletionRequest,
  signal: AbortSignal,
): Promise<DeletionStep> {
  const { app, cluster, instance, settings } = request;
  const { delete: inherited } = parseSyncOptions(app.spec.syncPolicy?.syncOptions);
  const permission = (object: KubeObject) => permissionOf('Delete', object, inherited);
  const isOwn = (object: KubeObject) => isOwnOf(instance, object, settings.tracking);
  const live = cluster.live.tracked(instance).filter((object) => isManaged(request, object));
  const step = nextDeletion({
    app,
    live,
    isOwn,
    parseTime: Date.parse,
  });
  if (step.type !== 'delete') return step;
  await mapLimit(
    step.objects,
    settings.applyParallelism,
    async (object, stop) => {
      const { propagation } = request;
      const mayGo = (now: KubeObject): boolean =>
        isOwn(now) && isDeletable(now) && permission(now) === permission(object);
      const remove = { live: object, propagation, mayGo };
      await deleteObject(cluster, addressOf(cluster, object), remove, stop);
    },
    signal,
  );
  return step;
}

function isManaged({ app, project, cluster }: DeletionRequest, object: KubeObject): boolean {
  if (object.kind === 'Application' && object.metadata.uid === app.metadata.uid) return false;
  const id = idOf(object);
  const namespaced = cluster.live.catalogue.findKind(id)?.namespaced ?? id.namespace !== '';
  const destination = { server: cluster.server, name: cluster.name };
  return permitsResource(project, { ...id, namespaced }, destination).type === 'permitted';
}
