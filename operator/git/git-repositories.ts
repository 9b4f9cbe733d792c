import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../core/errors.ts';
import { repositoryIdentity, withoutCredentials } from '../core/revision/repository-url.ts';
import { isFullCommit, resolveRevision } from '../core/revision/resolve-revision.ts';
import { createLimiter } from '../runtime/limiter.ts';
import { readCommit } from './commit-info.ts';
import { createCommitTrees, mirrorName, type MirroredRepository } from './commit-trees.ts';
import { createHydratedBranches } from './hydrated-branches.ts';
import { ONE_ATTEMPT } from './list-retry.ts';
import { createMirror } from './mirror.ts';
import { createMirrorSpace } from './mirror-space.ts';
import { openForeignSession } from './git-session.ts';
import type { GitRepositories } from './opened-repositories.ts';
import type { GitRepositoriesOptions } from './options.ts';
import { createPolledRefs, type Refs } from './polled-refs.ts';
import { isArtifactFolder } from './registry/artifact-folders.ts';
import { createArtifacts } from './registry/artifacts.ts';
import { reachRegistry, registryTags } from './registry/registry-tags.ts';
import { withArtifacts } from './registry/with-artifacts.ts';
import { createSignatures } from './signatures.ts';
import { createSignIn } from './sign-in/sign-in.ts';

interface Repository {
  readonly key: string;
  readonly mirrored: MirroredRepository;
  /** Every spelling that applications use for it. */
  readonly spellings: Set<string>;
  readonly refs: Refs;
  /** Whether somebody asked for its signatures. */
  wantsSignatures: boolean;
}

/**
 * Git repositories through the `git` program: one bare mirror per repository, one listing of refs
 * per interval and one fetch for all who wait. Nothing happens before the first call; disposing
 * stops the polls and every process. Mirrors stay on disk and are used again.
 */
export function createGitRepositories(options: GitRepositoriesOptions): GitRepositories {
  const { clock, logger } = options;
  const home = join(options.dir, 'home');
  const network = createLimiter(options.maxConcurrent);
  const repositories = new Map<string, Repository>();
  const listeners = new Set<(repoUrl: string) => void>();
  const stopped = new AbortController();
  const listTimeoutMs = options.listTimeoutMs ?? 15_000;
  const idleAfterMs = options.idleAfterMs ?? 600_000;
  const asking = {
    clock,
    timeoutMs: listTimeoutMs,
    authorities: options.authorities ?? (() => undefined),
    proxies: options.env ?? {},
  };
  const { azureIdentity, gitHubTokenMs } = options;
  const signIn = createSignIn({ ...asking, azureIdentity, gitHubTokenMs });
  const git = {
    home,
    path: options.path ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    extra: options.env ?? {},
    allowLocal: options.allowLocal ?? false,
    ...(options.stopMs !== undefined && { stopMs: options.stopMs }),
  };
  const mirrors = join(options.dir, 'mirrors');
  const mirroring = {
    program: options.program ?? 'git',
    onRepair: (repository: string, why: unknown) =>
      logger.warn({ repository, reason: textOf(why) }, 'a broken mirror is made anew'),
    git,
    signIn,
    clock,
    network,
    listing: createLimiter(options.maxConcurrentLists || Number.POSITIVE_INFINITY),
    listTimeoutMs,
    listRetry: options.listRetry ?? ONE_ATTEMPT,
    fetchTimeoutMs: options.timeoutMs,
    blobLimit: options.blobLimit,
  };
  const trees = {
    workDir: join(options.dir, 'work'),
    limits: { maxFiles: 100_000, maxBytes: options.maxMaterialisedBytes ?? 1_000_000_000 },
  };
  const commits = createCommitTrees({
    ...mirroring,
    mirrors,
    submodules: options.submodules ?? true,
    trustIn: (repoUrl) => options.access(repoUrl, ''),
    tree: trees,
  });
  const signatures = createSignatures({
    dir: join(options.dir, 'keyrings'),
    program: options.gpg ?? 'gpg',
    path: options.path ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    keys: options.signingKeys ?? (() => ({})),
    clock,
    logger,
    timeoutMs: options.timeoutMs,
  });
  const polledRefs = createPolledRefs({
    clock,
    random: options.random,
    logger,
    pollIntervalMs: options.pollIntervalMs,
    pollJitterMs: options.pollJitterMs,
    pollSpacingMs: options.pollSpacingMs ?? 100,
    listTimeoutMs,
    idleAfterMs: options.pollIdleMs ?? idleAfterMs,
    failureMs: options.failureMs ?? 10_000,
  });
  const artifacts = createArtifacts({
    ...{ access: options.access, asking, polledRefs, announce },
    folders: {
      dir: mirrors,
      tree: trees,
      clock,
      timeoutMs: options.timeoutMs,
      ...options.artifacts,
    },
  });
  const space = createMirrorSpace({
    ...{ dir: mirrors, maxBytes: options.maxMirrorBytes, clock, logger },
    usedNames() {
      const since = clock.monotonic() - idleAfterMs;
      const used = new Set([...commits.usedSince(since), ...artifacts.usedSince(since)]);
      for (const { key, refs } of repositories.values())
        if (refs.lastUsedMs > since) used.add(mirrorName(key));
      return used;
    },
    discard: (name, signal) =>
      isArtifactFolder(name) ? artifacts.discard(name) : commits.discard(name, signal),
  });
  let prepared: Promise<void> | undefined;

  /** What one project may read with its own credentials, another must not find in a shared mirror. */
  function repositoryOf(repoUrl: string, project = ''): Repository {
    const { scope } = options.access(repoUrl, project);
    const identity = repositoryIdentity(repoUrl);
    const key = scope === '' ? identity : `${identity} ${scope}`;
    let repository = repositories.get(key);
    if (repository === undefined) {
      const mirrored = commits.mirror(key, repoUrl, () => options.access(repoUrl, scope));
      const spellings = new Set<string>();
      const { mirror } = mirrored;
      const moved = () => announce(spellings);
      const refs = polledRefs.of({ key, url: repoUrl, scope, mirror, moved });
      repository = { key, mirrored, spellings, refs, wantsSignatures: false };
      repositories.set(key, repository);
    }
    repository.spellings.add(repoUrl);
    repository.refs.use();
    return repository;
  }

  async function prepare(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (stopped.signal.aborted) throw stopped.signal.reason;
    prepared ??= begin();
    try {
      await prepared;
    } catch (error) {
      prepared = undefined; // a full disk may have room for the next one
      throw error;
    }
  }

  async function begin(): Promise<void> {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await space.makeRoom();
  }

  /** The annotated tag of this commit that one of the names means. */
  async function tagOf(
    repository: Repository,
    { commit, revisions, tagPrefix }: Parameters<GitRepositories['verify']>[1],
    signal: AbortSignal,
  ): Promise<{ readonly name: string; readonly object: string } | undefined> {
    for (const revision of revisions.filter((text) => !isFullCommit(text))) {
      const refs = await repository.refs.read(false, signal);
      const resolved = resolveRevision(refs, revision, tagPrefix);
      if (resolved.type !== 'commit' || resolved.commit !== commit) continue;
      const name = resolved.ref ?? '';
      const object = refs.tagObjects.get(name);
      if (object !== undefined) return { name: name.replace(/^refs\/tags\//, ''), object };
    }
    return undefined;
  }

  function announce(spellings: ReadonlySet<string>): void {
    for (const repoUrl of spellings) for (const listener of listeners) listener(repoUrl);
  }

  const commitsOnly: Omit<GitRepositories, 'artifact'> = {
    async resolve(repoUrl, revision, { fresh, project, tagPrefix }, signal) {
      await prepare(signal);
      const repository = repositoryOf(repoUrl, project);
      if (isFullCommit(revision)) return revision.toLowerCase();
      const refs = await repository.refs.read(fresh, signal);
      const resolved = resolveRevision(refs, revision, tagPrefix);
      switch (resolved.type) {
        case 'commit':
          return resolved.commit;
        case 'short-commit': {
          const commit = await repository.mirrored.mirror.expand(resolved.prefix, signal);
          if (commit === undefined) throw revisionNotFound(repoUrl, revision, tagPrefix);
          return commit;
        }
        case 'not-found':
          throw revisionNotFound(repoUrl, revision, tagPrefix);
      }
    },
    async tree(repoUrl, commit, { project }, signal) {
      await prepare(signal);
      return await commits.open(repositoryOf(repoUrl, project).mirrored, commit, signal);
    },
    async commit(repoUrl, commit, { project }, signal) {
      await prepare(signal);
      const { mirrored, refs } = repositoryOf(repoUrl, project);
      const told = await readCommit(mirrored.mirror, commit, signal);
      const { tags } = await refs.read(false, signal);
      const named = tags.filter((tag) => tag.commit === commit).map(({ name }) => name);
      return { ...told, tags: named };
    },
    async verify(repoUrl, asked, { project }, signal) {
      const { commit, criteria } = asked;
      if (criteria.type === 'none' || options.verifySignatures === false) return [];
      if (criteria.type === 'contradiction') return [criteria.message];
      await prepare(signal);
      const repository = repositoryOf(repoUrl, project);
      repository.wantsSignatures = true;
      const { mirror, access } = repository.mirrored;
      await mirror.tree(commit, signal);
      const tag = await tagOf(repository, asked, signal);
      if (tag !== undefined) await mirror.ensure(tag.object, signal);
      const shallow = access().depth > 0;
      const shown = withoutCredentials(repoUrl);
      const question = { mirror, repository: shown, commit, tag, criteria, shallow };
      return await signatures.check(question, signal);
    },
    async signInVariables(repoUrl, { project = '' }, signal) {
      await prepare(signal);
      const access = options.access(repoUrl, project);
      if (access.problem !== undefined) throw new TiphysError('InvalidConfig', access.problem);
      const credential = await signIn.credentialFor(repoUrl, access, signal);
      return await openForeignSession(git, repoUrl, access, credential);
    },
    onMoved(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async refresh(repoUrl, { project }, signal) {
      await prepare(signal);
      await repositoryOf(repoUrl, project).refs.read(true, signal);
    },
    async listRefs(repoUrl, access, signal) {
      await prepare(signal);
      const dir = join(options.dir, 'work', `probe-${randomUUID()}`); // listing never makes it
      await using mirror = createMirror({ ...mirroring, dir, repoUrl, access: () => access });
      return await mirror.listRefs(signal);
    },
    branches: (access) =>
      createHydratedBranches({
        ...{ commits, prepare, access, clock },
        timeoutMs: options.timeoutMs,
      }),
    reachRegistry: (repository, signal) => reachRegistry(repository, asking, signal),
    registryTags: (repository, signal) => registryTags(repository, asking, signal),
    connections: () =>
      Array.from(repositories.values()).flatMap(({ refs }) => refs.connection ?? []),
    reconsider(what) {
      for (const { refs, spellings, wantsSignatures } of repositories.values()) {
        if (what === 'access') refs.reconsider();
        else if (wantsSignatures) announce(spellings);
      }
    },
    async [Symbol.asyncDispose]() {
      stopped.abort(new TiphysError('Internal', 'git repositories: stopped'));
      await space[Symbol.asyncDispose]();
      await polledRefs[Symbol.asyncDispose]();
      await commits[Symbol.asyncDispose]();
    },
  };
  return withArtifacts(commitsOnly, artifacts, prepare);
}

/** An error as what it says: here nothing failed yet. */
function textOf(why: unknown): string {
  return why instanceof Error ? why.message : String(why);
}

function revisionNotFound(repoUrl: string, revision: string, tagPrefix = ''): TiphysError {
  const repository = withoutCredentials(repoUrl);
  const among = tagPrefix === '' ? '' : ` (with tagPrefix '${tagPrefix}')`;
  return new TiphysError(
    'RevisionNotFound',
    `repository ${repository}: unable to resolve '${revision}' to a commit SHA: revision not found${among}`,
    { fields: { repository, revision } },
  );
}
