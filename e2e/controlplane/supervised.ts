import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command, Notice } from './supervisor-protocol.ts';

/** A handle on the supervisor of one control plane. Disposing ends everything it runs, at once. */
export interface Supervised extends AsyncDisposable {
  /** Where the API server asks about tokens. */
  readonly webhookUrl: string;
  /** What runs now, by name. */
  readonly pids: ReadonlyMap<string, number>;
  /** The supervisor's own process. */
  readonly pid: number;
  start(command: Omit<Command & { type: 'start' }, 'type'>): void;
  /** Ends one process and waits until it is gone. */
  stop(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** How a process ended that should have lived; `undefined` while all is well. */
  endedBy(name: string): string | undefined;
}

/** Starts the supervisor; it ends when this process does, however that happens. */
export async function startSupervised(
  usersFolder: string,
  dataFolder: string,
): Promise<Supervised> {
  const program = join(import.meta.dirname, 'supervisor.ts');
  const child = spawn(process.execPath, ['--no-warnings', program, usersFolder, dataFolder], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    // Nothing of a test runner's environment, or the supervisor would believe it is a test.
    env: {},
  });
  const pids = new Map<string, number>();
  const ended = new Map<string, string>();
  const waiting = new Map<string, () => void>();
  const exited = once(child, 'exit');
  // A supervisor that died early breaks the pipe; `ended` and the missing answer tell the story.
  child.stdin.on('error', () => {});

  const ready = Promise.withResolvers<string>();
  child.on('error', ready.reject);
  child.on('exit', () => ready.reject(new Error('the supervisor ended before it was ready')));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const notice = JSON.parse(line) as Notice;
    switch (notice.type) {
      case 'ready':
        return ready.resolve(notice.webhookUrl);
      case 'started':
        ended.delete(notice.name);
        return void pids.set(notice.name, notice.pid);
      case 'ended':
        pids.delete(notice.name);
        ended.set(notice.name, notice.how);
        return waiting.get(notice.name)?.();
    }
  });
  const tell = (command: Command) => void child.stdin.write(`${JSON.stringify(command)}\n`);
  const webhookUrl = await ready.promise;

  return {
    webhookUrl,
    pids,
    pid: child.pid ?? 0,
    start: (command) => {
      ended.delete(command.name);
      tell({ type: 'start', ...command });
    },
    async stop(name, signal) {
      if (!pids.has(name)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(name, resolve);
      tell({ type: 'signal', name, signal });
      await promise;
      waiting.delete(name);
    },
    endedBy: (name) => ended.get(name),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exited;
    },
  };
}
