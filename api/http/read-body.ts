import type { IncomingMessage } from 'node:http';
import { TiphysError } from '../../operator/index.ts';
import type { BodyShape } from '../route.ts';

/**
 * Reads a JSON body; nothing at all is `undefined`. Errors: `InvalidRequest` when it is no JSON, or no text
 * where one is wanted; `LimitExceeded` when it is too long, before more of it is read.
 */
export async function readBody(
  request: IncomingMessage,
  wanted: BodyShape | undefined,
  maxBytes: number,
): Promise<unknown> {
  if (wanted === undefined) return undefined;
  if (wanted.type === 'raw') return request;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLong(maxBytes);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') return undefined;
  const value = parse(text);
  if (wanted.type === 'text' && typeof value !== 'string')
    throw new TiphysError('InvalidRequest', 'body: must be a JSON string');
  if (wanted.type === 'fields' && (typeof value !== 'object' || Array.isArray(value)))
    throw new TiphysError('InvalidRequest', 'body: must be a JSON object');
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser quotes what it could not read, which may be a secret.
    throw new TiphysError('InvalidRequest', 'body: is not JSON', { cause });
  }
}

function tooLong(maxBytes: number): TiphysError {
  const mib = Math.round(maxBytes / 2 ** 20);
  return new TiphysError('LimitExceeded', `body: is longer than ${mib} MiB`, {
    hint: 'Send less at once.',
  });
}
