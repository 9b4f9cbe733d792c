import fc from 'fast-check';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../objects/json.ts';

/**
 * Random objects of the kinds in an OpenAPI document: a minimal valid one, with fields added that the
 * schema knows, here and there in other notations than the API server's own. The API server has the
 * last word on whether they are valid.
 */
export function objectArbitrary(
  document: JsonObject,
  component: string,
  minimal: JsonObject,
): fc.Arbitrary<JsonObject> {
  const schemas = objectAt(objectAt(document, 'components'), 'schemas');
  const generator = new Generator(schemas);
  return generator.extended(component, minimal);
}

/** The component of a kind, by its group, version and kind. */
export function componentOf(
  document: JsonObject,
  wanted: { readonly group: string; readonly version: string; readonly kind: string },
): string | undefined {
  const schemas = objectAt(objectAt(document, 'components'), 'schemas');
  return Object.keys(schemas).find((name) => {
    const list = objectAt(schemas, name)['x-kubernetes-group-version-kind'];
    const [gvk, ...others] = isJsonArray(list) ? list : [];
    if (!isJsonObject(gvk) || others.length > 0) return false;
    return (
      gvk['group'] === wanted.group &&
      gvk['version'] === wanted.version &&
      gvk['kind'] === wanted.kind
    );
  });
}

const NAME = fc.constantFrom('a', 'b', 'c-1');
const TEXT = fc.constantFrom('a', 'some text', 'B_2', '');
const AMOUNT: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue>(
  1,
  2,
  '1',
  '1000m',
  '500m',
  '0.5',
  '1Gi',
  '1024Mi',
  '1e3',
  '2000',
);
const TIME = fc.constantFrom('2024-05-06T07:08:09Z', '2024-05-06T09:08:09+02:00');
const MICRO_TIME = fc.constantFrom('2024-05-06T07:08:09.000001Z', '2024-05-06T07:08:09.100000Z');

const ANYTHING: fc.Arbitrary<JsonObject> = fc.letrec<{ value: JsonValue; map: JsonObject }>(
  (tie) => ({
    map: fc.dictionary(NAME, tie('value'), { maxKeys: 3 }),
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<JsonValue>(1, 'x', '', true, false),
      tie('map'),
      fc.array(tie('value'), { maxLength: 2 }),
    ),
  }),
).map;

/** Texts that only certain values are valid for, by the name of the field. */
const BY_NAME: Readonly<Record<string, fc.Arbitrary<JsonValue>>> = {
  accessModes: fc.constantFrom<JsonValue>(['ReadWriteOnce'], ['ReadWriteOnce', 'ReadOnlyMany']),
  apiGroup: fc.constantFrom('rbac.authorization.k8s.io', 'apps', ''),
  apiVersion: fc.constantFrom('v1', 'apps/v1'),
  cidr: fc.constantFrom('10.0.0.0/8'),
  cidrs: fc.constant(['10.0.0.0/8']),
  divisor: fc.constantFrom<JsonValue>('1', '1m', 0, '0'),
  expression: fc.constant('true'),
  fieldPath: fc.constantFrom('metadata.name', 'metadata.namespace'),
  host: fc.constantFrom('web.example.com', '*.example.com', ''),
  ip: fc.constantFrom('10.1.2.3', '10.1.2.4'),
  kind: fc.constantFrom('User', 'Group', 'Deployment', 'Managed', 'Shared'),
  mountPath: fc.constantFrom('/a', '/b'),
  path: fc.constantFrom('/a', 'a', '/data/b'),
  resource: fc.constantFrom('limits.cpu', 'requests.memory', 'cpu'),
  storage: AMOUNT,
  timeZone: fc.constant('Etc/UTC'),
  topologyKey: fc.constantFrom('kubernetes.io/hostname', 'zone'),
  verbs: fc.constantFrom<JsonValue>(['get'], ['get', 'list'], ['*']),
};
/** The server writes them, or refuses them. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'ephemeralContainers',
  'generateName',
  'generation',
  'managedFields',
  'namespace',
  'nodeName',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'status',
  'uid',
]);

class Generator {
  readonly #schemas: JsonObject;

  constructor(schemas: JsonObject) {
    this.#schemas = schemas;
  }

  extended(component: string, minimal: JsonObject): fc.Arbitrary<JsonObject> {
    return this.#grown(objectAt(this.#schemas, component), minimal, 0);
  }

  /** Every part of what is there may grow by some fields. */
  #grown(schema: JsonObject, value: JsonObject, depth: number): fc.Arbitrary<JsonObject> {
    const properties = objectAt(this.#resolve(schema), 'properties');
    const parts: Record<string, fc.Arbitrary<JsonValue>> = {};
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      parts[name] = this.#grownValue(objectAt(properties, name), member, depth + 1);
    }
    // A Job whose selector is given has another one by the time it is applied again.
    const isJob = 'manualSelector' in properties;
    const more = Object.keys(properties).filter(
      (name) =>
        !LEFT_OUT.has(name) &&
        !(name in value) &&
        !(depth === 0 && isTypeMeta(name)) &&
        !(isJob && name === 'selector'),
    );
    if (more.length === 0) return fc.record(parts);
    const most = depth === 0 ? 2 : 4;
    return fc
      .tuple(
        fc.record(parts),
        fc
          .subarray(more, { maxLength: Math.min(most, more.length) })
          .chain((names) =>
            fc.record(
              Object.fromEntries(
                names.map((name) => [name, this.#value(name, objectAt(properties, name), 0)]),
              ),
            ),
          ),
        fc.integer({ min: 0, max: 2 }),
      )
      .map(([own, added, dice]) => (dice === 0 ? own : { ...own, ...added }));
  }

  #grownValue(schema: JsonObject, value: JsonValue, depth: number): fc.Arbitrary<JsonValue> {
    const resolved = this.#resolve(schema);
    if (isJsonObject(value) && resolved['properties'] !== undefined)
      return this.#grown(resolved, value, depth);
    if (isJsonArray(value) && isJsonObject(resolved['items'])) {
      const items = resolved['items'];
      return fc.tuple(...value.map((item) => this.#grownValue(items, item, depth)));
    }
    return fc.constant(value);
  }

  /** A value for a field, made from nothing. */
  #value(name: string, schema: JsonObject, depth: number): fc.Arbitrary<JsonValue> {
    const reference = referenceOf(schema);
    if (reference.endsWith('.Quantity')) return AMOUNT;
    if (reference.endsWith('.IntOrString')) return fc.constantFrom<JsonValue>(1, '25%', 80, 'http');
    if (reference.endsWith('.MicroTime')) return MICRO_TIME;
    if (reference.endsWith('.Time')) return TIME;
    const known = BY_NAME[name];
    const resolved = this.#resolve(schema);
    if (resolved['x-kubernetes-int-or-string'] === true) return fc.constantFrom<JsonValue>(1, '1');
    if (resolved['x-kubernetes-preserve-unknown-fields'] === true) return ANYTHING;
    if (known !== undefined && resolved['type'] !== 'object') return known;
    const choices = resolved['enum'];
    if (isJsonArray(choices)) return fc.constantFrom(...choices);
    switch (resolved['type']) {
      case 'boolean':
        return fc.boolean();
      case 'integer':
      case 'number':
        return fc.constantFrom(0, 1, 2, 30, 420);
      case 'string':
        return resolved['format'] === 'byte'
          ? fc.constantFrom('YQ==', 'YWJj', 'YW\nJj')
          : fc.oneof({ weight: 4, arbitrary: NAME }, { weight: 1, arbitrary: TEXT });
      case 'array':
        return this.#list(name, resolved, depth);
      default:
        return this.#object(resolved, depth);
    }
  }

  #list(name: string, schema: JsonObject, depth: number): fc.Arbitrary<JsonValue> {
    const keys = schema['x-kubernetes-list-map-keys'];
    const item = this.#value(name, objectAt(schema, 'items'), depth + 1);
    const selector = (value: JsonValue): string =>
      isJsonArray(keys) && isJsonObject(value)
        ? keys.map((key) => JSON.stringify(value[String(key)])).join()
        : JSON.stringify(value);
    return fc.uniqueArray(item, { selector, minLength: depth > 3 ? 1 : 0, maxLength: 2 });
  }

  #object(schema: JsonObject, depth: number): fc.Arbitrary<JsonValue> {
    const properties = objectAt(schema, 'properties');
    const values = schema['additionalProperties'];
    if (isJsonObject(values))
      return fc.dictionary(NAME, this.#value('', values, depth + 1), { maxKeys: 2 });
    const required = new Set(isJsonArray(schema['required']) ? schema['required'] : []);
    const names = Object.keys(properties).filter((name) => !LEFT_OUT.has(name));
    const needed = names.filter((name) => required.has(name));
    const free = names.filter((name) => !required.has(name));
    if (depth > 6) return fc.constant({});
    return fc
      .subarray(free, { maxLength: Math.min(depth > 2 ? 2 : 3, free.length) })
      .chain((chosen) =>
        fc.record(
          Object.fromEntries(
            [...needed, ...chosen].map((name) => [
              name,
              this.#value(name, objectAt(properties, name), depth + 1),
            ]),
          ),
        ),
      );
  }

  #resolve(schema: JsonObject): JsonObject {
    const reference = referenceOf(schema);
    return reference === '' ? schema : objectAt(this.#schemas, reference);
  }
}

const isTypeMeta = (name: string): boolean => name === 'apiVersion' || name === 'kind';

function referenceOf(schema: JsonObject): string {
  const [first] = isJsonArray(schema['allOf']) ? schema['allOf'] : [];
  const reference = schema['$ref'] ?? (isJsonObject(first) ? first['$ref'] : undefined);
  return typeof reference === 'string' ? reference.slice(reference.lastIndexOf('/') + 1) : '';
}

function objectAt(value: JsonObject, name: string): JsonObject {
  const member = value[name];
  return isJsonObject(member) ? member : {};
}
