import { stepsOf, type FieldSet } from '../objects/field-set.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import { isKubeObject, type KubeObject, type ManagedFieldsEntry } from '../objects/kube-object.ts';
import { LAST_APPLIED_ANNOTATION } from './normalise.ts';

/** Where the knowledge of what was applied last comes from. */
export type LastApplied =
  /** Our field manager applied it server-side: the API server removes what we drop. */
  | { readonly type: 'applied'; readonly applied: AppliedFields }
  /** Others hold what we drop, unless ownership is moved first: see `migrateManagedFields`. */
  | {
      readonly type: 'updated';
      readonly manager: string;
      /** What was applied client-side, where the annotation tells. */
      readonly object: JsonObject | undefined;
      /** Fields that an `Update` entry holds; with defaults among them where `object` is absent. */
      readonly updated: AppliedFields;
      /** Whether `updated` was narrowed down to what was in desired state. */
      readonly isExact: boolean;
      /** What we applied server-side besides. */
      readonly applied: AppliedFields | undefined;
    }
  /** The annotation of `kubectl apply`, where no managed fields tell. */
  | { readonly type: 'annotation'; readonly object: JsonObject }
  | { readonly type: 'unknown' };

export interface AppliedFields {
  readonly fields: FieldSet;
  /** The version whose paths these are. */
  readonly apiVersion: string | undefined;
}

/** Managers whose `Update` entries stand for an earlier client-side apply of desired state. */
const CLIENT_SIDE_MANAGERS: readonly string[] = ['argocd-controller', 'kubectl-client-side-apply'];
/** Managers that create objects before they are adopted, and hold what they wrote for ever. */
const CREATORS: readonly string[] = ['kubectl-create'];

/** What the object's own records say was applied last by `fieldManager` or a client-side predecessor. */
export function lastAppliedOf(live: KubeObject, fieldManager: string): LastApplied {
  const entries = live.metadata.managedFields ?? [];
  const ours = entries.find((entry) => isApplyOf(entry, fieldManager));
  const applied = ours === undefined ? undefined : appliedFields(ours);
  const updated = entries.find((entry) => isClientSide(entry, live, fieldManager));
  if (updated !== undefined)
    return {
      type: 'updated',
      manager: updated.manager ?? '',
      object: parseAnnotation(live),
      updated: appliedFields(updated),
      isExact: false,
      applied,
    };
  if (applied !== undefined) return createdAndApplied(entries, applied);
  const object = parseAnnotation(live);
  return object === undefined ? { type: 'unknown' } : { type: 'annotation', object };
}

export function isApplyOf(entry: ManagedFieldsEntry, fieldManager: string): boolean {
  return (
    entry.operation === 'Apply' &&
    entry.manager === fieldManager &&
    (entry.subresource ?? '') === ''
  );
}

/**
 * Whether the entry stands for a client-side apply, or for a replacement by our own manager. `Update`
 * by kubectl alone may be an edit; a client-side apply leaves the annotation, and whoever holds that
 * field has left it.
 */
export function isClientSide(
  entry: ManagedFieldsEntry,
  live: KubeObject,
  fieldManager: string,
): boolean {
  if (entry.operation !== 'Update' || (entry.subresource ?? '') !== '') return false;
  const manager = entry.manager ?? '';
  if (manager === fieldManager || holdsLastApplied(entry.fieldsV1)) return true;
  return (
    CLIENT_SIDE_MANAGERS.includes(manager) &&
    live.metadata.annotations?.[LAST_APPLIED_ANNOTATION] !== undefined
  );
}

export function isCreator(entry: ManagedFieldsEntry): boolean {
  return (
    entry.operation === 'Update' &&
    (entry.subresource ?? '') === '' &&
    CREATORS.includes(entry.manager ?? '')
  );
}

/** Whether a field set holds the annotation that a client-side apply leaves. */
export function holdsLastApplied(fields: FieldSet | undefined): boolean {
  const metadata = fields?.['f:metadata'];
  const annotations = isJsonObject(metadata) ? metadata['f:annotations'] : undefined;
  return isJsonObject(annotations) && `f:${LAST_APPLIED_ANNOTATION}` in annotations;
}

function createdAndApplied(
  entries: readonly ManagedFieldsEntry[],
  applied: AppliedFields,
): LastApplied {
  const creator = entries.find(isCreator);
  if (creator === undefined || creator.apiVersion !== applied.apiVersion)
    return { type: 'applied', applied };
  const both = commonFields(applied.fields, creator.fieldsV1 ?? {});
  if (stepsOf(both).length === 0) return { type: 'applied', applied };
  return {
    type: 'updated',
    manager: creator.manager ?? '',
    object: undefined,
    updated: { fields: both, apiVersion: creator.apiVersion },
    isExact: true,
    applied,
  };
}

/** Leaves that both sets hold. */
export function commonFields(left: FieldSet, right: FieldSet): FieldSet {
  const common: Record<string, FieldSet> = {};
  for (const [step, below] of stepsOf(left)) {
    const other = right[step];
    if (!isJsonObject(other)) continue;
    const inner = commonFields(below, other);
    if (isLeaf(below) || isLeaf(other) || stepsOf(inner).length > 0) common[step] = inner;
  }
  return common;
}

const isLeaf = (fields: FieldSet): boolean => stepsOf(fields).length === 0;

const appliedFields = ({ fieldsV1, apiVersion }: ManagedFieldsEntry): AppliedFields => ({
  fields: fieldsV1 ?? {},
  apiVersion,
});

function parseAnnotation(live: KubeObject): JsonObject | undefined {
  const text = live.metadata.annotations?.[LAST_APPLIED_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const object = JSON.parse(text) as JsonValue;
    return isKubeObject(object) ? object : undefined;
  } catch {
    return undefined; // somebody else's annotation that is no JSON says nothing about desired state
  }
}
