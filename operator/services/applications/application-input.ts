import { normaliseSpec } from '../../core/app/normalise-spec.ts';
import { parseApplication } from '../../core/app/parse.ts';
import type { Application } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../core/objects/json.ts';
import type { KubeObject, ObjectMeta } from '../../core/objects/kube-object.ts';

const HEAD = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' } as const;

/** What people may say of an Application; status, operation and all else are not theirs. */
export interface ApplicationInput {
  readonly name: string;
  readonly namespace: string;
  readonly spec: JsonObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
}

/** Reads an Application as a client sends it. Errors: `InvalidRequest`, which names the field. */
export function readApplication(sent: unknown): ApplicationInput {
  if (!isJsonObject(sent)) throw invalid('application: must be a JSON object');
  const metadata = sent['metadata'] ?? {};
  if (!isJsonObject(metadata)) throw invalid('metadata: must be a map');
  const { name, namespace } = metadata;
  if (typeof name !== 'string' || name === '') throw invalid('metadata.name: is required');
  if (namespace !== undefined && namespace !== null && typeof namespace !== 'string')
    throw invalid('metadata.namespace: must be text');
  return {
    name,
    namespace: namespace ?? '',
    spec: readSpec(sent['spec'], name),
    labels: readTexts(metadata['labels'], 'metadata.labels'),
    annotations: readTexts(metadata['annotations'], 'metadata.annotations'),
    finalizers: readFinalizers(metadata['finalizers']),
  };
}

/** A spec as it is to be stored: what is not known is left out. Errors: `InvalidRequest`. */
export function readSpec(sent: unknown, name: string): JsonObject {
  const spec = isJsonObject(sent) ? { project: '', ...sent } : sent;
  const { app } = asApplication({ name, namespace: '', spec: spec as JsonObject });
  // Only what JSON can hold is in it.
  return JSON.parse(JSON.stringify(normaliseSpec(app.spec))) as JsonObject;
}

/** An Application that nobody has stored yet. Errors: `InvalidRequest`. */
export function asApplication(
  input: Pick<ApplicationInput, 'name' | 'namespace' | 'spec'> & Partial<ApplicationInput>,
): { readonly app: Application; readonly raw: KubeObject } {
  const { name, namespace, spec, labels, annotations, finalizers } = input;
  const metadata: ObjectMeta = {
    ...{ name, namespace },
    ...(labels !== undefined && hasMembers(labels) && { labels }),
    ...(annotations !== undefined && hasMembers(annotations) && { annotations }),
    ...(finalizers !== undefined && finalizers.length > 0 && { finalizers }),
  };
  const raw: KubeObject = { ...HEAD, metadata, spec };
  const parsed = parseApplication(raw);
  if (parsed.type === 'ok') return { app: parsed.application, raw };
  const problems = parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  throw invalid(`application ${name}: ${problems.join('; ')}`);
}

function readTexts(value: JsonValue | undefined, where: string): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isJsonObject(value)) throw invalid(`${where}: must be a map`);
  const texts: [string, string][] = [];
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw invalid(`${where}.${name}: must be text`);
    texts.push([name, text]);
  }
  return Object.fromEntries(texts);
}

function readFinalizers(value: JsonValue | undefined): readonly string[] {
  if (value === undefined || value === null) return [];
  const items = isJsonArray(value) ? value : [];
  const texts = items.filter((item) => typeof item === 'string');
  if (!isJsonArray(value) || texts.length !== items.length)
    throw invalid('metadata.finalizers: must be a list of texts');
  return texts;
}

const hasMembers = (map: object): boolean => Object.keys(map).length > 0;

const invalid = (message: string): TiphysError => new TiphysError('InvalidRequest', message);
