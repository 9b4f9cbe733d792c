import type { ComparedResource } from '../core/app/compared-resource.ts';
import type { Application, Project } from '../core/app/types.ts';
import {
  compareObject,
  type CompareOptions,
  type Comparison,
} from '../core/diff/compare-object.ts';
import type { IgnoreRules } from '../core/diff/ignore-rules.ts';
import { lastAppliedOf } from '../core/diff/last-applied.ts';
import {
  idOf,
  keyOf,
  parseResourceKey,
  type GroupKind,
  type KubeObject,
  type ResourceKey,
} from '../core/objects/kube-object.ts';
import { permitsResource } from '../core/project/permits.ts';
import type { KindSettings, SettingsView } from '../core/settings/settings-view.ts';
import { parseSyncOptions } from '../core/sync/options.ts';
import { isHook } from '../core/sync/hooks.ts';
import type { Targets } from '../core/sync/prepare-targets.ts';
import { isSelfReferenced, markOf } from '../core/tracking/tracking.ts';
import type { Cluster } from '../ports/clusters.ts';
import { mapLimit } from '../runtime/map-limit.ts';
import { askServer, type AskOptions, type ServerVerdict } from './ask-server.ts';
import type { HealthJudge } from './health-judge.ts';
import {
  createIgnoreMemory,
  findIgnored,
  ignoredOf,
  rulesFor,
  type IgnoreMemory,
} from './leave-out-ignored.ts';
import { DESCENDANT_KINDS } from './live-tree.ts';
import type { EnginePorts, EngineSettings } from './ports.ts';

/** What earlier comparisons of one application found out; lost without harm. */
export interface CompareMemory {
  readonly local: Map<ResourceKey, LocalVerdict>;
  readonly server: Map<ResourceKey, ServerVerdict>;
  readonly ignored: IgnoreMemory;
}

interface LocalVerdict {
  readonly target: KubeObject;
  readonly live: KubeObject;
  readonly rules: IgnoreRules;
  readonly kind: KindSettings;
  readonly comparison: Comparison;
  readonly owned: boolean;
}

export function createCompareMemory(): CompareMemory {
  return { local: new Map(), server: new Map(), ignored: createIgnoreMemory() };
}

export interface CompareRequest {
  readonly app: Application;
  readonly instance: string;
  readonly project: Project;
  readonly cluster: Cluster;
  readonly targets: Targets;
  readonly settings: EngineSettings;
  readonly ports: Pick<EnginePorts, 'scripts' | 'resources' | 'metrics' | 'clock'>;
  readonly health: HealthJudge;
  readonly memory: CompareMemory;
}

/**
 * Compares every object that Git wants or that carries this application's mark, without the parts
 * that rules leave out. Equal is decided locally; a suspected difference costs one dry-run apply, and
 * is remembered for as long as neither side changes. Errors: `KubeUnreachable` and the like; an
 * object that the API server would reject is simply different.
 */
export async function compareApplication(
  request: CompareRequest,
  signal: AbortSignal,
): Promise<readonly ComparedResource[]> {
  const { cluster, targets, instance } = request;
  await cluster.live.ensure(kindsOf(request), signal);
  const keys = new Set(targets.resources.keys());
  for (const live of cluster.live.tracked(instance)) keys.add(keyOf(live));
  await prepare(request, keys, signal);
  const ask = askOptions(request);
  const resources: ComparedResource[] = [];
  const suspects: ComparedResource[] = [];
  for (const key of keys) {
    const resource = compareLocally(request, key);
    if (resource === undefined) continue;
    if (isSuspect(resource, ask)) suspects.push(resource);
    else resources.push(resource);
  }
  forget(request.memory, keys);
  const settled = await mapLimit(
    suspects,
    request.settings.applyParallelism,
    (suspect, stop) => askServer(suspect, rulesOf(request, suspect.key), ask, stop),
    signal,
  );
  return [...resources, ...settled].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** What only programs can tell is found out first, for all objects at once. */
async function prepare(
  request: CompareRequest,
  keys: ReadonlySet<ResourceKey>,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, targets, ports, memory, health } = request;
  const live = [...keys].flatMap((key) => cluster.live.get(key) ?? []);
  await health.prepare(live, signal);
  const wanted = [...keys].flatMap((key) => {
    const rules = rulesOf(request, key);
    const sides = [targets.resources.get(key), cluster.live.get(key)];
    return sides.flatMap((object) => (object === undefined ? [] : [{ object, rules }]));
  });
  await findIgnored(wanted, ports, memory.ignored, signal);
}

const rulesOf = ({ app, ports, memory }: CompareRequest, key: ResourceKey): IgnoreRules =>
  rulesFor(key, app.spec.ignoreDifferences ?? undefined, ports.resources(), memory.ignored);

/** On an Application: how all of its objects are compared. */
export const COMPARE_OPTIONS_ANNOTATION = 'argocd.argoproj.io/compare-options';

function askOptions({ app, cluster, ports, settings, memory }: CompareRequest): AskOptions {
  const text = app.metadata.annotations[COMPARE_OPTIONS_ANNOTATION] ?? '';
  const options = new Set(text.split(',').map((option) => option.trim()));
  const includeMutationWebhook = options.has('IncludeMutationWebhook=true');
  const sync = parseSyncOptions(app.spec.syncPolicy?.syncOptions);
  return {
    cluster,
    ports,
    compare: (id) => compareOptionsFor(id, settings, ports.resources()),
    serverSideDiff: options.has('ServerSideDiff=false')
      ? 'never'
      : includeMutationWebhook
        ? 'always'
        : 'when-suspected',
    includeMutationWebhook,
    trustsCertain: sync.clientSideApplyMigration,
    validates: sync.validate,
    verdicts: memory.server,
    ignored: memory.ignored,
  };
}

function isSuspect({ comparison, target, live }: ComparedResource, ask: AskOptions): boolean {
  if (target === undefined || live === undefined) return false;
  if (ask.serverSideDiff === 'always') return true;
  return comparison.type === 'different';
}

function kindsOf({ targets, cluster, instance }: CompareRequest): GroupKind[] {
  const kinds = new Map<string, GroupKind>();
  const add = ({ group, kind }: GroupKind) => kinds.set(`${group}/${kind}`, { group, kind });
  for (const key of targets.resources.keys()) add(parseResourceKey(key));
  for (const hook of targets.hooks) add(idOf(hook));
  for (const live of cluster.live.tracked(instance)) add(idOf(live));
  if ([...kinds.values()].some(({ group }) => group === 'apps' || group === 'batch'))
    for (const kind of DESCENDANT_KINDS) add(kind);
  return [...kinds.values()].filter((kind) => cluster.live.depthOf(kind) !== 'full');
}

function compareLocally(request: CompareRequest, key: ResourceKey): ComparedResource | undefined {
  const { cluster, targets, settings, instance } = request;
  const target = targets.resources.get(key);
  const live = cluster.live.get(key);
  const object = target ?? live;
  if (object === undefined) return undefined;
  if (target === undefined && targets.kept.has(key) && !isHook(object)) return undefined;
  const permitted = isPermitted(request, object);
  if (!permitted && target === undefined) return undefined; // what the project forbids is invisible
  const verdict = localVerdict(request, key, target, live);
  const mark = live === undefined ? undefined : markOf(live, settings.tracking);
  return {
    key,
    id: parseResourceKey(key),
    target,
    live,
    comparison: verdict.comparison,
    owned: verdict.owned,
    selfReferenced: live === undefined || isSelfReferenced(live, target, settings.tracking),
    hook: target === undefined && isHook(object),
    health: live === undefined ? undefined : request.health.of(live),
    permitted,
    ruleFailure: failureOf(request, key, [target, live]),
    sharedWith: mark !== undefined && mark !== instance ? mark : undefined,
    paths: verdict.comparison.type === 'different' ? verdict.comparison.paths : [],
  };
}

function isPermitted({ project, cluster }: CompareRequest, object: KubeObject): boolean {
  const id = idOf(object);
  const namespaced = cluster.live.catalogue.findKind(id)?.namespaced ?? id.namespace !== '';
  return (
    permitsResource(project, { ...id, namespaced }, { server: cluster.server, name: cluster.name })
      .type === 'permitted'
  );
}

function localVerdict(
  request: CompareRequest,
  key: ResourceKey,
  target: KubeObject | undefined,
  live: KubeObject | undefined,
): { readonly comparison: Comparison; readonly owned: boolean } {
  const { memory, settings, ports } = request;
  if (target === undefined || live === undefined)
    return { comparison: compareObject(target, live), owned: false };
  const rules = rulesOf(request, key);
  const kind = ports.resources().kind(parseResourceKey(key));
  const known = memory.local.get(key);
  if (known?.target === target && known.live === live)
    if (known.rules === rules && known.kind === kind) return known;
  const desired = ignoredOf(target, rules, memory.ignored).object;
  const actual = ignoredOf(live, rules, memory.ignored).object;
  const verdict: LocalVerdict = {
    target,
    live,
    rules,
    kind,
    comparison: compareObject(
      desired,
      actual,
      compareOptionsFor(parseResourceKey(key), settings, ports.resources()),
    ),
    owned: lastAppliedOf(live, settings.fieldManager).type === 'applied',
  };
  memory.local.set(key, verdict);
  return verdict;
}

/** How objects of a kind are compared, by the administrator's settings. */
export function compareOptionsFor(
  kind: GroupKind,
  { fieldManager, tracking }: EngineSettings,
  view: SettingsView,
): CompareOptions {
  const { compare, knownTypeFields } = view.kind(kind);
  return {
    fieldManager,
    knownTypeFields,
    ignoreStatus: compare.ignoreResourceStatus,
    ignoreAggregatedRoles: compare.ignoreAggregatedRoles,
    instanceLabel: tracking.method === 'label' ? undefined : tracking.labelKey,
  };
}

/** Why an object's rules could not be followed. Equal is equal all the same. */
function failureOf(
  request: CompareRequest,
  key: ResourceKey,
  objects: readonly (KubeObject | undefined)[],
): string | undefined {
  const rules = rulesOf(request, key);
  const failures = objects.map(
    (object) => object && ignoredOf(object, rules, request.memory.ignored).failure,
  );
  return failures.find((failure) => failure !== undefined);
}

/** Memory holds nothing of objects that are no longer part of the application. */
function forget(memory: CompareMemory, keys: ReadonlySet<ResourceKey>): void {
  for (const map of [memory.local, memory.server, memory.ignored.rules])
    for (const key of map.keys()) if (!keys.has(key)) map.delete(key);
}
