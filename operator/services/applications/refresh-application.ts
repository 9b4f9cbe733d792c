import type { AppKey } from '../../core/app/app-key.ts';
import { REFRESH_ANNOTATION } from '../../core/app/refresh.ts';
import { TiphysError } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { AppStore } from '../../ports/app-store.ts';

export type RefreshType = 'normal' | 'hard';

/**
 * Asks for a comparison and waits until it has been made: the mark is gone from a newer version of the
 * Application, with which it resolves. Without an operator at work that is never.
 *
 * Errors: `NotFound` when it is deleted meanwhile; those of the API server. Cancellation: `signal`.
 */
export async function refreshApplication(
  apps: AppStore,
  key: AppKey,
  type: RefreshType,
  signal: AbortSignal,
): Promise<KubeObject> {
  const hard = apps.get(key)?.metadata.annotations?.[REFRESH_ANNOTATION] === 'hard';
  const annotations = { [REFRESH_ANNOTATION]: hard ? 'hard' : type }; // the closer look counts
  await apps.patch(key, { metadata: { annotations } }, undefined, signal);
  // The store holds what was written, or what came after it.
  const held = apps.get(key);
  if (held === undefined) throw gone(key);
  return isMarked(held) ? await unmarked(apps, key, signal) : held;
}

async function unmarked(apps: AppStore, key: AppKey, signal: AbortSignal): Promise<KubeObject> {
  const { promise, resolve, reject } = Promise.withResolvers<KubeObject>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  using _subscription = apps.onChange((change) => {
    if (change.key !== key) return;
    if (change.type === 'deleted') reject(gone(key));
    else if (!isMarked(change.object)) resolve(change.object);
  });
  try {
    if (signal.aborted) abort();
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function isMarked({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[REFRESH_ANNOTATION] !== undefined;
}

function gone(key: AppKey): TiphysError {
  const name = key.slice(key.indexOf('/') + 1);
  return new TiphysError('NotFound', `applications.argoproj.io "${name}" not found`);
}
