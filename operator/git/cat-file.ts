import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { TiphysError } from '../core/errors.ts';
import { untilAborted } from '../runtime/keyed-lock.ts';

/** One object as git stores it. */
export interface GitObject {
  readonly id: string;
  readonly type: 'commit' | 'tree' | 'blob' | 'tag';
  readonly content: Buffer;
}

export interface CatFileOptions {
  readonly program: string;
  /** The bare repository. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Reads objects of one repository through one long-lived `git cat-file --batch`. */
export interface CatFile extends AsyncDisposable {
  /**
   * The object that an expression names (`<id>`, `<id>^{tree}`), or `undefined` when the repository
   * has none such. Requests may overlap; answers come in order. The process starts with the first
   * request and again after it has died.
   *
   * Errors: `LimitExceeded` above `maxBytes`, `ToolMissing`, `GitUnreachable` when the process dies.
   * Cancellation: ends the wait; the answer is read and dropped.
   */
  read(expression: string, maxBytes: number, signal: AbortSignal): Promise<GitObject | undefined>;
  /** Ends the process until the next request, unless requests are waiting. */
  rest(): void;
}

interface Waiting {
  readonly expression: string;
  readonly maxBytes: number;
  resolve(object: GitObject | undefined): void;
  reject(error: unknown): void;
}

export function createCatFile(options: CatFileOptions): CatFile {
  let running: BatchProcess | undefined;
  let disposed = false;

  function current(): BatchProcess {
    if (disposed) throw new TiphysError('Internal', 'git cat-file: used after it was disposed');
    if (running === undefined || running.ended) running = new BatchProcess(options);
    return running;
  }

  return {
    async read(expression, maxBytes, signal) {
      signal.throwIfAborted();
      if (/[\s\0]/.test(expression)) return undefined; // a line break would be a second request
      return await untilAborted(current().ask(expression, maxBytes), signal);
    },
    rest() {
      if (running?.idle === true) {
        running.end();
        running = undefined;
      }
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      await running?.stop();
    },
  };
}

type State =
  | { readonly type: 'header' }
  | {
      readonly type: 'content';
      readonly id: string;
      readonly kind: GitObject['type'];
      readonly size: number;
      /** Absent when the object is larger than asked for: it is read past, not kept. */
      readonly content: Buffer | undefined;
      filled: number;
    };

/** One process and the requests it still owes answers to, in order. */
class BatchProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: Waiting[] = [];
  readonly #closed: Promise<void>;
  #state: State = { type: 'header' };
  #header = '';
  #stderr = '';
  ended = false;

  constructor(options: CatFileOptions) {
    this.#child = spawn(options.program, ['cat-file', '--batch'], {
      cwd: options.dir,
      env: options.env,
      stdio: 'pipe',
      detached: true,
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    this.#child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-4_096);
    });
    // A broken pipe is told by the end of the process.
    this.#child.stdin.on('error', () => {});
    this.#child.on('error', (error) => {
      this.#fail(
        new TiphysError('ToolMissing', `${options.program}: cannot be started: ${error.message}`, {
          cause: error,
        }),
      );
      resolve();
    });
    this.#child.on('close', () => {
      this.#fail(
        new TiphysError('GitUnreachable', `git cat-file: ended early: ${this.#stderr.trim()}`),
      );
      resolve();
    });
  }

  get idle(): boolean {
    return this.#waiting.length === 0;
  }

  ask(expression: string, maxBytes: number): Promise<GitObject | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ expression, maxBytes, resolve, reject });
      this.#child.stdin.write(`${expression}\n`);
    });
  }

  /** Lets the process end by itself: it does when its input is closed. */
  end(): void {
    this.ended = true;
    this.#child.stdin.end();
  }

  async stop(): Promise<void> {
    this.end();
    if (this.#child.exitCode === null) this.#child.kill('SIGTERM');
    await this.#closed;
  }

  #fail(error: TiphysError): void {
    this.ended = true;
    for (const request of this.#waiting.splice(0)) request.reject(error);
  }

  #take(chunk: Buffer): void {
    let position = 0;
    while (position < chunk.length) {
      position =
        this.#state.type === 'header'
          ? this.#takeHeader(chunk, position)
          : this.#takeContent(this.#state, chunk, position);
    }
  }

  #takeHeader(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(10, from);
    if (end < 0) {
      this.#header += chunk.toString('utf8', from);
      return chunk.length;
    }
    const line = this.#header + chunk.toString('utf8', from, end);
    this.#header = '';
    const [id = '', kind = '', size = ''] = line.split(' ');
    const request = this.#waiting[0];
    if (request === undefined || !/^\d+$/.test(size)) {
      // `<expression> missing` or `ambiguous`
      this.#waiting.shift()?.resolve(undefined);
      return end + 1;
    }
    const bytes = Number(size);
    this.#state = {
      type: 'content',
      id,
      kind: kind as GitObject['type'], // one of the four types git has
      size: bytes,
      content: bytes > request.maxBytes ? undefined : Buffer.allocUnsafeSlow(bytes),
      filled: 0,
    };
    return end + 1;
  }

  /** Content ends with one line feed that is not part of it. */
  #takeContent(state: Extract<State, { type: 'content' }>, chunk: Buffer, from: number): number {
    const take = Math.min(state.size - state.filled, chunk.length - from);
    if (state.content !== undefined) chunk.copy(state.content, state.filled, from, from + take);
    state.filled += take;
    const position = from + take;
    if (state.filled < state.size || position >= chunk.length) return position;
    this.#state = { type: 'header' };
    const request = this.#waiting.shift();
    if (request !== undefined) this.#answer(request, state);
    return position + 1;
  }

  #answer(request: Waiting, state: Extract<State, { type: 'content' }>): void {
    if (state.content === undefined) {
      request.reject(
        new TiphysError(
          'LimitExceeded',
          `git object ${request.expression}: ${state.size} bytes, more than ${request.maxBytes}`,
        ),
      );
      return;
    }
    request.resolve({ id: state.id, type: state.kind, content: state.content });
  }
}
