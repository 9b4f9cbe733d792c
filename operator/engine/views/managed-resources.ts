import type { ComparedResource } from '../../core/app/compared-resource.ts';
import { uncomparedPart } from '../../core/app/compared-spec.ts';
import { instanceName } from '../../core/app/names.ts';
import { sourcesOf } from '../../core/app/sources.ts';
import type { Application, Project } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import { mapLimit } from '../../runtime/map-limit.ts';
import { actAs } from '../act-as.ts';
import { admit } from '../admit.ts';
import type { AppMemory } from '../app-memory.ts';
import { compareOptionsFor } from '../compare-application.ts';
import type { HealthJudge } from '../health-judge.ts';
import { findIgnored, ignoredOf, rulesFor } from '../leave-out-ignored.ts';
import { loadState } from '../load-state.ts';
import type { EnginePorts, EngineSettings } from '../ports.ts';
import {
  type ComparedApplication,
  type ManagedResource,
  showManaged,
  type Sides,
} from './managed-resource.ts';
import { askPrediction, predictLocally, type Predictions } from './predict-live.ts';

export interface CompareDeps {
  readonly ports: EnginePorts;
  readonly settings: EngineSettings;
  readonly health: HealthJudge;
}

/**
 * Compares an Application as it was compared last: at the revisions of its status, unless its sources are
 * others by now. Errors: `NotPossibleNow` with every reason why it may not be compared, and those of
 * `ManifestSource` and of the cluster.
 */
export async function compareForView(
  app: Application,
  { memory, ports, settings, health }: CompareDeps & { readonly memory: AppMemory },
  signal: AbortSignal,
): Promise<ComparedApplication & { readonly project: Project }> {
  const admission = admit(app, ports, settings);
  if (admission.type === 'refused')
    throw new TiphysError(
      'NotPossibleNow',
      admission.conditions.map(({ message }) => message).join('; '),
    );
  const { project, sources, destination } = admission;
  const connected = await ports.clusters.connect(destination.server, signal);
  const { cluster } = actAs(connected, app, project, ports);
  const request = {
    ...{ app, project, cluster, sources, memory, health },
    instance: instanceName(app.metadata, settings.namespace),
    revisions: revisionsOf(app),
    localManifests: undefined,
    freshRevisions: false,
    freshManifests: false,
  };
  const { compared } = await loadState(request, ports, settings, signal);
  return { app, cluster, memory, compared, project };
}

function revisionsOf(app: Application): readonly string[] {
  const { revision, revisions, comparedTo } = app.status.sync ?? {};
  const isKnown = uncomparedPart(app.spec, comparedTo) !== 'source';
  const known = isKnown ? (revisions ?? [revision ?? '']) : [];
  return sourcesOf(app.spec).map((_source, index) => known[index] ?? '');
}

/** What the API server said earlier, where it is asked what applying would do; `local`: it is worked out here. */
export type Foresight = Predictions | 'local';

/** The objects of a comparison as they are shown, sorted by group, kind, namespace and name. */
export async function showCompared(
  comparison: ComparedApplication,
  { ports, settings, foresight }: Omit<CompareDeps, 'health'> & { readonly foresight: Foresight },
  signal: AbortSignal,
): Promise<readonly ManagedResource[]> {
  const { app, cluster, memory, compared } = comparison;
  const { fieldManager, applyParallelism } = settings;
  const { sensitiveAnnotations } = ports.resources().settings;
  const shown = await mapLimit(
    compared,
    applyParallelism,
    async (resource, stop) => {
      const options = compareOptionsFor(resource.id, settings, ports.resources());
      const sides = await sidesOf(resource, stop);
      return showManaged(resource, sides, { normalise: options, sensitiveAnnotations });
    },
    signal,
  );
  return shown;

  async function sidesOf(resource: ComparedResource, stop: AbortSignal): Promise<Sides> {
    const { key, target, live } = resource;
    const { ignored } = memory.compare;
    const rules = rulesFor(
      key,
      app.spec.ignoreDifferences ?? undefined,
      ports.resources(),
      ignored,
    );
    const predicted = await predictionOf(resource, stop);
    if (predicted !== undefined && predicted !== target)
      await findIgnored([{ object: predicted, rules }], ports, ignored, stop);
    return {
      live: live && ignoredOf(live, rules, ignored).object,
      predicted: predicted && ignoredOf(predicted, rules, ignored).object,
    };
  }

  async function predictionOf(resource: ComparedResource, stop: AbortSignal) {
    const { target, live, comparison: verdict } = resource;
    if (target === undefined || live === undefined) return target;
    if (verdict.type !== 'different') return undefined;
    if (foresight === 'local') return predictLocally(target, live, fieldManager);
    const { namespace, name, uid } = app.metadata;
    const asking = { cluster, fieldManager, predictions: foresight };
    return await askPrediction(resource, { ...asking, app: `${namespace}/${name} ${uid}` }, stop);
  }
}
