import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { describeCached, measureCached } from './cached.ts';
import { describeImport, measureImport } from './import-time.ts';
import { measure, type Measurement } from './measure.ts';

// `make bench`: the budgets of the design, measured on this machine. BENCH_APPS=200,1000 chooses the
// numbers of applications, BENCH_OBJECTS=100000 that of objects in memory. Writes docs/benchmarks.md.

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));

process.stderr.write('importing the library\n');
const importing = describeImport(measureImport()); // first, while the machine is quiet
process.stderr.write('objects in memory\n');
const objects = Number(process.env['BENCH_OBJECTS'] ?? '100000');
const cached = describeCached(await measureCached(objects, stop.signal));
const sizes = (process.env['BENCH_APPS'] ?? '200,1000').split(',').map(Number);
const results: Measurement[] = [];
for (const size of sizes) {
  process.stderr.write(`${size} applications\n`);
  results.push(
    ...(await measure(size, (line) => process.stderr.write(`  ${line}\n`), stop.signal)),
  );
}

const columns = [
  'apps',
  'scenario',
  'wall s',
  'p50 ms',
  'p95 ms',
  'CPU s',
  'peak RSS MiB',
  'API requests',
];
const rows = results.map((r) =>
  [
    r.applications,
    r.scenario,
    r.wallSeconds.toFixed(2),
    r.p50Ms?.toFixed(0) ?? '',
    r.p95Ms?.toFixed(0) ?? '',
    r.cpuSeconds.toFixed(2),
    r.peakMiB.toFixed(0),
    r.requests,
  ].join(' | '),
);
const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
const page = `# Benchmarks

Written by \`make bench\` on ${new Date().toISOString().slice(0, 10)}: ${machine}, shared with the
control plane (Kubernetes 1.36.3) that it was measured on. One run a row; compare figures of one run
with each other, not with other machines.

Every application has four objects (ServiceAccount, ConfigMap of 1 KB, Service, Deployment of 0
replicas) from one repository, automated with prune and self-heal. CPU and memory are those of the
operator and everything it starts. API requests are all that the API server answered in that time,
those of the bench and of Kubernetes' own controllers included.

| ${columns.join(' | ')} |
| ${columns.map(() => '---').join(' | ')} |
${rows.map((row) => `| ${row} |`).join('\n')}

- **cold**: all Applications created at once, until all are Synced and Healthy.
- **refresh all**: a refresh is asked for of every application although nothing changed.
- **one commit**: a commit touches one application, which is told so; until its live object has changed.
- **drift**: somebody edits a live object; until it is as Git says again.
- **idle**: nothing happens for a minute.

## Objects in memory

${cached}

## Importing the library

${importing}
`;
await writeFile(join(import.meta.dirname, '../../docs/benchmarks.md'), page);
process.stdout.write(page);
