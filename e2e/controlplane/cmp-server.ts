import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from './waiting.ts';

const MAIN = join(import.meta.dirname, '../../operator/main.ts');

/** A `tiphys cmp-server` process; disposing ends it and removes its folders. */
export interface CmpServer extends AsyncDisposable {
  readonly socketDir: string;
  readonly socket: string;
  readonly process: ChildProcess;
  /** All that it has logged so far. */
  log(): string;
  /** Copies of sources that it holds. */
  copies(): Promise<readonly string[]>;
}

/** `config` is the text of a `plugin.yaml`. Several servers may share `socketDir`. */
export async function startCmpServer(
  options: {
    readonly name: string;
    readonly config: string;
    readonly socketDir?: string;
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    /** The program that Node runs. Default: `operator/main.ts` as it is written. */
    readonly program?: string;
  },
  signal: AbortSignal,
): Promise<CmpServer> {
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-cmp-'));
  const socketDir = options.socketDir ?? join(dir, 'plugins');
  const workDir = join(dir, 'work');
  await mkdir(join(dir, 'config'));
  await mkdir(socketDir, { recursive: true });
  await writeFile(join(dir, 'config/plugin.yaml'), options.config);
  const child = spawn(
    process.execPath,
    [
      options.program ?? MAIN,
      'cmp-server',
      '--config-dir-path',
      join(dir, 'config'),
      '--work-dir',
      workDir,
      ...(options.args ?? []),
    ],
    {
      env: {
        PATH: process.env['PATH'] ?? '',
        ARGOCD_PLUGINSOCKFILEPATH: socketDir,
        ...options.env,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => void (log += chunk.toString()));
  const socket = join(socketDir, `${options.name}.sock`);
  const ended = once(child, 'exit');
  while (!(await exists(socket))) {
    if (child.exitCode !== null) throw new Error(`cmp-server ended: ${log}`);
    await sleep(20, signal);
  }
  return {
    socketDir,
    socket,
    process: child,
    log: () => log,
    copies: () => readdir(workDir),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A `plugin.yaml` whose `generate` is a shell script. */
export function pluginYaml(name: string, script: string, more = ''): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: ConfigManagementPlugin
metadata: { name: ${name} }
spec:
  generate: { command: [sh, -c], args: [${JSON.stringify(script)}] }
${more}`;
}
