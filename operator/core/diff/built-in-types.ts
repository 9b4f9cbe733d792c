import { BUILT_IN_TABLE } from './built-in-table.ts';
import type { ListType } from './list-keys.ts';
import { parseTypeTable } from './type-table.ts';
import type { TypeSchema } from './type-schema.ts';

const TYPES = parseTypeTable(BUILT_IN_TABLE);

/** The type of a kind that comes with Kubernetes; `undefined` for any other. */
export function builtInType(apiVersion: string, kind: string): TypeSchema | undefined {
  return TYPES.kinds.get(`${apiVersion}/${kind}`);
}

/** A type that kinds consist of, e.g. `core.v1.PodSpec` or `v1.ObjectMeta`. */
export function builtInComponent(name: string): TypeSchema | undefined {
  return TYPES.components.get(name);
}

const LISTS: readonly { readonly name: string; readonly list: ListType }[] = [
  ...TYPES.components.values(),
].flatMap(({ fields }) =>
  [...(fields ?? [])].flatMap(([name, { list }]) => (list === undefined ? [] : [{ name, list }])),
);

/** The types of all lists, other than those replaced as a whole, that stand in a field of this name. */
export function builtInListsNamed(field: string): readonly ListType[] {
  return LISTS.filter(({ name }) => name === field).map(({ list }) => list);
}

/** All that is known of a custom resource without its schema. */
export const CUSTOM_TYPE: TypeSchema = {
  fields: new Map([['metadata', builtInComponent('meta.v1.ObjectMeta') ?? {}]]),
};
