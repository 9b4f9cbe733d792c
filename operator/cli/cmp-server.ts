import { parseDuration } from '../core/app/duration.ts';
import { TiphysError } from '../core/errors.ts';
import { noOperands, parseArguments } from './arguments.ts';
import { type Command, type CommandIo, EXIT_OK } from './command.ts';

const HOME = '/home/argocd/cmp-server';

const OPTIONS = {
  'config-dir-path': { type: 'string', default: `${HOME}/config` },
  'socket-dir': { type: 'string' },
  'work-dir': { type: 'string' },
  timeout: { type: 'string', default: '90s' },
  'max-source-bytes': { type: 'string', default: '1000000000' },
  parallelism: { type: 'string', default: '0' },
  loglevel: { type: 'string', default: 'info' },
  logformat: { type: 'string', default: 'json' },
} as const;

export const cmpServer: Command = {
  name: 'cmp-server',
  summary: 'Serve a config management plugin on a Unix socket',
  usage: '[--config-dir-path DIR] [--socket-dir DIR] [flags]',
  help: `  --config-dir-path DIR   folder of plugin.yaml (${HOME}/config)
  --socket-dir DIR        folder of the socket (ARGOCD_PLUGINSOCKFILEPATH, else ${HOME}/plugins)
  --work-dir DIR          folder for copies of sources, emptied at start (_cmp_server in TMPDIR)
  --timeout DURATION      longest time of one call (90s)
  --max-source-bytes N    largest source, packed and unpacked (1000000000)
  --parallelism N         calls worked on at the same time; 0 means the number of cores (0)
  --loglevel LEVEL        debug, info, warn or error (info)
  --logformat FORMAT      json or text (json)`,
  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    noOperands(positionals);
    const flags = {
      configDir: values['config-dir-path'],
      socketDir: values['socket-dir'] ?? (io.env['ARGOCD_PLUGINSOCKFILEPATH'] || `${HOME}/plugins`),
      ...(values['work-dir'] !== undefined && { workDir: values['work-dir'] }),
      timeoutMs: durationOf(values.timeout),
      maxSourceBytes: wholeOf('max-source-bytes', values['max-source-bytes']),
      parallelism: wholeOf('parallelism', values.parallelism),
      logLevel: oneOf('loglevel', values.loglevel, ['debug', 'info', 'warn', 'error']),
      logFormat: oneOf('logformat', values.logformat, ['json', 'text']),
    };
    const { serveCmp } = await import('./serve-cmp.ts'); // grpc, which others need not
    await serveCmp(flags, io);
    return EXIT_OK;
  },
};

/** What `serveCmp` is given. */
export interface CmpServerFlags {
  readonly configDir: string;
  readonly socketDir: string;
  readonly workDir?: string;
  readonly timeoutMs: number;
  readonly maxSourceBytes: number;
  readonly parallelism: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'json' | 'text';
}

export type ServeCmp = (flags: CmpServerFlags, io: CommandIo) => Promise<void>;

function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw invalid(`--timeout: "${text}" is no duration; write 90s, 5m or 1h30m`);
}

function wholeOf(flag: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalid(`--${flag}: "${text}" is no whole number`);
}

function oneOf<const W extends string>(flag: string, text: string, words: readonly W[]): W {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw invalid(`--${flag}: "${text}" is none of ${words.join(', ')}`);
}

function invalid(message: string): TiphysError {
  return new TiphysError('InvalidConfig', message);
}
