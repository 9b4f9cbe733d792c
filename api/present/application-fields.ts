import { type Selection, readFields, selectFields } from '../http/select-fields.ts';

/** All that can be chosen of an Application in a list (`spec/api.md` 9.2). */
const KNOWN: readonly string[] = [
  'metadata.name',
  'metadata.namespace',
  'metadata.annotations',
  'metadata.labels',
  'metadata.creationTimestamp',
  'metadata.deletionTimestamp',
  'spec',
  'spec.destination',
  'spec.project',
  'spec.source',
  'spec.sources',
  'spec.sourceHydrator',
  'spec.syncPolicy',
  'status.sourceHydrator',
  'status.summary',
  'status.health',
  'status.resources',
  'status.sync.status',
  'status.sync.revision',
  'status.operationState.phase',
  'status.operationState.startedAt',
  'status.operationState.finishedAt',
  'status.operationState.operation.sync',
  'operation.sync',
];

const LIST_PREFIX = 'items.';

/**
 * What is left of each Application of a list: only what is known can be named, and the name of a part
 * stands for all known below it. Without names everything is left.
 */
export function selectListed(fields: string | undefined): Selection {
  const { paths, isInverted } = readFields(fields);
  if (paths.length === 0) return (value) => value;
  const named = paths.flatMap((path) =>
    path.startsWith(LIST_PREFIX) ? [path.slice(LIST_PREFIX.length)] : path === 'items' ? [''] : [],
  );
  const isNamed = (known: string): boolean => named.some((name) => isWithin(known, name));
  const chosen = isInverted
    ? KNOWN.filter((known) => !isNamed(known) && !named.some((name) => isWithin(name, known)))
    : KNOWN.filter(isNamed);
  return chosen.length === 0 ? () => ({}) : selectFields(chosen.join(','));
}

/** Whether a path is at or below another one. */
function isWithin(path: string, above: string): boolean {
  return above === '' || path === above || path.startsWith(`${above}.`);
}
