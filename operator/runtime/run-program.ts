import { type ChildProcess, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { TiphysError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from './deadline.ts';
import {
  boundedByKernel,
  boundRefused,
  type Command,
  endedWithoutMemory,
  notExecuted,
} from './kernel-memory.ts';
import { watchMemory } from './watch-memory.ts';

/** The one place that starts child processes for a single answer. Never a shell. */
export interface ProgramRun {
  /** Absolute path, or a name that is looked up in `env.PATH`. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to the standard input, which is then closed. */
  readonly stdin?: string | Buffer;
  readonly timeoutMs: number;
  /** How long the child may take to end after SIGTERM before it is killed. Default 2 s. */
  readonly killAfterMs?: number;
  /** Bound of the standard output; the child is stopped when it writes more. */
  readonly maxOutputBytes: number;
  /** Memory of the child and what it starts; it is stopped when it takes more. Default: no bound. */
  readonly maxMemoryBytes?: number;
  /** Private memory that the kernel gives each of its processes, where it can be asked. Default: no bound. */
  readonly maxDataBytes?: number;
  readonly clock: Clock;
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  /** The last 64 KiB of what it wrote to the standard error. */
  readonly stderr: string;
}

const STDERR_BYTES = 64 * 1024;

/**
 * Runs a program to its end, in a process group of its own.
 *
 * Errors: `ToolMissing` when it cannot be started, `Timeout`, `LimitExceeded` when it writes too
 * much or takes too much memory, `RenderFailed` when a signal that is not ours ends it. A non-zero exit is a result, not an
 * error. Cancellation: the whole group is stopped and the call rejects with `signal.reason` once
 * the child has ended. However it ends, nothing of its group is left.
 */
export async function runProgram(run: ProgramRun, signal: AbortSignal): Promise<ProgramResult> {
  const { maxDataBytes } = run;
  const bounded = maxDataBytes === undefined ? undefined : boundedByKernel(run, maxDataBytes);
  if (bounded === undefined) return await runCommand(run, run, signal);
  const result = await runCommand(run, bounded, signal);
  if (boundRefused(result)) return await runCommand(run, run, signal);
  const why = notExecuted(result);
  if (why !== undefined) throw couldNotStart(run, new Error(why));
  if (endedWithoutMemory(result)) throw needsTooMuch(run, result.stderr);
  return result;
}

async function runCommand(
  run: ProgramRun,
  command: Command,
  signal: AbortSignal,
): Promise<ProgramResult> {
  signal.throwIfAborted();
  using deadline = withDeadline(signal, run.timeoutMs, run.clock);
  const stop = new AbortController();
  const child = spawn(command.program, command.args, {
    cwd: run.cwd,
    env: run.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // a group of its own, so that children of the child end with it
    windowsHide: true,
  });
  let takesTooMuch = false;
  using _memory = boundMemory(child, run, () => {
    takesTooMuch = true;
    signalGroup(child, 'SIGKILL'); // there is no time for more
  });
  const end = stopWhenAborted(child, deadline.signal, stop.signal, run);
  try {
    const result = await outcome(child, run, stop);
    // Some programs end politely when they are told to stop: their answer is not a whole one.
    deadline.signal.throwIfAborted();
    return result;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (takesTooMuch) throw needsTooMuch(run, error);
    if (deadline.signal.aborted) {
      throw new TiphysError(
        'Timeout',
        `${basename(run.program)}: not finished within ${run.timeoutMs} ms`,
        {
          cause: error,
        },
      );
    }
    throw error;
  } finally {
    end();
    signalGroup(child, 'SIGKILL'); // what it left running in its group has no reader any more
  }
}

function needsTooMuch(run: ProgramRun, cause: unknown): TiphysError {
  const maxBytes = run.maxMemoryBytes ?? run.maxDataBytes;
  const message = `${basename(run.program)}: needs more than ${maxBytes} bytes of memory`;
  return new TiphysError('LimitExceeded', message, { cause });
}

function boundMemory(child: ChildProcess, run: ProgramRun, onExceeded: () => void): Disposable {
  const { maxMemoryBytes: maxBytes, clock } = run;
  if (child.pid === undefined || maxBytes === undefined) return { [Symbol.dispose]() {} };
  return watchMemory(child.pid, { maxBytes, clock }, onExceeded);
}

function outcome(
  child: ChildProcess,
  run: ProgramRun,
  stop: AbortController,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    let stdoutBytes = 0;
    let stderr = Buffer.alloc(0);
    child.stdout?.on('data', (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes > run.maxOutputBytes) stop.abort();
      else stdout.push(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_BYTES);
    });
    // A child that ends without reading its input breaks the pipe; its exit code tells the story.
    child.stdin?.on('error', () => {});
    child.stdin?.end(run.stdin);
    child.on('error', (error) => reject(couldNotStart(run, error)));
    child.on('exit', (_code, endedBy) => {
      // Killed, for memory say: what it started would hold its output open until the deadline. SIGTERM is ours, and leaves time.
      if (endedBy !== null && endedBy !== 'SIGTERM') signalGroup(child, 'SIGKILL');
    });
    child.on('close', (code, endedBy) => {
      if (stdoutBytes > run.maxOutputBytes) {
        return reject(
          new TiphysError(
            'LimitExceeded',
            `${basename(run.program)}: more than ${run.maxOutputBytes} bytes of output`,
          ),
        );
      }
      if (code === null) {
        return reject(
          new TiphysError(
            'RenderFailed',
            `${basename(run.program)}: ended by ${endedBy ?? 'a signal'}`,
            {
              hint: 'The machine may be short of memory.',
              retry: 'backoff',
            },
          ),
        );
      }
      resolve({ exitCode: code, stdout: Buffer.concat(stdout), stderr: stderr.toString('utf8') });
    });
  });
}

function couldNotStart(run: ProgramRun, error: NodeJS.ErrnoException): TiphysError {
  const reason = error.code === 'ENOENT' ? 'not found' : (error.code ?? error.message);
  return new TiphysError('ToolMissing', `${basename(run.program)}: cannot be started: ${reason}`, {
    cause: error,
  });
}

/** SIGTERM to the group on either signal, SIGKILL when that does not help. Returns the clean-up. */
function stopWhenAborted(
  child: ChildProcess,
  cancelled: AbortSignal,
  tooMuch: AbortSignal,
  run: ProgramRun,
): () => void {
  let kill: Disposable | undefined;
  const terminate = () => {
    signalGroup(child, 'SIGTERM');
    kill ??= run.clock.schedule(run.killAfterMs ?? 2_000, () => signalGroup(child, 'SIGKILL'));
  };
  cancelled.addEventListener('abort', terminate, { once: true });
  tooMuch.addEventListener('abort', terminate, { once: true });
  return () => {
    cancelled.removeEventListener('abort', terminate);
    tooMuch.removeEventListener('abort', terminate);
    kill?.[Symbol.dispose]();
  };
}

function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // ESRCH: the group has ended meanwhile, which is what was asked for. EPERM: so has it, and its
    // number is that of somebody else by now.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
