import { hash } from 'node:crypto';
import { once } from 'node:events';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Clock } from '../../operator/index.ts';
import { encodeJson } from './go-json.ts';
import { problemChunk, problemOf } from './problem.ts';

export interface SendOptions {
  /** The `Accept` header. */
  readonly accept: string;
  readonly clock: Clock;
  /** What is left of each `{ result: message }`; default all of it. */
  readonly select?: (message: unknown) => unknown;
  /** The JSON of each `{ result: message }`; default what `select` leaves. */
  readonly encode?: (message: unknown) => string;
  /** What a message is about, when one that says the same as the last about it need not be sent. */
  readonly topic?: (message: unknown) => Topic;
  /** Aborted when the stream must end; its reason is the last that is told. */
  readonly over?: AbortSignal;
  /** A HEAD: there will be no message. Default false. */
  readonly headersOnly?: boolean;
  /** Told what ended the stream too early. */
  readonly onFailure: (error: unknown) => void;
}

export interface Topic {
  readonly name: string;
  /** Nothing more is to be expected of it. */
  readonly isOver: boolean;
}

const PING_MS = 15_000;
const EVENT_STREAM = 'text/event-stream';

/**
 * Sends messages as they come (`spec/api.md` 0.4): as server-sent events, with a comment every 15 s, when
 * that is exactly what was asked for, else a line of JSON for each. Takes the next message only when the
 * client has room for it. Ends with the messages, or with a last one that says why; when the client leaves
 * (`signal`) the source is released and nothing is sent. What can be refused is refused before.
 */
export async function sendMessages(
  messages: AsyncIterable<unknown>,
  response: ServerResponse,
  options: SendOptions,
  signal: AbortSignal,
): Promise<void> {
  const { accept, select = (message) => message, onFailure } = options;
  const { encode = (message) => encodeJson(select({ result: message })) } = options;
  const isNews = createNewsCheck(options.topic);
  const isEvents = accept === EVENT_STREAM;
  const frame = (json: string): string => (isEvents ? `data: ${json} \n\n` : `${json}\n`);
  const iterator = messages[Symbol.asyncIterator]();
  const { over } = options;
  const ended = over === undefined ? signal : AbortSignal.any([signal, over]);
  const write = async (text: string): Promise<void> => {
    if (!response.write(text)) await once(response, 'drain', { signal: ended });
  };
  response.setHeader('content-type', isEvents ? EVENT_STREAM : 'application/json');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cache-control', 'no-cache, no-transform'); // compressed, messages would wait for each other
  if (options.headersOnly === true) {
    response.end();
    await iterator.return?.();
    return;
  }
  response.flushHeaders(); // a client that waits for the first message knows that it is heard
  const stopPings = isEvents ? startPings(response, options.clock, signal) : undefined;
  try {
    for (;;) {
      const event = await untilAborted(iterator.next(), ended);
      if (event.done === true) break;
      const text = encode(event.value);
      if (isNews(event.value, text)) await write(frame(text));
    }
    response.end();
  } catch (error) {
    if (signal.aborted) {
      response.end(); // the server stops, if it is not the client who left
      return;
    }
    if (over?.aborted !== true) onFailure(error);
    else if (response.writableNeedDrain) {
      response.destroy(); // it does not read: it would never learn why
      return;
    }
    const problem = problemOf(error);
    response.end(frame(encodeJson(problemChunk(problem, STATUS_CODES[problem.status] ?? ''))));
  } finally {
    stopPings?.();
    // Not awaited: a source that waits for its next message ends by the signal.
    void iterator.return?.().catch(onFailure);
  }
}

/** Remembers a hash of what was sent last about each topic. */
function createNewsCheck(
  topicOf: SendOptions['topic'],
): (message: unknown, text: string) => boolean {
  const last = new Map<string, string>();
  return (message, text) => {
    if (topicOf === undefined) return true;
    const { name, isOver } = topicOf(message);
    const sum = hash('sha256', text, 'base64');
    if (last.get(name) === sum) return false;
    if (isOver) last.delete(name);
    else last.set(name, sum);
    return true;
  };
}

/** A comment every 15 s, while the client has room for it. Returns what ends it. */
function startPings(response: ServerResponse, clock: Clock, signal: AbortSignal): () => void {
  const stop = new AbortController();
  const ping = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(PING_MS, stop.signal);
      if (!response.writableNeedDrain) response.write(':\n');
    }
  };
  const end = (): void => stop.abort(new Error('the stream ends'));
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  ping().catch(() => {}); // ends by that only
  return () => {
    signal.removeEventListener('abort', end);
    end();
  };
}

/** Rejects when the signal is aborted first, and leaves nothing at the signal: a stream may last for weeks. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: left, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, left]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
