import { Worker } from 'node:worker_threads';
import { RE2JS } from 're2js';
import { TiphysError } from '../core/errors.ts';
import type { Passwords } from '../ports/identity.ts';
import { untilAborted } from '../runtime/keyed-lock.ts';

/** Without `hash`, the password is to be hashed. */
export interface BcryptJob {
  readonly id: number;
  readonly password: string;
  readonly hash: string | undefined;
}

export interface BcryptAnswer {
  readonly id: number;
  readonly value: string | boolean;
}

/** In the sources the neighbour ends in `.ts`, in the package in `.js`. */
const THREAD_URL = new URL(
  import.meta.url.endsWith('.ts') ? './bcrypt-thread.ts' : './bcrypt-thread.js',
  import.meta.url,
);

/** Of the thread, which holds nothing but a password. */
const HEAP_MB = 32;

/** Bcrypt in a thread of its own, which starts with the first password: one takes 50 ms and more of a core. */
export function createPasswords(): Passwords & AsyncDisposable {
  const waiting = new Map<number, PromiseWithResolvers<string | boolean>>();
  let thread: Worker | undefined;
  let last = 0;

  function start(): Worker {
    const started = new Worker(THREAD_URL, {
      name: 'tiphys-passwords',
      env: {},
      execArgv: [],
      argv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const fail = (reason: string) => {
      if (thread === started) thread = undefined;
      for (const job of waiting.values())
        job.reject(new TiphysError('Internal', `the thread for passwords ended: ${reason}`));
      waiting.clear();
    };
    started.on('message', ({ id, value }: BcryptAnswer) => {
      waiting.get(id)?.resolve(value);
      waiting.delete(id);
      if (waiting.size === 0) started.unref();
    });
    started.on('error', (error: Error) => fail(error.message));
    started.on('exit', (code) => fail(`exit code ${code}`));
    return started;
  }

  async function run(
    password: string,
    hash: string | undefined,
    signal: AbortSignal,
  ): Promise<string | boolean> {
    signal.throwIfAborted();
    const current = (thread ??= start());
    current.ref();
    last += 1;
    const job = Promise.withResolvers<string | boolean>();
    job.promise.catch(() => {}); // told to whoever still waits
    waiting.set(last, job);
    current.postMessage({ id: last, password, hash } satisfies BcryptJob);
    return await untilAborted(job.promise, signal);
  }

  return {
    hash: async (password, signal) => String(await run(password, undefined, signal)),
    isAllowed,
    matches: async (password, hash, signal) => (await run(password, hash, signal)) === true,
    async [Symbol.asyncDispose]() {
      await thread?.terminate();
    },
  };
}

/** Expressions as Go has them, found anywhere, as the incumbent asks. */
function isAllowed(password: string, pattern: string): boolean {
  try {
    return RE2JS.compile(pattern).matcher(password).find();
  } catch {
    return false; // told as an expression that nothing matches
  }
}
