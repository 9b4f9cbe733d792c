import { encodeJson } from './go-json.ts';

/** About so much is handed on at once: less is many small records of TLS, more waits in memory for slow clients. */
const CHUNK_CHARACTERS = 65_536;

/**
 * The JSON of `{ "metadata": metadata, "items": [...] }`, whose items are JSON already, in chunks that are made when
 * there is room for them.
 */
export function* jsonList(metadata: unknown, items: Iterable<string>): Generator<string> {
  let waiting = [`{"metadata":${encodeJson(metadata)},"items":[`];
  let size = 0;
  let comma = '';
  for (const item of items) {
    waiting.push(comma, item);
    comma = ',';
    size += item.length;
    if (size < CHUNK_CHARACTERS) continue;
    yield waiting.join('');
    waiting = [];
    size = 0;
  }
  yield `${waiting.join('')}]}`;
}
