import type { HydratedChange } from '../ports/hydrated-branches.ts';

/** A commit for `git fast-import`. */
export interface FastImport
  extends Pick<HydratedChange, 'folders' | 'files' | 'message' | 'author'> {
  /** That names the commit afterwards. */
  readonly ref: string;
  /** Its parent; absent: it has none. */
  readonly base: string | undefined;
  /** Since 1970. */
  readonly seconds: number;
}

/** The input of `git fast-import`: folders go, files come, everything else stays. */
export function writeFastImport(commit: FastImport): string {
  const { ref, base, author, seconds } = commit;
  const lines = [
    `reset ${ref}\n`, // else a ref that exists would be the parent
    `commit ${ref}\n`,
    `author ${author} ${seconds} +0000\n`,
    `committer ${author} ${seconds} +0000\n`,
    data(commit.message),
  ];
  if (base !== undefined) lines.push(`from ${base}\n`);
  for (const folder of commit.folders) lines.push(`D ${quoted(folder)}\n`);
  for (const [path, content] of commit.files)
    lines.push(`M 100644 inline ${quoted(path)}\n`, data(content));
  return lines.join('');
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

/** As C writes texts: whatever is in a path, it ends with its line. */
function quoted(path: string): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}
