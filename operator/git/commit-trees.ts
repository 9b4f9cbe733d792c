import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../core/errors.ts';
import { ANONYMOUS, type RepositoryAccess } from '../core/repository/access.ts';
import { parseSubmodules, sameServer, type Submodule } from '../core/revision/submodules.ts';
import {
  repositoryIdentity,
  transportOf,
  withoutCredentials,
} from '../core/revision/repository-url.ts';
import type { SourceTree } from '../ports/source-tree.ts';
import { createLruCache } from '../runtime/lru-cache.ts';
import { sha256 } from '../runtime/hash.ts';
import { followPath, type TreeReader } from './follow-path.ts';
import { withLfs } from './lfs.ts';
import { createMirror, type Mirror, type MirrorOptions } from './mirror.ts';
import { createSourceTree, type SourceTreeOptions } from './source-tree.ts';
import { withSubmodules } from './submodules.ts';

/** One repository as one scope reads it. */
export interface MirroredRepository {
  /** Unique for address and scope; names the mirror. */
  readonly key: string;
  readonly url: string;
  readonly mirror: Mirror;
  readonly access: () => RepositoryAccess;
}

export interface CommitTreesOptions extends Omit<MirrorOptions, 'dir' | 'repoUrl' | 'access'> {
  /** Folder of all mirrors. */
  readonly mirrors: string;
  readonly tree: SourceTreeOptions;
  /** Whether submodules are folders; else they are left out. */
  readonly submodules: boolean;
  /** What is said of the server of an address, without its credentials. */
  readonly trustIn: (repoUrl: string) => RepositoryAccess;
}

/** Makes mirrors, and opens commits in them with submodules and LFS files in their places. */
export interface CommitTrees extends AsyncDisposable {
  mirror(key: string, url: string, access: () => RepositoryAccess): MirroredRepository;
  /** Throws away the mirror in a folder of this name, whether it is known or from another time. */
  discard(name: string, signal: AbortSignal): Promise<void>;
  /** Names of mirrors that were read since a time of the monotonic clock, those of submodules too. */
  usedSince(ms: number): ReadonlySet<string>;
  open(repository: MirroredRepository, commit: string, signal: AbortSignal): Promise<SourceTree>;
}

const TREES_KEPT = 256;
const MAX_MODULES_BYTES = 16 * 1024 * 1024;

/** Of the folder of a mirror. */
export function mirrorName(key: string): string {
  return `${sha256(key).slice(0, 32)}.git`;
}

export function createCommitTrees(options: CommitTreesOptions): CommitTrees {
  const trees = createLruCache<string, SourceTree>(TREES_KEPT);
  /** Of repositories and submodules, by key. */
  const mirrored = new Map<string, MirroredRepository>();
  const used = new Map<string, number>();

  function mirror(key: string, url: string, access: () => RepositoryAccess): MirroredRepository {
    const known = mirrored.get(key);
    if (known !== undefined) return known;
    const dir = join(options.mirrors, mirrorName(key));
    const repository = {
      key,
      url,
      access,
      mirror: createMirror({ ...options, dir, repoUrl: url, access }),
    };
    mirrored.set(key, repository);
    return repository;
  }

  async function read(
    repository: MirroredRepository,
    commit: string,
    depth: number,
    signal: AbortSignal,
  ): Promise<TreeReader> {
    used.set(mirrorName(repository.key), options.clock.monotonic());
    const plain = await repository.mirror.tree(commit, signal);
    const { lfs } = repository.access();
    const reader = lfs ? withLfs(plain, repository.mirror, options.fetchTimeoutMs) : plain;
    if (!options.submodules) return reader;
    return withSubmodules(reader, {
      repoUrl: repository.url,
      depth,
      list: (stop) => listSubmodules(repository.mirror, plain, stop),
      open: (url, wanted, stop) => read(submodule(repository, url), wanted, depth + 1, stop),
    });
  }

  /**
   * A submodule has a mirror for this repository alone: what its own registration may read is not
   * for whoever writes its address into `.gitmodules`. It is read as its repository is, on the same
   * server; elsewhere as anybody may.
   */
  function submodule(parent: MirroredRepository, url: string): MirroredRepository {
    if (transportOf(url) === 'file' && transportOf(parent.url) !== 'file')
      throw new TiphysError(
        'UnsafePath',
        `${withoutCredentials(url)}: a submodule cannot be on this machine`,
      );
    const key = `${parent.key} > ${repositoryIdentity(url)}`;
    return mirror(key, url, () => {
      const trust = options.trustIn(url);
      if (sameServer(parent.url, url)) return { ...parent.access(), depth: 0 };
      const { caData, sshKnownHosts } = trust;
      return {
        ...ANONYMOUS,
        ...(caData !== undefined && { caData }),
        ...(sshKnownHosts !== undefined && { sshKnownHosts }),
      };
    });
  }

  return {
    mirror,
    async discard(name, signal) {
      const known = Array.from(mirrored.values()).find(({ key }) => mirrorName(key) === name);
      trees.clear();
      if (known !== undefined) await known.mirror.discard(signal);
      else await rm(join(options.mirrors, name), { recursive: true, force: true });
    },
    usedSince: (ms) => new Set(Array.from(used).flatMap(([name, atMs]) => (atMs > ms ? name : []))),
    async open(repository, commit, signal) {
      used.set(mirrorName(repository.key), options.clock.monotonic());
      const { lfs } = repository.access();
      const key = `${repository.key}\n${commit}\n${lfs}`;
      const known = trees.get(key);
      if (known !== undefined) return known;
      const tree = createSourceTree(await read(repository, commit, 0, signal), options.tree);
      trees.set(key, tree, 1);
      return tree;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        Array.from(mirrored.values(), (repository) => repository.mirror[Symbol.asyncDispose]()),
      );
    },
  };
}

async function listSubmodules(
  mirror: Mirror,
  tree: TreeReader,
  signal: AbortSignal,
): Promise<readonly Submodule[]> {
  const file = await followPath(tree, '.gitmodules', false, signal);
  if (file?.type !== 'file') return [];
  await tree.content(file, MAX_MODULES_BYTES, signal); // git itself would not fetch it
  const args = ['config', `--blob=${file.hash}`, '--list', '-z'];
  const result = await mirror.local(args, signal);
  if (result.exitCode === 0) return parseSubmodules(result.stdout.toString('utf8'));
  if (/unable to resolve config blob/i.test(result.stderr)) return [];
  throw new TiphysError('InvalidManifest', '.gitmodules: git cannot read it');
}
