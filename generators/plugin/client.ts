import {
  Client,
  type ClientWritableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { createReadStream } from 'node:fs';
import { ERROR_CATALOGUE, type ErrorCode, TiphysError } from '../../operator/core/errors.ts';
import type { Clock } from '../../operator/ports/clock.ts';
import type { Archive } from './archive.ts';
import type { Environment } from './environment.ts';
import {
  type AnnouncementsMessage,
  CODE_HEADER,
  type ConfigurationMessage,
  type ManifestMessage,
  type MethodName,
  pluginService,
  type RepositoryMessage,
  type StreamMessage,
} from './wire.ts';

// Loads grpc: import this only when there is a socket.

/** What a call of a plugin is about. */
export interface PluginCall {
  /** Instance name of the Application. */
  readonly appName: string;
  /** Its folder in the archive. */
  readonly path: string;
  readonly env: Environment;
  readonly archive: Archive;
}

/** One plugin behind a socket; disposing closes the connection. */
export interface PluginClient extends Disposable {
  check(signal: AbortSignal): Promise<ConfigurationMessage>;
  match(call: PluginCall, signal: AbortSignal): Promise<RepositoryMessage>;
  generate(call: PluginCall, signal: AbortSignal): Promise<ManifestMessage>;
  announce(call: PluginCall, signal: AbortSignal): Promise<AnnouncementsMessage>;
}

const CHUNK_BYTES = 64 * 1024;
const MAX_DETAILS = 4_000;
/** The status of an Application shows the message alone. */
const SEE_LOG = ' (see the log of its sidecar)';
/** How a command ended is all that an unknown server gets to say. */
const EXIT = /\b(exit (?:status|code) \d{1,3}|signal: [a-z]+)\b/;

/**
 * Connects at the first call. Each call has at most `timeoutMs`. Errors: `ToolMissing` when nobody answers
 * on the socket, `Timeout`, `LimitExceeded` for an answer above `maxAnswerBytes`, `RenderFailed` and those
 * that our own server names. What an unknown server says is not repeated: it may hold secrets.
 * Cancellation: the call is cancelled, which ends the commands of the plugin.
 */
export function connectPlugin(options: {
  /** For errors. */
  readonly name: string;
  readonly socket: string;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly clock: Clock;
}): PluginClient {
  const client = new Client(`unix:${options.socket}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': options.maxAnswerBytes,
    'grpc.enable_http_proxy': 0,
    'grpc.default_authority': 'localhost',
    'grpc.enable_retries': 0,
  });

  function streamed<T>(method: MethodName) {
    return async (call: PluginCall, signal: AbortSignal): Promise<T> => {
      const { path, requestSerialize, responseDeserialize } = methodOf(method);
      const { promise, answer } = answerOf<T>(options);
      const stream = client.makeClientStreamRequest(
        path,
        requestSerialize as (message: StreamMessage) => Buffer,
        responseDeserialize as (bytes: Buffer) => T,
        new Metadata(),
        deadline(),
        answer,
      );
      // The answer tells what went wrong, also when it comes before all is sent.
      stream.on('error', () => {});
      const stopSending = new AbortController();
      const cancel = () => {
        stopSending.abort();
        stream.cancel();
      };
      signal.addEventListener('abort', cancel, { once: true });
      if (signal.aborted) cancel();
      void promise.then(cancel, cancel).catch(() => {});
      try {
        await Promise.race([send(stream, call, stopSending.signal), promise]);
        return await promise;
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    };
  }

  function deadline() {
    return { deadline: options.clock.now() + options.timeoutMs };
  }

  return {
    check(signal) {
      const { path, requestSerialize, responseDeserialize } = methodOf('CheckPluginConfiguration');
      const { promise, answer } = answerOf<ConfigurationMessage>(options);
      const call = client.makeUnaryRequest(
        path,
        requestSerialize as (message: object) => Buffer,
        responseDeserialize as (bytes: Buffer) => ConfigurationMessage,
        {},
        new Metadata(),
        deadline(),
        answer,
      );
      const cancel = () => call.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      return promise
        .catch((error: unknown) => {
          signal.throwIfAborted();
          throw error;
        })
        .finally(() => signal.removeEventListener('abort', cancel));
    },
    match: streamed('MatchRepository'),
    generate: streamed('GenerateManifest'),
    announce: streamed('GetParametersAnnouncement'),
    [Symbol.dispose]: () => client.close(),
  };
}

async function send(
  stream: ClientWritableStream<StreamMessage>,
  call: PluginCall,
  signal: AbortSignal,
): Promise<void> {
  const { archive, appName, path: appRelPath } = call;
  const env = Object.entries(call.env).map(([name, value]) => ({ name, value }));
  const { size, checksum } = archive;
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  // Goes on also after an error: then the answer is on its way.
  const write = (message: StreamMessage) =>
    Promise.race([ended, new Promise<void>((resolve) => stream.write(message, () => resolve()))]);
  await write({ metadata: { appName, appRelPath, checksum, size, env } });
  for await (const chunk of createReadStream(archive.file, { highWaterMark: CHUNK_BYTES })) {
    if (signal.aborted) return;
    await write({ file: { chunk: chunk as Buffer } });
  }
  stream.end();
}

function methodOf(name: MethodName): MethodDefinition<object, object> {
  const method = pluginService()[name];
  if (method === undefined) throw new Error(`plugin.proto has no ${name}`);
  return method as MethodDefinition<object, object>;
}

function answerOf<T>(options: { readonly name: string; readonly timeoutMs: number }) {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const answer = (error: ServiceError | null, value?: T) => {
    if (error !== null) reject(toError(error, options));
    else if (value === undefined) reject(unclear(options.name, 'an empty answer'));
    else resolve(value);
  };
  return { promise, answer };
}

function toError(
  error: ServiceError,
  { name, timeoutMs }: { readonly name: string; readonly timeoutMs: number },
): TiphysError {
  const who = `plugin ${name}`;
  const [code] = error.metadata.get(CODE_HEADER);
  if (typeof code === 'string' && Object.hasOwn(ERROR_CATALOGUE, code)) {
    const known = code as ErrorCode;
    const details = error.details.slice(0, MAX_DETAILS);
    const more = known === 'RenderFailed' ? SEE_LOG : '';
    return new TiphysError(known, `${who}: ${details}${more}`, { hint: hintOf(known, name) });
  }
  switch (error.code) {
    case status.UNAVAILABLE:
      return new TiphysError(
        'ToolMissing',
        `${who}: does not answer on its socket: does its sidecar run?`,
        {
          hint: 'See whether its sidecar runs, and its log.',
        },
      );
    case status.DEADLINE_EXCEEDED:
      return new TiphysError('Timeout', `${who}: not finished within ${timeoutMs} ms`);
    case status.RESOURCE_EXHAUSTED:
      return new TiphysError('LimitExceeded', `${who}: its answer is too large`, {
        hint: 'Split the source into several Applications.',
      });
    case status.UNIMPLEMENTED:
      return new TiphysError('ToolMissing', `${who}: does not speak the protocol of plugins`, {
        hint: 'Check what listens on its socket.',
      });
    default: {
      const exit = EXIT.exec(error.details)?.[0];
      return unclear(name, exit ?? `gRPC status ${status[error.code] ?? error.code}`);
    }
  }
}

function unclear(name: string, how: string): TiphysError {
  return new TiphysError('RenderFailed', `plugin ${name}: failed: ${how}${SEE_LOG}`, {
    hint: hintOf('RenderFailed', name),
    retry: 'backoff',
  });
}

function hintOf(code: ErrorCode, name: string): string {
  if (code !== 'RenderFailed') return ERROR_CATALOGUE[code].hint;
  return `Read the log of the sidecar of ${name}: what its commands say is not repeated here.`;
}
