import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  ANONYMOUS,
  createManifestSource,
  type ManifestRequest,
  silentLogger,
  systemClock,
} from 'tiphys';
import { createDefaultGenerators, createGitRepositories } from 'tiphys/adapters';
import { startGitServer } from '../controlplane/git-server.ts';
import { progressToStderr as log } from '../controlplane/tool-cache.ts';
import { resolveTool } from '../controlplane/tools.ts';
import { monotonicMs } from '../controlplane/waiting.ts';
import { usageOf } from './processes.ts';

// What rendering costs: charts and kustomizations in Git through the library against the tools run by hand
// in a checkout, as many at once; the same again when nothing changed; and repositories on disk.

/** Renders of one tool, each of an application of its own. */
interface RenderCost {
  readonly tool: string;
  readonly perSecond: { readonly byHand: number; readonly library: number; readonly known: number };
}

export interface RenderingCost {
  readonly renders: number;
  readonly width: number;
  readonly tools: readonly RenderCost[];
  readonly repositories: {
    readonly count: number;
    readonly memoryMiB: number;
    readonly diskMiB: number;
    readonly seconds: number;
  };
}

const TEMPLATES = 10;
const REPOSITORY_FILES = 50;
const MIB = 2 ** 20;

export async function measureRendering(
  sizes: { readonly renders: number; readonly repositories: number },
  signal: AbortSignal,
): Promise<RenderingCost> {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-bench-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const server = stack.use(await startGitServer({ signal }));
  const width = availableParallelism();
  const tools: RenderCost[] = [];
  for (const tool of ['helm', 'kustomize'] as const)
    tools.push(await measureTool(tool, sizes.renders, width));
  return { renders: sizes.renders, width, tools, repositories: await measureRepositories() };

  function openRepositories(folder: string) {
    return createGitRepositories({
      dir: folder,
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
      access: () => ANONYMOUS,
      pollIntervalMs: 3_600_000,
      pollJitterMs: 0,
      timeoutMs: 60_000,
      maxConcurrent: 10,
    });
  }

  async function measureTool(
    tool: 'helm' | 'kustomize',
    renders: number,
    parallelism: number,
  ): Promise<RenderCost> {
    const program = await resolveTool(tool, { env: process.env, log, signal });
    const files = tool === 'helm' ? chart() : kustomization();
    const checkout = join(dir, `${tool}-checkout`);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(checkout, path)), { recursive: true });
      await writeFile(join(checkout, path), content);
    }
    const repoURL = await server.createRepository(tool, files);
    const dataDir = join(dir, tool);
    await using repositories = openRepositories(join(dataDir, 'git'));
    const source = createManifestSource({
      repositories,
      generators: createDefaultGenerators({
        ...{ dataDir, clock: systemClock, parallelism },
        programs: { [tool]: program },
      }),
      settings: () => ({}),
      limits: { maxCacheBytes: 2 ** 30, failureMs: 0 },
      clock: systemClock,
    });
    const request = (number: number): ManifestRequest => ({
      sources: [{ repoURL, path: 'app', targetRevision: 'main' }],
      revisions: [],
      instance: `app-${number}`,
      appName: `app-${number}`,
      project: 'default',
      namespace: `app-${number}`,
      kubeVersion: 'v1.36.3',
      apiVersions: ['apps/v1', 'v1'],
      freshRevisions: false,
      freshManifests: false,
    });
    await source.manifests(request(-1), signal); // fetches, and asks the program for its version
    const words = (number: number) =>
      tool === 'helm'
        ? ['template', `app-${number}`, 'app', '--namespace', `app-${number}`, '--include-crds']
        : ['build', 'app'];
    const perSecond = async (work: (number: number) => Promise<unknown>) => {
      const startedMs = monotonicMs();
      const queue = Array.from({ length: renders }, (_, number) => number).values();
      const worker = async () => {
        for (const number of queue) await work(number);
      };
      await Promise.all(Array.from({ length: parallelism }, worker));
      return renders / ((monotonicMs() - startedMs) / 1000);
    };
    const byHand = await perSecond((number) => runIn(checkout, program, words(number)));
    const render = (number: number) => source.manifests(request(number), signal);
    const library = await perSecond(render);
    const known = await perSecond(render);
    return { tool, perSecond: { byHand, library, known } };
  }

  async function measureRepositories(): Promise<RenderingCost['repositories']> {
    const urls: string[] = [];
    for (let number = 0; number < sizes.repositories; number += 1) {
      const files = Array.from({ length: REPOSITORY_FILES }, (_, i) => [
        `app/${i}.yaml`,
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c${i}}\ndata: {value: "${number} ${'x'.repeat(500)}"}\n`,
      ]);
      urls.push(await server.createRepository(`repo-${number}`, Object.fromEntries(files)));
    }
    const folder = join(dir, 'repositories');
    await using repositories = openRepositories(folder);
    const before = usageOf(process.pid).residentMiB;
    const startedMs = monotonicMs();
    for (const url of urls) {
      const commit = await repositories.resolve(url, 'main', { fresh: false }, signal);
      const tree = await repositories.tree(url, commit, {}, signal);
      await tree.list('app', { recurse: true }, signal);
    }
    const seconds = (monotonicMs() - startedMs) / 1000;
    const memoryMiB = usageOf(process.pid).residentMiB - before;
    const diskMiB = (await bytesOnDisk(folder)) / MIB;
    return { count: urls.length, memoryMiB, diskMiB, seconds };
  }
}

async function runIn(cwd: string, program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}

/** As blocks, which is what a disk gives for many small files. */
async function bytesOnDisk(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let bytes = 0;
  for (const entry of entries)
    bytes += (await stat(join(entry.parentPath, entry.name))).blocks * 512;
  return bytes;
}

function chart(): Readonly<Record<string, string>> {
  const templates = Array.from({ length: TEMPLATES }, (_, i) => [
    `app/templates/${i}.yaml`,
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-${i}\n  namespace: {{ .Release.Namespace }}\ndata:\n  value: {{ .Values.value | quote }}\n`,
  ]);
  return {
    'app/Chart.yaml': 'apiVersion: v2\nname: app\nversion: 1.0.0\n',
    'app/values.yaml': 'value: one\n',
    ...Object.fromEntries(templates),
  };
}

function kustomization(): Readonly<Record<string, string>> {
  const resources = Array.from({ length: TEMPLATES }, (_, i) => `${i}.yaml`);
  const files = resources.map((name, i) => [
    `app/${name}`,
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c${i}\ndata:\n  value: one\n`,
  ]);
  const list = resources.map((name) => `  - ${name}\n`).join('');
  return {
    'app/kustomization.yaml': `namePrefix: app-\nresources:\n${list}`,
    ...Object.fromEntries(files),
  };
}

export function describeRendering({ renders, width, tools, repositories }: RenderingCost): string {
  const rows = tools.map(({ tool, perSecond: { byHand, library, known } }) =>
    [
      tool,
      byHand.toFixed(1),
      library.toFixed(1),
      (library / byHand).toFixed(2),
      known.toFixed(0),
    ].join(' | '),
  );
  const { count, memoryMiB, diskMiB, seconds } = repositories;
  return `${renders} applications of ${TEMPLATES} objects from one folder in Git, ${width} at once: the tool run by hand in a
checkout, the same through the library (the first time, and again when nothing changed).

| tool | by hand /s | library /s | ratio | known /s |
| --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

${count} repositories of ${REPOSITORY_FILES} files, each fetched and read once: ${seconds.toFixed(1)} s, ${memoryMiB.toFixed(0)} MiB more memory with the
processes that read them, ${diskMiB.toFixed(1)} MiB on disk.`;
}
