import type { ApplicationSource, ApplicationSpec, SyncOperation } from './types.ts';

/** Sources, and for each the revision to take; empty: what the source says. */
export interface PinnedSources {
  readonly sources: readonly ApplicationSource[];
  readonly revisions: readonly string[];
}

/** What an operation asks for, which may be other sources and revisions than those of the spec. */
export function askedSources(spec: ApplicationSpec, sync: SyncOperation = {}): PinnedSources {
  const one = sync.source === undefined ? sourcesOf(spec) : [sync.source];
  const sources = (sync.sources?.length ?? 0) > 0 ? (sync.sources ?? one) : one;
  const revisions = sync.revisions ?? [sync.revision ?? ''];
  return { sources, revisions: sources.map((_, index) => revisions[index] ?? '') };
}

/** Whether `spec.sources` decides; a hydrator goes before it. */
export function isMultiSource(spec: ApplicationSpec): boolean {
  return spec.sourceHydrator === undefined && (spec.sources?.length ?? 0) > 0;
}

/** The sources to render, in order: the hydrator's sync source, else `sources`, else `source`. */
export function sourcesOf(
  spec: Pick<ApplicationSpec, 'source' | 'sources' | 'sourceHydrator'>,
): readonly ApplicationSource[] {
  const { sourceHydrator: hydrator, sources, source } = spec;
  if (hydrator !== undefined) {
    const { repoURL, targetBranch, path } = hydrator.syncSource;
    const url = (repoURL ?? '') === '' ? hydrator.drySource.repoURL : (repoURL ?? '');
    return [{ repoURL: url, targetRevision: targetBranch, path }];
  }
  if (sources !== undefined && sources.length > 0) return sources;
  return source === undefined ? [] : [source];
}
