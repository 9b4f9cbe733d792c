import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { resolveTool } from './tools.ts';
import { progressToStderr } from './tool-cache.ts';

export interface KubectlOptions {
  /** What `-f -` reads; anything but a string is written as JSON. */
  readonly stdin?: unknown;
}

export interface KubectlResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** kubectl bound to one cluster and user: the tool of the people whom the scenarios play. */
export interface Kubectl {
  /** Runs and returns the standard output; rejects with kubectl's own words when it fails. */
  (args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** Runs and returns how it went, for what is expected to fail. */
  try(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** `get … -o json`, or `undefined` when there is no such object or kind. */
  get<T = unknown>(args: readonly string[]): Promise<T | undefined>;
  /** Server-side apply of objects. */
  apply(...objects: readonly object[]): Promise<void>;
}

/** Cancellation: `signal` ends every kubectl that runs and fails every later call. */
export async function createKubectl(kubeconfigPath: string, signal: AbortSignal): Promise<Kubectl> {
  const program = await resolveTool('kubectl', { env: process.env, log: progressToStderr, signal });

  async function attempt(
    args: readonly string[],
    { stdin }: KubectlOptions = {},
  ): Promise<KubectlResult> {
    signal.throwIfAborted();
    const child = spawn(program, ['--kubeconfig', kubeconfigPath, ...args], { signal });
    // A kubectl that ends without reading its input breaks the pipe; its words tell the story.
    child.stdin.on('error', () => {});
    child.stdin.end(
      stdin === undefined || typeof stdin === 'string' ? stdin : JSON.stringify(stdin),
    );
    const closed = new Promise<number>((resolve, reject) => {
      child.on('error', (error) => reject(signal.aborted ? signal.reason : error));
      child.on('close', (code) => resolve(code ?? -1));
    });
    const [stdout, stderr, exitCode] = await Promise.all([
      buffer(child.stdout),
      buffer(child.stderr),
      closed,
    ]);
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  async function run(args: readonly string[], options?: KubectlOptions): Promise<string> {
    const result = await attempt(args, options);
    if (result.exitCode === 0) return result.stdout;
    throw new Error(`kubectl ${args.join(' ')}: ${result.stderr.trim()}`);
  }

  async function get<T>(args: readonly string[]): Promise<T | undefined> {
    const result = await attempt(['get', ...args, '-o', 'json']);
    if (result.exitCode === 0) return JSON.parse(result.stdout) as T;
    if (/\(NotFound\)|doesn't have a resource type/.test(result.stderr)) return undefined;
    throw new Error(`kubectl get ${args.join(' ')}: ${result.stderr.trim()}`);
  }

  async function apply(...objects: readonly object[]): Promise<void> {
    const stdin = { apiVersion: 'v1', kind: 'List', items: objects };
    await run(['apply', '--server-side', '--force-conflicts', '-f', '-'], { stdin });
  }

  return Object.assign(run, { try: attempt, get, apply });
}
