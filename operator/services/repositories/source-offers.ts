import type { ApplicationSource } from '../../core/app/types.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { TreeEntry } from '../../ports/source-tree.ts';

/* What a source offers to who edits it, told from what was read of it. Pure. */

const MAX_PARAMETERS = 5_000;

/** `a.b`, `a.list[0]`: as `helm --set` writes them. */
export function leavesOf(
  value: JsonValue | undefined,
): readonly { readonly name: string; readonly value: string }[] {
  const leaves: { name: string; value: string }[] = [];
  const walk = (at: JsonValue | undefined, name: string): void => {
    if (leaves.length >= MAX_PARAMETERS) return;
    if (isJsonArray(at)) for (const [index, item] of at.entries()) walk(item, `${name}[${index}]`);
    else if (isJsonObject(at))
      for (const [key, member] of Object.entries(at))
        walk(member, name === '' ? escapeKey(key) : `${name}.${escapeKey(key)}`);
    else if (at !== null && at !== undefined && name !== '')
      leaves.push({ name, value: String(at) });
  };
  walk(value, '');
  return leaves;
}

function escapeKey(key: string): string {
  return key.replace(/[.,[\]=]/g, '\\$&');
}

/** Those of a source that anybody may have sent: what is none is left out. */
export function fileParametersOf({
  helm,
}: Pick<ApplicationSource, 'helm'>): readonly { readonly name: string; readonly path: string }[] {
  const sent: unknown = helm?.fileParameters;
  return (Array.isArray(sent) ? sent.slice(0, MAX_PARAMETERS) : []).flatMap((one: unknown) => {
    const { name, path } = Object(one) as Readonly<Record<string, unknown>>;
    return typeof name === 'string' && typeof path === 'string' ? [{ name, path }] : [];
  });
}

/** Files below a chart that may hold values, from its folder; sorted. */
export function valueFilesIn(
  entries: readonly Pick<TreeEntry, 'path' | 'type'>[],
  folder: string,
): readonly string[] {
  const from = folder === '' ? 0 : folder.length + 1;
  return entries
    .filter(({ path, type }) => type === 'file' && /(^|\/)[^/]*values[^/]*\.ya?ml$/i.test(path))
    .map(({ path }) => path.slice(from))
    .sort();
}

/** What several files of values set together: a later one goes before an earlier one. */
export function leavesOfAll(
  files: readonly (JsonValue | undefined)[],
): ReturnType<typeof leavesOf> {
  const byName = new Map(files.flatMap(leavesOf).map((leaf) => [leaf.name, leaf]));
  return [...byName.values()].slice(0, MAX_PARAMETERS);
}

/** Images of all containers in the objects, of any kind; sorted, each once. */
export function imagesIn(objects: readonly KubeObject[]): readonly string[] {
  const images = new Set<string>();
  const walk = (at: JsonValue | undefined, name: string): void => {
    if (isJsonArray(at)) {
      for (const item of at) {
        const isContainer = name === 'containers' || name === 'initContainers';
        const image = isContainer && isJsonObject(item) ? item['image'] : undefined;
        if (typeof image === 'string' && image !== '') images.add(image);
        walk(item, '');
      }
    } else if (isJsonObject(at)) for (const [key, member] of Object.entries(at)) walk(member, key);
  };
  for (const object of objects) walk(object['spec'], 'spec');
  return [...images].sort();
}
