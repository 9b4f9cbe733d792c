import { jsonEqual, type JsonObject } from '../objects/json.ts';
import type { FieldSet } from '../objects/field-set.ts';
import { groupOf, type KubeObject } from '../objects/kube-object.ts';
import { builtInType, CUSTOM_TYPE } from './built-in-types.ts';
import { compareMembers, type Handling, type Walk } from './compare-values.ts';
import { goneFields } from './gone-fields.ts';
import { withKnownTypes } from './known-type-fields.ts';
import { lastAppliedOf, type LastApplied } from './last-applied.ts';
import { leavesRulesToController, normalise, type NormaliseOptions } from './normalise.ts';
import { notProvenGranular } from './proven-granular.ts';
import { withoutForeignMarks } from './tracking-marks.ts';
import type { TypeSchema } from './type-schema.ts';

/**
 * How desired and live state of one object relate.
 * - `equal` is final.
 * - `different` with `certain` is final too: fields that were dropped from desired still stand in
 *   live and a dry run would not tell (they belong to a client-side apply).
 * - `different` without `certain` is a suspicion: a dry-run apply decides.
 */
export type Comparison =
  | { readonly type: 'equal' }
  | {
      readonly type: 'different';
      readonly paths: readonly string[];
      readonly certain: boolean;
      /** The API server was asked, and would take desired whole, as it is. */
      readonly accepted?: boolean;
    }
  | { readonly type: 'missing' }
  | { readonly type: 'extra' };

export interface CompareOptions extends NormaliseOptions {
  /** Whose earlier applies count as ours. */
  readonly fieldManager: string;
  /**
   * The type of `desired`, as `parseTypeSchemas` reads it from the cluster. Absent: the built-in
   * table; of custom resources nothing is known then, and names have to do.
   */
  readonly schema?: TypeSchema | undefined;
  /**
   * Where there is no schema and nothing in live tells whether a map is replaced as a whole: its name
   * decides. For looking at files; otherwise such a map is a suspicion.
   */
  readonly guess?: boolean;
  /** Fields of custom resources that hold a value of a known type. */
  readonly knownTypeFields?: readonly { readonly field: string; readonly type: string }[];
  /** Set where objects are tracked by annotation: the label that older installations tracked by. */
  readonly instanceLabel?: string | undefined;
}

export const FIELD_MANAGER = 'argocd-controller';

/**
 * Would applying `desired` change a field of `live` that matters? Fields that only live has are
 * other managers' or defaults, and never differ, unless our last apply set them.
 *
 * Either side may be absent: absent live is `missing`, absent desired is `extra`. Pure; takes a few
 * microseconds for an ordinary object.
 */
export function compareObject(
  desired: KubeObject | undefined,
  live: KubeObject | undefined,
  options: CompareOptions = { fieldManager: FIELD_MANAGER },
): Comparison {
  if (live === undefined) return { type: 'missing' };
  if (desired === undefined) return { type: 'extra' };
  const wanted = normalise(desired, options);
  const normal = normalise(
    live,
    leavesRulesToController(desired) ? { ...options, ignoreAggregatedRoles: true } : options,
  );
  const actual = withoutForeignMarks(normal, wanted, options.instanceLabel);
  const type = withKnownTypes(
    options.schema ?? builtInType(desired.apiVersion, desired.kind) ?? CUSTOM_TYPE,
    isRollout(desired) ? [...(options.knownTypeFields ?? []), ROLLOUT] : options.knownTypeFields,
  );
  const handling = handlingOf(type, options.schema !== undefined);
  const walk: Walk = { path: [], differing: [] };
  compareMembers(walk, type, handling, withoutAddress(wanted), actual);
  const lastApplied = lastAppliedOf(live, options.fieldManager);
  const { certain, suspected } = goneFields(lastApplied, wanted, actual, type);
  if (handling === 'unknown' && options.guess !== true && walk.differing.length === 0)
    walk.differing.push(...notProvenGranular(ownFields(lastApplied), wanted, actual));
  if (walk.differing.length === 0 && certain.length === 0 && suspected.length === 0)
    return { type: 'equal' };
  return {
    type: 'different',
    paths: [...walk.differing, ...certain, ...suspected],
    certain: certain.length > 0,
  };
}

function ownFields(lastApplied: LastApplied): FieldSet {
  if (lastApplied.type !== 'applied' && lastApplied.type !== 'updated') return {};
  return lastApplied.applied?.fields ?? {};
}

function handlingOf(type: TypeSchema, hasSchema: boolean): Handling {
  if (type.isGo === true) return 'go';
  return hasSchema ? 'raw' : 'unknown';
}

/** Known to everyone, and so not for settings to say. */
const ROLLOUT = { field: 'spec.template.spec', type: 'core/v1/PodSpec' };

const isRollout = ({ apiVersion, kind }: KubeObject): boolean =>
  kind === 'Rollout' && groupOf(apiVersion) === 'argoproj.io';

/** Version and namespace say where the object is, not what it is. */
function withoutAddress({ apiVersion: _version, kind: _kind, ...rest }: KubeObject): JsonObject {
  if (rest.metadata['namespace'] === undefined) return rest;
  const { namespace: _namespace, ...metadata } = rest.metadata;
  return { ...rest, metadata };
}

/**
 * Whether a dry-run apply changed anything that matters: both objects as the API server returned
 * them, compared without what the server writes on every change.
 */
export function predictsChange(
  predicted: KubeObject,
  live: KubeObject,
  options: NormaliseOptions = {},
): boolean {
  return !jsonEqual(normalise(predicted, options), normalise(live, options));
}
