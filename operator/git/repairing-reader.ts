import type { TreeEntry } from '../ports/source-tree.ts';
import type { TreeReader } from './follow-path.ts';

export interface RepairableMirror {
  /** Whether a failure says that it is broken. */
  isBroken(error: unknown): Promise<boolean>;
  /** Makes it anew; gives a reader of the same commit. Errors: those of fetching. */
  repair(signal: AbortSignal): Promise<TreeReader | undefined>;
}

/**
 * A reader that, when the mirror turns out to be broken, has it made anew and asks once more. Entries
 * stay what they are: they name content by its hash.
 */
export function repairing(first: TreeReader, mirror: RepairableMirror): TreeReader {
  let reader = first;

  async function asked<T>(
    ask: (reader: TreeReader) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    try {
      return await ask(reader);
    } catch (error) {
      if (signal.aborted || !(await mirror.isBroken(error))) throw error;
      const repaired = await mirror.repair(signal);
      if (repaired === undefined) throw error;
      reader = repaired;
      return await ask(repaired);
    }
  }

  return {
    revision: first.revision,
    root: first.root,
    children: (directory: TreeEntry, signal) =>
      asked((one) => one.children(directory, signal), signal),
    content: (entry, maxBytes, signal, beside) =>
      asked((one) => one.content(entry, maxBytes, signal, beside), signal),
  };
}
