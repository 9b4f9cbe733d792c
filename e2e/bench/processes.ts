import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;
const PAGE_MIB = 4 / 1024;

interface Process {
  readonly parent: number;
  readonly cpuSeconds: number;
  readonly residentMiB: number;
}

/** CPU seconds and resident MiB of a process and everything it has started. Linux only. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly residentMiB: number;
}

export function usageOf(root: number): Usage {
  const processes = readProcesses();
  const members = [root];
  for (const member of members)
    for (const [pid, { parent }] of processes) if (parent === member) members.push(pid);
  let cpuSeconds = 0;
  let residentMiB = 0;
  for (const pid of members) {
    cpuSeconds += processes.get(pid)?.cpuSeconds ?? 0;
    residentMiB += processes.get(pid)?.residentMiB ?? 0;
  }
  return { cpuSeconds, residentMiB };
}

function readProcesses(): ReadonlyMap<number, Process> {
  const processes = new Map<number, Process>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = statOf(entry);
    if (stat === undefined) continue;
    // The name in parentheses may hold blanks; behind it the third field of proc(5) comes first.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    processes.set(Number(entry), {
      parent: Number(fields[1]),
      cpuSeconds: ticks / TICKS_PER_SECOND,
      residentMiB: Number(fields[21]) * PAGE_MIB,
    });
  }
  return processes;
}

function statOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // it has ended since the folder was read
  }
}

/** Samples memory until disposed; the peak is of the whole family at one moment. */
export function watchPeak(root: number): { readonly peakMiB: number } & Disposable {
  let peakMiB = usageOf(root).residentMiB;
  const timer = setInterval(() => {
    peakMiB = Math.max(peakMiB, usageOf(root).residentMiB);
  }, 250);
  return {
    get peakMiB() {
      return peakMiB;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
