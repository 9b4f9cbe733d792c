import { TiphysError } from '../core/errors.ts';
import type { TreeEntry } from '../ports/source-tree.ts';

/** One line of a git tree object. */
export interface TreeLine {
  readonly name: string;
  readonly type: TreeEntry['type'];
  readonly hash: string;
  readonly executable: boolean;
}

/** A folder as git stores it, by name, in byte order of the names. */
export type TreeObject = ReadonlyMap<string, TreeLine>;

/** How repositories name their objects. */
export type ObjectFormat = 'sha1' | 'sha256';

const HASH_BYTES: Readonly<Record<ObjectFormat, number>> = { sha1: 20, sha256: 32 };

/** The format of a repository, from one of its object ids. */
export function formatOf(objectId: string): ObjectFormat {
  return objectId.length > 2 * HASH_BYTES.sha1 ? 'sha256' : 'sha1';
}

/**
 * Reads the binary form: `<mode> <name> NUL <hash>` for each entry. Errors: `UnsafePath` for a name
 * that no file system could hold as one; git checks that only when it is asked to.
 */
export function parseTreeObject(content: Buffer, format: ObjectFormat = 'sha1'): TreeObject {
  const lines: TreeLine[] = [];
  let position = 0;
  while (position < content.length) {
    const space = content.indexOf(32, position);
    const nul = content.indexOf(0, space);
    const end = nul + 1 + HASH_BYTES[format];
    if (space < 0 || nul < 0 || end > content.length) {
      throw new TiphysError('GitUnreachable', 'git tree object: cut short');
    }
    const mode = content.toString('latin1', position, space);
    const name = content.toString('utf8', space + 1, nul);
    if (name === '' || name === '.' || name === '..' || name.includes('/'))
      throw new TiphysError('UnsafePath', `git tree object: an entry has the name "${name}"`);
    lines.push({
      name,
      type: typeOf(mode),
      hash: content.toString('hex', nul + 1, end),
      executable: mode === '100755',
    });
    position = end;
  }
  // Git sorts folders as if their names ended in `/`; readers want plain names.
  lines.sort((left, right) => compareNames(left.name, right.name));
  return new Map(lines.map((line) => [line.name, line]));
}

function typeOf(mode: string): TreeEntry['type'] {
  switch (mode) {
    case '40000':
      return 'directory';
    case '120000':
      return 'symlink';
    case '160000':
      return 'submodule';
    default:
      return 'file';
  }
}

/** Byte order of UTF-8, which is not always the order of UTF-16. */
export function compareNames(left: string, right: string): number {
  if (left === right) return 0;
  // Only surrogate pairs sort differently in the two encodings.
  if (!/[\ud800-\udfff]/.test(left + right)) return left < right ? -1 : 1;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
