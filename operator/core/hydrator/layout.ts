import type { KubeObject } from '../objects/kube-object.ts';
import { groupOf } from '../objects/kube-object.ts';
import type { CommitDetails } from './commit-details.ts';

/** What one application renders to, and where it goes. */
export interface HydratedApplication {
  /** Folder in the branch, see `hydratedFolder`. */
  readonly path: string;
  readonly objects: readonly KubeObject[];
  /** Command lines for people. */
  readonly commands: readonly string[];
}

export interface LayoutOptions {
  readonly details: CommitDetails;
  /** One YAML document with a line end, without a line of dashes. */
  readonly writeYaml: (object: KubeObject) => string;
  /** The text of every `README.md`. Default: how to render it again. */
  readonly readme?: string | undefined;
}

export const MANIFEST = 'manifest.yaml';
export const METADATA = 'hydrator.metadata';
export const README = 'README.md';

/**
 * The files of a commit by their paths: manifests, metadata and a README in each folder; metadata and a README at the
 * root. Pure, and the same for the same input, so that a commit says only what changed.
 */
export function hydratedFiles(
  applications: readonly HydratedApplication[],
  options: LayoutOptions,
): ReadonlyMap<string, string> {
  const { details, readme } = options;
  const files = new Map<string, string>();
  files.set(METADATA, json({ ...details }));
  files.set(README, readme ?? rootReadme(details));
  for (const { path, objects, commands } of applications) {
    const { repoURL, drySha } = details;
    const documents = [...objects].sort(byPlace).map(options.writeYaml);
    files.set(`${path}/${MANIFEST}`, documents.join('---\n'));
    files.set(`${path}/${METADATA}`, json({ repoURL, drySha, commands }));
    files.set(`${path}/${README}`, readme ?? folderReadme(details, commands));
  }
  return files;
}

/** Whether a commit with these paths changed says anything but where it comes from. */
export function changesManifests(changed: readonly string[]): boolean {
  return changed.some((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return name !== METADATA && name !== README;
  });
}

/** Whether the metadata of every folder names this commit of the dry source. */
export function isRecorded(
  records: readonly (string | undefined)[],
  { repoURL, drySha }: Pick<CommitDetails, 'repoURL' | 'drySha'>,
): boolean {
  return records.every((text) => {
    try {
      const read: unknown = JSON.parse(text ?? '');
      if (typeof read !== 'object' || read === null) return false;
      const record = new Map<string, unknown>(Object.entries(read));
      return record.get('drySha') === drySha && record.get('repoURL') === repoURL;
    } catch {
      return false; // what cannot be read was written by nobody whom we know
    }
  });
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** By namespace, name, group and kind; what is the same in all stays in its order. */
function byPlace(left: KubeObject, right: KubeObject): number {
  const [one, other] = [placeOf(left), placeOf(right)];
  const index = one.findIndex((part, at) => part !== other[at]);
  if (index < 0) return 0;
  return (one[index] ?? '') < (other[index] ?? '') ? -1 : 1;
}

function placeOf({ apiVersion, kind, metadata }: KubeObject): readonly string[] {
  return [metadata.namespace ?? '', metadata.name ?? '', groupOf(apiVersion), kind];
}

const GENERATED = 'Do not edit: the next commit of the dry source replaces it.\n';

function rootReadme({ repoURL, drySha, subject }: CommitDetails): string {
  return `# Hydrated manifests\n\n${GENERATED}
* Rendered from: ${inline(repoURL)}
* Commit: ${inline(drySha)}
* Subject: ${inline(subject)}
`;
}

function folderReadme({ repoURL, drySha }: CommitDetails, commands: readonly string[]): string {
  const lines = [`git clone ${repoURL}`, `git checkout ${drySha}`, ...commands].map((line) =>
    line.replaceAll(/[\r\n]+/g, ' '),
  );
  return `# Manifests\n\n[${MANIFEST}](./${MANIFEST}) holds the manifests. ${GENERATED}
To render them again:

${fenced(lines.join('\n'))}`;
}

/** Whatever the text holds, it stays code. */
function inline(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll(/[\r\n]+/g, ' ')}\``;
}

function fenced(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sh\n${text}\n${fence}\n`;
}
