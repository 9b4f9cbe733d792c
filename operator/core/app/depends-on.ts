import { assessHealth } from '../health/assess-health.ts';
import { normaliseRepoUrl } from '../repo-url.ts';
import { appKey, type AppKey } from './app-key.ts';
import { parseApplication } from './parse.ts';
import { sourcesOf } from './sources.ts';
import type { Application } from './types.ts';

/** Names of Applications, with commas between: `db, platform/ingress`. Ours alone. */
export const DEPENDS_ON_ANNOTATION = 'tiphys.io/depends-on';

/** What an Application depends on; names without a namespace are in its own. */
export function dependenciesOf(
  annotations: { readonly [name: string]: string } | undefined,
  namespace: string,
): readonly AppKey[] {
  const text = annotations?.[DEPENDS_ON_ANNOTATION] ?? '';
  const keys = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => {
      const at = name.indexOf('/');
      return at < 0 ? appKey(namespace, name) : appKey(name.slice(0, at), name.slice(at + 1));
    });
  return [...new Set(keys)];
}

/**
 * The way from an Application back to itself, beginning and ending with it; `undefined` when there is
 * none. Looks at each Application once.
 */
export function findCycle(
  start: AppKey,
  dependencies: (key: AppKey) => readonly AppKey[],
): readonly AppKey[] | undefined {
  const seen = new Set<AppKey>();
  const open: (readonly AppKey[])[] = [[start]];
  for (let way = open.pop(); way !== undefined; way = open.pop()) {
    const last = way.at(-1);
    if (last === undefined) continue;
    for (const next of dependencies(last)) {
      if (next === start) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      open.push([...way, next]);
    }
  }
  return undefined;
}

/** Whether an automated sync may begin, as far as other Applications are concerned. */
export type DependencyVerdict =
  | { readonly type: 'ready' }
  | { readonly type: 'wait'; readonly message: string }
  | { readonly type: 'cycle'; readonly message: string };

export interface DependencyInput {
  readonly app: Application;
  /** What was resolved for each source of `app`. */
  readonly revisions: readonly string[];
  /** Application objects as they are now. */
  readonly find: (key: AppKey) => Application['raw'] | undefined;
  /** What was resolved for each source when an Application was last compared; `undefined`: not known. */
  readonly comparedRevisions: (key: AppKey) => readonly string[] | undefined;
}

const READY: DependencyVerdict = { type: 'ready' };

/**
 * An Application waits until each one that it depends on is Synced and Healthy with its current spec,
 * and, where both follow the same branch of a repository, has been compared with the same commit.
 */
export function decideDependencies(input: DependencyInput): DependencyVerdict {
  const { metadata } = input.app;
  const keys = dependenciesOf(metadata.annotations, metadata.namespace);
  if (keys.length === 0) return READY;
  const self = appKey(metadata.namespace, metadata.name);
  const cycle = findCycle(self, (key) => {
    const found = key === self ? input.app.raw : input.find(key);
    return found === undefined
      ? []
      : dependenciesOf(found.metadata.annotations, found.metadata.namespace ?? '');
  });
  if (cycle !== undefined)
    return { type: 'cycle', message: `${DEPENDS_ON_ANNOTATION}: ${cycle.join(' -> ')}` };
  const waits = keys.flatMap((key) => {
    const reason = whyNotReady(key, input);
    return reason === undefined ? [] : [`${key} ${reason}`];
  });
  return waits.length === 0 ? READY : { type: 'wait', message: `waits for ${waits.join('; ')}` };
}

function whyNotReady(key: AppKey, input: DependencyInput): string | undefined {
  const raw = input.find(key);
  if (raw === undefined) return 'which does not exist';
  const parsed = parseApplication(raw);
  if (parsed.type === 'invalid') return 'whose spec is invalid';
  const { application } = parsed;
  const health = assessHealth(raw);
  if (health?.status !== 'Healthy') {
    const message = health?.message === undefined ? '' : ` (${health.message})`;
    return `which is ${health?.status ?? 'Unknown'}${message}`;
  }
  const sync = application.status.sync?.status ?? 'Unknown';
  if (sync !== 'Synced') return `which is ${sync}`;
  const behind = commitNotSeen(application, input);
  return behind === undefined ? undefined : `which has not looked at ${behind.slice(0, 8)} yet`;
}

/** A commit of ours, on a branch that both follow, with which the other was not compared. */
function commitNotSeen(other: Application, input: DependencyInput): string | undefined {
  const { namespace, name } = other.metadata;
  const seen = input.comparedRevisions(appKey(namespace, name));
  const theirs = sourcesOf(other.spec);
  for (const [index, ours] of sourcesOf(input.app.spec).entries()) {
    const revision = input.revisions[index] ?? '';
    const at = theirs.findIndex(
      ({ repoURL, targetRevision, chart }) =>
        chart === undefined &&
        (targetRevision ?? '') === (ours.targetRevision ?? '') &&
        normaliseRepoUrl(repoURL) === normaliseRepoUrl(ours.repoURL),
    );
    if (at >= 0 && revision !== '' && seen?.[at] !== revision) return revision;
  }
  return undefined;
}
