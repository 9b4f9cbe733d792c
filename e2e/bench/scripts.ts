import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

// `node e2e/bench/scripts.ts`: what Lua, CEL and jq of administrators cost. BENCH_SCRIPTED=1000 objects.

interface ScriptCost {
  readonly language: string;
  readonly what: string;
  /** The first object: starting the thread and the machine, and compiling. */
  readonly firstMs: number;
  /** All objects, once the program is compiled: on the clock, and in all threads. */
  readonly allMs: number;
  readonly allCpuMs: number;
}

/** In a process of its own, as the engine is no part of the library. */
export async function measureScripts(
  count: number,
  signal: AbortSignal,
): Promise<readonly ScriptCost[]> {
  const program = join(import.meta.dirname, '../../operator/scripts/testing/measure.ts');
  const child = spawn(process.execPath, [program, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const ended = once(child, 'close');
  const answer = await text(child.stdout);
  await ended;
  if (answer === '') throw new Error('no script was measured');
  return JSON.parse(answer) as readonly ScriptCost[];
}

export function describeScripts(count: number, costs: readonly ScriptCost[]): string {
  const rows = costs.map(
    ({ language, what, firstMs, allMs, allCpuMs }) =>
      `| ${language} | ${what} | ${[firstMs, allMs, allCpuMs].map((ms) => ms.toFixed(0)).join(' | ')} |`,
  );
  return `Objects of 1.6 KB of JSON, sent to the thread of the scripts and judged there. The first one starts thread
and machine, and compiles the program.

| language | program | first object, ms | ${count} objects, ms | of CPU |
| --- | --- | --- | --- | --- |
${rows.join('\n')}`;
}

export const SCRIPTED: number = Number(process.env['BENCH_SCRIPTED'] ?? '1000');

if (import.meta.main)
  process.stdout.write(
    `${describeScripts(SCRIPTED, await measureScripts(SCRIPTED, AbortSignal.timeout(120_000)))}\n`,
  );
