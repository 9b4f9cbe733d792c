import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import { apiVersionOf } from '../objects/kube-object.ts';
import { FIELD_KNOWLEDGE } from './field-knowledge.ts';
import type { ListType } from './list-keys.ts';

/** How the text of a scalar is read when two of them are compared. */
export type ScalarType = 'quantity' | 'time' | 'micro-time' | 'duration' | 'bytes';

/**
 * What comparing has to know of a type beyond the plain case, in which members of an object are
 * independent of each other, a list is replaced as a whole, and scalars are what they are. Types
 * that have nothing to say are absent. Shared by reference, and cyclic where the type is.
 */
export interface TypeSchema {
  readonly fields?: ReadonlyMap<string, TypeSchema>;
  /** Of every member that `fields` does not name, or of every item of a list. */
  readonly element?: TypeSchema;
  /** The object is a map from names to values, not a struct. */
  readonly isMap?: true;
  /** The object is replaced as a whole (`x-kubernetes-map-type: atomic`). */
  readonly isAtomic?: true;
  /** Absent: replaced as a whole. */
  readonly list?: ListType;
  readonly scalar?: ScalarType;
  /** By field: what the API server puts where it is absent, or leaves out when it writes. */
  readonly defaults?: Readonly<Record<string, JsonValue>>;
  /** The API server decodes it into a Go struct: empty lists and maps are the same as absent ones. */
  readonly isGo?: true;
  /** Said by settings, not by the schema: values are read as this type, lists are replaced as a whole. */
  readonly isKnown?: true;
  /** Nothing is known: whatever is not the same may be a difference. */
  readonly isOpaque?: true;
}

/** The types of one document that comparing has something to know of. */
export interface ParsedTypes {
  /** By `group/version/Kind`; the core group is `v1/Kind`. */
  readonly kinds: ReadonlyMap<string, TypeSchema>;
  /** By the name of the schema component. */
  readonly components: ReadonlyMap<string, TypeSchema>;
}

/** Bounds on what a document may hold; what goes beyond is opaque, never wrong. */
const MAX_DEPTH = 100;
const MAX_NODES = 200_000;

/** Says nothing, and forbids to conclude anything. */
export const OPAQUE: TypeSchema = { isOpaque: true };
const PLAIN: TypeSchema = {};

/** The type of a member of an object; `undefined` when there is nothing to say. */
export function memberType(type: TypeSchema | undefined, name: string): TypeSchema | undefined {
  const field = type?.fields?.get(name);
  if (field !== undefined) return field;
  if (type?.isMap === true) return type.element;
  return type?.isOpaque === true ? OPAQUE : undefined;
}

/**
 * The types of the kinds in an OpenAPI v3 document, as an API server serves it at
 * `/openapi/v3/apis/<group>/<version>`: keyed by `group/version/Kind`, or `v1/Kind` in the core
 * group. Anything that is no such document yields an empty map; parsing never throws. A kind whose
 * type is too deep or too large is opaque from there on.
 */
export function parseTypeSchemas(document: JsonValue): ReadonlyMap<string, TypeSchema> {
  return parseTypes(document).kinds;
}

/** As `parseTypeSchemas`, with the schema components by name as well. */
export function parseTypes(document: JsonValue): ParsedTypes {
  const components = at(at(document, 'components'), 'schemas');
  const reader = new TypeReader(isJsonObject(components) ? components : {});
  const kinds = new Map<string, TypeSchema>();
  for (const [name, schema] of Object.entries(reader.components)) {
    const listed = at(schema, 'x-kubernetes-group-version-kind');
    // Types such as DeleteOptions stand for many kinds and are none of them.
    const [gvk, ...others] = isJsonArray(listed) ? listed : [];
    const [group, version, kind] = [at(gvk, 'group'), at(gvk, 'version'), at(gvk, 'kind')];
    if (typeof group !== 'string' || typeof version !== 'string' || typeof kind !== 'string')
      continue;
    if (others.length === 0)
      kinds.set(`${apiVersionOf({ group, version })}/${kind}`, reader.component(name));
  }
  return { kinds, components: reader.read };
}

interface Building extends TypeSchema {
  fields?: ReadonlyMap<string, TypeSchema>;
  element?: TypeSchema;
  isMap?: true;
  isAtomic?: true;
  list?: ListType;
  scalar?: ScalarType;
  defaults?: Readonly<Record<string, JsonValue>>;
  isGo?: true;
  isOpaque?: true;
}

/** Reads components once each; a component that refers to itself gets the node that is being built. */
class TypeReader {
  readonly components: JsonObject;
  readonly read = new Map<string, TypeSchema>();
  readonly #open = new Set<TypeSchema>();
  #nodes = 0;

  constructor(components: JsonObject) {
    this.components = components;
  }

  component(name: string, depth = 0): TypeSchema {
    const known = this.read.get(name) ?? WELL_KNOWN.get(name);
    if (known !== undefined) return known;
    const schema = Object.hasOwn(this.components, name) ? this.components[name] : undefined;
    if (!isJsonObject(schema)) return OPAQUE;
    const node: Building = {};
    this.read.set(name, node);
    this.#open.add(node);
    const isGo = GO_TYPE.test(name);
    if (isGo) node.isGo = true;
    this.#fill(node, schema, { name: isGo ? name : '', isGo, depth });
    this.#open.delete(node);
    return node;
  }

  #fill(node: Building, schema: JsonObject, place: Place): void {
    this.#nodes += 1;
    if (place.depth > MAX_DEPTH || this.#nodes > MAX_NODES) {
      node.isOpaque = true;
      return;
    }
    if (schema['x-kubernetes-map-type'] === 'atomic') node.isAtomic = true;
    if (schema['format'] === 'byte' && place.isGo) node.scalar = 'bytes';
    const items = schema['items'];
    if (isJsonObject(items)) {
      const list = this.#listType(schema, items);
      if (list !== undefined) node.list = list;
      this.#element(node, items, place);
    }
    const values = schema['additionalProperties'];
    if (isJsonObject(values)) {
      node.isMap = true;
      this.#element(node, values, place);
    }
    const properties = schema['properties'];
    if (isJsonObject(properties)) this.#fields(node, properties, place);
    else if (isShapeless(schema)) node.isOpaque = true;
  }

  #element(node: Building, schema: JsonObject, { isGo, depth }: Place): void {
    const element = this.#value(schema, { name: '', isGo, depth: depth + 1 });
    if (!this.#isPlain(element)) node.element = element;
  }

  #fields(node: Building, properties: JsonObject, { name, isGo, depth }: Place): void {
    const fields = new Map<string, TypeSchema>();
    const defaults = new Map<string, JsonValue>();
    const knowledge = FIELD_KNOWLEDGE.get(name);
    for (const [field, schema] of Object.entries(properties)) {
      if (!isJsonObject(schema)) continue;
      const known = knowledge?.[field];
      const type = this.#value(schema, { name: '', isGo, depth: depth + 1 });
      if (known?.list !== undefined) fields.set(field, { ...type, list: known.list });
      else if (!this.#isPlain(type)) fields.set(field, type);
      const fallback = known?.default ?? schema['default'];
      // An empty text is what a Go field has anyway, and says nothing of a pointer.
      if (fallback === undefined || fallback === null) continue;
      if (!isGo || fallback !== '' || known !== undefined) defaults.set(field, fallback);
    }
    if (fields.size > 0) node.fields = fields;
    if (defaults.size > 0) node.defaults = Object.fromEntries(defaults);
  }

  /** The type of a field, of an item or of a member: a reference, or described on the spot. */
  #value(schema: JsonObject, place: Place): TypeSchema {
    const reference = referenceOf(schema);
    if (reference !== undefined)
      return place.depth > MAX_DEPTH ? OPAQUE : this.component(reference, place.depth);
    const node: Building = {};
    this.#fill(node, schema, place);
    return node;
  }

  /** A component that is still being read may yet turn out to have something to say. */
  #isPlain(type: TypeSchema): boolean {
    return !this.#open.has(type) && isPlain(type);
  }

  #listType(schema: JsonObject, items: JsonObject): ListType | undefined {
    const keys = schema['x-kubernetes-list-map-keys'];
    switch (schema['x-kubernetes-list-type']) {
      case 'atomic':
        return undefined;
      case 'set':
        return { type: 'set' };
      case 'map':
        return isJsonArray(keys) ? this.#mapType(keys, items) : undefined;
      default:
    }
    // Without a list type the API server goes by the older marks of strategic merge patches.
    const strategy = schema['x-kubernetes-patch-strategy'];
    if (typeof strategy !== 'string' || !strategy.split(',').includes('merge')) return undefined;
    const key = schema['x-kubernetes-patch-merge-key'];
    return typeof key === 'string' ? this.#mapType([key], items) : { type: 'set' };
  }

  #mapType(keys: readonly JsonValue[], items: JsonObject): ListType {
    const names = keys.filter((key) => typeof key === 'string');
    const reference = referenceOf(items);
    const item = reference === undefined ? items : this.components[reference];
    const defaults: Record<string, JsonValue> = {};
    for (const name of names) {
      const fallback = at(at(at(item, 'properties'), name), 'default');
      // A required Go field has an empty default, which no key ever is.
      const isZero = fallback === '' || (fallback === 0 && GO_TYPE.test(reference ?? ''));
      if (fallback !== undefined && !isZero) defaults[name] = fallback;
    }
    return Object.keys(defaults).length === 0
      ? { type: 'map', keys: names }
      : { type: 'map', keys: names, defaults };
  }
}

interface Place {
  /** Of the Go type whose members are read; empty within a member. */
  readonly name: string;
  readonly isGo: boolean;
  readonly depth: number;
}

/** `io.k8s.api.apps.v1.DeploymentSpec` and the like; custom resources are named after their group. */
const GO_TYPE =
  /^io\.k8s\.(?:api\.[a-z0-9]+\.v\d\w*|apimachinery\.pkg|apiextensions-apiserver\.pkg|kube-aggregator\.pkg)\./;

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const WELL_KNOWN: ReadonlyMap<string, TypeSchema> = new Map<string, TypeSchema>([
  ['io.k8s.apimachinery.pkg.api.resource.Quantity', { scalar: 'quantity' }],
  ['io.k8s.apimachinery.pkg.util.intstr.IntOrString', PLAIN],
  [`${META}.Time`, { scalar: 'time' }],
  [`${META}.MicroTime`, { scalar: 'micro-time' }],
  [`${META}.Duration`, { scalar: 'duration' }],
]);

/** Any object, which the API server replaces as a whole unless it is said to keep unknown fields. */
const isShapeless = (schema: JsonObject): boolean =>
  schema['type'] === 'object' &&
  schema['additionalProperties'] === undefined &&
  schema['x-kubernetes-preserve-unknown-fields'] !== true;

function referenceOf(schema: JsonObject): string | undefined {
  const [first, ...others] = isJsonArray(schema['allOf']) ? schema['allOf'] : [];
  const reference = schema['$ref'] ?? (others.length === 0 ? at(first, '$ref') : undefined);
  return typeof reference === 'string'
    ? reference.slice(reference.lastIndexOf('/') + 1)
    : undefined;
}

const isPlain = (type: TypeSchema): boolean => {
  for (const key in type) if (key !== 'isGo') return false;
  return true;
};

function at(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
