import { TiphysError } from '../../operator/core/errors.ts';
import type { SourceTree } from '../../operator/ports/source-tree.ts';
import { decodeText } from '../yaml/parse-documents.ts';

/** A piece of Jsonnet whose imports are looked for; `folder` is what its imports are relative to. */
export interface JsonnetText {
  /** Shown in errors. */
  readonly name: string;
  readonly folder: string;
  readonly text: string;
}

export interface ImportPlaces {
  /** Folders that are searched after the importing one, the last first. */
  readonly libraries: readonly string[];
  readonly maxBytes: number;
}

const MAX_FILES = 2_000;

/**
 * Every file of the tree that evaluating these texts can import, found without evaluating: in Jsonnet
 * the name behind `import`, `importstr` and `importbin` is always written out.
 *
 * Errors: `UnsafePath` for a name that is absolute or leads outside, also within a comment;
 * `LimitExceeded` above 2 000 files or `maxBytes` in all of them.
 */
export async function findImports(
  tree: SourceTree,
  texts: readonly JsonnetText[],
  { libraries, maxBytes }: ImportPlaces,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const files = new Set<string>();
  const pending = [...texts];
  let bytes = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const { path, isCode } of importsOf(next.text)) {
      const file = await locate(next, path);
      if (file === undefined || files.has(file)) continue;
      files.add(file);
      const content = await tree.read(file, { maxBytes }, signal);
      bytes += content.length;
      if (files.size > MAX_FILES || bytes > maxBytes) {
        throw new TiphysError(
          'LimitExceeded',
          `${next.name}: imports more than ${MAX_FILES} files or ${maxBytes} bytes`,
        );
      }
      if (isCode) pending.push({ name: file, folder: folderOf(file), text: decodeText(content) });
    }
  }
  return [...files];

  /** The first place that has it, in the order of jsonnet; `undefined` leaves the complaint to it. */
  async function locate(from: JsonnetText, path: string): Promise<string | undefined> {
    for (const folder of [from.folder, ...libraries.toReversed()]) {
      const place = joinInside(folder, path);
      if (place === undefined) {
        throw new TiphysError(
          'UnsafePath',
          `${from.name}: import of ${path} leads outside the repository`,
          {
            fields: { path: from.name },
          },
        );
      }
      if ((await tree.resolve(place, signal))?.type === 'file') return place;
    }
    return undefined;
  }
}

/** A path from the root of the tree; `undefined` when it is absolute or leads outside. */
export function joinInside(folder: string, path: string): string | undefined {
  if (path.startsWith('/') || path.includes('\0')) return undefined;
  const names = folder === '' ? [] : folder.split('/');
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names.join('/');
}

/**
 * More than jsonnet would find, never less: the word is looked for everywhere, also within texts and
 * comments, and may be followed by blanks and comments.
 */
const IMPORT =
  /import(str|bin)?(?:\s|\/\/[^\n]*\n|#[^\n]*\n|\/\*[^]*?\*\/)*(?:"((?:\\[^]|[^"\\])*)"|'((?:\\[^]|[^'\\])*)'|@"((?:""|[^"])*)"|@'((?:''|[^'])*)')/g;

function importsOf(text: string): readonly { readonly path: string; readonly isCode: boolean }[] {
  return Array.from(text.matchAll(IMPORT), ([, kind, double, single, rawDouble, rawSingle]) => ({
    path:
      rawDouble?.replaceAll('""', '"') ??
      rawSingle?.replaceAll("''", "'") ??
      unescape(double ?? single ?? ''),
    isCode: kind === undefined,
  }));
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescape(text: string): string {
  return text.replace(/\\(?:u([\da-fA-F]{4})|([^]))/g, (_all, code?: string, letter = '') =>
    code === undefined
      ? (ESCAPES[letter as string] ?? String(letter))
      : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf('/')));
}
