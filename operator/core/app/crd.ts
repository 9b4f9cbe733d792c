import { z } from 'zod';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import {
  applicationSpecSchema,
  applicationStatusSchema,
  operationSchema,
  projectSpecSchema,
  projectStatusSchema,
} from './schema.ts';

/** The CustomResourceDefinition of Application, made from the schemas. */
export function applicationCrd(): KubeObject {
  return definition({
    kind: 'Application',
    plural: 'applications',
    shortNames: ['app', 'apps'],
    description: 'Desired state from Git for one cluster and namespace, and how far it got.',
    properties: {
      spec: structural(applicationSpecSchema),
      operation: terseSources(structural(operationSchema)),
      status: terseSources(structural(applicationStatusSchema)),
    },
    required: ['metadata', 'spec'],
    columns: [
      { name: 'Sync Status', type: 'string', jsonPath: '.status.sync.status' },
      { name: 'Health Status', type: 'string', jsonPath: '.status.health.status' },
      { name: 'Revision', type: 'string', jsonPath: '.status.sync.revision', priority: 10 },
      { name: 'Project', type: 'string', jsonPath: '.spec.project', priority: 10 },
    ],
    subresources: { status: {} },
  });
}

/** The CustomResourceDefinition of AppProject, made from the schemas. */
export function appProjectCrd(): KubeObject {
  return definition({
    kind: 'AppProject',
    plural: 'appprojects',
    shortNames: ['appproj', 'appprojs'],
    description: 'What the Applications of a team may deploy, from where and to where.',
    properties: {
      spec: structural(projectSpecSchema),
      status: structural(projectStatusSchema),
    },
    required: ['metadata', 'spec'],
    columns: [],
    subresources: undefined,
  });
}

interface Definition {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly properties: JsonObject;
  readonly required: readonly string[];
  readonly columns: readonly JsonObject[];
  readonly subresources: JsonObject | undefined;
}

function definition(given: Definition): KubeObject {
  const { kind, plural, shortNames, columns, subresources } = given;
  const schema = {
    description: given.description,
    type: 'object',
    required: given.required,
    properties: {
      apiVersion: { type: 'string', description: 'Version of the schema.' },
      kind: { type: 'string', description: 'Kind of the object.' },
      metadata: { type: 'object' },
      ...given.properties,
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.argoproj.io`,
      labels: {
        'app.kubernetes.io/name': `${plural}.argoproj.io`,
        'app.kubernetes.io/part-of': 'argocd',
      },
    },
    spec: {
      group: 'argoproj.io',
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          ...(columns.length === 0 ? {} : { additionalPrinterColumns: columns }),
          schema: { openAPIV3Schema: schema },
          ...(subresources === undefined ? {} : { subresources }),
        },
      ],
    },
  };
}

/** The structural OpenAPI schema of a zod schema. */
function structural(schema: z.ZodType): JsonObject {
  const json = z.toJSONSchema(schema, { reused: 'inline', unrepresentable: 'any' });
  return convert(json as JsonObject);
}

/**
 * Without the descriptions inside `source` and `sources`: they stand in `spec`, and repeating them
 * nine times would make the CRD too large for the annotation of `kubectl apply`.
 */
function terseSources(schema: JsonObject, inSource = false): JsonObject {
  const terse: Record<string, JsonValue | undefined> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'description' && inSource && typeof value === 'string') continue;
    if (keyword === 'properties' && isJsonObject(value))
      terse[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, member]) => [
          name,
          isJsonObject(member)
            ? terseSources(member, inSource || name === 'source' || name === 'sources')
            : member,
        ]),
      );
    else terse[keyword] = isJsonObject(value) ? terseSources(value, inSource) : value;
  }
  return terse;
}

/** Keywords that structural schemas have no place for, or that say nothing there. */
const DROPPED: ReadonlySet<string> = new Set([
  '$schema',
  'additionalProperties',
  'propertyNames',
  'preserve',
  'intOrString',
  'minimum',
  'maximum',
]);

function convert(schema: JsonObject): JsonObject {
  const { description } = schema;
  const described = description === undefined ? {} : { description };
  if (schema['intOrString'] === true) return { ...described, 'x-kubernetes-int-or-string': true };
  if (schema['preserve'] === true)
    return { ...described, type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const converted: Record<string, JsonValue | undefined> = {};
  for (const [keyword, value] of Object.entries(schema))
    if (!DROPPED.has(keyword)) converted[keyword] = value;
  const { properties, items, additionalProperties } = { ...schema };
  if (isJsonObject(properties))
    converted['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, convertAny(value)]),
    );
  if (items !== undefined) converted['items'] = convertAny(items);
  if (isJsonObject(additionalProperties))
    converted['additionalProperties'] = convertAny(additionalProperties);
  if (isJsonArray(converted['required']) && converted['required'].length === 0)
    delete converted['required'];
  return converted;
}

function convertAny(value: JsonValue | undefined): JsonValue {
  return isJsonObject(value) ? convert(value) : (value ?? {});
}
