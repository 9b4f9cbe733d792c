import type { Requester } from '../../core/access/requester.ts';
import type { ApplicationSource } from '../../core/app/types.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../../core/objects/json.ts';
import { isArtifactUrl } from '../../core/revision/repository-url.ts';
import type { Announcement, GenerateRequest } from '../../ports/generator.ts';
import type { SourceTree } from '../../ports/source-tree.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { SourceName } from './named-sources.ts';
import {
  type AskedFor,
  enforceSourceFor,
  enforceSourceOf,
  readableRepository,
} from './read-repository.ts';

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
      /** Leaves of `values.yaml`. */
      readonly parameters: readonly { readonly name: string; readonly value: string }[];
      /** `values.yaml` as it is written. */
      readonly values: string;
      /** As the source names them. */
      readonly fileParameters: readonly { readonly name: string; readonly path: string }[];
    }
  | { readonly type: 'Kustomize'; readonly images: readonly string[] }
  | { readonly type: 'Directory' }
  /** What the plugin says that people may set. */
  | { readonly type: 'Plugin'; readonly announced: readonly Announcement[] };

const KUSTOMIZATIONS = new Set(['kustomization.yaml', 'kustomization.yml', 'Kustomization']);
const MAX_FILE_BYTES = 4_000_000;
const MAX_PARAMETERS = 5_000;

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
  const kustomization = names.find((name) => KUSTOMIZATIONS.has(name));
  if (source.plugin) {
    const { name } = app;
    const request = { ...opened, ...BARE, source, project, instance: name, appName: name };
    return { type: 'Plugin', announced: await announcedBy(controlPlane, request, signal) };
  }
  if (source.directory) return { type: 'Directory' };
  if (!source.helm && (source.kustomize || kustomization !== undefined)) {
    const content = kustomization === undefined ? '' : await read(kustomization);
    return { type: 'Kustomize', images: imagesOf(controlPlane.ports.readYaml(content)) };
  }
  if (!source.helm && !names.includes('Chart.yaml')) return { type: 'Directory' };
  const values = names.includes('values.yaml') ? await read('values.yaml') : '';
  return {
    type: 'Helm',
    valueFiles: names.filter((name) => /values.*\.ya?ml$/.test(name)).sort(),
    parameters: leavesOf(controlPlane.ports.readYaml(values)),
    values,
    fileParameters: fileParametersOf(source),
  };
}

/** What there is to know of an Application that is only being thought of. */
const BARE = {
  ...{ namespace: '', kubeVersion: '', apiVersions: [], settings: {} },
  ...{ refs: new Map<never, never>(), multipleSources: false },
} as const;

async function announcedBy(
  { ports }: ControlPlane,
  request: GenerateRequest,
  signal: AbortSignal,
): Promise<readonly Announcement[]> {
  const plugins = ports.generators.generators.find(({ name }) => name === 'Plugin');
  return (await plugins?.announcements?.(request, signal)) ?? [];
}

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

/** `a.b`, `a.list[0]`: as `helm --set` writes them. */
export function leavesOf(
  value: JsonValue | undefined,
): readonly { readonly name: string; readonly value: string }[] {
  const leaves: { name: string; value: string }[] = [];
  const walk = (at: JsonValue | undefined, name: string): void => {
    if (leaves.length >= MAX_PARAMETERS) return;
    if (isJsonArray(at)) for (const [index, item] of at.entries()) walk(item, `${name}[${index}]`);
    else if (isJsonObject(at))
      for (const [key, member] of Object.entries(at))
        walk(member, name === '' ? escapeKey(key) : `${name}.${escapeKey(key)}`);
    else if (at !== null && at !== undefined && name !== '')
      leaves.push({ name, value: String(at) });
  };
  walk(value, '');
  return leaves;
}

function escapeKey(key: string): string {
  return key.replace(/[.,[\]=]/g, '\\$&');
}

/** Those of a source that anybody may have sent: what is none is left out. */
export function fileParametersOf({
  helm,
}: Pick<ApplicationSource, 'helm'>): readonly { readonly name: string; readonly path: string }[] {
  const sent: unknown = helm?.fileParameters;
  return (Array.isArray(sent) ? sent.slice(0, MAX_PARAMETERS) : []).flatMap((one: unknown) => {
    const { name, path } = Object(one) as Readonly<Record<string, unknown>>;
    return typeof name === 'string' && typeof path === 'string' ? [{ name, path }] : [];
  });
}

/** Images that a kustomization replaces, as they are afterwards. */
export function imagesOf(kustomization: JsonValue | undefined): readonly string[] {
  const images = isJsonObject(kustomization) ? kustomization['images'] : undefined;
  return (isJsonArray(images) ? images : []).flatMap((image) => {
    if (!isJsonObject(image)) return [];
    const { name, newName, newTag, digest } = image;
    const base = newName ?? name;
    if (typeof base !== 'string') return [];
    if (typeof digest === 'string') return [`${base}@${digest}`];
    const isTag = typeof newTag === 'string' || typeof newTag === 'number';
    return [isTag ? `${base}:${newTag}` : base];
  });
}
