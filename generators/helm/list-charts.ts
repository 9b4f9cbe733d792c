import type { ChartVersions, ProbedRepository } from '../../operator/ports/repository-probe.ts';
import { TiphysError } from '../../operator/core/errors.ts';
import { openRunFolder, runTool, type ToolOptions } from '../process/tool.ts';
import { prepareRepository } from './chart-access.ts';
import { chartFailure, nameOf } from './chart-failure.ts';
import { checkIndexes } from './index-size.ts';

export interface ListChartsOptions extends ToolOptions {
  /** Default `helm`, looked up in `path`. */
  readonly program?: string;
  /** Longest index of a Helm repository. Default 1,000,000,000. */
  readonly maxIndexBytes?: number;
}

/**
 * The charts of a Helm repository, as helm lists them now; with `onlyReach` none, after its index was
 * fetched. Errors: `GitUnreachable`, `GitAuthFailed`, `InvalidConfig`, `Timeout`.
 */
export async function listCharts(
  options: ListChartsOptions,
  { url, access }: ProbedRepository,
  onlyReach: boolean,
  signal: AbortSignal,
): Promise<readonly ChartVersions[]> {
  await using run = await openRunFolder(options);
  const home = run.dir;
  const prepared = await prepareRepository(home, url, '', access, { passCredentials: false });
  const tool = { ...options, env: { ...options.env, ...prepared.env } };
  const helm = async (args: readonly string[]): Promise<string> => {
    const place = { program: options.program ?? 'helm', args, cwd: home, home };
    const { stdout, stderr, exitCode } = await runTool(tool, place, signal);
    const output = stdout.toString('utf8');
    // Helm 3 calls an update that failed a success, and says it only to those who read.
    const why = /^.*Unable to get an update[^]*/m.exec(output)?.[0] ?? '';
    if (exitCode === 0 && why === '') return output;
    const chart = { repoUrl: url, chart: '', passCredentials: false };
    throw chartFailure(chart, '', `${why}\n${stderr}`, prepared, home);
  };
  await helm(['repo', 'update']);
  const subject = nameOf({ repoUrl: url, chart: '', passCredentials: false }, '');
  await checkIndexes(home, subject, options.maxIndexBytes);
  if (onlyReach) return [];
  const found = parse(await helm(['search', 'repo', '--versions', '--devel', '--output', 'json']));
  const charts = new Map<string, string[]>();
  for (const { name, version } of found) {
    const bare = name.slice(name.indexOf('/') + 1);
    const versions = charts.get(bare);
    if (versions === undefined) charts.set(bare, [version]);
    else versions.push(version);
  }
  return Array.from(charts, ([name, versions]) => ({ name, versions })).sort((left, right) =>
    left.name < right.name ? -1 : 1,
  );
}

function parse(output: string): readonly { readonly name: string; readonly version: string }[] {
  try {
    return JSON.parse(output) as { name: string; version: string }[];
  } catch (cause) {
    throw new TiphysError('GitUnreachable', 'helm search repo: its answer cannot be read', {
      cause,
    });
  }
}
