import type { z } from 'zod';
import { isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { projectSpecSchema } from './project-schema.ts';
import { applicationSpecSchema, operationSchema } from './schema.ts';
import { applicationStatusSchema } from './status-schema.ts';
import type { Application, ApplicationMeta, ApplicationStatus, Project } from './types.ts';

/** A field that is not as it must be. */
export interface Problem {
  /** `spec.syncPolicy.retry.limit`. */
  readonly path: string;
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
 * Makes an Application of what the API server returned. Unknown fields are passed over. A status
 * that makes no sense, in whole or in part, is as good as none: it is written anew.
 */
export function parseApplication(raw: KubeObject): ParsedApplication {
  const spec = applicationSpecSchema.safeParse(raw['spec'] ?? {});
  const wanted = raw['operation'];
  const operation =
    wanted === undefined || wanted === null ? undefined : operationSchema.safeParse(wanted);
  const problems = [
    ...problemsOf(spec, 'spec'),
    ...(operation === undefined ? [] : problemsOf(operation, 'operation')),
  ];
  if (!spec.success || problems.length > 0) return { type: 'invalid', problems };
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

/** Makes a project of what the API server returned. */
export function parseProject(raw: KubeObject): ParsedProject {
  const spec = projectSpecSchema.safeParse(raw['spec'] ?? {});
  if (!spec.success) return { type: 'invalid', problems: problemsOf(spec, 'spec') };
  const { name = '', namespace = '' } = raw.metadata;
  return { type: 'ok', project: { name, namespace, spec: spec.data } };
}

function problemsOf(result: z.ZodSafeParseResult<unknown>, root: string): Problem[] {
  return (result.error?.issues ?? []).map(({ path, message }) => ({
    path: path.reduce<string>(
      (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${String(step)}`),
      root,
    ),
    message,
  }));
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
  return Object.assign({}, ...Object.entries(value).map(([name, part]) => readPart(name, part)));
}

function readPart(name: string, value: JsonValue | undefined): ApplicationStatus {
  const part = applicationStatusSchema.safeParse({ [name]: value } satisfies JsonObject);
  return part.success ? part.data : {};
}
