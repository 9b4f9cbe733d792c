import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { describeAccess, measureAccess } from './access.ts';
import { describeApi, measureApi } from './api.ts';
import { describeCached, measureCached } from './cached.ts';
import { describeImport, measureImport } from './import-time.ts';
import { measure, type Measurement } from './measure.ts';
import { describePushes, measurePushes } from './pushes.ts';
import { describeRollout, measureRollout } from './rollout.ts';
import { describeScripts, measureScripts, SCRIPTED } from './scripts.ts';

// `make bench`: the budgets of the design, measured on this machine; writes docs/benchmarks.md.
// BENCH_SECTIONS=rollout,applications chooses parts, which are then only printed. Sizes: BENCH_APPS=200,1000
// applications, BENCH_OBJECTS=100000 objects in memory, BENCH_ROLLOUT=1000,100,2000 applications rolled
// out, how many of them slowly, and objects of one application; BENCH_RENDERING=200,100 renders of each tool and
// repositories, BENCH_ACCESS=5000 applications of a list, BENCH_PUSHES=1000 applications in the repository that is pushed to, BENCH_API=1000,50,500
// applications, clients and streams.

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));

const say = (line: string) => void process.stderr.write(`  ${line}\n`);

// In this order: the import is measured while the machine is quiet.
const SECTIONS: Readonly<Record<string, { title: string; measure: () => Promise<string> }>> = {
  import: {
    title: 'Importing the library',
    measure: async () => describeImport(measureImport()),
  },
  objects: {
    title: 'Objects in memory',
    measure: async () =>
      describeCached(
        await measureCached(Number(process.env['BENCH_OBJECTS'] ?? '100000'), stop.signal),
      ),
  },
  scripts: {
    title: 'Scripts',
    measure: async () => describeScripts(SCRIPTED, await measureScripts(SCRIPTED, stop.signal)),
  },
  access: {
    title: 'Access',
    measure: async () =>
      describeAccess(
        await measureAccess(Number(process.env['BENCH_ACCESS'] ?? '5000'), stop.signal),
      ),
  },
  applications: {
    title: 'Applications',
    measure: async () => {
      const results: Measurement[] = [];
      for (const size of (process.env['BENCH_APPS'] ?? '200,1000').split(',').map(Number)) {
        process.stderr.write(`${size} applications\n`);
        results.push(...(await measure(size, say, stop.signal)));
      }
      return describeApplications(results);
    },
  },
  rendering: {
    title: 'Rendering',
    measure: async () => {
      const [renders = 200, repositories = 100] = (process.env['BENCH_RENDERING'] ?? '200,100')
        .split(',')
        .map(Number);
      // Loaded only here, as it loads the library.
      const { describeRendering, measureRendering } = await import('./rendering.ts');
      return describeRendering(await measureRendering({ renders, repositories }, stop.signal));
    },
  },
  pushes: {
    title: 'Pushes',
    measure: async () => {
      const applications = Number(process.env['BENCH_PUSHES'] ?? '1000');
      return describePushes(await measurePushes(applications, say, stop.signal));
    },
  },
  api: {
    title: 'The API',
    measure: async () => {
      const [applications = 1000, clients = 50, streams = 500] = (
        process.env['BENCH_API'] ?? '1000,50,500'
      )
        .split(',')
        .map(Number);
      return describeApi(await measureApi({ applications, clients, streams }, say, stop.signal));
    },
  },
  rollout: {
    title: 'Rolling out',
    measure: async () => {
      const [applications = 1000, slow = 100, objects = 2000] = (
        process.env['BENCH_ROLLOUT'] ?? '1000,100,2000'
      )
        .split(',')
        .map(Number);
      return describeRollout(
        await measureRollout({ applications, slow, objects }, say, stop.signal),
      );
    },
  },
};

const wanted = process.env['BENCH_SECTIONS']?.split(',') ?? Object.keys(SECTIONS);
const unknown = wanted.filter((name) => SECTIONS[name] === undefined);
if (unknown.length > 0)
  throw new Error(
    `BENCH_SECTIONS: no ${unknown.join(', ')}; use ${Object.keys(SECTIONS).join(', ')}`,
  );
const parts: string[] = [];
for (const [name, { title, measure: measureSection }] of Object.entries(SECTIONS)) {
  if (!wanted.includes(name)) continue;
  process.stderr.write(`${title}\n`);
  parts.push(`## ${title}\n\n${await measureSection()}`);
}

const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
const page = `# Benchmarks

Written by \`make bench\` on ${new Date().toISOString().slice(0, 10)}: ${machine}, shared with the
control plane (Kubernetes 1.36.3) that it was measured on. One run a row; compare figures of one run
with each other, not with other machines.

${parts.join('\n\n')}
`;
// A part of the page must not replace the whole one.
if (parts.length === Object.keys(SECTIONS).length)
  await writeFile(join(import.meta.dirname, '../../docs/benchmarks.md'), page);
process.stdout.write(page);

function describeApplications(results: readonly Measurement[]): string {
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
  return `Every application has four objects (ServiceAccount, ConfigMap of 1 KB, Service, Deployment of 0
replicas) from one repository, automated with prune and self-heal. CPU and memory are those of the
operator and everything it starts. API requests are all that the API server answered in that time,
those of the bench and of Kubernetes' own controllers included.

| ${columns.join(' | ')} |
| ${columns.map(() => '---').join(' | ')} |
${rows.map((row) => `| ${row} |`).join('\n')}

- **cold**: all Applications created at once, until all are Synced and Healthy.
- **refresh all**: a refresh is asked for of every application although nothing changed.
- **compare all**: their project changes, so that all are resolved and compared again; nothing is to be done or
  written. The wall has the second of rest by which the end is seen.
- **one commit**: a commit touches one application, which is told so; until its live object has changed.
- **drift**: somebody edits a live object; until it is as Git says again.
- **idle**: nothing happens for a minute.`;
}
