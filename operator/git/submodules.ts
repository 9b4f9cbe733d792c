import { TiphysError } from '../core/errors.ts';
import { submoduleUrl, type Submodule } from '../core/revision/submodules.ts';
import type { TreeEntry } from '../ports/source-tree.ts';
import { joinPath, type TreeReader } from './follow-path.ts';
import type { TreeLine } from './tree-object.ts';

type Line = Omit<TreeLine, 'name'>;
type Lines = ReadonlyMap<string, Line>;

export interface SubmoduleOptions {
  /** Address of the repository that `reader` reads. */
  readonly repoUrl: string;
  /** How deep this one is in others; 0 for the repository of an application. */
  readonly depth: number;
  /** What `.gitmodules` of this commit says. */
  readonly list: (signal: AbortSignal) => Promise<readonly Submodule[]>;
  /** The files of a submodule. */
  readonly open: (repoUrl: string, commit: string, signal: AbortSignal) => Promise<TreeReader>;
}

const MAX_DEPTH = 8;

/** Of folders that are kept: a folder of a thousand others is looked through once, not for each of them. */
const submodulesOf = new WeakMap<Lines, readonly (readonly [string, Line])[]>();

function modulesIn(lines: Lines): readonly (readonly [string, Line])[] {
  const before = submodulesOf.get(lines);
  if (before !== undefined) return before;
  const modules = Array.from(lines).filter(([, { type }]) => type === 'submodule');
  submodulesOf.set(lines, modules);
  return modules;
}

/**
 * A reader in which submodules are folders. Each is fetched when somebody looks into it, not before;
 * its hash is its commit. One that `.gitmodules` does not name stays a submodule.
 * Errors on entering: `UnsafePath` for an address out of the server's paths or too deep a nest, and
 * those of `open`, with the path of the submodule.
 */
export function withSubmodules(reader: TreeReader, options: SubmoduleOptions): TreeReader {
  const mounts = new Map<string, { readonly url: string; readonly commit: string }>();
  const opened = new Map<string, TreeReader>();
  /** Those that have submodules, as they were before and as they are shown. */
  const folders = new Map<string, { readonly lines: Lines; readonly mounted: Lines }>();
  let listed: Promise<readonly Submodule[]> | undefined;

  async function children(directory: TreeEntry, signal: AbortSignal): Promise<Lines> {
    const inside = await within(directory.path, signal);
    if (inside !== undefined) return await inside.reader.children(inside.entry(directory), signal);
    const lines = await reader.children(directory, signal);
    const modules = modulesIn(lines);
    if (modules.length === 0) return lines;
    const before = folders.get(directory.path);
    if (before?.lines === lines) return before.mounted;
    const known = await list(signal);
    const mounted = new Map(lines);
    for (const [name, line] of modules) {
      const path = joinPath(directory.path, name);
      const module = known.find((one) => one.path === path);
      if (module === undefined) continue;
      mounts.set(path, { url: module.url, commit: line.hash });
      mounted.set(name, { ...line, type: 'directory' });
    }
    folders.set(directory.path, { lines, mounted });
    return mounted;
  }

  async function list(signal: AbortSignal): Promise<readonly Submodule[]> {
    listed ??= options.list(signal);
    try {
      return await listed;
    } catch (error) {
      listed = undefined; // the next one may fare better, or not have been aborted
      throw error;
    }
  }

  /** The submodule that a path is in, with what the path is called there. */
  async function within(path: string, signal: AbortSignal) {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const mount = path.slice(0, end);
      const found = mounts.get(mount);
      if (found === undefined) continue;
      const inner = opened.get(mount) ?? (await enter(mount, found, signal));
      opened.set(mount, inner);
      const entry = (outer: TreeEntry): TreeEntry => {
        const relative = outer.path.slice(mount.length + 1);
        return relative === '' ? inner.root : { ...outer, path: relative };
      };
      return { mount, reader: inner, entry };
    }
    return undefined;
  }

  async function enter(
    path: string,
    { url, commit }: { readonly url: string; readonly commit: string },
    signal: AbortSignal,
  ): Promise<TreeReader> {
    if (options.depth >= MAX_DEPTH)
      throw new TiphysError(
        'UnsafePath',
        `submodule ${path}: more than ${MAX_DEPTH} in each other`,
      );
    const address = submoduleUrl(options.repoUrl, url);
    if (address === undefined)
      throw new TiphysError('UnsafePath', `submodule ${path}: its address leads out of the server`);
    try {
      return await options.open(address, commit, signal);
    } catch (error) {
      if (!(error instanceof TiphysError)) throw error;
      throw new TiphysError(error.code, `submodule ${path}: ${error.message}`, {
        cause: error,
        hint: error.hint,
        retry: error.retry,
        fields: error.fields,
      });
    }
  }

  return {
    revision: reader.revision,
    root: reader.root,
    children,
    async content(entry, maxBytes, signal, beside) {
      const inside = await within(entry.path, signal);
      if (inside === undefined) return await reader.content(entry, maxBytes, signal, beside);
      // Of the others those that are elsewhere have hashes that are not there, and are not fetched here.
      const { mount } = inside;
      const near = beside?.filter(({ path }) => path.startsWith(`${mount}/`)).map(inside.entry);
      return await inside.reader.content(inside.entry(entry), maxBytes, signal, near);
    },
  };
}
