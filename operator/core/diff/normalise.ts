import { isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';

export const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** Metadata that the API server writes; desired state cannot speak about it. */
const SERVER_METADATA = [
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
] as const;

/**
 * The part of an object that comparing is about: without `status`, server-written metadata, the
 * last-applied annotation and null members; Secrets with `stringData` folded into `data`.
 * Normalising twice is normalising once.
 */
export function normalise(object: KubeObject): KubeObject {
  const { status: _status, ...rest } = object;
  const metadata: Record<string, JsonValue | undefined> = { ...object.metadata };
  for (const field of SERVER_METADATA) delete metadata[field];
  for (const field of ['annotations', 'labels'] as const) {
    const members = withoutNulls(metadata[field]);
    if (field === 'annotations') delete members[LAST_APPLIED_ANNOTATION];
    if (Object.keys(members).length > 0) metadata[field] = members;
    else delete metadata[field];
  }
  const normal = { ...rest, metadata } as KubeObject;
  return object.kind === 'Secret' && object.apiVersion === 'v1' ? foldStringData(normal) : normal;
}

function withoutNulls(value: JsonValue | undefined): Record<string, JsonValue> {
  if (!isJsonObject(value)) return {};
  const kept: Record<string, JsonValue> = {};
  for (const [key, member] of Object.entries(value))
    if (member !== null && member !== undefined) kept[key] = member;
  return kept;
}

/** What the API server does with `stringData`; a null value is an empty one. */
function foldStringData(secret: KubeObject): KubeObject {
  const { stringData, data, ...rest } = secret;
  if (!isJsonObject(stringData) && !isJsonObject(data)) return secret;
  const folded: Record<string, JsonValue | undefined> = {};
  for (const [key, value] of Object.entries(isJsonObject(data) ? data : {}))
    folded[key] = value ?? '';
  for (const [key, value] of Object.entries(isJsonObject(stringData) ? stringData : {}))
    folded[key] = typeof value === 'string' ? toBase64(value) : (value ?? '');
  return { ...rest, data: folded as JsonObject } as KubeObject;
}

function toBase64(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}
