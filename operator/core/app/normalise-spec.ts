import type { ApplicationSource, ApplicationSpec } from './types.ts';

/**
 * The spec as it should stand in the cluster: an empty project is `default`, and blocks that say
 * nothing are absent. Returns the same object when nothing changes.
 */
export function normaliseSpec(spec: ApplicationSpec): ApplicationSpec {
  const { syncPolicy, source, sources, ...rest } = spec;
  const emptyPolicy = syncPolicy !== undefined && isEmpty(syncPolicy);
  const newSource = source && normaliseSource(source);
  const newSources = sources?.map(normaliseSource);
  const same =
    spec.project !== '' &&
    !emptyPolicy &&
    newSource === source &&
    (newSources ?? []).every((item, index) => item === sources?.[index]);
  if (same) return spec;
  return {
    ...rest,
    project: spec.project === '' ? 'default' : spec.project,
    ...(newSource === undefined ? {} : { source: newSource }),
    ...(newSources === undefined ? {} : { sources: newSources }),
    ...(syncPolicy === undefined || emptyPolicy ? {} : { syncPolicy }),
  };
}

function normaliseSource(source: ApplicationSource): ApplicationSource {
  const { helm, kustomize, directory, ...rest } = source;
  const blocks = { helm, kustomize, directory };
  const empty = Object.values(blocks).some((block) => block !== undefined && isEmpty(block));
  if (!empty) return source;
  const kept = Object.entries(blocks).filter(([, block]) => block !== undefined && !isEmpty(block));
  return { ...rest, ...Object.fromEntries(kept) };
}

function isEmpty(block: object): boolean {
  return Object.values(block).every((member) => member === undefined);
}
