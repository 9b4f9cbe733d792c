import { sourcesOf } from '../app/sources.ts';
import type { ApplicationSource } from '../app/types.ts';
import { pathMatch } from '../project/path-match.ts';
import { parseConstraint } from '../revision/constraint.ts';
import { parseVersion } from '../revision/version.ts';
import type { WebhookEvent } from './event.ts';
import type { WebhookTarget } from './webhook-target.ts';

/** What an event asks of an Application. */
export interface Affected {
  readonly refresh: boolean;
  /** Its hydrator's dry source changed. */
  readonly hydrate: boolean;
  /** Those that it concerns, a dry one first. */
  readonly sources: readonly ApplicationSource[];
}

const UNTOUCHED: Affected = { refresh: false, hydrate: false, sources: [] };

export const GENERATE_PATHS_ANNOTATION = 'argocd.argoproj.io/manifest-generate-paths';

/**
 * Whether an event concerns an Application: one of its sources is the repository, its revision what
 * was pushed, and a changed file is in the paths that the annotation names or, without one, that its
 * renders have read. `learned` gives those, from the root of the repository; `undefined`: unknown.
 */
export function affectedBy(
  app: WebhookTarget,
  event: WebhookEvent,
  learned: (source: ApplicationSource) => readonly string[] | undefined = () => undefined,
): Affected {
  if (event.type !== 'push' && event.type !== 'artifact') return UNTOUCHED;
  const paths = app.metadata.annotations[GENERATE_PATHS_ANNOTATION];
  const concerns = (source: ApplicationSource): boolean =>
    event.type === 'artifact'
      ? concernsArtifact(source, event)
      : matchesUrl(source, event) &&
        matchesRevision(source.targetRevision ?? '', event, source.tagPrefix ?? '') &&
        matchesPaths(source, event.changedFiles, paths, learned);
  const { sourceHydrator: hydrator } = app.spec;
  const dry = hydrator === undefined ? [] : [hydrator.drySource].filter(concerns);
  const sources = [...dry, ...sourcesOf(app.spec).filter(concerns)];
  const refresh = sources.length > 0;
  const hydrate = dry.length > 0 || (refresh && event.type === 'artifact');
  return { refresh, hydrate, sources };
}

/** Whether a push moves a revision of a repository that an Application only reads besides its sources. */
export function movesOther(
  event: WebhookEvent,
  { repoUrl, revision }: { readonly repoUrl: string; readonly revision: string },
): boolean {
  if (event.type !== 'push') return false;
  return matchesUrl({ repoURL: repoUrl }, event) && matchesRevision(revision, event);
}

type Push = Extract<WebhookEvent, { type: 'push' }>;
type Artifact = Extract<WebhookEvent, { type: 'artifact' }>;

function matchesUrl({ repoURL }: ApplicationSource, { urls }: Push): boolean {
  return urls.some((url) => isSameRepository(url, repoURL));
}

/**
 * Whether an address for cloning is of the repository whose page or address a webhook names: any
 * scheme, user and port, `ssh.` or `altssh.` before the host, and `.git` make no difference.
 */
export function isSameRepository(pageUrl: string, repoUrl: string): boolean {
  const page = /^[a-z]+:\/\/(?:[^/@]*@)?([^/:@]+)(?::\d+)?\/+(.+)$/i.exec(pageUrl.trim());
  if (page === null) return false;
  const [, pageHost = '', pagePath = ''] = page;
  const clone = clonedFrom(repoUrl);
  if (clone === undefined) return false;
  const hosts = [pageHost.toLowerCase(), pageHost.toLowerCase().replace(/^(?:alt)?ssh\./, '')];
  const path = withoutSuffix(pagePath.toLowerCase());
  return hosts.includes(clone.host) && path === clone.path.toLowerCase();
}

/** Where an address for cloning leads: the host in lower case, without `ssh.`, and the path without `.git`. */
export function clonedFrom(
  repoUrl: string,
): { readonly host: string; readonly path: string } | undefined {
  const clone =
    /^(?:(?:https?|ssh):\/\/)?(?:[^/@]+@)?(?:(?:alt)?ssh\.)?([^/:@]+)(?::\d+(?=\/))?[/:](.+)$/i.exec(
      repoUrl.trim(),
    );
  if (clone === null) return undefined;
  const [, host = '', path = ''] = clone;
  return { host: host.toLowerCase(), path: withoutSuffix(path) };
}

function withoutSuffix(path: string): string {
  return path.replace(/\.git$/i, '');
}

/** A name, HEAD, or a range that the pushed name lies in as a version, behind the `tagPrefix`. */
export function matchesRevision(
  target: string,
  { revision, touchedHead }: Pick<Push, 'revision' | 'touchedHead'>,
  tagPrefix = '',
): boolean {
  const wanted = target.trim();
  if (wanted === '' || wanted === 'HEAD') return touchedHead;
  const name = wanted.replace(/^refs\/(?:heads|tags)\//, '');
  if (name === revision) return true;
  return revision.startsWith(tagPrefix) && isInRange(wanted, revision.slice(tagPrefix.length));
}

/** A version alone is a range of itself, however it is written. */
function isInRange(range: string, name: string): boolean {
  const version = parseVersion(name);
  return version !== undefined && (range === name || parseConstraint(range)?.(version) === true);
}

function matchesPaths(
  source: ApplicationSource,
  changed: readonly string[],
  annotation: string | undefined,
  learned: (source: ApplicationSource) => readonly string[] | undefined,
): boolean {
  if (changed.length === 0) return true; // nobody knows what changed
  const paths =
    annotation === undefined || annotation.trim() === ''
      ? learned(source)
      : generatePaths(annotation, source.path ?? '');
  if (paths === undefined || paths.length === 0) return true;
  return changed.some((file) => paths.some((path) => covers(path, file)));
}

/** The annotation, as requests for manifests carry it. */
export function generatePathsOf(annotations: Readonly<Record<string, string>> | undefined): {
  readonly generatePaths?: string;
} {
  const generatePaths = annotations?.[GENERATE_PATHS_ANNOTATION] ?? '';
  return generatePaths.trim() === '' ? {} : { generatePaths };
}

/** The paths that the annotation names, from the root of the repository; the root itself is empty. */
export function generatePaths(annotation: string, sourcePath: string): readonly string[] {
  return annotation
    .split(';')
    .map((path) => path.trim())
    .filter((path) => path !== '')
    .map((path) => plainPath(path.startsWith('/') ? path : `${sourcePath}/${path}`));
}

/** Whether a file is a path, is under it, or is matched by it as a glob of one level. */
export function covers(path: string, file: string): boolean {
  return path === '' || file === path || file.startsWith(`${path}/`) || pathMatch(path, file);
}

function plainPath(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names.join('/');
}

function concernsArtifact(source: ApplicationSource, { repository, tag }: Artifact): boolean {
  const url = source.repoURL
    .toLowerCase()
    .replace(/^oci:\/\//, '')
    .replace(/\/+$/, '');
  const chart = (source.chart ?? '').toLowerCase();
  if (repository !== url && repository !== `${url}/${chart}`) return false;
  const target = source.targetRevision ?? '';
  return target === tag || isInRange(target, tag);
}
