import type { ApplicationSource, ApplicationSpec } from './types.ts';

/** Whether `spec.sources` decides; a hydrator goes before it. */
export function isMultiSource(spec: ApplicationSpec): boolean {
  return spec.sourceHydrator === undefined && (spec.sources?.length ?? 0) > 0;
}

/** The sources to render, in order: the hydrator's sync source, else `sources`, else `source`. */
export function sourcesOf(spec: ApplicationSpec): readonly ApplicationSource[] {
  const { sourceHydrator: hydrator, sources, source } = spec;
  if (hydrator !== undefined) {
    const { repoURL, targetBranch, path } = hydrator.syncSource;
    const url = (repoURL ?? '') === '' ? hydrator.drySource.repoURL : (repoURL ?? '');
    return [{ repoURL: url, targetRevision: targetBranch, path }];
  }
  if (sources !== undefined && sources.length > 0) return sources;
  return source === undefined ? [] : [source];
}
