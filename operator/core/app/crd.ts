import * as z from 'zod/mini';
import { isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { projectSpecSchema, projectStatusSchema } from './project-schema.ts';
import { applicationSpecSchema, operationSchema } from './schema.ts';
import { applicationStatusSchema } from './status-schema.ts';

/** The CustomResourceDefinition of Application, made from the schemas. */
export function applicationCrd(): KubeObject {
  return definition({
    kind: 'Application',
    plural: 'applications',
    shortNames: ['app', 'apps'],
    description: 'Desired state from Git for one cluster and namespace, and how far it got.',
    properties: {
      spec: structural(applicationSpecSchema, 'What should run where.'),
      operation: terseSources(
        structural(
          operationSchema,
          'Set this to start an operation, such as a manual sync; it is removed when it has begun.',
        ),
      ),
      status: withoutEnums(
        terseSources(
          structural(applicationStatusSchema, 'What was found; written by the operator.'),
        ),
      ),
    },
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
      spec: structural(projectSpecSchema, 'What the Applications of the project may do.'),
      status: structural(projectStatusSchema, 'Written by the API server of the control plane.'),
    },
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
  readonly columns: readonly JsonObject[];
  readonly subresources: JsonObject | undefined;
}

function definition(given: Definition): KubeObject {
  const { kind, plural, shortNames, columns, subresources } = given;
  const schema = {
    description: given.description,
    type: 'object',
    required: ['metadata', 'spec'],
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
function structural(schema: z.ZodMiniType, description: string): JsonObject {
  const json = z.toJSONSchema(schema, { io: 'input', reused: 'inline', unrepresentable: 'any' });
  return convert({ ...(json as JsonObject), description });
}

/** Keywords that are taken over as they are. Others say nothing in a structural schema, or are refused there. */
const KEPT = [
  'type',
  'description',
  'format',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'required',
  'x-kubernetes-preserve-unknown-fields',
] as const;

function convert(schema: JsonObject): JsonObject {
  if (schema['x-kubernetes-int-or-string'] === true)
    return { description: schema['description'], 'x-kubernetes-int-or-string': true };
  const converted: Record<string, JsonValue | undefined> = {};
  for (const keyword of KEPT)
    if (schema[keyword] !== undefined) converted[keyword] = schema[keyword];
  const { properties, items, additionalProperties } = schema;
  if (isJsonObject(properties))
    converted['properties'] = mapObject(properties, (member) => convert(member));
  if (isJsonObject(items)) converted['items'] = convert(items);
  if (isJsonObject(additionalProperties))
    converted['additionalProperties'] = convert(additionalProperties);
  return converted;
}

const SOURCES: ReadonlySet<string> = new Set(['source', 'sources', 'sourceHydrator']);

/**
 * Without the descriptions inside of sources: they stand in `spec`, and repeating them at every
 * place would make the CRD too large for the annotation of `kubectl apply`.
 */
function terseSources(schema: JsonObject, inSource = false): JsonObject {
  const { description, ...rest } = schema;
  const { properties, items, additionalProperties } = rest;
  const below = (member: JsonObject) => terseSources(member, inSource);
  return {
    ...(inSource || description === undefined ? {} : { description }),
    ...rest,
    ...(isJsonObject(properties)
      ? {
          properties: mapObject(properties, (member, name) => {
            const terse = terseSources(member, inSource || SOURCES.has(name));
            return inSource ? terse : { description: member['description'], ...terse };
          }),
        }
      : {}),
    ...(isJsonObject(items) ? { items: below(items) } : {}),
    ...(isJsonObject(additionalProperties)
      ? { additionalProperties: below(additionalProperties) }
      : {}),
  };
}

/**
 * Status without lists of allowed values: an object that another controller wrote must not become
 * unwritable because of a word that only it knows. The words are in the descriptions.
 */
function withoutEnums(schema: JsonObject): JsonObject {
  const { enum: _enum, ...rest } = schema;
  const { properties, items } = rest;
  return {
    ...rest,
    ...(isJsonObject(properties)
      ? { properties: mapObject(properties, (member) => withoutEnums(member)) }
      : {}),
    ...(isJsonObject(items) ? { items: withoutEnums(items) } : {}),
  };
}

function mapObject(
  object: JsonObject,
  map: (member: JsonObject, name: string) => JsonObject,
): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, member]) =>
      isJsonObject(member) ? [[name, map(member, name)]] : [],
    ),
  );
}
