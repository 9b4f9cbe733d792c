import type { Requester } from '../../core/access/requester.ts';
import { appKey } from '../../core/app/app-key.ts';
import { parseApplication } from '../../core/app/parse.ts';
import type { Application, Operation } from '../../core/app/types.ts';
import { hasCode, TiphysError } from '../../core/errors.ts';
import { jsonEqual, type JsonObject } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { retryOnConflict } from './retry-on-conflict.ts';

/** What is asked for, by whom, and how the Event tells of it. */
export interface StartedOperation {
  readonly operation: Omit<Operation, 'initiatedBy'>;
  /** After the name of who asked: `initiated sync to main`. */
  readonly what: string;
}

/**
 * Asks the operator for an operation in the name of the requester; what was left of the last one is
 * forgotten in the same write. `app` is what the request was judged by.
 *
 * Errors: `NotPossibleNow` while another operation is asked for or runs, and when the spec is another one by
 * now and would have to be judged anew.
 */
export async function startOperation(
  { ports }: ControlPlane,
  requester: Requester,
  app: Application,
  { operation, what }: StartedOperation,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { username } = requester;
  const initiatedBy = username === '' ? {} : { username };
  // What is undefined is absent.
  const written = JSON.parse(JSON.stringify({ ...operation, initiatedBy })) as JsonObject;
  const key = appKey(app.metadata.namespace, app.metadata.name);
  let current = app.raw;
  const stored = await retryOnConflict(async () => {
    refuseSecond(current);
    const { resourceVersion = '' } = current.metadata;
    try {
      return await ports.apps.startOperation(key, written, resourceVersion, signal);
    } catch (error) {
      if (!hasCode(error, 'KubeConflict')) throw error;
      const now = await ports.apps.read(key, signal);
      if (now === undefined || !isSameRequest(now, app.raw)) throw changed(key, error);
      current = now;
      throw error;
    }
  });
  recordMutation(ports.events, requester, { object: stored, reason: 'OperationStarted', what });
  return stored;
}

/** Errors: `NotPossibleNow`. */
function refuseSecond(raw: KubeObject): void {
  const parsed = parseApplication(raw);
  if (parsed.type === 'invalid') return; // the operator says what is wrong with it
  const { operation } = parsed.application;
  if (operation === undefined && !isRunning(parsed.application)) return;
  throw new TiphysError('NotPossibleNow', 'another operation is already in progress', {
    hint: 'Wait until it has ended, or terminate it.',
  });
}

/** Whether an operation has begun and not ended. */
export function isRunning({ status }: Application): boolean {
  const phase = status.operationState?.phase;
  return phase === 'Running' || phase === 'Terminating';
}

function isSameRequest(now: KubeObject, judged: KubeObject): boolean {
  const { uid, deletionTimestamp } = now.metadata;
  return (
    uid === judged.metadata.uid &&
    deletionTimestamp === judged.metadata.deletionTimestamp &&
    jsonEqual(now['spec'], judged['spec'])
  );
}

function changed(key: string, cause: unknown): TiphysError {
  const message = `Application ${key}: its spec was changed meanwhile`;
  return new TiphysError('NotPossibleNow', message, { cause, hint: 'Ask again.' });
}
