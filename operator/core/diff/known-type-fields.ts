import { builtInComponent } from './built-in-types.ts';
import { memberType, type TypeSchema } from './type-schema.ts';

type KnownTypeFields = readonly { readonly field: string; readonly type: string }[];

/**
 * The type with fields set to a known one: `core/Quantity`, `meta/v1/Duration`, or `core/v1/<Type>`
 * such as `core/v1/PodSpec`. Names are separated by dots and lead through the items of lists. Types
 * that are not known change nothing. Only the reading of values changes: whether a list is replaced
 * as a whole is for the schema to say, and without it every list is.
 */
export function withKnownTypes(type: TypeSchema, fields: KnownTypeFields | undefined): TypeSchema {
  if (fields === undefined || fields.length === 0) return type;
  return fields.reduce<TypeSchema>((whole, { field, type: name }) => {
    const known = knownType(name);
    return known === undefined || field === '' ? whole : put(whole, field.split('.'), known);
  }, type);
}

function knownType(name: string): TypeSchema | undefined {
  if (name === 'core/Quantity') return { scalar: 'quantity' };
  if (name === 'meta/v1/Duration') return { scalar: 'duration' };
  const match = /^core\/v1\/(\w+)$/.exec(name);
  if (match?.[1] === undefined) return undefined;
  return builtInComponent(`core.v1.${match[1]}`);
}

/** A node stands for a struct and for a list of such structs, whichever the object has. */
function put(
  type: TypeSchema | undefined,
  names: readonly string[],
  known: TypeSchema,
): TypeSchema {
  const [name, ...rest] = names;
  if (name === undefined) return { ...known, element: known, isKnown: true };
  const child = put(memberType(type, name) ?? memberType(type?.element, name), rest, known);
  const fields = new Map([...(type?.fields ?? []), [name, child]]);
  const item = new Map([...(type?.element?.fields ?? []), [name, child]]);
  return { ...type, fields, element: { ...type?.element, fields: item } };
}
