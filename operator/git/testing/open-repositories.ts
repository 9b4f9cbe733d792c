import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANONYMOUS, type RepositoryAccess } from '../../core/repository/access.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createGitRepositories } from '../git-repositories.ts';
import type { GitRepositories } from '../opened-repositories.ts';
import type { GitRepositoriesOptions } from '../options.ts';

/** Repositories over a folder of their own, and what they wrote to the log. */
export interface OpenedRepositories extends AsyncDisposable {
  readonly repositories: GitRepositories;
  readonly dir: string;
  readonly logged: readonly string[];
  /** True when a file below the folder, or a line of the log, holds the text. */
  reveals(text: string): Promise<boolean>;
}

/** Options win over defaults that suit tests; `access` is the same for every repository. */
export async function openRepositories(
  access: Partial<RepositoryAccess> = {},
  options: Partial<GitRepositoriesOptions> = {},
): Promise<OpenedRepositories> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'tiphys-git-test-')));
  const logged: string[] = [];
  const repositories = createGitRepositories({
    dir,
    clock: systemClock,
    random: () => 0.5,
    logger: loggerTo(logged),
    access: () => ({ ...ANONYMOUS, ...access }),
    pollIntervalMs: 60_000,
    pollJitterMs: 10_000,
    timeoutMs: 20_000,
    maxConcurrent: 4,
    failureMs: 0,
    ...options,
  });
  return {
    repositories,
    dir,
    logged,
    reveals: async (text) =>
      logged.some((line) => line.includes(text)) || (await contains(dir, text)),
    async [Symbol.asyncDispose]() {
      await repositories[Symbol.asyncDispose]();
      if (options.dir === undefined) await rm(dir, { recursive: true });
    },
  };
}

function loggerTo(lines: string[]): Logger {
  const write = (fields: unknown, message: string) =>
    void lines.push(
      `${message} ${JSON.stringify(fields)} ${String((fields as { err?: unknown }).err)}`,
    );
  const logger: Logger = {
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: () => logger,
  };
  return logger;
}

async function contains(dir: string, text: string): Promise<boolean> {
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = await readFile(join(entry.parentPath, entry.name));
    if (content.includes(text)) return true;
  }
  return false;
}
