import { isJsonObject } from './json.ts';
import type { KubeObject } from './kube-object.ts';

/** The texts that a ConfigMap or Secret holds, by key. */
export type ObjectTexts = ReadonlyMap<string, string>;

/** What is under `data` of a ConfigMap, or of a Secret and is UTF-8; nothing for an absent object. */
export function textsOf(object: KubeObject | undefined): ObjectTexts {
  const data = object?.['data'];
  const texts = new Map<string, string>();
  if (!isJsonObject(data)) return texts;
  for (const [key, value] of Object.entries(data)) {
    if (typeof value !== 'string') continue;
    const text = object?.kind === 'Secret' ? decodeText(value) : value;
    if (text !== undefined) texts.set(key, text);
  }
  return texts;
}

/** Base64 of UTF-8; `undefined` when it is not. */
export function decodeText(base64: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // bytes that are no text
  }
}

/** As it stands under `data` of a Secret. */
export function encodeText(text: string): string {
  return btoa(
    Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''),
  );
}
