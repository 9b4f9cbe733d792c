import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textsOf } from '../../core/objects/object-texts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ConfigStore } from '../../ports/config-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { createBackoff } from '../../runtime/backoff.ts';
import { renderDexConfig } from './dex-config.ts';
import { secretsIn } from './secret-references.ts';

export interface RunDexOptions {
  /** Absolute path of Dex. */
  readonly program: string;
  /** Where it is to listen: `127.0.0.1:5556`. */
  readonly listen: string;
  readonly config: Pick<ConfigStore, 'configMap' | 'secret' | 'onChange'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

const STOP_MS = 5_000;
/** After running for so long, Dex was all right: the next pause is a short one again. */
const STEADY_MS = 60_000;

/**
 * Runs Dex as a process of its own while `dex.config` wants it: started again when it ends, and when the
 * settings change. Its configuration is a file that only we and Dex can read. Its log goes where ours goes.
 *
 * Lifetime: disposing stops it, and removes the file.
 */
export async function runDex(options: RunDexOptions): Promise<AsyncDisposable> {
  const { program, config, clock, random, logger } = options;
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-dex-'));
  const file = join(dir, 'dex.yaml');
  const stop = new AbortController();
  const pause = createBackoff({ minMs: 500, maxMs: 30_000, factor: 2, jitter: 0.5, random });
  let changed = Promise.withResolvers<void>();
  const subscription = config.onChange(() => changed.resolve());

  const wanted = (): string | undefined => {
    const texts = textsOf(config.configMap('argocd-cm'));
    const secretKey = textsOf(config.secret('argocd-secret')).get('server.secretkey') ?? '';
    const { listen } = options;
    const rendered = renderDexConfig({
      config: texts,
      resolve: secretsIn(config),
      secretKey,
      listen,
    });
    return rendered === undefined ? undefined : JSON.stringify(rendered); // JSON is YAML
  };

  /** Resolves when the settings want something else, or with the reason why Dex ended. */
  async function runOnce(text: string): Promise<string | undefined> {
    await writeFile(file, text, { mode: 0o600 });
    const child = spawn(program, ['serve', file], {
      cwd: dir,
      // Dex would take a dollar in a password for a variable.
      env: { DEX_EXPAND_ENV: 'false', HOME: dir },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ended = endOf(child);
    logger.info({ pid: child.pid ?? 0 }, 'Dex started');
    for (;;) {
      const event = await Promise.race([ended, changed.promise.then(() => undefined)]);
      if (event !== undefined) return event;
      changed = Promise.withResolvers();
      if (stop.signal.aborted || wanted() !== text) break;
    }
    child.kill('SIGTERM');
    using _kill = clock.schedule(STOP_MS, () => void child.kill('SIGKILL'));
    await ended;
    return undefined;
  }

  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      const text = wanted();
      if (text === undefined) {
        await changed.promise;
        changed = Promise.withResolvers();
        continue;
      }
      const startedMs = clock.monotonic();
      const reason = await runOnce(text);
      if (reason === undefined || clock.monotonic() - startedMs >= STEADY_MS) pause.reset();
      if (reason !== undefined) {
        const waitMs = pause.next();
        logger.warn({ reason, waitMs }, 'Dex ended, and is started again');
        await Promise.race([clock.sleep(waitMs, stop.signal), changed.promise]).catch(() => {});
      }
    }
  }

  const running = loop();
  return {
    async [Symbol.asyncDispose]() {
      subscription[Symbol.dispose]();
      stop.abort(new Error('the server stops'));
      changed.resolve();
      await running;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return code === null ? `signal ${signal ?? ''}` : `exit code ${code}`;
  } catch (error) {
    return (error as Error).message; // it could not be started
  }
}
