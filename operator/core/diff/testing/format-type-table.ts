import type { ListType } from '../list-keys.ts';
import type { ParsedTypes, TypeSchema } from '../type-schema.ts';

/** The text that `parseTypeTable` reads, of these kinds and all that they consist of. */
export function formatTypeTable(
  types: ParsedTypes,
  isWanted: (kind: string) => boolean = () => true,
): string {
  const names = new Map<TypeSchema, string>();
  for (const [name, type] of types.components) names.set(type, shortName(name));
  const kinds: string[] = [];
  const lines = new Map<string, string>();
  const add = (type: TypeSchema): void => {
    const name = names.get(type);
    if (name === undefined || lines.has(name)) return;
    lines.set(name, '');
    lines.set(name, formatType(name, type, names));
    for (const field of type.fields?.values() ?? []) visit(field);
  };
  const visit = (type: TypeSchema): void => {
    if (type.isOpaque === true) return;
    if (names.has(type)) add(type);
    else if (type.element !== undefined) visit(type.element);
  };
  for (const [kind, type] of types.kinds) {
    if (!isWanted(kind)) continue;
    kinds.push(`${kind} = ${names.get(type) ?? ''}`);
    add(type);
  }
  return [...kinds.sort(), ...[...lines.values()].sort()].join('\n');
}

function formatType(
  name: string,
  type: TypeSchema,
  names: ReadonlyMap<TypeSchema, string>,
): string {
  const parts = [name, ...(type.isAtomic === true ? ['!'] : [])];
  const fields = [...(type.fields ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [field, value] of fields) parts.push(`${field}:${formatValue(value, names)}`);
  for (const [field, value] of Object.entries(type.defaults ?? {}).sort())
    parts.push(`${field}=${JSON.stringify(value)}`);
  return parts.join(' ');
}

function formatValue(type: TypeSchema, names: ReadonlyMap<TypeSchema, string>): string {
  if (type.isOpaque === true) return 'opaque';
  const name = names.get(type);
  if (name !== undefined) return name;
  if (type.scalar !== undefined) return type.scalar;
  const element = type.element === undefined ? '' : formatValue(type.element, names);
  if (type.isMap === true) return `{${type.isAtomic === true ? '!' : ''}}${element}`;
  return `[${type.list === undefined ? '' : formatList(type.list)}]${element}`;
}

function formatList(list: ListType): string {
  if (list.type !== 'map') return list.type === 'set' ? 'set' : '';
  const keys = list.keys.map((key) =>
    list.defaults?.[key] === undefined ? key : `${key}=${JSON.stringify(list.defaults[key])}`,
  );
  return `${keys.join(',')}${list.isOrdered === true ? '!' : ''}`;
}

/** `io.k8s.api.core.v1.Pod` → `core.v1.Pod`; the last three parts tell the types apart. */
const shortName = (name: string): string => name.split('.').slice(-3).join('.');
