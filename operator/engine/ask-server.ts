import type { ComparedResource } from '../core/app/compared-resource.ts';
import { builtInType } from '../core/diff/built-in-types.ts';
import {
  compareObject,
  predictsChange,
  type CompareOptions,
  type Comparison,
} from '../core/diff/compare-object.ts';
import type { IgnoreRules } from '../core/diff/ignore-rules.ts';
import { foldStringData, normalise } from '../core/diff/normalise.ts';
import { ownedDifferences } from '../core/diff/owned-differences.ts';
import { predictedChanges } from '../core/diff/predicted-changes.ts';
import type { TypeSchema } from '../core/diff/type-schema.ts';
import { hasCode, toTiphysError } from '../core/errors.ts';
import { canonicalJson, jsonEqual } from '../core/objects/json.ts';
import { removePaths, type JsonPath } from '../core/objects/json-path.ts';
import {
  idOf,
  type GroupKind,
  type KubeObject,
  type ResourceKey,
} from '../core/objects/kube-object.ts';
import type { Cluster } from '../ports/clusters.ts';
import { sha256 } from '../runtime/hash.ts';
import type { EnginePorts } from './ports.ts';
import { addressOf } from './apply-object.ts';
import { predict } from './predict-apply.ts';
import { findIgnored, ignoredOf, type IgnoreMemory } from './leave-out-ignored.ts';

/** What the API server said about a suspected difference. */
export interface ServerVerdict {
  readonly target: KubeObject;
  /** A commit that touches another object renders this one anew, as it was. */
  readonly targetHash: string;
  readonly rules: IgnoreRules;
  /** Of live as it is compared, so that a change of `status` asks nothing. */
  readonly liveHash: string;
  /** What was asked for; `includeMutationWebhook` sees more in the same answer. */
  readonly serverSideDiff: AskOptions['serverSideDiff'];
  readonly trustsCertain: boolean;
  readonly validates: boolean;
  readonly comparison: Comparison;
}

export interface AskOptions {
  readonly cluster: Cluster;
  readonly ports: Pick<EnginePorts, 'scripts' | 'clock' | 'metrics'>;
  /** How each object is compared; see `compareOptionsFor`. */
  readonly compare: (id: GroupKind) => CompareOptions;
  /** `never`: the local suspicion stands. */
  readonly serverSideDiff: 'when-suspected' | 'always' | 'never';
  /** Whether a sync moves the ownership of client-side applied fields, so that they do go. */
  readonly trustsCertain: boolean;
  /** Counts what admission webhooks would change as well. */
  readonly includeMutationWebhook: boolean;
  /** Whether a sync refuses fields that no schema knows; objects may say otherwise. */
  readonly validates: boolean;
  readonly verdicts: Map<ResourceKey, ServerVerdict>;
  readonly ignored: IgnoreMemory;
  /** Called when the answer was that one may not ask, or that something is out of order. */
  readonly onUnsettled?: () => void;
}

/**
 * Settles a suspected difference: leaves out what the ignored managers own, then asks the API server
 * what applying would do. Remembered until desired, the compared part of live, or the rules change.
 *
 * Errors: `KubeUnreachable` and the like. An object that the API server refuses is different.
 */
export async function askServer(
  suspect: ComparedResource,
  rules: IgnoreRules,
  options: AskOptions,
  signal: AbortSignal,
): Promise<ComparedResource> {
  const { target, live, key } = suspect;
  if (target === undefined || live === undefined) return suspect;
  const compared = ignoredOf(live, rules, options.ignored).object;
  const liveHash = sha256(canonicalJson(normalise(compared, options.compare(idOf(live)))));
  const known = options.verdicts.get(key);
  const targetHash = known?.target === target ? known.targetHash : sha256(canonicalJson(target));
  const { serverSideDiff, trustsCertain, validates } = options;
  const asked = { serverSideDiff, trustsCertain, validates };
  if (known?.targetHash === targetHash && known.rules === rules && known.liveHash === liveHash)
    if (jsonEqual(asked, askedOf(known))) {
      options.verdicts.set(key, { ...known, target });
      return withVerdict(suspect, known.comparison);
    }
  const schema =
    builtInType(target.apiVersion, target.kind) === undefined
      ? await options.cluster.types.find(target.apiVersion, target.kind, signal)
      : undefined;
  let isToRepeat = false;
  const onUnsettled = (): void => {
    isToRepeat = true; // what is granted or repaired later must not meet the old answer
  };
  const asking = { ...options, onUnsettled };
  const comparison = await settle(suspect, { target, live, rules, schema }, asking, signal);
  if (isToRepeat) return withVerdict(suspect, comparison);
  const verdict = { target, targetHash, rules, liveHash, ...asked, comparison };
  options.verdicts.set(key, verdict);
  return withVerdict(suspect, comparison);
}

const askedOf = ({ serverSideDiff, trustsCertain, validates }: ServerVerdict) => ({
  serverSideDiff,
  trustsCertain,
  validates,
});

function withVerdict(suspect: ComparedResource, comparison: Comparison): ComparedResource {
  const paths = comparison.type === 'different' ? comparison.paths : [];
  return { ...suspect, comparison, paths };
}

interface Pair {
  readonly target: KubeObject;
  readonly live: KubeObject;
  readonly rules: IgnoreRules;
  /** Of a custom resource; what Kubernetes itself serves is built in. */
  readonly schema: TypeSchema | undefined;
}

async function settle(
  suspect: ComparedResource,
  pair: Pair,
  options: AskOptions,
  signal: AbortSignal,
): Promise<Comparison> {
  let { comparison } = suspect;
  let asked = pair;
  const hasManagers = pair.rules.managers.length > 0;
  if (hasManagers || (pair.schema !== undefined && options.serverSideDiff !== 'always')) {
    const others = hasManagers ? await ownedByIgnored(pair, options.cluster, signal) : NOWHERE;
    comparison = compareWithout(pair, others, options);
    if (comparison.type === 'equal') return comparison;
    // What is not sent is left to the manager that owns it.
    asked = { ...pair, target: removePaths(pair.target, others.desired) };
  }
  if (options.serverSideDiff === 'never') return comparison;
  if (comparison.type === 'different' && comparison.certain && options.trustsCertain)
    return comparison;
  return dryRun(comparison, { ...asked, isWhole: asked.target === pair.target }, options, signal);
}

interface Places {
  readonly desired: readonly JsonPath[];
  readonly live: readonly JsonPath[];
}

const NOWHERE: Places = { desired: [], live: [] };

/** Where the managers that the rules name have set something else; the store keeps only our own entries. */
export async function ownedByIgnored(
  { target, live, rules }: Omit<Pair, 'schema'>,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Places> {
  const current = (await cluster.client.get(addressOf(cluster, target), signal)) ?? live;
  const places = (current.metadata.managedFields ?? []).flatMap(({ manager = '', fieldsV1 }) =>
    rules.managers.includes(manager) && fieldsV1 !== undefined
      ? ownedDifferences(fieldsV1, target, current)
      : [],
  );
  return { desired: places.map((at) => at.desired), live: places.map((at) => at.live) };
}

/** Both sides are cut in one go, as indexes are those of the whole objects. */
function compareWithout(
  { target, live, rules, schema }: Pair,
  places: Places,
  { compare, ignored }: AskOptions,
): Comparison {
  const left = [...ignoredOf(target, rules, ignored).paths, ...places.desired];
  const right = [...ignoredOf(live, rules, ignored).paths, ...places.live];
  return compareObject(removePaths(target, left), removePaths(live, right), {
    ...compare(idOf(target)),
    schema,
  });
}

interface Asked extends Pair {
  /** Nothing of desired was left out of the question. */
  readonly isWhole: boolean;
}

async function dryRun(
  suspicion: Comparison,
  { target, live, rules, isWhole }: Omit<Asked, 'schema'>,
  options: AskOptions,
  signal: AbortSignal,
): Promise<Comparison> {
  const { cluster } = options;
  const { metrics } = options.ports;
  try {
    const address = addressOf(cluster, target);
    const current =
      live.apiVersion === target.apiVersion ? live : await cluster.client.get(address, signal);
    if (current === undefined) return { type: 'missing' };
    const { fieldManager } = options.compare(idOf(target));
    const apply = { fieldManager, force: true, dryRun: true };
    if (current !== live && options.trustsCertain) {
      const sure = await certainIn(current, { target, live, rules }, options, signal);
      if (sure !== undefined) return sure;
    }
    const { predicted, isAll } = await predict(target, options, (asked) =>
      cluster.client.apply(address, foldStringData(asked), apply, signal),
    );
    const verdict = await judge(suspicion, { predicted, current, rules }, options, signal);
    metrics.count('tiphys_dry_runs_total', { verdict: verdict.type });
    return verdict.type === 'different' ? { ...verdict, accepted: isWhole && isAll } : verdict;
  } catch (error) {
    signal.throwIfAborted();
    // The sync will meet the same refusal and report it on the object.
    if (
      !hasCode(
        error,
        'KubeInvalid',
        'KubeForbidden',
        'KubeConflict',
        'KubeRejected',
        'KubeNotFound',
        'NotPermitted',
      )
    )
      throw toTiphysError(error);
    metrics.count('tiphys_dry_runs_total', { verdict: 'refused' });
    // An admission webhook that cannot be called refuses with 500.
    if (hasCode(error, 'KubeForbidden', 'NotPermitted', 'KubeRejected')) options.onUnsettled?.();
    return suspicion;
  }
}

/** Between two versions nothing is certain. In one it may be, and then a dry run does not show it. */
async function certainIn(
  current: KubeObject,
  { target, rules }: Omit<Pair, 'schema'>,
  options: AskOptions,
  signal: AbortSignal,
): Promise<Comparison | undefined> {
  await findIgnored([{ object: current, rules }], options.ports, options.ignored, signal);
  const comparison = compareObject(
    ignoredOf(target, rules, options.ignored).object,
    ignoredOf(current, rules, options.ignored).object,
    options.compare(idOf(target)),
  );
  return comparison.type === 'different' && comparison.certain ? comparison : undefined;
}

interface Prediction {
  readonly predicted: KubeObject;
  readonly current: KubeObject;
  readonly rules: IgnoreRules;
}

/** What of the prediction counts: the rules leave out their parts, and webhooks only count on request. */
async function judge(
  suspicion: Comparison,
  { predicted, current, rules }: Prediction,
  options: AskOptions,
  signal: AbortSignal,
): Promise<Comparison> {
  const both = [predicted, current].map((object) => ({ object, rules }));
  await findIgnored(both, options.ports, options.ignored, signal);
  const after = ignoredOf(predicted, rules, options.ignored).object;
  const before = ignoredOf(current, rules, options.ignored).object;
  const compare = options.compare(idOf(current));
  if (!predictsChange(after, before, compare)) return { type: 'equal' };
  const paths = predictedChanges(
    withOwners(normalise(after, compare), after),
    withOwners(normalise(before, compare), before),
    compare.fieldManager,
  );
  if (paths.length > 0) return { type: 'different', paths, certain: false };
  if (!options.includeMutationWebhook) return { type: 'equal' };
  const suspected = suspicion.type === 'different' ? suspicion.paths : [];
  return { type: 'different', paths: suspected, certain: false };
}

/** Normalising takes the owners away, which the prediction is about. */
const withOwners = (normal: KubeObject, { metadata }: KubeObject): KubeObject => ({
  ...normal,
  metadata: { ...normal.metadata, managedFields: metadata.managedFields ?? [] },
});
