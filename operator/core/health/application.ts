import { uncomparedPart } from '../app/compared-spec.ts';
import { parseApplication } from '../app/parse.ts';
import type { Application } from '../app/types.ts';
import { DEFAULT_SELF_HEAL, decideAutoSync } from '../sync/auto-sync.ts';
import { judge, type HealthCheck } from './health.ts';

/**
 * A child Application is as healthy as its own status says, once that status speaks of the spec as
 * it is now and no sync is under way or about to begin; until then it is Progressing. This is what
 * makes waves between children wait. The incumbent gives children no health at all.
 */
export const application: HealthCheck = (object) => {
  const parsed = parseApplication(object);
  if (parsed.type === 'invalid') {
    const [problem] = parsed.problems;
    return judge('Unknown', problem && `${problem.path} ${problem.message}`);
  }
  const waitsFor = notCurrent(parsed.application);
  if (waitsFor !== undefined) return judge('Progressing', `waiting for ${waitsFor}`);
  const failure = failedSync(parsed.application);
  if (failure !== undefined) return judge('Degraded', failure);
  const { status, message } = parsed.application.status.health ?? {};
  return status === undefined
    ? judge('Progressing', 'waiting for the first assessment')
    : judge(status, message);
};

/** What the status has yet to take in, or `undefined` when it is about the spec as it stands. */
function notCurrent(app: Application): string | undefined {
  const { spec, status, operation } = app;
  if ((status.reconciledAt ?? '') === '') return 'the first comparison';
  const uncompared = uncomparedPart(spec, status.sync?.comparedTo);
  if (uncompared === 'source') return 'the comparison with its new source';
  if (uncompared === 'destination') return 'the comparison at its new destination';
  if (operation !== undefined) return 'its sync to begin';
  const phase = status.operationState?.phase;
  if (phase === 'Running' || phase === 'Terminating') return 'its sync to finish';
  return isAboutToSync(app) ? 'its automated sync' : undefined;
}

/**
 * A sync that ended badly and left something undone is not repeated by itself: what is healthy then is
 * the state before it. Something undone alone is no failure, as a child may be synced by hand.
 */
function failedSync({ status }: Application): string | undefined {
  const { phase, message = '' } = status.operationState ?? {};
  if (phase !== 'Failed' && phase !== 'Error') return undefined;
  return status.sync?.status === 'Synced' ? undefined : `its last sync failed: ${message}`;
}

/** Whether automated sync will take up what the last comparison found. Drift that comes back does not count. */
function isAboutToSync(app: Application): boolean {
  const { sync, resources = [] } = app.status;
  const decision = decideAutoSync({
    app,
    resources,
    syncStatus: sync?.status ?? 'Unknown',
    revisions: sync?.revisions ?? (sync?.revision === undefined ? [] : [sync.revision]),
    sourceMayHaveChanged: true,
    nowMs: 0,
    selfHeal: DEFAULT_SELF_HEAL,
    parseTime: () => 0,
  });
  return decision.type === 'sync' && decision.reason === 'OutOfSync';
}
