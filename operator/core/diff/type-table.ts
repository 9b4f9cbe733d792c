import type { JsonValue } from '../objects/json.ts';
import type { ListType } from './list-keys.ts';
import { OPAQUE, type ParsedTypes, type ScalarType, type TypeSchema } from './type-schema.ts';

/*
 * One line for each type: its name, `!` when it is replaced as a whole, and its fields.
 *
 *   core.v1.Container env:[name!]core.v1.EnvVar stdin=false
 *
 * `field:T` says the type of a field, `field=JSON` what it is where it is absent. T is a scalar,
 * `opaque` or the name of a type, or empty where there is nothing to say; before it stand `{}` for a map of T
 * (`{!}` when it is replaced as a whole), `[]` for a list of T replaced as a whole, `[set]` for a
 * set, `[name,protocol="TCP"]` for a list by keys with their defaults, and `!` before its end when
 * the order of its items has a meaning. A line `apps/v1/Deployment = apps.v1.Deployment` names a kind.
 */

/** Reads such a table; types may refer to each other in any order. */
export function parseTypeTable(table: string): ParsedTypes {
  const lines = table.split('\n').filter((line) => line !== '');
  const components = new Map<string, Node>();
  for (const line of lines) if (!line.includes(' = ')) components.set(nameOf(line), { isGo: true });
  const kinds = new Map<string, TypeSchema>();
  for (const line of lines) {
    const [kind = '', name] = line.split(' = ');
    if (name === undefined) readType(line, components);
    else kinds.set(kind, components.get(name) ?? { isGo: true });
  }
  return { kinds, components };
}

interface Node extends TypeSchema {
  fields?: ReadonlyMap<string, TypeSchema>;
  isAtomic?: true;
  defaults?: Readonly<Record<string, JsonValue>>;
}

const nameOf = (line: string): string => line.split(' ', 1)[0] ?? '';

function readType(line: string, components: ReadonlyMap<string, Node>): void {
  const [name = '', ...parts] = line.split(' ');
  const node = components.get(name);
  if (node === undefined) return;
  const fields = new Map<string, TypeSchema>();
  const defaults: Record<string, JsonValue> = {};
  for (const part of parts) {
    const match = /^([\w$-]+)([:=])(.*)$/.exec(part);
    const [, field = '', sign, rest = ''] = match ?? [];
    if (part === '!') node.isAtomic = true;
    else if (sign === '=') defaults[field] = JSON.parse(rest) as JsonValue;
    else fields.set(field, readValue(rest, components));
  }
  if (fields.size > 0) node.fields = fields;
  if (Object.keys(defaults).length > 0) node.defaults = defaults;
}

const SCALARS: ReadonlySet<string> = new Set<ScalarType>([
  'bytes',
  'duration',
  'micro-time',
  'quantity',
  'time',
]);

function readValue(text: string, components: ReadonlyMap<string, TypeSchema>): TypeSchema {
  const end = text.startsWith('[') ? text.indexOf(']') : text.indexOf('}');
  if (end < 0) return readName(text, components);
  const [inner, rest] = [text.slice(1, end), text.slice(end + 1)];
  const element = rest === '' ? {} : { element: readValue(rest, components) };
  if (text.startsWith('{'))
    return { isMap: true, ...(inner === '!' ? { isAtomic: true as const } : {}), ...element };
  return inner === '' ? element : { list: readList(inner), ...element };
}

function readName(text: string, components: ReadonlyMap<string, TypeSchema>): TypeSchema {
  if (text === 'opaque') return OPAQUE;
  if (SCALARS.has(text)) return { scalar: text as ScalarType };
  return components.get(text) ?? {};
}

function readList(inner: string): ListType {
  if (inner === 'set') return { type: 'set' };
  const keys: string[] = [];
  const defaults: Record<string, JsonValue> = {};
  for (const part of inner.replace(/!$/, '').split(',')) {
    const [key = '', fallback] = part.split('=');
    keys.push(key);
    if (fallback !== undefined) defaults[key] = JSON.parse(fallback) as JsonValue;
  }
  return {
    type: 'map',
    keys,
    ...(Object.keys(defaults).length > 0 ? { defaults } : {}),
    ...(inner.endsWith('!') ? { isOrdered: true as const } : {}),
  };
}
