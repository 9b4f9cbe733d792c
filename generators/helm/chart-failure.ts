import { TiphysError } from '../../operator/core/errors.ts';
import type { ChartReference } from '../../operator/ports/chart-repositories.ts';
import { lastWords, withoutPaths } from '../process/tool.ts';
import type { PreparedRepository } from './chart-access.ts';

/** A chart, or with an empty name its repository, for people. */
export function nameOf({ repoUrl, chart }: ChartReference, version: string): string {
  const repository = repoUrl.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');
  return chart === '' ? `repository ${repository}` : `chart ${chart} ${version} of ${repository}`;
}

/** What went wrong between helm and a repository, from helm's own words, without secrets and paths. */
export function chartFailure(
  chart: ChartReference,
  version: string,
  stderr: string,
  { secrets }: PreparedRepository,
  home: string,
): TiphysError {
  let words = withoutPaths(stderr, new Map([[home, '.']]));
  for (const secret of secrets) words = words.replaceAll(secret, '***');
  words = words.replace(/(:\/\/)[^/@\s]*@/g, '$1');
  words = lastWords(words, 10);
  const message = `${nameOf(chart, version)}: ${words}`;
  if (/\b40[13]\b|unauthorized|forbidden|denied|credential not found/i.test(words)) {
    return new TiphysError('GitAuthFailed', message);
  }
  if (/not found|no chart|no version|improper constraint|could not locate/i.test(words)) {
    return new TiphysError('RevisionNotFound', message, {
      hint: 'Correct spec.source.chart or targetRevision, or publish that version.',
    });
  }
  const known = CONTENT.find(({ words: pattern }) => pattern.test(words));
  if (known !== undefined) return new TiphysError(known.code, message, { hint: known.hint });
  return new TiphysError('GitUnreachable', message);
}

/** What is wrong with what has come: no network and no proxy. */
const CONTENT = [
  {
    words: /larger than the maximum|exceeds the maximum/i,
    code: 'LimitExceeded',
    hint: 'Make the chart smaller: these are bounds of Helm, for a chart and for each file in it.',
  },
  {
    words: /illegally references parent|illegal(?:ly)? .*path|outside of/i,
    code: 'UnsafePath',
    hint: 'Publish a chart whose archive holds nothing but files below one folder.',
  },
  {
    words: /error converting YAML|error unmarshaling|cannot unmarshal/i,
    code: 'InvalidManifest',
    hint: 'Correct the index of the repository, or the Chart.yaml of the chart.',
  },
] as const;
