import type { ApplicationSource, ApplicationSpec } from './types.ts';

/**
 * The spec as it should stand in the cluster: an empty project is `default`, and blocks that say
 * nothing are absent. Returns the same object when nothing changes.
 */
export function normaliseSpec(spec: ApplicationSpec): ApplicationSpec {
  const { syncPolicy, source, sources, ...rest } = spec;
  const emptyPolicy = syncPolicy !== undefined && Object.values(syncPolicy).every(isUnset);
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
  const says = ([name, block]: readonly [string, object | undefined]) =>
    block !== undefined && !isEmpty(block, SILENT[name]);
  const kept = Object.entries(blocks).filter(says);
  const present = Object.values(blocks).filter((block) => block !== undefined);
  return kept.length === present.length ? source : { ...rest, ...Object.fromEntries(kept) };
}

/** Members that say nothing by themselves: they only change what others do. */
const SILENT: Readonly<Record<string, readonly string[]>> = {
  kustomize: [
    'labelWithoutSelector',
    'labelIncludeTemplates',
    'forceCommonLabels',
    'forceCommonAnnotations',
    'commonAnnotationsEnvsubst',
  ],
};

/** Whether every member has the value that stands for absent. */
function isEmpty(block: object, silent: readonly string[] = []): boolean {
  return Object.entries(block).every(
    ([name, value]) => silent.includes(name) || isZero(name, value),
  );
}

function isZero(name: string, value: unknown): boolean {
  if (isUnset(value) || value === '' || value === false) return true;
  // Values that are there count, even when there are none of them.
  return typeof value === 'object' && name !== 'valuesObject' && isEmpty({ ...value });
}

function isUnset(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}
