import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { TiphysError } from '../../operator/core/errors.ts';
import type { Environment } from './environment.ts';
import { safePath } from '../../operator/runtime/unpack-archive.ts';
import type { StreamMessage } from './wire.ts';

/** What a caller says about the archive that it streams. */
export interface Received {
  readonly appName: string;
  readonly path: string;
  readonly env: Environment;
}

/**
 * Writes a streamed archive to `file`: metadata first, then its pieces. Errors: `InvalidManifest` when the
 * stream has another form, or another size or checksum than it said; `LimitExceeded`, `UnsafePath`.
 */
export async function receiveArchive(
  messages: AsyncIterable<StreamMessage>,
  file: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Received> {
  await using output = await open(file, 'wx', 0o600);
  const hash = createHash('sha256');
  let metadata: NonNullable<StreamMessage['metadata']> | undefined;
  let bytes = 0;
  for await (const message of messages) {
    signal.throwIfAborted();
    if (metadata === undefined) {
      metadata = message.metadata ?? undefined;
      if (metadata === undefined) throw invalid('begins with something else than metadata');
      if (metadata.size > maxBytes) throw tooLarge(maxBytes);
      continue;
    }
    const chunk = message.file?.chunk;
    if (chunk === undefined) throw invalid('goes on with something else than a piece of a file');
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    hash.update(chunk);
    await output.write(chunk);
  }
  signal.throwIfAborted();
  if (metadata === undefined) throw invalid('is empty');
  const { size, checksum, appName, appRelPath } = metadata;
  if (bytes !== size) throw invalid(`has ${bytes} bytes instead of ${size}`);
  if (hash.digest('hex') !== checksum.toLowerCase()) throw invalid('has another checksum');
  return { appName, path: safePath(appRelPath), env: environmentOf(metadata.env) };
}

function environmentOf(
  entries: readonly { readonly name: string; readonly value: string }[],
): Environment {
  const env: Record<string, string> = {};
  for (const { name, value } of entries) {
    if (name === '' || /[=\0]/.test(name) || value.includes('\0')) {
      throw invalid(`names ${JSON.stringify(name.slice(0, 100))}, which can be no variable`);
    }
    env[name] = value;
  }
  return env;
}

function invalid(problem: string): TiphysError {
  return new TiphysError('InvalidManifest', `stream of the source: ${problem}`);
}

/** What to do about a source that is larger than the limit. */
export const TOO_LARGE_HINT =
  'Leave files out of what is sent, or raise --max-source-bytes of the plugin server.';

function tooLarge(maxBytes: number): TiphysError {
  return new TiphysError('LimitExceeded', `archive: larger than ${maxBytes} bytes`, {
    hint: TOO_LARGE_HINT,
  });
}
