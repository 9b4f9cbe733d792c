import type { Requester } from '../../core/access/requester.ts';
import type { ApplicationSource } from '../../core/app/types.ts';
import { isArtifactUrl } from '../../core/revision/repository-url.ts';
import type { Announcement } from '../../ports/generator.ts';
import type { SourceTree } from '../../ports/source-tree.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { SourceName } from './named-sources.ts';
import {
  type AskedFor,
  enforceSourceFor,
  enforceSourceOf,
  readableRepository,
} from './read-repository.ts';
import { fileParametersOf, imagesIn, leavesOfAll, valueFilesIn } from './source-offers.ts';

/** A folder that can be an Application, and what renders it. */
export interface FoundApp {
  readonly type: 'Helm' | 'Kustomize';
  readonly path: string;
}

/** What the source of an Application offers to who edits it. */
export type SourceDetails =
  | {
      readonly type: 'Helm';
      readonly valueFiles: readonly string[];
      /** Leaves of `values.yaml`, and of the value files that the source names. */
      readonly parameters: readonly { readonly name: string; readonly value: string }[];
      /** `values.yaml` as it is written. */
      readonly values: string;
      /** As the source names them. */
      readonly fileParameters: readonly { readonly name: string; readonly path: string }[];
    }
  /** Those of the objects that it builds. */
  | { readonly type: 'Kustomize'; readonly images: readonly string[] }
  | { readonly type: 'Directory' }
  /** What the plugin says that people may set. */
  | { readonly type: 'Plugin'; readonly announced: readonly Announcement[] };

const KUSTOMIZATIONS = new Set(['kustomization.yaml', 'kustomization.yml', 'Kustomization']);
const MAX_FILE_BYTES = 4_000_000;

/** Folders in a Git repository that look like an Application. Errors: `PermissionDenied`, those of reading it. */
export async function findApps(
  controlPlane: ControlPlane,
  requester: Requester,
  question: { readonly url: string; readonly revision: string; readonly app: AskedFor },
  signal: AbortSignal,
): Promise<readonly FoundApp[]> {
  const { url, revision, app } = question;
  readableRepository(controlPlane, requester, { url, project: app.project });
  const { name: project } = enforceSourceFor(controlPlane, requester, app, url);
  const { repositories } = controlPlane.ports;
  const commit = await repositories.resolve(url, revision, { project, fresh: false }, signal);
  const tree = await repositories.tree(url, commit, { project }, signal);
  const entries = await tree.list('', { recurse: true }, signal);
  const found = new Map<string, FoundApp>();
  for (const { path } of entries) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const folder = path.slice(0, Math.max(0, path.length - name.length - 1)) || '.';
    if (KUSTOMIZATIONS.has(name)) found.set(folder, { type: 'Kustomize', path: folder });
    else if (name === 'Chart.yaml' && !found.has(folder))
      found.set(folder, { type: 'Helm', path: folder });
  }
  return [...found.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** Errors: `PermissionDenied`, those of reading the source. */
export async function sourceDetails(
  controlPlane: ControlPlane,
  requester: Requester,
  question: {
    readonly source: ApplicationSource;
    readonly app: AskedFor;
    readonly name: SourceName;
  },
  signal: AbortSignal,
): Promise<SourceDetails> {
  const { source, app } = question;
  const wanted = { url: source.repoURL, project: app.project };
  readableRepository(controlPlane, requester, wanted);
  const { name: project } = enforceSourceOf(controlPlane, requester, app, question);
  const opened = await open(controlPlane, source, project, signal);
  const { tree, path } = opened;
  const names = (await tree.list(path, { recurse: false }, signal))
    .filter(({ type }) => type === 'file')
    .map((entry) => entry.path.slice(entry.path.lastIndexOf('/') + 1));
  const read = async (name: string) => {
    const file = path === '' ? name : `${path}/${name}`;
    return (await tree.read(file, { maxBytes: MAX_FILE_BYTES }, signal)).toString('utf8');
  };
  const { readYaml, manifests } = controlPlane.ports;
  const named = { project, instance: app.name, appName: app.name };
  const request = { ...opened, ...BARE, ...named, source };
  const isNamed = Boolean(source.helm ?? source.kustomize ?? source.directory ?? source.plugin);
  const plugins = controlPlane.ports.generators.generators.find(({ name }) => name === 'Plugin');
  if (source.plugin || (!isNamed && (await plugins?.detect(tree, path, signal, request))))
    return { type: 'Plugin', announced: (await plugins?.announcements?.(request, signal)) ?? [] };
  if (source.directory) return { type: 'Directory' };
  const isKustomization = names.some((name) => KUSTOMIZATIONS.has(name));
  if (!source.helm && (source.kustomize || isKustomization)) {
    const trial = { isTrial: true, freshRevisions: false, freshManifests: false };
    const sources = { sources: [source], revisions: [opened.revision] };
    const built = await manifests.manifests({ ...BARE, ...named, ...sources, ...trial }, signal);
    return { type: 'Kustomize', images: imagesIn(built.objects) };
  }
  if (!source.helm && !names.includes('Chart.yaml')) return { type: 'Directory' };
  const values = names.includes('values.yaml') ? await read('values.yaml') : '';
  const chosen = await Promise.all(valueFilesOf(source).map(read));
  return {
    type: 'Helm',
    valueFiles: valueFilesIn(await tree.list(path, { recurse: true }, signal), path),
    parameters: leavesOfAll([values, ...chosen].map(readYaml)),
    values,
    fileParameters: fileParametersOf(source),
  };
}

/** Those in the chart itself, which is all that is looked at here. */
function valueFilesOf({ helm }: ApplicationSource): readonly string[] {
  const sent: unknown = helm?.valueFiles;
  return (Array.isArray(sent) ? sent : []).filter(
    (name): name is string => typeof name === 'string' && !/^\$|^\/|[*?[]|:\/\//.test(name),
  );
}

/** What there is to know of an Application that is only being thought of. */
const BARE = {
  ...{ namespace: '', kubeVersion: '', apiVersions: [], settings: {} },
  ...{ refs: new Map<never, never>(), multipleSources: false },
} as const;

async function open(
  { ports }: ControlPlane,
  source: ApplicationSource,
  project: string,
  signal: AbortSignal,
): Promise<{ readonly tree: SourceTree; readonly path: string; readonly revision: string }> {
  const { repoURL, chart = '', targetRevision = '', path = '', helm } = source;
  const reader = { project, fresh: false };
  if (chart === '' || chart === null || isArtifactUrl(repoURL)) {
    const how = { ...reader, tagPrefix: source.tagPrefix ?? '' };
    const commit = await ports.repositories.resolve(repoURL, targetRevision ?? '', how, signal);
    const tree = await ports.repositories.tree(repoURL, commit, { project }, signal);
    return { tree, path: (path ?? '').replace(/^(\.?\/)+|^\.$|\/+$/g, ''), revision: commit };
  }
  const passCredentials = helm?.passCredentials === true;
  const reference = { repoUrl: repoURL, chart, passCredentials };
  const version = await ports.charts.resolve(reference, targetRevision ?? '', reader, signal);
  const tree = await ports.charts.tree(reference, version, reader, signal);
  return { tree, path: '', revision: version };
}
