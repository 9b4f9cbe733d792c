import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../../core/errors.ts';
import { contentLayer, LAYER_MEDIA_TYPES } from '../../core/repository/artifact-manifest.ts';
import type { JsonObject } from '../../core/objects/json.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SourceTree } from '../../ports/source-tree.ts';
import { sha256 } from '../../runtime/hash.ts';
import { createLruCache } from '../../runtime/lru-cache.ts';
import { createSingleFlight } from '../../runtime/single-flight.ts';
import { unpackArchive } from '../../runtime/unpack-archive.ts';
import { openFolderTree } from '../folder-tree.ts';
import type { SourceTreeOptions } from '../source-tree.ts';
import type { Registry } from './open-registry.ts';
import { downloadBlob, readManifest } from './read-artifact.ts';

export interface ArtifactFoldersOptions {
  /** Folder in which each artifact has one. */
  readonly dir: string;
  readonly tree: SourceTreeOptions;
  readonly clock: Clock;
  /** Longest time of one download. */
  readonly timeoutMs: number;
  /** Media types of layers that are permitted. Default: tar, tar+gzip and Helm charts. */
  readonly mediaTypes?: readonly string[];
  /** Of an archive, packed and unpacked. Default 1 GiB. */
  readonly maxBytes?: number;
}

/** One artifact: content that never changes. */
export interface Artifact {
  readonly manifest: JsonObject;
  readonly tree: SourceTree;
}

/** Artifacts unpacked on disk, each by name; they are found again by the next process. */
export interface ArtifactFolders {
  /**
   * The artifact of a digest; fetched when it is not here, or not as it was written. Errors: those of the registry;
   * `InvalidManifest`, `UnsafePath` and `LimitExceeded` for what is in it.
   */
  open(
    name: string,
    registry: () => Registry,
    digest: string,
    signal: AbortSignal,
  ): Promise<Artifact>;
  /** Names of those that were read since a time of the monotonic clock. */
  usedSince(ms: number): ReadonlySet<string>;
  discard(name: string): Promise<void>;
}

/** The name of the folder of an artifact; registrations of different scopes share none. */
export function artifactFolder(key: string, digest: string): string {
  return `${sha256(`${key} ${digest}`).slice(0, 32)}.oci`;
}

export function isArtifactFolder(name: string): boolean {
  return name.endsWith('.oci');
}

const ARTIFACTS_KEPT = 256;
const MAX_FILES = 100_000;
const SEAL = 'seal.json';

/** What tells a whole folder from one that was cut short, or changed since. */
interface Seal {
  readonly content: string;
  readonly manifest: JsonObject;
}

export function createArtifactFolders(options: ArtifactFoldersOptions): ArtifactFolders {
  const { dir, clock } = options;
  const opened = createLruCache<string, Artifact>(ARTIFACTS_KEPT);
  const used = new Map<string, number>();
  const flights = createSingleFlight();

  async function find(
    name: string,
    digest: string,
    signal: AbortSignal,
  ): Promise<Artifact | undefined> {
    const folder = join(dir, name);
    const text = await readFile(join(folder, SEAL), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const seal = parseSeal(text);
    const tree = await openFolderTree(join(folder, 'files'), options.tree, signal).catch(() => {
      signal.throwIfAborted();
      return undefined;
    });
    if (seal === undefined || tree?.revision !== seal.content) return undefined;
    const now = new Date(clock.now());
    await utimes(folder, now, now).catch(() => {}); // its age only says what may go first
    return { manifest: seal.manifest, tree: { ...tree, revision: digest } };
  }

  async function fetch(
    name: string,
    registry: Registry,
    digest: string,
    signal: AbortSignal,
  ): Promise<Artifact> {
    const work = join(options.tree.workDir, `artifact-${randomUUID()}`);
    await mkdir(join(work, 'files'), { recursive: true, mode: 0o700 });
    try {
      const manifest = await readManifest(registry, digest, signal);
      await about(registry, digest, () => unpack(registry, manifest, work, signal));
      const folder = join(dir, name);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await rename(join(work, 'root'), join(folder, 'files'));
      const tree = await openFolderTree(join(folder, 'files'), options.tree, signal);
      const seal: Seal = { content: tree.revision, manifest };
      await writeFile(join(folder, SEAL), JSON.stringify(seal), { mode: 0o600 });
      return { manifest, tree: { ...tree, revision: digest } };
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  /** Leaves the files in the folder `root` of a working folder. */
  async function unpack(
    registry: Registry,
    manifest: JsonObject,
    work: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { maxBytes = 2 ** 30, mediaTypes = LAYER_MEDIA_TYPES, timeoutMs } = options;
    const layer = contentLayer(manifest, mediaTypes);
    if (layer.size > maxBytes)
      throw new TiphysError(
        'LimitExceeded',
        `its layer has ${layer.size} bytes, more than ${maxBytes}`,
      );
    const archive = join(work, 'layer');
    const files = join(work, 'files');
    await downloadBlob(registry, layer, archive, timeoutMs, signal);
    const { compression } = layer;
    const { extract } = await import('tar-stream'); // not on import of the library
    await unpackArchive(
      archive,
      files,
      {
        ...UNPACKING,
        extract: extract(),
        compression,
        limits: { maxEntries: MAX_FILES, maxBytes },
      },
      signal,
    );
    await rename(layer.isChart ? await onlyFolder(files) : files, join(work, 'root'));
  }

  return {
    async open(name, registry, digest, signal) {
      used.set(name, clock.monotonic());
      const known = opened.get(name);
      if (known !== undefined) return known;
      return await flights.run(
        name,
        async (stop) => {
          const artifact =
            (await find(name, digest, stop)) ?? (await fetch(name, registry(), digest, stop));
          opened.set(name, artifact, 1);
          return artifact;
        },
        signal,
      );
    },
    usedSince: (ms) => new Set(Array.from(used).flatMap(([name, atMs]) => (atMs > ms ? name : []))),
    async discard(name) {
      opened.delete(name);
      used.delete(name);
      await rm(join(dir, name), { recursive: true, force: true });
    },
  };
}

const UNPACKING = {
  preserveFileMode: true,
  linkOutside: (path: string) => `oci image contains out-of-bounds symlinks. file: ${path}`,
  damagedHint: 'Push the artifact again: its layer must be a tar archive of its media type.',
  exceededHint: 'Leave files out of the artifact.',
} as const;

/** A chart is packed with its folder. */
async function onlyFolder(files: string): Promise<string> {
  const [first, ...more] = await readdir(files, { withFileTypes: true });
  if (first?.isDirectory() === true && more.length === 0) return join(files, first.name);
  throw new TiphysError('InvalidManifest', 'the archive of the chart holds not just one folder');
}

/** What is wrong with the content is said of the artifact. */
async function about(registry: Registry, digest: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TiphysError) || error.message.includes(registry.shown)) throw error;
    const { code, hint, fields } = error;
    const message = `repository ${registry.shown}@${digest}: ${error.message}`;
    throw new TiphysError(code, message, { cause: error, hint, fields });
  }
}

function parseSeal(text: string): Seal | undefined {
  try {
    return JSON.parse(text) as Seal;
  } catch {
    return undefined; // cut short
  }
}
