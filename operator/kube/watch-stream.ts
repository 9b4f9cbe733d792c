import { TiphysError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/objects/json.ts';
import { isKubeObject, type KubeObject } from '../core/objects/kube-object.ts';
import type { WatchEvent } from '../ports/kube-client.ts';
import { refusalError, type RequestSubject } from './status-error.ts';

/**
 * Splits bytes into the lines of a watch and parses each; one that is not JSON comes as null. An
 * unfinished last line is dropped: the connection was cut.
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<JsonValue> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const line = rest + text.slice(start, end);
      rest = '';
      start = end + 1;
      if (line !== '') yield parseLine(line);
    }
    rest += text.slice(start);
  }
}

function parseLine(line: string): JsonValue {
  try {
    return JSON.parse(line) as JsonValue;
  } catch {
    return null; // the parser's own words quote the line, which may hold a Secret
  }
}

/**
 * One line of a watch as an event. An `ERROR` line is thrown as the error it carries, `KubeGone`
 * when the resource version is too old. `complete` fills in what the API server leaves out.
 */
export function decodeWatchLine(
  line: JsonValue,
  request: RequestSubject,
  complete: (object: JsonObject) => KubeObject,
): WatchEvent {
  const type = isJsonObject(line) ? line['type'] : undefined;
  const object = isJsonObject(line) ? line['object'] : undefined;
  if (!isJsonObject(object)) throw unreadable(request);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED': {
      if (!isKubeObject(object)) throw unreadable(request);
      return { type, object: complete(object) };
    }
    case 'BOOKMARK': {
      const metadata = object['metadata'];
      const version = isJsonObject(metadata) ? metadata['resourceVersion'] : undefined;
      return { type, resourceVersion: typeof version === 'string' ? version : '' };
    }
    case 'ERROR': {
      const status = typeof object['code'] === 'number' ? object['code'] : 500;
      throw refusalError(request, { status, body: object, retryAfterMs: undefined });
    }
    default:
      throw unreadable(request);
  }
}

function unreadable(request: RequestSubject): TiphysError {
  return new TiphysError('KubeRejected', `${request.subject}: watch failed: unreadable event`);
}
