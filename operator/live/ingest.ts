import { holdsLastApplied } from '../core/diff/last-applied.ts';
import { deepFreeze } from '../core/objects/freeze.ts';
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from '../core/objects/kube-object.ts';
import type { LiveDepth } from '../ports/live-state.ts';
import { createFieldSetPool } from './field-set-pool.ts';
import { createTextPool } from './text-pool.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Managers whose fields, owned by `Update`, the first server-side apply has to adopt. */
export const LEGACY_MANAGERS: readonly string[] = [
  'kubectl-client-side-apply',
  'kubectl',
  'kubectl-create',
  'argocd-controller',
];

export interface IngestOptions {
  /** Managers whose entries are kept, whatever their operation. */
  readonly fieldManagers: readonly string[];
  /** Managers of which only `Update` entries are kept; whoever applied client-side is one too. */
  readonly legacyManagers: readonly string[];
}

/**
 * What the store keeps of an object, frozen: other managers' `managedFields` go (half of an
 * object's size), the last-applied body of a Secret goes (it holds the values once more), and at
 * metadata depth both go altogether.
 */
export function createIngest(
  options: IngestOptions,
): (object: KubeObject, depth: LiveDepth) => KubeObject {
  const ours = new Set(options.fieldManagers);
  const legacy = new Set(options.legacyManagers);
  const pool = createTextPool();
  const fieldSets = createFieldSetPool();

  const isKept = (entry: ManagedFieldsEntry): boolean =>
    ours.has(entry.manager ?? '') ||
    (entry.operation === 'Update' &&
      (legacy.has(entry.manager ?? '') || holdsLastApplied(entry.fieldsV1)));

  const small = (entry: ManagedFieldsEntry): ManagedFieldsEntry =>
    entry.fieldsV1 === undefined ? entry : { ...entry, fieldsV1: fieldSets.share(entry.fieldsV1) };

  return (object, depth) => {
    const { managedFields = [], annotations, ...metadata } = object.metadata;
    const kept = depth === 'full' ? managedFields.filter(isKept).map(small) : [];
    const secret = object.kind === 'Secret' && object.apiVersion === 'v1';
    const left = depth === 'full' && !secret ? annotations : withoutLastApplied(annotations);
    const trimmed: ObjectMeta = {
      ...metadata,
      ...(left === undefined ? {} : { annotations: left }),
      ...(kept.length === 0 ? {} : { managedFields: kept }),
    };
    const held: KubeObject =
      depth === 'full'
        ? { ...object, metadata: trimmed }
        : { apiVersion: object.apiVersion, kind: object.kind, metadata: trimmed };
    if (!secret) pool.share(held); // no value of a Secret outlives its object
    return deepFreeze(held);
  };
}

function withoutLastApplied(annotations: ObjectMeta['annotations']): ObjectMeta['annotations'] {
  if (annotations === undefined || !(LAST_APPLIED in annotations)) return annotations;
  const { [LAST_APPLIED]: _dropped, ...rest } = annotations;
  return rest;
}
