import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isJsonArray, isJsonObject, type JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { applicationCrd, appProjectCrd } from './crd.ts';

/** What `x-kubernetes-…` and plain keywords a structural schema of ours may hold. */
const KEYWORDS = new Set([
  'type',
  'description',
  'format',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'required',
  'properties',
  'items',
  'additionalProperties',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
]);

interface Field {
  readonly path: string;
  readonly schema: JsonObject;
}

function at(value: unknown, ...path: readonly (string | number)[]): JsonObject {
  const found = path.reduce<unknown>(
    (from, step) => (from as Readonly<Record<string | number, unknown>> | undefined)?.[step],
    value,
  );
  return isJsonObject(found) ? found : assert.fail(`${path.join('.')} is no object`);
}

const schemaOf = (crd: KubeObject) => at(crd, 'spec', 'versions', 0, 'schema', 'openAPIV3Schema');

function* fieldsOf(schema: JsonObject, path: string): Iterable<Field> {
  yield { path, schema };
  const { properties, items, additionalProperties } = schema;
  if (isJsonObject(items)) yield* fieldsOf(items, `${path}[]`);
  if (isJsonObject(additionalProperties)) yield* fieldsOf(additionalProperties, `${path}{}`);
  if (isJsonObject(properties))
    for (const [name, member] of Object.entries(properties))
      if (isJsonObject(member)) yield* fieldsOf(member, `${path}.${name}`);
}

for (const crd of [applicationCrd(), appProjectCrd()])
  describe(`the CRD ${crd.metadata.name}`, () => {
    const fields = [...fieldsOf(schemaOf(crd), '')];

    test('is a structural schema', () => {
      for (const { path, schema } of fields) {
        const strange = Object.keys(schema).filter((keyword) => !KEYWORDS.has(keyword));
        assert.deepEqual(strange, [], path);
        const typed = typeof schema['type'] === 'string';
        assert.ok(typed || schema['x-kubernetes-int-or-string'] === true, `${path} has no type`);
        assert.ok(!(schema['properties'] && schema['additionalProperties']), path);
      }
    });

    test('requires only fields that exist', () => {
      for (const { path, schema } of fields) {
        const required = isJsonArray(schema['required']) ? schema['required'] : [];
        for (const name of required) at(schema, 'properties', String(name));
        assert.equal(new Set(required).size, required.length, path);
      }
    });

    test('describes every field of spec', () => {
      for (const { path, schema } of fields) {
        if (!path.startsWith('.spec.') || /(\[\]|\{\})$/.test(path)) continue;
        assert.match(String(schema['description']), /^\S.*\S$/, path);
      }
    });

    test('can be made twice and is the same', () => {
      const again =
        crd.metadata.name === 'applications.argoproj.io' ? applicationCrd : appProjectCrd;
      assert.deepEqual(again(), crd);
    });
  });

test('status holds no list of allowed words, so that others may write theirs', () => {
  const status = at(schemaOf(applicationCrd()), 'properties', 'status');
  for (const { path, schema } of fieldsOf(status, 'status'))
    assert.equal(schema['enum'], undefined, path);
});

test('traits of single fields', () => {
  const spec = at(schemaOf(applicationCrd()), 'properties', 'spec', 'properties');
  const source = at(spec, 'source', 'properties');
  const field = (from: JsonObject, ...path: readonly string[]) => {
    const { description: _description, ...rest } = at(from, ...path);
    return rest;
  };
  assert.deepEqual(field(source, 'helm', 'properties', 'valuesObject'), {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
  });
  assert.deepEqual(
    field(source, 'kustomize', 'properties', 'replicas', 'items', 'properties', 'count'),
    { 'x-kubernetes-int-or-string': true },
  );
  assert.deepEqual(field(spec, 'revisionHistoryLimit'), { type: 'integer', format: 'int64' });
  const hydrator = at(spec, 'sourceHydrator', 'properties', 'syncSource', 'properties');
  assert.deepEqual(field(hydrator, 'path'), {
    type: 'string',
    pattern: '^.{2,}|[^./]$',
    minLength: 1,
  });
});
