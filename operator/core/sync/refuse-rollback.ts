import type { Application, HistoryEntry, OperationState } from '../app/types.ts';
import { jsonEqual, type JsonValue } from '../objects/json.ts';

/**
 * Why an operation that goes back to an earlier deployment must not run: automated sync would undo
 * it at once. `undefined` when it may. `state` has its revisions resolved.
 *
 * Going back is deploying a revision of the history that is not what the spec stands for now, or with
 * a source of the history that is not the spec's any more. Revisions that were never deployed, dry
 * runs, and what automated sync asks for itself are let pass.
 */
export function refuseRollback(app: Application, state: OperationState): string | undefined {
  const { operation, syncResult = {} } = state;
  const automated = app.spec.syncPolicy?.automated;
  if (automated === undefined || automated.enabled === false) return undefined;
  if (operation.initiatedBy?.automated === true || operation.sync?.dryRun === true)
    return undefined;
  const { sync, history = [] } = app.status;
  const wanted: Deployed = syncResult;
  if (sync?.revision === undefined && sync?.revisions === undefined) return undefined;
  const current: Deployed = { ...sync, source: app.spec.source, sources: app.spec.sources };
  if (isSame(wanted, current)) return undefined;
  const entry = history.findLast((deployed) => isSame(wanted, deployed));
  if (entry === undefined) return undefined;
  return `rollback cannot be initiated when auto-sync is enabled: ${named(entry)} would be replaced by ${named(sync)} at once. Take spec.syncPolicy.automated away, or set its enabled to false, and ask again; or revert in Git`;
}

type Deployed = Pick<HistoryEntry, 'revision' | 'revisions' | 'source' | 'sources'>;

const isSame = (one: Deployed, other: Deployed): boolean => jsonEqual(shown(one), shown(other));

/** Of one source or several, never both. */
const shown = ({ revision, revisions, source, sources }: Deployed): JsonValue =>
  (sources === undefined || sources.length === 0
    ? { revision: revision ?? '', source: source ?? null }
    : { revisions: revisions ?? [], sources }) as unknown as JsonValue;

const named = ({ revision, revisions }: Pick<Deployed, 'revision' | 'revisions'>): string =>
  revisions?.join(', ') ?? revision ?? '';
