import type { ManifestRequest } from '../../ports/manifest-source.ts';
import type { SourceRepositories } from '../../ports/source-repositories.ts';
import type { Situation } from './render-cache.ts';

/**
 * What revisions of other repositories stand for, as one request sees it: each is asked for once, anew
 * when the request wants that. `undefined` when a server does not tell: the render that needs it says why.
 */
export function commitsOfOthers(
  repositories: Pick<SourceRepositories, 'resolve'>,
  { project, freshRevisions, freshManifests }: ManifestRequest,
): Situation['commitOf'] {
  const known = new Map<string, string | undefined>();
  const options = { fresh: freshRevisions || freshManifests, project };
  return async ({ repoUrl, revision }, signal) => {
    const key = JSON.stringify([repoUrl, revision]);
    if (!known.has(key)) {
      const commit = await repositories
        .resolve(repoUrl, revision, options, signal)
        .catch(() => undefined);
      signal.throwIfAborted();
      known.set(key, commit);
    }
    return known.get(key);
  };
}
