import type { SourceTree, TreeEntry } from '../../ports/source-tree.ts';
import { Reads } from './reads.ts';

/** A tree that writes down what is read through it. */
export interface RecordingTree {
  readonly tree: SourceTree;
  readonly reads: Reads;
}

/** Deep enough for any real nest of linked folders, and an end for a circle of them. */
const MAX_LINKED_FOLDERS = 8;

/** `onRevision` is called when somebody asks for the revision: then the render depends on it. */
export function recordReads(inner: SourceTree, onRevision: () => void): RecordingTree {
  const reads = new Reads();

  async function follow(path: string, signal: AbortSignal): Promise<TreeEntry | undefined> {
    const entry = await inner.resolve(path, signal);
    reads.noteEntry(path, true, entry);
    return entry;
  }

  async function noteFolder(path: string, depth: number, signal: AbortSignal): Promise<void> {
    const entry = await inner.resolve(path, signal);
    reads.noteContent(path, entry);
    if (entry?.type !== 'directory' || depth > MAX_LINKED_FOLDERS) return;
    for (const member of await inner.list(path, { recurse: true }, signal)) {
      if (member.type === 'symlink') await noteFolder(member.path, depth + 1, signal);
    }
  }

  const tree: SourceTree = {
    get revision() {
      onRevision();
      return inner.revision;
    },
    async entry(path, signal) {
      const entry = await inner.entry(path, signal);
      reads.noteEntry(path, false, entry);
      return entry;
    },
    resolve: follow,
    async list(path, options, signal) {
      const folder = await inner.resolve(path, signal);
      const entries = await inner.list(path, options, signal);
      reads.noteNames(path, options.recurse, folder, entries);
      return entries;
    },
    async read(path, options, signal) {
      await follow(path, signal);
      return await inner.read(path, options, signal);
    },
    async materialise(paths, signal) {
      for (const path of paths) await noteFolder(path, 0, signal);
      return await inner.materialise(paths, signal);
    },
    async copy(paths, signal) {
      for (const path of paths) await noteFolder(path, 0, signal);
      return await inner.copy(paths, signal);
    },
  };
  return { tree, reads };
}

/** Notes what programs read, as the generator reported it. */
export async function noteReadSet(
  recording: RecordingTree,
  inner: SourceTree,
  readSet: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const path of readSet) recording.reads.noteContent(path, await inner.resolve(path, signal));
}
