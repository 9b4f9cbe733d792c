/**
 * A program that owns the processes of one control plane and does nothing else. It is told what to
 * run through its standard input. When that input closes, because the owner is done or because the
 * owner was killed, it kills everything it started, removes the data folder and ends: nothing can
 * stay behind. It runs in a process group of its own, so Ctrl-C in a terminal reaches the owner
 * only and cannot end the supervisor before its children.
 *
 * Usage: node supervisor.ts USERS_FOLDER DATA_FOLDER
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Command, Notice } from './supervisor-protocol.ts';
import { startTokenWebhook } from './token-webhook.ts';

const [usersFolder, dataFolder] = process.argv.slice(2);
if (usersFolder === undefined || dataFolder === undefined) {
  throw new Error('usage: node supervisor.ts USERS_FOLDER DATA_FOLDER');
}

const children = new Map<string, ChildProcess>();
let ending = false;

// The owner may be gone: then nobody reads, and that is no reason to stop half-way.
process.stdout.on('error', () => {});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);

const webhook = await startTokenWebhook(usersFolder);
const input = createInterface({ input: process.stdin });
input.on('line', (line) => obey(JSON.parse(line) as Command));
input.on('close', end);
tell({ type: 'ready', webhookUrl: webhook.url });

function obey(command: Command): void {
  if (ending) return;
  if (command.type === 'start') start(command);
  else children.get(command.name)?.kill(command.signal);
}

function start({ name, program, args, logFile, env }: Command & { type: 'start' }): void {
  const log = openSync(logFile, 'a');
  const child = spawn(program, args, {
    stdio: ['ignore', log, log],
    env: env ?? {},
    cwd: dataFolder,
  });
  closeSync(log);
  children.set(name, child);
  child.on('error', (error) => forget(name, child, error.message));
  child.on('exit', (code, signal) => forget(name, child, signal ?? `exit code ${code}`));
  if (child.pid !== undefined) tell({ type: 'started', name, pid: child.pid });
}

function forget(name: string, child: ChildProcess, how: string): void {
  if (children.get(name) !== child) return;
  children.delete(name);
  tell({ type: 'ended', name, how });
  if (ending && children.size === 0) void finish();
}

function end(): void {
  if (ending) return;
  ending = true;
  for (const child of children.values()) child.kill('SIGKILL');
  if (children.size === 0) void finish();
}

async function finish(): Promise<void> {
  if (dataFolder !== undefined) await rm(dataFolder, { recursive: true, force: true });
  process.exit(0);
}

function tell(notice: Notice): void {
  process.stdout.write(`${JSON.stringify(notice)}\n`);
}
