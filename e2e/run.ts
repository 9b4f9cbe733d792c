/**
 * Runs tests: `node e2e/run.ts [unit] [integration] [e2e] [--] [arguments of node --test …]`,
 * without a suite all of them.
 *
 * One call of Node's own test runner, so that its count at the end counts everything. Before it,
 * what the chosen tests share is made ready with progress: the programs, and one control plane.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { resolveBinaries } from './controlplane/binaries.ts';
import { startControlPlane } from './controlplane/control-plane.ts';
import {
  describeControlPlane,
  EXISTING_CLUSTER_VARIABLE,
  SHARED_CLUSTER_VARIABLE,
} from './controlplane/shared.ts';
import { resolveSystemProgram, SYSTEM_PROGRAMS } from './controlplane/system-programs.ts';
import { progressToStderr as log } from './controlplane/tool-cache.ts';
import { resolveTool } from './controlplane/tools.ts';
import { type Suite, SUITES, suiteOf } from './select-tests.ts';

const root = join(import.meta.dirname, '..');
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
}

process.exitCode = await run(process.argv.slice(2), stop.signal);

async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  const suites = SUITES.filter((suite) => args.includes(suite));
  const wanted = suites.length === 0 ? SUITES : suites;
  const rest = args.filter((arg) => arg !== '--' && !SUITES.includes(arg as Suite));
  const files = await testFiles(wanted);
  if (files.length === 0) {
    log(`there are no ${wanted.join(' and ')} tests yet`);
    return 0;
  }
  const env: Record<string, string | undefined> = { ...process.env };
  await using stack = new AsyncDisposableStack();
  if (wanted.includes('integration') || wanted.includes('e2e')) await preparePrograms(env, signal);
  if (wanted.includes('integration'))
    for (const name of SYSTEM_PROGRAMS) await resolveSystemProgram(name, { env, log, signal });
  const needsCluster = wanted.includes('e2e') && !env[EXISTING_CLUSTER_VARIABLE];
  const plane = needsCluster ? stack.use(await startControlPlane({ signal, env })) : undefined;
  if (plane !== undefined) {
    env[SHARED_CLUSTER_VARIABLE] = await describeControlPlane(plane);
    log(`the shared control plane logs to ${plane.logs} (kept when a test fails)`);
  }
  log(`${files.length} test files: ${wanted.join(', ')}`);
  const exitCode = await runNodeTests([...rest, ...files], env, signal);
  if (exitCode !== 0) plane?.keepLogs();
  return exitCode;
}

async function testFiles(wanted: readonly Suite[]): Promise<readonly string[]> {
  const files: string[] = [];
  const pattern = '{operator,generators,api,crds,docs,examples,e2e}/**/*.test.ts';
  const exclude = (path: string) => /node_modules|testdata|fixtures/.test(path);
  for await (const path of glob(pattern, { cwd: root, exclude })) {
    if (wanted.includes(suiteOf(path))) files.push(path);
  }
  return files.sort();
}

/** Makes the programs once, with progress, instead of in the first test that needs them. */
async function preparePrograms(
  env: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<void> {
  const options = { env, log, signal };
  env['HELM'] = await resolveTool('helm', options);
  env['KUBECTL'] = await resolveTool('kubectl', options);
  env['KUSTOMIZE'] = await resolveTool('kustomize', options);
  env['JSONNET'] = await resolveTool('jsonnet', options);
  await resolveBinaries(options);
}

async function runNodeTests(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<number> {
  const flags = [
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    '--test-timeout=900000',
  ];
  const child = spawn(process.execPath, [...flags, ...args], { cwd: root, env, stdio: 'inherit' });
  const interrupt = () => child.kill('SIGINT');
  signal.addEventListener('abort', interrupt, { once: true });
  const [code] = (await once(child, 'exit')) as [number | null];
  signal.removeEventListener('abort', interrupt);
  return code ?? 1;
}
