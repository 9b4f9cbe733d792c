import { refuseLocalManifests } from '../core/sync/local-manifests.ts';
import type { Application, OperationState, Project } from '../core/app/types.ts';
import { refuseRollback } from '../core/sync/refuse-rollback.ts';
import type { NewCondition } from './admit.ts';
import { operationOptions } from './operation-options.ts';
import type { SyncPass } from './run-sync-pass.ts';

/** Why an operation ends before anything is done for it. */
export interface Hindrance {
  /** `Failed`: what it wants is not to be; `Error`: it cannot run. */
  readonly phase: 'Failed' | 'Error';
  readonly message: string;
}

/** What forbids the operation, the comparison's conditions included; `undefined` when it may go on. Pure. */
export function hindranceOf(
  app: Application,
  project: Project,
  state: OperationState,
  conditions: readonly NewCondition[],
): Hindrance | undefined {
  const refusal = refuseRollback(app, state) ?? refuseLocalManifests(app, state.operation, project);
  if (refusal !== undefined) return { phase: 'Error', message: refusal };
  const shared = conditions.filter(({ type }) => type === 'SharedResourceWarning');
  if (shared.length > 0 && operationOptions(state).failOnSharedResource)
    return {
      phase: 'Failed',
      message: `Shared resource found: ${shared.map(({ message }) => message).join(', ')}`,
    };
  const errors = conditions.filter(({ type }) => type.endsWith('Error'));
  if (errors.length === 0) return undefined;
  return {
    phase: 'Error',
    message: errors.map(({ type, message }) => `${type}: ${message}`).join(';'),
  };
}

/** The pass of an operation that ended like this, without doing anything. */
export function endedPass(
  state: OperationState,
  { phase, message }: Hindrance,
  finishedAt: string,
): SyncPass {
  return {
    state: { ...state, phase, message, finishedAt },
    next: 'finished',
    wrote: false,
    pause: false,
  };
}
