import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Milliseconds of CPU, the least and the most of several runs. */
interface Spread {
  readonly least: number;
  readonly most: number;
}

interface AccessCost {
  readonly applications: number;
  readonly roles: number;
  readonly runs: number;
  /** How many of them the caller may see. */
  readonly seen: number;
  /** With the policies compiled. */
  readonly first: Spread;
  readonly again: Spread;
}

/** What it costs to leave out of a list what somebody may not see; in a process of its own, as policies are no part of the library. */
export async function measureAccess(
  applications: number,
  signal: AbortSignal,
): Promise<AccessCost> {
  const program = join(import.meta.dirname, '../../operator/rbac/testing/measure.ts');
  const child = spawn(process.execPath, [program, String(applications)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const ended = once(child, 'close');
  const answer = await text(child.stdout);
  await ended;
  if (answer === '') throw new Error('access was not measured');
  return JSON.parse(answer) as AccessCost;
}

export function describeAccess({
  applications,
  roles,
  runs,
  seen,
  first,
  again,
}: AccessCost): string {
  const show = ({ least, most }: Spread) => `${least.toFixed(0)} to ${most.toFixed(0)}`;
  return `A list of ${applications} Applications of ${roles} projects, for a caller whose ${roles} groups have a role in one project each and
one that counts everywhere, beside ${roles * 8} roles of other people; ${seen} may be seen. Milliseconds of CPU, the least and the most of
${runs} runs.

| | CPU ms |
| --- | --- |
| with compiling the policies | ${show(first)} |
| with compiled policies | ${show(again)} |`;
}
