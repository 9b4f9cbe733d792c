import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TiphysError } from '../core/errors.ts';
import type { Materialised, TreeEntry } from '../ports/source-tree.ts';
import { mapLimit } from '../runtime/map-limit.ts';
import { followPath, joinPath, type TreeReader } from './follow-path.ts';
import type { SourceTreeOptions } from './source-tree.ts';

/** A file to write: where it was asked for, and what it leads to. */
interface Output {
  readonly path: string;
  readonly file: TreeEntry;
}

interface MaterialiseOptions extends SourceTreeOptions {
  /** Links stay links; default: they become what they lead to. */
  readonly keepLinks?: boolean;
}

const PARALLEL_WRITES = 16;
const MAX_LINK_BYTES = 4_096;
const MAX_DEPTH = 64;

/**
 * Writes files and folders of a tree below a new private folder. A link is written as what it
 * leads to, so no program can be led outside; a link that leads nowhere is left out. Links that are
 * kept were followed too, and lead to somewhere in the tree or to nothing.
 * Errors: `PathNotFound` for a path that is not there, `UnsafePath`, `LimitExceeded`.
 */
export async function materialise(
  reader: TreeReader,
  paths: readonly string[],
  options: MaterialiseOptions,
  signal: AbortSignal,
): Promise<Materialised> {
  const plan: Plan = { outputs: new Map(), folders: new Set(), links: new Map() };
  for (const path of paths) {
    const link = options.keepLinks === true && (await followPath(reader, path, false, signal));
    const entry = await followPath(reader, path, true, signal);
    if (link && link.type === 'symlink') await keepLink(reader, link, plain(path), plan, signal);
    else if (entry === undefined) throw new TiphysError('PathNotFound', `${path}: does not exist`);
    else await collect(reader, entry, plain(path), plan, options, 0, signal);
  }
  await mkdir(options.workDir, { recursive: true, mode: 0o700 });
  const root = await mkdtemp(join(options.workDir, 'tree-'));
  const dispose = () => rm(root, { recursive: true, force: true });
  try {
    await write(reader, root, plan, options, signal);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { root, [Symbol.asyncDispose]: dispose };
}

interface Plan {
  readonly outputs: Map<string, TreeEntry>;
  readonly folders: Set<string>;
  /** Targets by path. */
  readonly links: Map<string, string>;
}

async function collect(
  reader: TreeReader,
  entry: TreeEntry,
  path: string,
  plan: Plan,
  options: MaterialiseOptions,
  depth: number,
  signal: AbortSignal,
): Promise<void> {
  if (entry.type === 'file') {
    plan.outputs.set(path, entry);
    checkCount(plan, path, options);
    return;
  }
  if (entry.type === 'submodule') return; // not fetched; whoever needs it will miss its files by name
  if (depth > MAX_DEPTH) {
    throw new TiphysError(
      'UnsafePath',
      `${path}: more than ${MAX_DEPTH} folders deep, or a circle`,
    );
  }
  plan.folders.add(path);
  const lines = await reader.children(entry, signal);
  await readLinks(reader, entry, lines, signal);
  for (const [name, line] of lines) {
    const here = joinPath(entry.path, name);
    const target =
      line.type === 'symlink'
        ? await followPath(reader, here, true, signal)
        : { ...line, path: here };
    if (line.type === 'symlink' && options.keepLinks === true) {
      await keepLink(reader, { ...line, path: here }, joinPath(path, name), plan, signal);
      checkCount(plan, path, options);
      continue;
    }
    if (target === undefined) continue;
    await collect(reader, target, joinPath(path, name), plan, options, depth + 1, signal);
  }
}

/** They are followed one after the other, and are to be fetched together where they are not there. */
async function readLinks(
  reader: TreeReader,
  folder: TreeEntry,
  lines: Awaited<ReturnType<TreeReader['children']>>,
  signal: AbortSignal,
): Promise<void> {
  const links = Array.from(lines)
    .filter(([, { type }]) => type === 'symlink')
    .map(([name, line]) => ({ ...line, path: joinPath(folder.path, name) }));
  const [first] = links;
  if (first === undefined || links.length === 1) return;
  await reader.content(first, MAX_LINK_BYTES, signal, links);
}

/** Whoever calls this has followed it before. */
async function keepLink(
  reader: TreeReader,
  link: TreeEntry,
  path: string,
  plan: Plan,
  signal: AbortSignal,
): Promise<void> {
  const target = await reader.content(link, MAX_LINK_BYTES, signal);
  plan.links.set(path, target.toString('utf8'));
}

function checkCount({ outputs, links }: Plan, path: string, { limits }: SourceTreeOptions): void {
  if (outputs.size + links.size <= limits.maxFiles) return;
  throw new TiphysError('LimitExceeded', `${path}: more than ${limits.maxFiles} files`);
}

async function write(
  reader: TreeReader,
  root: string,
  plan: Plan,
  options: SourceTreeOptions,
  signal: AbortSignal,
): Promise<void> {
  const folders = new Set(plan.folders);
  for (const path of plan.outputs.keys()) folders.add(dirname(path));
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
  const outputs: Output[] = Array.from(plan.outputs, ([path, file]) => ({ path, file }));
  const files = [...plan.outputs.values()];
  let written = 0;
  await mapLimit(
    outputs,
    PARALLEL_WRITES,
    async ({ path, file }, stop) => {
      const left = options.limits.maxBytes - written;
      const content = await reader.content(file, Math.max(0, left), stop, files);
      written += content.length;
      await writeFile(join(root, path), content, { mode: file.executable ? 0o700 : 0o600 });
    },
    signal,
  );
  for (const [path, target] of plan.links) {
    await mkdir(join(root, dirname(path)), { recursive: true, mode: 0o700 });
    await symlink(target, join(root, path));
  }
}

/** A path without empty names and dots. Dots that lead upwards have been refused or resolved before. */
function plain(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names.join('/');
}
