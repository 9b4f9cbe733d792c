import { isJsonArray, isJsonObject, type JsonValue } from '../objects/json.ts';

/** The text that a reference stands for; `undefined` when it leads nowhere. */
export type ResolveSecret = (secret: string, key: string) => string | undefined;

const REFERENCE = /^\$(?:([^:\s$]+):)?([^:\s$]+)$/;

/**
 * What a text means: `$key` is a value of `argocd-secret`, `$secret:key` of another Secret, without blanks
 * at its ends. Whatever else it is, and what leads nowhere, stays as it is written.
 */
export function resolveText(text: string, resolve: ResolveSecret): string {
  const reference = REFERENCE.exec(text.trim());
  if (reference === null) return text;
  const [, secret = 'argocd-secret', key = ''] = reference;
  return resolve(secret, key)?.trim() ?? text;
}

/** The same in every text of a value. */
export function resolveTexts(value: JsonValue, resolve: ResolveSecret): JsonValue {
  if (typeof value === 'string') return resolveText(value, resolve);
  if (isJsonArray(value)) return value.map((item) => resolveTexts(item, resolve));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      inner === undefined ? undefined : resolveTexts(inner, resolve),
    ]),
  );
}
