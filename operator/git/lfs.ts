import { hasCode, TiphysError } from '../core/errors.ts';
import { transportOf } from '../core/revision/repository-url.ts';
import type { TreeReader } from './follow-path.ts';
import type { Mirror } from './mirror.ts';

const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n[\s\S]*^oid sha256:[0-9a-f]{64}\n[\s\S]*?^size (\d+)$/m;
const MAX_POINTER_BYTES = 1_024;

/**
 * A reader whose LFS pointers are read as the files that they stand for, each fetched when it is
 * read and then kept in the mirror. What `.lfsconfig` says is not followed: files come from the
 * server of the repository. Errors on reading: `LimitExceeded` before anything is fetched,
 * `ToolMissing` without `git-lfs`, and those of the server.
 */
export function withLfs(reader: TreeReader, mirror: Mirror, timeoutMs: number): TreeReader {
  return {
    revision: reader.revision,
    root: reader.root,
    children: (directory, signal) => reader.children(directory, signal),
    async content(entry, maxBytes, signal, beside) {
      const content = await reader.content(entry, maxBytes, signal, beside);
      if (entry.type !== 'file' || content.length > MAX_POINTER_BYTES) return content;
      const size = POINTER.exec(content.toString('latin1'))?.[1];
      if (size === undefined) return content;
      if (Number(size) > maxBytes)
        throw new TiphysError('LimitExceeded', `${entry.path}: larger than ${maxBytes} bytes`);
      return await fetchFile(mirror, entry.path, content, timeoutMs, signal);
    },
  };
}

async function fetchFile(
  mirror: Mirror,
  path: string,
  pointer: Buffer,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Buffer> {
  try {
    return await mirror.remote(
      {
        doing: `LFS file ${path}`,
        args: (url) => ['-c', `lfs.url=${lfsUrl(url)}`, 'lfs', 'smudge'],
        env: () => ({ GIT_LFS_SKIP_SMUDGE: '0' }),
        stdin: pointer,
        timeoutMs,
      },
      signal,
    );
  } catch (error) {
    if (!hasCode(error, 'GitUnreachable') || !/is not a git command/.test(error.message))
      throw error;
    throw new TiphysError('ToolMissing', `${path}: is kept by LFS, and git-lfs is not installed`, {
      cause: error,
      hint: 'Install git-lfs where git is, or remove enableLfs from the Secret.',
    });
  }
}

/** Where `git-lfs` looks when nobody tells it otherwise. */
function lfsUrl(url: string): string {
  const transport = transportOf(url);
  if (transport !== 'https' && transport !== 'http') return url;
  const repository = url.replace(/\/+$/, '');
  return `${repository.endsWith('.git') ? repository : `${repository}.git`}/info/lfs`;
}
