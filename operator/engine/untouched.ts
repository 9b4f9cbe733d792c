import type { AppKey } from '../core/app/app-key.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Calm } from './app-memory.ts';
import { manifestRequest, type LoadedState, type LoadRequest } from './load-state.ts';
import type { Engine } from './pass.ts';
import { timestamp } from './run-sync-pass.ts';

/**
 * Whether its repository moved, nothing that it reads did, and nothing else happened: one look at
 * the table of refs and at the tree, so that a commit is work for the applications it touches.
 */
export async function isUntouched(
  key: AppKey,
  raw: KubeObject,
  { ports, settings, memories }: Engine,
  signal: AbortSignal,
): Promise<boolean> {
  const memory = memories.of(key);
  const { calm } = memory;
  if (!memory.onlyMoved || memory.requested !== 'latest' || settings.hardResyncMs > 0) return false;
  if (calm === undefined || calm.resourceVersion !== raw.metadata.resourceVersion) return false;
  try {
    // Not aside: all others of the repository are here too, and would go before the one that was touched.
    const { objects, revisions } = await ports.manifests.manifests(calm.request, signal);
    // Meanwhile something else may have been asked for.
    if (objects !== calm.objects || !memory.onlyMoved) return false;
    memory.comparedRevisions = revisions;
  } catch {
    signal.throwIfAborted();
    return false; // the pass that follows meets the same failure, and reports it
  }
  memory.requested = 'none';
  memory.onlyMoved = false;
  memory.comparedAt = timestamp(ports.clock);
  return true;
}

/** Revisions of next time are whatever the table of refs says then. */
export function calmOf(request: LoadRequest, loaded: LoadedState, { metadata }: KubeObject): Calm {
  const asked = manifestRequest(request);
  return {
    resourceVersion: metadata.resourceVersion ?? '',
    request: {
      ...asked,
      revisions: asked.revisions.map(() => ''),
      freshRevisions: false,
      freshManifests: false,
    },
    objects: loaded.manifests.objects,
  };
}
