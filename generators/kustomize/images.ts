import { TiphysError } from '../../operator/core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../operator/core/objects/json.ts';

/** An image override as `kustomize edit set image` takes it; `*` keeps what the file says. */
export interface ImageOverride {
  readonly name: string;
  readonly newName?: string;
  readonly newTag?: string;
  readonly digest?: string;
}

/**
 * Reads `[old=]new[:tag][@digest]`; without `old` the name stays and only tag or digest change.
 * Errors: `InvalidSpec` when it changes nothing.
 */
export function parseImage(text: string): ImageOverride {
  const equals = text.indexOf('=');
  const target = equals < 0 ? text : text.slice(equals + 1);
  const { repository, newTag, digest } = splitImage(target);
  if (equals < 0 && newTag === undefined && digest === undefined) {
    throw new TiphysError(
      'InvalidSpec',
      `spec.source.kustomize.images: ${text} has neither a new name nor a tag nor a digest`,
      { hint: 'Write name=newname, name:tag or name@digest.' },
    );
  }
  return {
    name: equals < 0 ? repository : text.slice(0, equals),
    ...(equals >= 0 && repository !== '' && { newName: repository }),
    ...(newTag !== undefined && { newTag }),
    ...(digest !== undefined && { digest }),
  };
}

/** The `images` of a kustomization with overrides worked in, each in the place of the entry of its name. */
export function editImages(existing: readonly JsonValue[], images: readonly string[]): JsonValue {
  const entries = new Map<string, JsonObject>();
  for (const entry of existing) {
    if (isJsonObject(entry)) entries.set(textOf(entry['name']), entry);
  }
  // Of several for one name the last counts, and `*` is what the file said before all of them.
  const before = new Map(entries);
  for (const image of images) {
    const override = parseImage(image);
    entries.set(override.name, applyOverride(override, before.get(override.name)));
  }
  return [...entries.values()];
}

function applyOverride(override: ImageOverride, known: JsonObject | undefined): JsonObject {
  const entry: Record<string, JsonValue> = { name: override.name };
  for (const field of ['newName', 'newTag', 'digest'] as const) {
    const value = override[field] === '*' ? known?.[field] : override[field];
    if (value !== undefined) entry[field] = value;
  }
  return entry;
}

/** A colon before the last slash belongs to the port of a registry. */
function splitImage(text: string): {
  readonly repository: string;
  readonly newTag?: string;
  readonly digest?: string;
} {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const rest = at < 0 ? text : text.slice(0, at);
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  return {
    repository: colon < 0 ? rest : rest.slice(0, colon),
    ...(colon >= 0 && { newTag: rest.slice(colon + 1) }),
    ...(digest !== undefined && { digest }),
  };
}

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
