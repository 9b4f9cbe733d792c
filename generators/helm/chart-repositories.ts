import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../../operator/core/errors.ts';
import { isJsonObject } from '../../operator/core/objects/json.ts';
import { parseVersion } from '../../operator/core/revision/version.ts';
import type { ChartReference, ChartRepositories } from '../../operator/ports/chart-repositories.ts';
import type { AccessLookup } from '../../operator/ports/source-repositories.ts';
import type { SourceTree } from '../../operator/ports/source-tree.ts';
import { createSingleFlight } from '../../operator/runtime/single-flight.ts';
import { openRunFolder, runTool, type ToolOptions } from '../process/tool.ts';
import { parseDocuments } from '../yaml/parse-documents.ts';
import { prepareRepository } from './chart-access.ts';
import { chartFailure, nameOf } from './chart-failure.ts';
import { checkIndexes } from './index-size.ts';
import { listCharts } from './list-charts.ts';

export interface ChartRepositoriesOptions extends ToolOptions {
  /** Default `helm`, looked up in `path`. */
  readonly program?: string;
  /** Folder for fetched charts, ours alone; emptied at the start. */
  readonly dir: string;
  readonly access: AccessLookup;
  /** Opens a folder on disk as a tree. */
  readonly openFolder: (dir: string, signal: AbortSignal) => Promise<SourceTree>;
  /** How long the version that a range named is believed. Default 3 minutes. */
  readonly versionMs?: number;
  /** How long a fetched chart is believed. Default 24 hours. */
  readonly chartMs?: number;
  /** Charts that are kept. Default 500. */
  readonly maxCharts?: number;
  /** Longest index of a Helm repository. Default 1,000,000,000. */
  readonly maxIndexBytes?: number;
}

interface Kept<T> {
  readonly value: T;
  readonly untilMs: number;
}

/**
 * Charts fetched by the `helm` program, with a private home for every call: it resolves ranges, signs in,
 * and unpacks within its own limits. A chart is fetched once for each scope of its registration.
 */
export function createChartRepositories(options: ChartRepositoriesOptions): ChartRepositories {
  const { clock, versionMs = 180_000, chartMs = 86_400_000, maxCharts = 500 } = options;
  const program = options.program ?? 'helm';
  const versions = new Map<string, Kept<string>>();
  const charts = new Map<string, Kept<{ readonly tree: SourceTree; readonly dir: string }>>();
  const flights = createSingleFlight();
  let emptied: Promise<void> | undefined;
  let number = 0;

  return {
    list: (repository, { onlyReach }, signal) => listCharts(options, repository, onlyReach, signal),
    async resolve(chart, version, { fresh, project = '' }, signal) {
      if (parseVersion(version) !== undefined) return version;
      const key = keyOf(chart, version, options.access(chart.repoUrl, project).scope);
      const known = versions.get(key);
      if (!fresh && known !== undefined && clock.monotonic() < known.untilMs) return known.value;
      return await flights.run(
        `resolve ${key}`,
        async (stop) => {
          const value = await askVersion(chart, version, project, stop);
          keep(versions, key, { value, untilMs: clock.monotonic() + versionMs }, maxCharts);
          return value;
        },
        signal,
      );
    },
    async tree(chart, version, { fresh, project = '' }, signal) {
      const key = keyOf(chart, version, options.access(chart.repoUrl, project).scope);
      const known = charts.get(key);
      if (!fresh && known !== undefined && clock.monotonic() < known.untilMs) {
        return known.value.tree;
      }
      return await flights.run(
        `pull ${key}`,
        async (stop) => {
          const value = await pull(chart, version, project, stop);
          const kept = { value, untilMs: clock.monotonic() + chartMs };
          const dropped = keep(charts, key, kept, maxCharts);
          for (const { value: old } of dropped) await rm(old.dir, { recursive: true, force: true });
          return value.tree;
        },
        signal,
      );
    },
  };

  async function askVersion(
    chart: ChartReference,
    version: string,
    project: string,
    signal: AbortSignal,
  ): Promise<string> {
    const args = ['show', 'chart', '--version', version];
    const output = await helm(chart, version, project, args, signal);
    // Of a registry helm says more than the YAML, among it the tag, in which `_` stands for `+`.
    const tag = /^Pulled: \S*:([\w.+-]+)$/m.exec(output)?.[1];
    if (tag !== undefined) return tag.replaceAll('_', '+');
    const [description] = parseDocuments(output, { file: `${chart.chart}: Chart.yaml` });
    const found = isJsonObject(description) ? description['version'] : undefined;
    if (typeof found === 'string' && found !== '') return found;
    throw new TiphysError(
      'RevisionNotFound',
      `${nameOf(chart, version)}: Chart.yaml has no version`,
    );
  }

  async function pull(
    chart: ChartReference,
    version: string,
    project: string,
    signal: AbortSignal,
  ): Promise<{ readonly tree: SourceTree; readonly dir: string }> {
    await (emptied ??= rm(options.dir, { recursive: true, force: true }));
    const dir = join(options.dir, String((number += 1)));
    await mkdir(dir, { recursive: true, mode: 0o700 });
    try {
      const places = ['--untar', '--untardir', join(dir, 'chart'), '--destination', dir];
      await helm(chart, version, project, ['pull', '--version', version, ...places], signal);
      const [folder, ...more] = await readdir(join(dir, 'chart'));
      if (folder === undefined || more.length > 0) {
        throw new TiphysError(
          'RenderFailed',
          `${nameOf(chart, version)}: holds not just one chart`,
        );
      }
      return { tree: await options.openFolder(join(dir, 'chart', folder), signal), dir };
    } catch (error) {
      await rm(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** Runs helm about one chart: the words, then the chart and how to get to it. */
  async function helm(
    chart: ChartReference,
    version: string,
    project: string,
    args: readonly string[],
    signal: AbortSignal,
  ): Promise<string> {
    await using run = await openRunFolder(options);
    const home = run.dir;
    const access = options.access(chart.repoUrl, project);
    const { passCredentials } = chart;
    const prepared = await prepareRepository(home, chart.repoUrl, chart.chart, access, {
      passCredentials,
    });
    const tool = { ...options, env: { ...options.env, ...prepared.env } };
    const calls = prepared.hasIndex ? [['repo', 'update']] : [];
    calls.push([...args, ...prepared.flags, '--', prepared.chart]);
    let output = '';
    for (const words of calls) {
      const result = await runTool(tool, { program, args: words, cwd: home, home }, signal);
      output = result.stdout.toString('utf8');
      // Helm 3 calls an update that failed a success, and says it only to those who read.
      const why = /^.*Unable to get an update[^]*/m.exec(output)?.[0] ?? '';
      if (result.exitCode !== 0 || why !== '')
        throw chartFailure(chart, version, `${why}\n${result.stderr}`, prepared, home);
      await checkIndexes(home, nameOf(chart, version), options.maxIndexBytes);
    }
    return output;
  }
}

/** Keeps at most so many, the newest; returns what had to go. */
function keep<T>(map: Map<string, Kept<T>>, key: string, value: Kept<T>, max: number): Kept<T>[] {
  const dropped: Kept<T>[] = [];
  const before = map.get(key);
  if (before !== undefined) dropped.push(before);
  map.delete(key);
  map.set(key, value);
  for (const [oldest, kept] of map) {
    if (map.size <= max) break;
    map.delete(oldest);
    dropped.push(kept);
  }
  return dropped;
}

function keyOf(
  { repoUrl, chart, passCredentials }: ChartReference,
  version: string,
  scope: string,
) {
  const parts = JSON.stringify([repoUrl, chart, passCredentials, version, scope]);
  return createHash('sha256').update(parts).digest('hex');
}
