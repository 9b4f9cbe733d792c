import { TiphysError } from '../operator/core/errors.ts';
import type { GenerateRequest } from '../operator/ports/generator.ts';
import type { SourceTree } from '../operator/ports/source-tree.ts';
import { substitute, type Variables } from './build-environment.ts';

/** A file that a source names: in a tree, or somewhere on the network. */
export type SourceFile =
  | { readonly type: 'tree'; readonly ref: string; readonly path: string }
  | { readonly type: 'url'; readonly url: string };

/**
 * Where an entry of `valueFiles` or `fileParameters` points. `$ref/…` is from the root of that source's
 * repository, an absolute path from the root of this one, any other from the application's folder.
 * `ref` is `` for the source's own tree.
 * Errors: `InvalidSpec` for an unknown ref or a URL scheme that is not allowed, `UnsafePath`.
 */
export function locateFile(
  request: GenerateRequest,
  entry: string,
  variables: Variables,
  schemes: readonly string[],
): SourceFile {
  const slash = entry.indexOf('/');
  const first = slash < 0 ? entry : entry.slice(0, slash);
  if (first.startsWith('$')) {
    const ref = first.slice(1);
    if (request.refs.has(ref)) {
      const rest = substitute(entry.slice(first.length), variables);
      return { type: 'tree', ref, path: normalise('', rest, entry) };
    }
    if (request.multipleSources) throw unknownRef(first, [...request.refs.keys()]);
  }
  const text = substitute(entry, variables);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined) {
    if (schemes.includes(scheme)) return { type: 'url', url: text };
    throw new TiphysError('InvalidSpec', `${text}: the URL scheme '${scheme}' is not allowed`, {
      hint: 'Allow the scheme in helm.valuesFileSchemes, or commit the file.',
    });
  }
  const base = text.startsWith('/') ? '' : request.path;
  return { type: 'tree', ref: '', path: normalise(base, text, text) };
}

/** The tree of the source itself for ``, else of the source with that `ref`. */
export function treeOf(request: GenerateRequest, ref: string): SourceTree {
  const tree = ref === '' ? request.tree : request.refs.get(ref);
  if (tree === undefined) throw new TiphysError('InvalidSpec', `source.ref "${ref}" is unknown`);
  return tree;
}

function normalise(base: string, path: string, shown: string): string {
  const names = base === '' ? [] : base.split('/');
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) throw outside(shown);
  }
  if (names.length === 0) throw outside(shown);
  return names.join('/');
}

function outside(shown: string): TiphysError {
  return new TiphysError('UnsafePath', `file '${shown}' resolved to outside repository root`);
}

function unknownRef(entry: string, available: readonly string[]): TiphysError {
  const reason =
    available.length === 0
      ? "but no source has a 'ref' field defined"
      : `which is not one of the available sources (${available.map((ref) => `$${ref}`).join(', ')})`;
  return new TiphysError('InvalidSpec', `source referenced "${entry}", ${reason}`);
}
