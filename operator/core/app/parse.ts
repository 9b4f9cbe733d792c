import type * as z from 'zod/mini';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import { groupOf, type KubeObject } from '../objects/kube-object.ts';
import { projectSpecSchema } from './project-schema.ts';
import { applicationSpecSchema, operationSchema } from './schema.ts';
import { applicationStatusSchema } from './status-schema.ts';
import type { Application, ApplicationMeta, ApplicationStatus, Project } from './types.ts';

/** A field that is not as it must be. */
export interface Problem {
  /** `spec.syncPolicy.retry.limit`. */
  readonly path: string;
  /** Reads on from the path: `must be a whole number, is text`. */
  readonly message: string;
}

export interface Invalid {
  readonly type: 'invalid';
  readonly problems: readonly Problem[];
}

export type ParsedApplication =
  | { readonly type: 'ok'; readonly application: Application }
  | Invalid;

/**
 * Makes an Application of what the API server returned, or of what a person wrote. Never throws.
 * Unknown fields are passed over, and null means absent. A part of the status that makes no sense is
 * as good as absent (in a list: that item): it is written anew.
 */
export function parseApplication(raw: KubeObject): ParsedApplication {
  const spec = parsePart(applicationSpecSchema, raw['spec'], 'spec');
  const wanted = raw['operation'] ?? undefined;
  const operation =
    wanted === undefined ? undefined : parsePart(operationSchema, wanted, 'operation');
  if (!spec.success || operation?.success === false || !isOfKind(raw, 'Application'))
    return {
      type: 'invalid',
      problems: [
        ...kindProblems(raw, 'Application'),
        ...(spec.success ? [] : spec.problems),
        ...(operation === undefined || operation.success ? [] : operation.problems),
      ],
    };
  return {
    type: 'ok',
    application: {
      metadata: readMeta(raw),
      spec: spec.data,
      status: readStatus(raw['status']),
      operation: operation?.data,
      raw,
    },
  };
}

export type ParsedProject = { readonly type: 'ok'; readonly project: Project } | Invalid;

/** Makes a project of what the API server returned, or of what a person wrote. Never throws. */
export function parseProject(raw: KubeObject): ParsedProject {
  const spec = parsePart(projectSpecSchema, raw['spec'], 'spec');
  if (!spec.success || !isOfKind(raw, 'AppProject'))
    return {
      type: 'invalid',
      problems: [...kindProblems(raw, 'AppProject'), ...(spec.success ? [] : spec.problems)],
    };
  const { name = '', namespace = '' } = raw.metadata;
  return { type: 'ok', project: { name, namespace, spec: spec.data } };
}

function isOfKind(raw: KubeObject, kind: string): boolean {
  return raw.kind === kind && groupOf(raw.apiVersion) === 'argoproj.io';
}

function kindProblems(raw: KubeObject, kind: string): readonly Problem[] {
  if (isOfKind(raw, kind)) return [];
  const is = `${raw.apiVersion} ${raw.kind}`;
  return [{ path: 'kind', message: `must be ${kind} of argoproj.io, is ${is}` }];
}

type Part<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly problems: readonly Problem[] };

function parsePart<T>(
  schema: z.ZodMiniType<T>,
  value: JsonValue | undefined,
  root: string,
): Part<T> {
  const result = schema.safeParse(value);
  if (result.success) return result;
  // Nulls are rare, and looking for them costs more than parsing: only now.
  const cleaned = withoutNulls(value);
  const again = schema.safeParse(cleaned);
  if (again.success) return again;
  return { success: false, problems: again.error.issues.map((i) => problemOf(i, cleaned, root)) };
}

/** Without members that are null; what users keep in `valuesObject` stays as it is. */
export function withoutNulls(value: JsonValue | undefined): JsonValue | undefined {
  if (isJsonArray(value)) return value.map((item) => withoutNulls(item) ?? null);
  if (!isJsonObject(value)) return value ?? undefined;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      member === null
        ? []
        : [[name, name === 'valuesObject' ? member : withoutNulls(member)] as const],
    ),
  );
}

function problemOf(issue: z.core.$ZodIssue, value: JsonValue | undefined, root: string): Problem {
  const path = issue.path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${String(step)}`),
    root,
  );
  const found = issue.path.reduce<unknown>(
    (at, step) => (at as Readonly<Record<PropertyKey, unknown>> | undefined)?.[step],
    value,
  );
  return { path, message: found === undefined ? 'is required' : wordsOf(issue, found) };
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a whole number', // the schemas have no others
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function wordsOf(issue: z.core.$ZodIssue, found: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}, is ${typeOf(found)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}, is ${JSON.stringify(found)}`;
    case 'too_big':
      return `is longer than ${issue.maximum} characters`;
    case 'too_small':
      return 'must not be empty';
    case 'invalid_format':
      return `must match ${issue.pattern ?? issue.format}, is ${JSON.stringify(found)}`;
    case 'invalid_union':
      return `must be a whole number or text, is ${typeOf(found)}`;
    default:
      return issue.message;
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? JSON.stringify(value) : (TYPES[typeof value] ?? typeof value);
}

function readMeta({ metadata }: KubeObject): ApplicationMeta {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata;
  return {
    name,
    namespace,
    uid,
    resourceVersion,
    generation: metadata.generation,
    deletionTimestamp: metadata.deletionTimestamp,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    finalizers: metadata.finalizers ?? [],
  };
}

function readStatus(value: JsonValue | undefined): ApplicationStatus {
  if (!isJsonObject(value)) return {};
  const whole = applicationStatusSchema.safeParse(value);
  if (whole.success) return whole.data;
  const parts = Object.entries(value).map(([name, part]) => readStatusPart(name, part));
  return Object.assign({}, ...parts);
}

function readStatusPart(name: string, value: JsonValue | undefined): ApplicationStatus {
  const read = (part: JsonValue | undefined) =>
    applicationStatusSchema.safeParse({ [name]: part } satisfies JsonObject);
  const cleaned = withoutNulls(value);
  if (cleaned === undefined) return {};
  const part = read(cleaned);
  if (part.success) return part.data;
  if (!isJsonArray(cleaned)) return {};
  const items = read(cleaned.filter((item) => read([item]).success));
  return items.success ? items.data : {};
}
