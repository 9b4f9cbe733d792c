import type { Operation } from '../app/types.ts';

/**
 * Entries of `status.operationState.operation.info` by which an operation remembers what the objects
 * do not tell. There, because every Application CRD keeps that.
 */
export const OWN_INFO = {
  /** The waves that a sync had to prune when it began, such as `0 1 5`. */
  pruneWaves: 'tiphys.io/prune-waves',
  /** The phase that a sync is in and since when, such as `PostSync 2026-01-31T12:00:00Z`. */
  phase: 'tiphys.io/phase',
  /** The `managedNamespaceMetadata` that a sync is the first to set, as JSON. */
  namespaceMetadata: 'tiphys.io/namespace-metadata',
} as const;

type OwnInfo = (typeof OWN_INFO)[keyof typeof OWN_INFO];

const OWN: ReadonlySet<string> = new Set(Object.values(OWN_INFO));

export function readInfo({ info }: Operation, name: OwnInfo): string | undefined {
  return info?.find((entry) => entry.name === name)?.value;
}

/** With this entry, in place of one of that name. */
export function withInfo(operation: Operation, name: OwnInfo, value: string): Operation {
  const others = (operation.info ?? []).filter((entry) => entry.name !== name);
  return { ...operation, info: [...others, { name, value }] };
}

/** The operation as somebody asked for it, or with some of our notes left out. */
export function withoutOwnInfo(operation: Operation, notes: ReadonlySet<string> = OWN): Operation {
  const { info, ...rest } = operation;
  if (info?.some(({ name }) => notes.has(name)) !== true) return operation;
  const asked = info.filter(({ name }) => !notes.has(name));
  return asked.length === 0 ? rest : { ...rest, info: asked };
}
