import { signatureCriteria } from '../core/signatures/criteria.ts';
import { generatePathsOf } from '../core/webhook/affected.ts';
import { gvkOf, idOf, keyOf, type KubeObject } from '../core/objects/kube-object.ts';
import { instanceName } from '../core/app/names.ts';
import type { Application, ApplicationSource, Project } from '../core/app/types.ts';
import { permitsResource } from '../core/project/permits.ts';
import {
  type DeletionHooksStep,
  deletionRun,
  hooksToCleanUp,
  isOfPhase,
  nameOf,
  nextDeletionHooks,
  readRetryAt,
} from '../core/sync/deletion-hooks.ts';
import { hookDeadline } from '../core/sync/hook-deadline.ts';
import type { DeletionPhase } from '../core/sync/hooks.ts';
import { parseSyncOptions } from '../core/sync/options.ts';
import { outsideScope } from '../core/sync/outside-scope.ts';
import { prepareTargets } from '../core/sync/prepare-targets.ts';
import { TiphysError, toTiphysError } from '../core/errors.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { ManifestRequest, Manifests } from '../ports/manifest-source.ts';
import type { Aside } from '../runtime/places.ts';
import { applyObject } from './apply-object.ts';
import type { HealthJudge } from './health-judge.ts';
import { scopeIn } from './load-state.ts';
import type { EnginePorts, EngineSettings } from './ports.ts';
import { releaseHooks, removeHook } from './release-hooks.ts';
import { formatTime } from './run-sync-pass.ts';
import { stopHook } from './stop-overdue-hooks.ts';

export interface DeletionHooksRequest {
  readonly app: Application;
  readonly project: Project;
  readonly cluster: Cluster;
  readonly sources: readonly ApplicationSource[];
  readonly health: HealthJudge;
  readonly aside: Aside;
  readonly phase: DeletionPhase;
}

type Standing = Omit<DeletionHooksRequest, 'sources' | 'health' | 'aside'>;

/**
 * One pass over the hooks before or after a deletion: renders, looks how they stand, and does the next
 * thing. Errors: those of `ManifestSource`; `NotPermitted` for a hook that the project does not permit;
 * what the API server says of a write.
 */
export async function runDeletionHooks(
  request: DeletionHooksRequest,
  ports: EnginePorts,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<DeletionHooksStep> {
  const { phase } = request;
  let step = await decide(request, false, ports, settings, signal);
  // What is made is what Git says at that moment: somebody may just have mended it.
  if (step.type === 'run' && step.make.length > 0)
    step = await decide(request, true, ports, settings, signal);
  if (step.type === 'failed')
    for (const hook of step.overdue) await stopHook(request.cluster, hook, signal);
  if (step.type !== 'run') return step;
  await removeHooks(request, step.clear, signal);
  for (const hook of step.make) await makeHook(request, hook, ports, settings, signal);
  const [first] = [...step.clear, ...step.make];
  const what = step.make.length > 0 ? 'completion' : 'deletion';
  const name = first === undefined ? '' : nameOf(first);
  return { type: 'wait', message: `waiting for ${what} of ${phase} hook ${name}` };
}

async function decide(
  request: DeletionHooksRequest,
  freshRevisions: boolean,
  ports: EnginePorts,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<DeletionHooksStep> {
  const { app, cluster, health, phase } = request;
  const { objects } = await request.aside(() =>
    manifestsOf(request, freshRevisions, ports, settings, signal),
  );
  const { hooks } = prepareTargets(objects, {
    namespace: app.spec.destination.namespace ?? '',
    instance: instanceName(app.metadata, settings.namespace),
    tracking: settings.tracking,
    isNamespaced: scopeIn(cluster),
  });
  const wanted = hooks.filter((hook) => isOfPhase(hook, phase));
  refuseForbidden(request, wanted);
  await cluster.live.ensure(wanted.map(idOf), signal);
  const marked = cluster.live.tracked(instanceName(app.metadata, settings.namespace));
  const standing = wanted.flatMap((hook) => cluster.live.get(keyOf(hook)) ?? []);
  await health.prepare(
    [...standing, ...marked.filter((object) => isOfPhase(object, phase))],
    signal,
  );
  return nextDeletionHooks({
    phase,
    hooks: wanted,
    deletedAtMs: deletedAtMs(app),
    live: (key) => cluster.live.get(key),
    health: health.of,
    nowMs: ports.clock.now(),
    hookDeadlineMs: settings.hookDeadlineMs,
    toldRetryAtMs: toldRetryAt(app, phase),
    parseTime: Date.parse,
    formatTime,
  });
}

/**
 * Takes away what the hooks of a deletion left behind, as their policies say, and lets the rest be.
 * Resolves with what is waited for, `undefined` when all is done.
 */
export async function cleanUpHooks(
  request: Standing,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { app, cluster, phase } = request;
  const live = cluster.live.tracked(instanceName(app.metadata, settings.namespace));
  const { remove, release } = hooksToCleanUp(live, deletionRun(phase, deletedAtMs(app)));
  await releaseHooks(cluster, release, signal);
  await removeHooks(request, remove, signal);
  const [first] = remove;
  return first && `waiting for the deletion of ${phase} hook ${nameOf(first)}`;
}

/** What it says now, so that a mended hook is taken; where that cannot be had, what was compared last. */
async function manifestsOf(
  { app, cluster, project, sources }: DeletionHooksRequest,
  freshRevisions: boolean,
  ports: EnginePorts,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<Manifests> {
  const request: ManifestRequest = {
    sources,
    revisions: sources.map(() => ''),
    signatures: sources.map((source) => signatureCriteria(project, source)),
    ...generatePathsOf(app.metadata.annotations),
    instance: instanceName(app.metadata, settings.namespace),
    appName: app.metadata.name,
    project: project.name,
    namespace: app.spec.destination.namespace ?? '',
    kubeVersion: cluster.version,
    apiVersions: cluster.live.catalogue.apiVersions,
    freshRevisions,
    freshManifests: false,
  };
  try {
    return await ports.manifests.manifests(request, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { revision = '', revisions = [revision] } = app.status.sync ?? {};
    const isKnown = revisions.length === sources.length && revisions.every((one) => one !== '');
    if (!isKnown) throw error;
    ports.logger.debug(
      { app: app.metadata.name, err: toTiphysError(error) },
      'hooks of a deletion are rendered from the revision that was compared last',
    );
    try {
      return await ports.manifests.manifests({ ...request, revisions }, signal);
    } catch {
      signal.throwIfAborted();
      throw error; // the newer one is what a person can mend
    }
  }
}

function refuseForbidden({ cluster, project }: DeletionHooksRequest, hooks: readonly KubeObject[]) {
  const outside = outsideScope(hooks, cluster, scopeIn(cluster));
  if (outside !== undefined) throw new TiphysError('NotPermitted', outside);
  for (const hook of hooks) {
    const deadline = hookDeadline(hook, 0);
    if (deadline.type === 'invalid') throw new TiphysError('InvalidSpec', deadline.message);
    const namespaced = scopeIn(cluster)(gvkOf(hook)) ?? true;
    const verdict = permitsResource(project, { ...idOf(hook), namespaced }, cluster);
    if (verdict.type === 'refused')
      throw new TiphysError('NotPermitted', `hook ${nameOf(hook)}: ${verdict.message}`);
  }
}

async function makeHook(
  { app, cluster }: DeletionHooksRequest,
  target: KubeObject,
  { clock }: EnginePorts,
  { fieldManager }: EngineSettings,
  signal: AbortSignal,
): Promise<void> {
  const options = parseSyncOptions(app.spec.syncPolicy?.syncOptions);
  const live = cluster.live.get(keyOf(target));
  await applyObject(cluster, { target, live, options, fieldManager, dryRun: false, clock }, signal);
}

async function removeHooks(
  { app, cluster }: Standing,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  const { propagation } = parseSyncOptions(app.spec.syncPolicy?.syncOptions);
  for (const object of objects) await removeHook(cluster, object, propagation, signal);
}

const deletedAtMs = ({ metadata }: Application): number =>
  Date.parse(metadata.deletionTimestamp ?? '');

function toldRetryAt({ status }: Application, phase: DeletionPhase): number | undefined {
  const told = (status.conditions ?? []).flatMap(({ type, message }) =>
    type === 'DeletionError' ? (readRetryAt(message, phase) ?? []) : [],
  );
  const atMs = Date.parse(told[0] ?? '');
  return Number.isNaN(atMs) ? undefined : atMs;
}
