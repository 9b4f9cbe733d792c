import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program of somebody else that speaks to the API, driven over its standard input and output. */
export interface McpClient extends AsyncDisposable {
  /** What a tool answers, as JSON. Errors: what the tool says. */
  call(tool: string, args: object): Promise<unknown>;
}

interface Message {
  readonly id?: number;
  readonly result?: {
    readonly isError?: boolean;
    readonly content?: readonly { readonly text?: string }[];
  };
  readonly error?: { readonly message: string };
}

/** Starts it and shakes hands. */
export async function startMcpClient(options: {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): Promise<McpClient> {
  const { program, args, env, signal } = options;
  const child = spawn(process.execPath, [program, ...args], {
    env,
    signal,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.on('error', () => {}); // each call that waits is told
  const ended = once(child, 'exit');
  const waiting = new Map<number, (message: Message) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Message;
    waiting.get(message.id ?? -1)?.(message);
  });
  let last = 0;

  async function ask(method: string, params: object): Promise<NonNullable<Message['result']>> {
    last += 1;
    const id = last;
    const { promise, resolve } = Promise.withResolvers<Message>();
    waiting.set(id, resolve);
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    const gone = ended.then(() => {
      throw new Error(`${program} ended before it answered ${method}`);
    });
    gone.catch(() => {}); // it ends at last
    const { result, error } = await Promise.race([promise, gone]);
    waiting.delete(id);
    if (result === undefined) throw new Error(error?.message ?? `${method}: no answer`);
    return result;
  }

  await ask('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'scenario', version: '1' },
  });
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  return {
    async call(tool, args_) {
      const result = await ask('tools/call', { name: tool, arguments: args_ });
      const text = result.content?.[0]?.text ?? '';
      if (result.isError === true) throw new Error(text);
      return JSON.parse(text) as unknown;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
