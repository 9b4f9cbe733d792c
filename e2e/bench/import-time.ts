import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

// `node e2e/bench/import-time.ts`, after `make build`: what `import 'tiphys'` costs a program.

const RUNS = 10;
const PROGRAMS = { nothing: '0', tiphys: "await import('tiphys')" } as const;

/** Medians over ten fresh processes each, taken in turn so that both see the same machine. */
export interface ImportCost {
  /** From the start of the process to its last line: `node -e 0`, and with the import. */
  readonly nothingMs: number;
  readonly tiphysMs: number;
  readonly nothingMiB: number;
  readonly tiphysMiB: number;
}

interface Sample {
  readonly ms: number;
  readonly mib: number;
}

export function measureImport(): ImportCost {
  const samples: Record<keyof typeof PROGRAMS, Sample[]> = { nothing: [], tiphys: [] };
  for (let run = 0; run < RUNS; run += 1) {
    samples.nothing.push(sample(PROGRAMS.nothing));
    samples.tiphys.push(sample(PROGRAMS.tiphys));
  }
  const median = (list: readonly Sample[], of: keyof Sample): number =>
    list.map((one) => one[of]).toSorted((left, right) => left - right)[RUNS / 2] ?? Number.NaN;
  return {
    nothingMs: median(samples.nothing, 'ms'),
    tiphysMs: median(samples.tiphys, 'ms'),
    nothingMiB: median(samples.nothing, 'mib'),
    tiphysMiB: median(samples.tiphys, 'mib'),
  };
}

/** The process tells its own age: starting it from here costs time that is not its. */
function sample(program: string): Sample {
  const report = 'console.log(performance.now(), process.memoryUsage().rss / 2 ** 20)';
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', `${program}; ${report}`],
    { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8' },
  );
  const [ms, mib] = stdout.trim().split(' ').map(Number);
  if (ms === undefined || mib === undefined) throw new Error(`nothing measured: ${stderr}`);
  return { ms, mib };
}

export function describeImport(cost: ImportCost): string {
  const [nothing, tiphys] = [cost.nothingMs, cost.tiphysMs].map((ms) => `${ms.toFixed(0)} ms`);
  const memory = `${cost.nothingMiB.toFixed(0)} and ${cost.tiphysMiB.toFixed(0)} MiB`;
  return `A program that does nothing ends after ${nothing}, one that imports tiphys after ${tiphys} (resident: ${memory}; medians of ${RUNS}).`;
}

if (import.meta.main) process.stdout.write(`${describeImport(measureImport())}\n`);
