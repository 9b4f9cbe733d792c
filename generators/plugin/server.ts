import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type ErrorCode, TiphysError, toTiphysError } from '../../operator/core/errors.ts';
import type { Clock } from '../../operator/ports/clock.ts';
import type { Logger } from '../../operator/ports/telemetry.ts';
import type { Limiter } from '../../operator/runtime/limiter.ts';
import type { Environment } from './environment.ts';
import type { PluginConfig } from './plugin-config.ts';
import { receiveArchive, TOO_LARGE_HINT } from './receive-archive.ts';
import {
  announceParameters,
  generateManifests,
  matchesSource,
  type PluginRun,
  timeLeft,
} from './run-plugin.ts';
import { type ArchiveLimits, unpackArchive } from '../../operator/runtime/unpack-archive.ts';
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

// Loads grpc: import this only to serve.

export interface PluginServerOptions {
  readonly config: PluginConfig;
  /** Path of the socket; what stands there is replaced. */
  readonly socket: string;
  /** Folder for the copies of sources, ours alone; made when absent. */
  readonly workDir: string;
  /** What commands get besides the variables of the call. */
  readonly env: Environment;
  /** Longest time of a call that has no deadline of its own, and of one that has a later one. */
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly limits: ArchiveLimits;
  /** Bounds how many calls are worked on at once. */
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly logger: Logger;
}

const STOP_MS = 5_000;
/** Metadata with all variables; pieces of files are smaller. */
const MAX_MESSAGE_BYTES = 16_000_000;
const SHOWN_STDERR = 4_000;

/**
 * Serves a plugin on a Unix socket. A call that is cancelled, or whose caller has gone, ends its
 * commands; its copy of the files goes with it. Disposing waits a moment for calls under way.
 * Errors: `InvalidConfig` when the socket cannot be made.
 */
export async function servePlugin(options: PluginServerOptions): Promise<AsyncDisposable> {
  const { config, socket, workDir, logger } = options;
  await rm(workDir, { recursive: true, force: true }); // what a crash has left
  await mkdir(workDir, { recursive: true, mode: 0o700 });
  await rm(socket, { force: true });
  const server = new Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES });
  server.addService(pluginService(), {
    GenerateManifest: streamed('GenerateManifest', generate),
    MatchRepository: streamed('MatchRepository', match),
    GetParametersAnnouncement: streamed('GetParametersAnnouncement', announce),
    CheckPluginConfiguration: (
      _call: ServerUnaryCall<object, ConfigurationMessage>,
      answer: sendUnaryData<ConfigurationMessage>,
    ) => {
      const isDiscoveryConfigured = config.discovery.type !== 'none';
      answer(null, { isDiscoveryConfigured, provideGitCreds: config.provideGitCreds });
    },
  });
  await listen(server, socket);
  return { [Symbol.asyncDispose]: () => stop(server, options.clock) };

  async function generate(run: PluginRun, signal: AbortSignal): Promise<ManifestMessage> {
    const objects = await generateManifests(run, signal);
    return { manifests: objects.map((object) => JSON.stringify(object)), sourceType: '' };
  }

  async function match(run: PluginRun, signal: AbortSignal): Promise<RepositoryMessage> {
    const isSupported = await matchesSource(run, signal);
    return { isSupported, isDiscoveryEnabled: config.discovery.type !== 'none' };
  }

  async function announce(run: PluginRun, signal: AbortSignal): Promise<AnnouncementsMessage> {
    return { parameterAnnouncements: await announceParameters(run, signal) };
  }

  function streamed<T>(
    method: MethodName,
    work: (run: PluginRun, signal: AbortSignal) => Promise<T>,
  ) {
    return (call: ServerReadableStream<StreamMessage, T>, answer: sendUnaryData<T>) => {
      const stop = new AbortController();
      call.on('cancelled', () => stop.abort(new Error('the caller has gone')));
      void onCopy(options, method, call, work, stop.signal).then(
        (value) => answer(null, value),
        (error: unknown) => {
          if (!stop.signal.aborted) logger.warn({ method, err: error }, 'call failed');
          answer(toStatus(error));
        },
      );
    };
  }
}

/** Receives and unpacks a source, works on it, and removes it. */
async function onCopy<T>(
  options: PluginServerOptions,
  method: MethodName,
  call: ServerReadableStream<StreamMessage, T>,
  work: (run: PluginRun, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const { config, clock, limits } = options;
  const untilMs =
    clock.monotonic() + timeLeft(Number(call.getDeadline()), clock.now(), options.timeoutMs);
  const dir = join(options.workDir, randomUUID());
  const logger = options.logger.child({ method });
  try {
    await mkdir(dir, { mode: 0o700 });
    const archive = join(dir, 'source.tar.gz');
    const received = await receiveArchive(call, archive, limits.maxBytes, signal);
    const root = join(dir, 'source');
    await mkdir(root);
    const { preserveFileMode } = config;
    const damagedHint = 'The sender must stream a gzipped tar archive.';
    const hints = { damagedHint, exceededHint: TOO_LARGE_HINT };
    const { extract } = await import('tar-stream'); // not on import of the library
    await unpackArchive(
      archive,
      root,
      { extract: extract(), preserveFileMode, limits, ...hints },
      signal,
    );
    await rm(archive);
    const { appName: app, path } = received;
    logger.debug({ app, path }, 'source received');
    const run: PluginRun = {
      config,
      root,
      path,
      env: { ...options.env, ...received.env },
      untilMs,
      maxOutputBytes: options.maxOutputBytes,
      clock,
      onStderr: (command, stderr, exitCode) => {
        const said = stderr.slice(-SHOWN_STDERR);
        const fields = { app, command, exitCode, stderr: said };
        if (exitCode === 0) logger.debug(fields, 'a command complained');
        else logger.warn(fields, 'a command failed');
      },
    };
    return await options.limiter.run(signal, () => work(run, signal));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const STATUS: Partial<Readonly<Record<ErrorCode, status>>> = {
  Timeout: status.DEADLINE_EXCEEDED,
  LimitExceeded: status.RESOURCE_EXHAUSTED,
  UnsafePath: status.INVALID_ARGUMENT,
  PathNotFound: status.INVALID_ARGUMENT,
};

/** Only errors of ours are told; what else goes wrong is in the log. */
function toStatus(error: unknown): {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
} {
  const { code, message } = toTiphysError(error);
  const metadata = new Metadata();
  metadata.set(CODE_HEADER, code);
  const details = code === 'Internal' ? 'the plugin server failed; see its log' : message;
  return { code: STATUS[code] ?? status.UNKNOWN, details, metadata };
}

function listen(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) return resolve();
      const hint = 'Its folder must exist and be writable, and its path be below 108 characters.';
      reject(
        new TiphysError('InvalidConfig', `${socket}: cannot be listened on: ${error.message}`, {
          cause: error,
          hint,
        }),
      );
    });
  });
}

async function stop(server: Server, clock: Clock): Promise<void> {
  using _force = clock.schedule(STOP_MS, () => server.forceShutdown());
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
}
