import type { ComparedResource } from '../core/app/compared-resource.ts';
import { generatePathsOf } from '../core/webhook/affected.ts';
import type { Application, ApplicationSource, Project } from '../core/app/types.ts';
import { describeResource, type GroupVersionKind } from '../core/objects/kube-object.ts';
import { TiphysError } from '../core/errors.ts';
import { signatureCriteria } from '../core/signatures/criteria.ts';
import { missingNamespace, prepareTargets, type Targets } from '../core/sync/prepare-targets.ts';
import { parseLocalManifests } from '../core/sync/local-manifests.ts';
import { outsideScope } from '../core/sync/outside-scope.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { ManifestRequest, Manifests } from '../ports/manifest-source.ts';
import { noAside, type Aside } from '../runtime/places.ts';
import type { NewCondition } from './admit.ts';
import type { AppMemory } from './app-memory.ts';
import { compareApplication } from './compare-application.ts';
import type { HealthJudge } from './health-judge.ts';
import { heldConditions, holdBack } from './hold-back.ts';
import type { EnginePorts, EngineSettings } from './ports.ts';

export interface LoadRequest {
  readonly app: Application;
  readonly instance: string;
  readonly project: Project;
  readonly cluster: Cluster;
  readonly sources: readonly ApplicationSource[];
  /** One for each source; empty texts are resolved. */
  readonly revisions: readonly string[];
  /** Instead of what the sources say, where the operation brings them and may. */
  readonly localManifests: readonly string[] | undefined;
  readonly freshRevisions: boolean;
  readonly freshManifests: boolean;
  readonly memory: AppMemory;
  readonly health: HealthJudge;
  /** For resolving and rendering; default: they are just awaited. */
  readonly aside?: Aside;
}

/** Desired and live state, side by side. */
export interface LoadedState {
  readonly manifests: Manifests;
  readonly targets: Targets;
  readonly compared: readonly ComparedResource[];
  readonly conditions: readonly NewCondition[];
}

/**
 * Renders and compares. Errors: those of `ManifestSource`, and of the cluster; `NotPermitted` for
 * objects outside of the namespaces that its secret lists.
 */
export async function loadState(
  request: LoadRequest,
  ports: EnginePorts,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<LoadedState> {
  const { aside = noAside } = request;
  const manifests = await aside(() => desiredOf(request, ports, signal));
  const targets = targetsOf(request, manifests, settings);
  refuseOutside(targets, request.cluster);
  const compared = await compareTargets(request, targets, ports, settings, signal);
  const { destination } = request.app.spec;
  const scope = scopeIn(request.cluster);
  const conditions: NewCondition[] = [
    ...targets.warnings,
    ...sharedWarnings(request.app, compared, settings),
    ...heldConditions(compared),
    ...ruleWarnings(compared),
    ...((destination.namespace ?? '') === ''
      ? missingNamespace(targets, scope).map((message) => ({ type: 'InvalidSpecError', message }))
      : []),
  ];
  return { manifests, targets, compared, conditions };
}

/** The revisions of Git are resolved for local manifests too, for the status tells of them. */
async function desiredOf(
  request: LoadRequest,
  ports: EnginePorts,
  signal: AbortSignal,
): Promise<Manifests> {
  const rendered = await ports.manifests.manifests(manifestRequest(request), signal);
  if (request.localManifests === undefined) return rendered;
  return { ...rendered, objects: parseLocalManifests(request.localManifests) };
}

/** Compares once more, e.g. after a sync wrote; costs nothing for objects that did not change. */
export async function compareTargets(
  request: LoadRequest,
  targets: Targets,
  ports: EnginePorts,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<readonly ComparedResource[]> {
  const { app, instance, project, cluster, memory, health } = request;
  const compared = await compareApplication(
    { app, instance, project, cluster, targets, ports, settings, health, memory: memory.compare },
    signal,
  );
  return holdBack(compared, { app, cluster, memory: memory.heals }, ports, settings, signal);
}

/** What the manifests of an application depend on. */
export function manifestRequest(
  request: Omit<LoadRequest, 'localManifests' | 'memory' | 'health'>,
): ManifestRequest {
  const { app, cluster } = request;
  return {
    sources: request.sources,
    revisions: request.revisions,
    signatures: request.sources.map((source) => signatureCriteria(request.project, source)),
    ...generatePathsOf(app.metadata.annotations),
    instance: request.instance,
    appName: app.metadata.name,
    project: request.project.name,
    namespace: app.spec.destination.namespace ?? '',
    kubeVersion: cluster.version,
    apiVersions: cluster.live.catalogue.apiVersions,
    freshRevisions: request.freshRevisions,
    freshManifests: request.freshManifests,
  };
}

/** Prepared once per set of manifests, so that comparing sees the same objects again. */
function targetsOf(request: LoadRequest, manifests: Manifests, settings: EngineSettings): Targets {
  const { memory, cluster, app, instance } = request;
  const namespace = app.spec.destination.namespace ?? '';
  const catalogue = cluster.live.catalogue;
  const known = memory.prepared;
  if (
    known !== undefined &&
    known.manifests === manifests.objects &&
    known.catalogue === catalogue &&
    known.namespace === namespace
  )
    return known.targets;
  const targets = prepareTargets(manifests.objects, {
    namespace,
    instance,
    tracking: settings.tracking,
    isNamespaced: scopeIn(cluster),
    isExcluded: cluster.live.isExcluded,
  });
  memory.prepared = { manifests: manifests.objects, catalogue, namespace, targets };
  return targets;
}

function refuseOutside({ resources, hooks }: Targets, cluster: Cluster): void {
  const refusal = outsideScope([...resources.values(), ...hooks], cluster, scopeIn(cluster));
  if (refusal === undefined) return;
  throw new TiphysError('NotPermitted', refusal, {
    hint: 'Extend `namespaces` or `clusterResources` of the cluster secret, or deploy elsewhere.',
    fields: { cluster: cluster.server },
  });
}

/** Whether the cluster takes a kind for namespaced; `undefined`: it does not know it. */
export function scopeIn(cluster: Cluster): (kind: GroupVersionKind) => boolean | undefined {
  const { catalogue } = cluster.live;
  return (kind) => (catalogue.find(kind) ?? catalogue.findKind(kind))?.namespaced;
}

/** One for each rule that does not work, as it may be about any number of objects. */
function ruleWarnings(compared: readonly ComparedResource[]): NewCondition[] {
  const failing = compared.filter(({ ruleFailure }) => ruleFailure !== undefined);
  return [...Map.groupBy(failing, ({ ruleFailure }) => ruleFailure)].map(([failure, objects]) => {
    const named = objects.slice(0, NAMED_OBJECTS).map(({ id }) => describeResource(id));
    const more = objects.length - named.length;
    const who = `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    return {
      type: 'IgnoreDifferencesWarning',
      message: `${who}: ${failure}; what differs has the sync status Unknown and is not healed`,
    };
  });
}

const NAMED_OBJECTS = 3;

function sharedWarnings(
  app: Application,
  compared: readonly ComparedResource[],
  settings: EngineSettings,
): NewCondition[] {
  const own = `${app.metadata.namespace}/${app.metadata.name}`;
  return compared.flatMap(({ sharedWith, target, id }) => {
    if (sharedWith === undefined || target === undefined) return [];
    const other = sharedWith.includes('_')
      ? sharedWith.replace('_', '/')
      : `${settings.namespace}/${sharedWith}`;
    return {
      type: 'SharedResourceWarning',
      message: `${id.kind}/${id.name} is part of applications ${own} and ${other}`,
    };
  });
}
