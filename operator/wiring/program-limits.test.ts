import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { hasCode } from '../core/errors.ts';
import { ANONYMOUS } from '../core/repository/access.ts';
import { createGitRepositories, type GitRepositories } from '../git/index.ts';
import type { Clock } from '../ports/clock.ts';
import { createVirtualClock, systemClock } from '../runtime/clock.ts';
import { silentLogger } from '../telemetry/silent.ts';
import { createDefaultCharts } from './default-generators.ts';

const signal = AbortSignal.timeout(120_000);
const [TIMEOUT_MS, STOP_MS] = [10_000, 45_000];

interface Trial {
  readonly dir: string;
  /** One that stays, whoever asks it to end. */
  readonly program: string;
  readonly clock: Clock;
}

describe('a program whose time is up is killed when the time to end is up, too', () => {
  for (const [name, code, start] of [
    ['git, here', 'Timeout', fetchWithGit],
    ['git, with a server', 'GitUnreachable', listWithGit],
    ['helm', 'Timeout', pullWithHelm],
  ] as const)
    test(name, async () => {
      const dir = await mkdtemp(join(tmpdir(), 'tiphys-stop-test-'));
      const program = join(dir, 'stubborn');
      const [asked, pid, alive] = ['asked', 'pid', 'alive'].map((name) => join(dir, name));
      assert.ok(asked !== undefined && pid !== undefined && alive !== undefined);
      const loop = `trap ': > ${asked}' TERM\necho $$ > ${pid}.new; mv ${pid}.new ${pid}\n`;
      await writeFile(program, `#!/bin/sh\n${loop}while :; do : > ${alive}; sleep 0.05; done\n`);
      await chmod(program, 0o700);
      const clock = createVirtualClock();
      const failed = assert.rejects(start({ dir, program, clock }), (error) =>
        hasCode(error, code),
      );
      let isOver = false;
      const over = failed.finally(() => {
        isOver = true;
      });
      await until(() => existsSync(pid));
      const child = Number(await readFile(pid, 'utf8'));
      await clock.advance(TIMEOUT_MS);
      await until(() => existsSync(asked));
      await clock.advance(STOP_MS - 1);
      await rm(alive, { force: true });
      await until(() => existsSync(alive) || isOver);
      assert.ok(!isOver, 'it may still end by itself');
      await clock.advance(1);
      await over;
      await until(() => !runs(child));
      await rm(dir, { recursive: true });
    });
});

describe('programs run at the same time', () => {
  for (const parallelism of [1, 2])
    test(`${parallelism} and no more, when that is set`, async () => {
      const dir = await mkdtemp(join(tmpdir(), 'tiphys-parallel-test-'));
      const [program, log] = [join(dir, 'slow'), join(dir, 'log')];
      await writeFile(
        program,
        `#!/bin/sh\necho begin >> ${log}\nsleep 0.3\necho end >> ${log}\nexit 1\n`,
      );
      await chmod(program, 0o700);
      const tools = { dataDir: join(dir, 'data'), clock: systemClock, programs: { helm: program } };
      const charts = createDefaultCharts({ ...tools, parallelism }, () => ANONYMOUS);
      const repoUrl = 'https://charts.invalid';
      const pulls = ['a', 'b', 'c', 'd'].map((chart) =>
        charts.tree({ repoUrl, chart, passCredentials: false }, '1.0.0', { fresh: true }, signal),
      );
      await Promise.allSettled(pulls);
      let [running, most] = [0, 0];
      for (const line of (await readFile(log, 'utf8')).trim().split('\n')) {
        running += line === 'begin' ? 1 : -1;
        most = Math.max(most, running);
      }
      assert.equal(most, parallelism);
      await rm(dir, { recursive: true });
    });
});

const URL = 'https://git.invalid/a';

/** Asks a server before there is a mirror. */
async function listWithGit(trial: Trial): Promise<unknown> {
  await using repositories = openGit(trial);
  return await repositories.resolve(URL, 'main', { fresh: true }, signal);
}

/** Makes a mirror before a server is asked. */
async function fetchWithGit(trial: Trial): Promise<unknown> {
  await using repositories = openGit(trial);
  return await repositories.tree(URL, 'a'.repeat(40), {}, signal);
}

function openGit({ dir, program, clock }: Trial): GitRepositories {
  return createGitRepositories({
    ...{ dir: join(dir, 'git'), program, clock, logger: silentLogger, random: () => 0 },
    ...{ listTimeoutMs: TIMEOUT_MS, timeoutMs: TIMEOUT_MS, stopMs: STOP_MS, maxConcurrent: 1 },
    ...{ pollIntervalMs: 1e9, pollJitterMs: 0, access: () => ANONYMOUS },
  });
}

async function pullWithHelm({ dir, program, clock }: Trial): Promise<unknown> {
  const charts = createDefaultCharts(
    {
      ...{ dataDir: join(dir, 'data'), clock, programs: { helm: program } },
      ...{ timeoutMs: TIMEOUT_MS, stopMs: STOP_MS },
    },
    () => ANONYMOUS,
  );
  const chart = { repoUrl: 'https://charts.invalid', chart: 'web', passCredentials: false };
  return await charts.tree(chart, '1.0.0', { fresh: true }, signal);
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
