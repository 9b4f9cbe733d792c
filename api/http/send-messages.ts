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
  /** What a message is about, when one that says the same as the last about it need not be sent. */
  readonly topic?: (message: unknown) => Topic;
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
  const { accept, clock, select = (message) => message, onFailure } = options;
  const isNews = createNewsCheck(options.topic);
  const isEvents = accept === EVENT_STREAM;
  const frame = (json: string): string => (isEvents ? `data: ${json} \n\n` : `${json}\n`);
  const iterator = messages[Symbol.asyncIterator]();
  const write = async (text: string): Promise<void> => {
    if (!response.write(text)) await once(response, 'drain', { signal });
  };
  const left = abortOf(signal);
  response.setHeader('content-type', isEvents ? EVENT_STREAM : 'application/json');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cache-control', 'no-cache, no-transform'); // compressed, messages would wait for each other
  response.flushHeaders(); // a client that waits for the first message knows that it is heard
  try {
    let next = settled(iterator.next());
    for (;;) {
      const event = isEvents ? await nextOrPing(next) : await Promise.race([next, left]);
      if (event === 'ping') {
        await write(':\n');
        continue;
      }
      if (event.done === true) break;
      const text = encodeJson(select({ result: event.value }));
      if (isNews(event.value, text)) await write(frame(text));
      next = settled(iterator.next());
    }
    response.end();
  } catch (error) {
    if (signal.aborted) {
      response.end(); // the server stops, if it is not the client who left
      return;
    }
    onFailure(error);
    const problem = problemOf(error);
    response.end(frame(encodeJson(problemChunk(problem, STATUS_CODES[problem.status] ?? ''))));
  } finally {
    // Not awaited: a source that waits for its next message ends by the signal.
    void iterator.return?.().catch(onFailure);
  }

  async function nextOrPing<T>(next: Promise<T>): Promise<T | 'ping'> {
    const stop = new AbortController();
    const sleep = clock.sleep(PING_MS, AbortSignal.any([signal, stop.signal]));
    try {
      return await Promise.race([next, settled(sleep.then(() => 'ping' as const)), left]);
    } finally {
      stop.abort(new Error('a message came'));
    }
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

/** Awaited in time; until then its failure is nobody's. */
function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Rejects when the signal is aborted. */
function abortOf(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  promise.catch(() => {});
  return promise;
}
