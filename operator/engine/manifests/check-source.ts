import type { ApplicationSource } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import { isArtifactUrl } from '../../core/revision/repository-url.ts';
import type { ChartReference } from '../../ports/chart-repositories.ts';

/**
 * Refuses a list of sources that contradicts itself; charts of Helm repositories only when they are
 * supported. Errors: `InvalidSpec`.
 */
export function checkSources(sources: readonly ApplicationSource[], allowCharts: boolean): void {
  const refs = new Set<string>();
  for (const source of sources) {
    checkKind(source, allowCharts);
    const { ref } = source;
    if (ref === undefined || ref === '') {
      if (sources.length === 1) checkPlace(source);
      continue;
    }
    if (!/^[a-zA-Z0-9_-]+$/.test(ref)) {
      throw invalid(`sources.ref ${ref} cannot contain any special characters except '_' and '-'`);
    }
    if (refs.has(ref)) throw invalid('invalid sources: multiple sources had the same `ref` key');
    refs.add(ref);
  }
}

/**
 * True for a source that only lends its files to others, or has nothing to render. An artifact that is the only
 * source is meant as a whole.
 */
export function rendersNothing(source: ApplicationSource, isOnly: boolean): boolean {
  if ((source.path ?? '') !== '' || chartOf(source) !== undefined) return false;
  return !(isOnly && isArtifact(source));
}

/** True for an artifact of an OCI registry, which it is also with a `chart`. */
export function isArtifact({ repoURL }: ApplicationSource): boolean {
  return isArtifactUrl(repoURL);
}

/** The chart of a Helm repository that a source names. */
export function chartOf({ repoURL, chart, helm }: ApplicationSource): ChartReference | undefined {
  if (chart === undefined || chart === '' || isArtifactUrl(repoURL)) return undefined;
  return { repoUrl: repoURL, chart, passCredentials: helm?.passCredentials === true };
}

/**
 * The folder of a source as a path in its tree, `` for the root.
 * Errors: `UnsafePath` when it is absolute or leads outside.
 */
export function folderOf(source: ApplicationSource): string {
  const path = chartOf(source) === undefined ? (source.path ?? '') : '';
  if (path.startsWith('/')) throw new TiphysError('UnsafePath', `${path}: app path is absolute`);
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) {
      throw new TiphysError('UnsafePath', `${path}: app path outside root`);
    }
  }
  return names.join('/');
}

function checkKind(source: ApplicationSource, allowCharts: boolean): void {
  if (isArtifact(source)) return checkArtifact(source);
  const chart = source.chart ?? '';
  if (chart === '') return;
  if (!allowCharts) throw unsupported('spec.source.chart', 'Helm repositories');
  if ((source.targetRevision ?? '') === '') {
    throw invalid('spec.source.targetRevision is required if the manifest source is a helm chart');
  }
  if ((source.ref ?? '') !== '') {
    throw invalid(`source ${source.ref}: a source with a ref cannot have a chart`);
  }
  if (!/^\w[\w.-]*(?:\/\w[\w.-]*)*$/.test(chart)) {
    throw invalid(`spec.source.chart: ${chart} is not the name of a chart`);
  }
}

function checkArtifact({ targetRevision }: ApplicationSource): void {
  if ((targetRevision ?? '') !== '') return;
  throw invalid('spec.source.targetRevision is required if the source is an OCI artifact');
}

function checkPlace(source: ApplicationSource): void {
  if (source.repoURL !== '' && !rendersNothing(source, true)) return;
  throw invalid(
    'spec.source.repoURL and either spec.source.path or spec.source.chart are required',
  );
}

function unsupported(field: string, what: string): TiphysError {
  return new TiphysError('InvalidSpec', `${field}: ${what} are not supported yet as a source`, {
    hint: 'Commit the chart to a Git repository and name its folder in spec.source.path.',
    fields: { field },
  });
}

function invalid(message: string): TiphysError {
  return new TiphysError('InvalidSpec', message);
}
