import type { Requester } from '../../core/access/requester.ts';
import { instanceName } from '../../core/app/names.ts';
import { maskSecrets } from '../../core/diff/mask-secret.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { prepareTargets } from '../../core/sync/prepare-targets.ts';
import { scopeIn } from '../../engine/load-state.ts';
import type { ControlPlane } from '../control-plane.ts';
import { admittedOf, renderApplication } from './check-application.ts';
import { type ApplicationName, findApplication } from './find-application.ts';
import { askedRevisions, type SyncRequest } from './sync-application.ts';

export interface ManifestsRequest
  extends Pick<SyncRequest, 'revision' | 'revisions' | 'sourcePositions'> {
  readonly app: ApplicationName;
  /** Renders anew even what is known. */
  readonly noCache: boolean;
}

/** What an Application stands for at a revision. */
export interface ShownManifests {
  /** As they would be applied, hooks too; Secrets are masked. */
  readonly objects: readonly KubeObject[];
  readonly namespace: string;
  readonly server: string;
  /** Of the first source. */
  readonly revision: string;
  readonly sourceType: string;
  readonly commands: readonly string[];
}

/**
 * Renders an Application to look at. Errors: as `findApplication`; `InvalidRequest` when its project does not
 * permit it; those of rendering.
 */
export async function readManifests(
  controlPlane: ControlPlane,
  requester: Requester,
  { app: wanted, noCache, ...asked }: ManifestsRequest,
  signal: AbortSignal,
): Promise<ShownManifests> {
  const { ports, settings } = controlPlane;
  const options = { action: 'get' };
  const { app } = await findApplication(controlPlane, requester, wanted, options, signal);
  const wantedRevisions = askedRevisions(app, asked);
  const admitted = admittedOf(app, controlPlane);
  const how = {
    revisions: wantedRevisions.map(({ revision }) => revision),
    freshRevisions: wantedRevisions.some(({ isOther }) => isOther), // it may have been pushed just now
    freshManifests: noCache,
  };
  const { manifests, cluster } = await renderApplication(app, admitted, how, controlPlane, signal);
  const namespace = app.spec.destination.namespace ?? '';
  const { resources, hooks } = prepareTargets(manifests.objects, {
    namespace,
    instance: instanceName(app.metadata, settings.namespace),
    tracking: settings.tracking,
    isNamespaced: scopeIn(cluster),
  });
  const { sensitiveAnnotations } = ports.resources().settings;
  return {
    objects: [...resources.values(), ...hooks].map((object) => {
      const [shown] = maskSecrets([object] as const, sensitiveAnnotations);
      return shown;
    }),
    namespace,
    server: admitted.destination.server,
    revision: manifests.revisions[0] ?? '',
    sourceType: manifests.sourceTypes[0] ?? '',
    commands: manifests.commands,
  };
}
