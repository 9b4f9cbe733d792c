import { TiphysError } from '../../core/errors.ts';
import { artifactInfo, type ArtifactInfo } from '../../core/repository/artifact-manifest.ts';
import { isDigest } from '../../core/revision/artifact-revision.ts';
import { repositoryIdentity } from '../../core/revision/repository-url.ts';
import type { AccessLookup, RepositoryReader } from '../../ports/source-repositories.ts';
import type { SourceTree } from '../../ports/source-tree.ts';
import type { PolledRefs, Refs, RepositoryConnection } from '../polled-refs.ts';
import type { AskOptions } from '../sign-in/ask-json.ts';
import {
  artifactFolder,
  type ArtifactFoldersOptions,
  createArtifactFolders,
} from './artifact-folders.ts';
import { openRegistry, type Registry } from './open-registry.ts';
import { resolveArtifact } from './read-artifact.ts';

export interface ArtifactsOptions {
  readonly access: AccessLookup;
  readonly asking: AskOptions;
  readonly polledRefs: PolledRefs;
  readonly folders: ArtifactFoldersOptions;
  /** Told every spelling of the address of an artifact whose tags moved. */
  readonly announce: (spellings: ReadonlySet<string>) => void;
}

/** Artifacts of registries as sources: the OCI half of `SourceRepositories`, whose words these are. */
export interface Artifacts {
  resolve(
    repoUrl: string,
    revision: string,
    options: RepositoryReader & { readonly fresh: boolean },
    signal: AbortSignal,
  ): Promise<string>;
  tree(
    repoUrl: string,
    digest: string,
    reader: RepositoryReader,
    signal: AbortSignal,
  ): Promise<SourceTree>;
  info(
    repoUrl: string,
    digest: string,
    reader: RepositoryReader,
    signal: AbortSignal,
  ): Promise<ArtifactInfo>;
  refresh(repoUrl: string, reader: RepositoryReader, signal: AbortSignal): Promise<void>;
  connections(): readonly RepositoryConnection[];
  reconsider(): void;
  /** Names of folders that were read since a time of the monotonic clock. */
  usedSince(ms: number): ReadonlySet<string>;
  /** Throws away the folder of this name. */
  discard(name: string): Promise<void>;
}

/** A revision of an artifact that somebody follows. */
interface Followed {
  readonly repository: string;
  readonly spellings: Set<string>;
  readonly refs: Refs;
}

/** Followed at once; who asks for more of them waits for the registry each time. */
const MAX_FOLLOWED = 10_000;

export function createArtifacts(options: ArtifactsOptions): Artifacts {
  const followed = new Map<string, Followed>();
  const folders = createArtifactFolders(options.folders);

  function repositoryOf(repoUrl: string, project = '') {
    const { scope } = options.access(repoUrl, project);
    const open = (): Registry => {
      const access = options.access(repoUrl, scope);
      if (access.problem !== undefined) throw new TiphysError('InvalidConfig', access.problem);
      return openRegistry({ url: repoUrl, access }, options.asking);
    };
    return { key: JSON.stringify([repositoryIdentity(repoUrl), scope]), scope, open };
  }

  /** One revision stands for a repository here: its only ref. */
  function follow(repoUrl: string, revision: string, project?: string): Followed {
    const { key: repository, scope, open } = repositoryOf(repoUrl, project);
    const key = `${repository} ${revision}`;
    const known = followed.get(key);
    if (known !== undefined) {
      known.spellings.add(repoUrl);
      return known;
    }
    const spellings = new Set([repoUrl]);
    const listRefs = async (signal: AbortSignal) => {
      const digest = await resolveArtifact(open(), revision, signal);
      const none = { head: undefined, headTarget: undefined, tagObjects: new Map(), tags: [] };
      return { ...none, byName: new Map([[revision, digest]]) };
    };
    const moved = () => options.announce(spellings);
    const mirror = { listRefs, rest() {} };
    const refs = options.polledRefs.of({ key, url: repoUrl, scope, mirror, moved });
    const one = { repository, spellings, refs };
    if (followed.size >= MAX_FOLLOWED) {
      const [oldest] = followed.keys();
      if (oldest !== undefined) followed.delete(oldest);
    }
    followed.set(key, one);
    return one;
  }

  async function open(
    repoUrl: string,
    digest: string,
    project: string | undefined,
    signal: AbortSignal,
  ) {
    const { key, open: registry } = repositoryOf(repoUrl, project);
    const name = artifactFolder(key, digest);
    return await folders.open(name, registry, digest, signal);
  }

  return {
    async resolve(repoUrl, revision, { fresh, project }, signal) {
      const wanted = revision.trim();
      if (isDigest(wanted)) return wanted;
      if (wanted === '')
        throw new TiphysError(
          'InvalidSpec',
          `repository ${repoUrl}: spec.source.targetRevision is required if the source is an OCI artifact`,
          { hint: 'Name a tag, a digest or a range of versions.' },
        );
      const { refs } = follow(repoUrl, wanted, project);
      refs.use();
      const { byName } = await refs.read(fresh, signal);
      const digest = byName.get(wanted);
      if (digest === undefined) throw new Error('the only ref is the one that was asked for');
      return digest;
    },
    async tree(repoUrl, digest, { project }, signal) {
      return (await open(repoUrl, digest, project, signal)).tree;
    },
    async info(repoUrl, digest, { project }, signal) {
      return artifactInfo((await open(repoUrl, digest, project, signal)).manifest);
    },
    async refresh(repoUrl, { project }, signal) {
      const { key } = repositoryOf(repoUrl, project);
      const own = Array.from(followed.values()).filter(({ repository }) => repository === key);
      for (const { refs } of own) await refs.read(true, signal);
    },
    connections: () => Array.from(followed.values()).flatMap(({ refs }) => refs.connection ?? []),
    reconsider() {
      for (const { refs } of followed.values()) refs.reconsider();
    },
    usedSince: (ms) => folders.usedSince(ms),
    discard: (name) => folders.discard(name),
  };
}
