import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError, toTiphysError } from '../core/errors.ts';
import { type RefTable, refTablesEqual } from '../core/revision/ref-table.ts';
import { repositoryIdentity, withoutCredentials } from '../core/revision/repository-url.ts';
import { isFullCommit, resolveRevision } from '../core/revision/resolve-revision.ts';
import { hostOf } from '../core/repository/find-repository.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  AccessLookup,
  RepositoryReader,
  SourceRepositories,
} from '../ports/source-repositories.ts';
import type { Logger } from '../ports/telemetry.ts';
import { createKeyedLock } from '../runtime/keyed-lock.ts';
import { createLimiter } from '../runtime/limiter.ts';
import { createPace, type Pace } from '../runtime/pace.ts';
import { createSingleFlight } from '../runtime/single-flight.ts';
import { createCommitTrees, mirrorName, type MirroredRepository } from './commit-trees.ts';
import { mirrorsBeyond } from './mirror-space.ts';
import { openForeignSession } from './git-session.ts';
import { createSignatures } from './signatures.ts';
import type { AzureIdentity } from './sign-in/azure.ts';
import { createSignIn } from './sign-in/sign-in.ts';

export interface GitRepositoriesOptions {
  /** Folder for mirrors and temporary files, ours alone; made when absent. */
  readonly dir: string;
  /** Default `git`, looked up in `path`. */
  readonly program?: string;
  /** Where programs are found, like PATH. Default: the usual system folders. */
  readonly path?: string;
  /** Extra variables for git, such as proxies. Never credentials. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** 0 ≤ x < 1; spreads the polls. */
  readonly random: () => number;
  readonly logger: Logger;
  /** How to get to a repository; asked before every command that talks to its server. */
  readonly access: AccessLookup;
  /** PEM of the authorities trusted for a host that hands out tokens. Default: those of the system. */
  readonly authorities?: (host: string) => string | undefined;
  /** The workload identity of this process. */
  readonly azureIdentity?: AzureIdentity;
  /** A table of refs is served for this long, plus up to the jitter, before the server is asked again. */
  readonly pollIntervalMs: number;
  readonly pollJitterMs: number;
  /** Polls of repositories on one host are at least so far apart. Default 100 ms. */
  readonly pollSpacingMs?: number;
  /** Longest time for listing refs. Default 15 s. */
  readonly listTimeoutMs?: number;
  /** Longest time for one fetch. */
  readonly timeoutMs: number;
  /** How many git processes may talk to servers at once. */
  readonly maxConcurrent: number;
  /** Polling stops, and the reading process ends, when a repository was not used for so long. Default 10 min. */
  readonly idleAfterMs?: number;
  /** After a failure, askers that do not insist get the same failure for so long. Default 10 s. */
  readonly failureMs?: number;
  /** Mirrors that are not in use go when all take more than this. Default: no bound. */
  readonly maxMirrorBytes?: number;
  /** Allows `file://` and plain paths. For tests and the command line only. */
  readonly allowLocal?: boolean;
  readonly maxMaterialisedBytes?: number;
  /** Default `gpg`, looked up in `path`. */
  readonly gpg?: string;
  /** Armored public keys that may be trusted, by any name. Default: none. */
  readonly signingKeys?: () => Readonly<Record<string, string>>;
  /** When false, nothing asks for signatures. Default true. */
  readonly verifySignatures?: boolean;
  /** Submodules are folders, fetched when they are read; else they are left out. Default true. */
  readonly submodules?: boolean;
}

interface Repository {
  readonly key: string;
  readonly url: string;
  readonly mirrored: MirroredRepository;
  /** Every spelling that applications use for it. */
  readonly spellings: Set<string>;
  readonly scope: string;
  connection: RepositoryConnection | undefined;
  table: { readonly refs: RefTable; readonly untilMs: number } | undefined;
  failure: { readonly error: unknown; readonly untilMs: number } | undefined;
  /** Counts listings begun: who asks while one is under way must get the next, not that one. */
  listings: number;
  /** A refresh of many applications asks again and again; a git process for each would be most of the work. */
  readonly pace: Pace;
  lastUsedMs: number;
  timer: Disposable | undefined;
}

const SPACE_MS = 600_000;

/** How the last try to talk to a repository ended. */
export interface RepositoryConnection {
  readonly url: string;
  /** The project whose registration it was; empty: all. */
  readonly project: string;
  readonly status: 'Successful' | 'Failed';
  /** Why it failed; empty when it did not. Without secrets. */
  readonly message: string;
  /** Wall clock, milliseconds since 1970. */
  readonly attemptedAtMs: number;
}

export interface GitRepositories extends SourceRepositories, AsyncDisposable {
  /** Registrations changed: what failed is worth another try now, and who listens is told so. */
  reconsider(): void;
  /**
   * Asks the server for its refs now; whoever listens is told when they moved. Errors as `resolve`.
   */
  refresh(repoUrl: string, reader: RepositoryReader, signal: AbortSignal): Promise<void>;
  /** The state of every repository that was asked for its refs, in no order. */
  connections(): readonly RepositoryConnection[];
}

/** Listing the refs of one repository takes at most a quarter of the time. */
const LISTING_REST = { rest: 3, longestMs: 1_000 };

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
  const flights = createSingleFlight();
  const lock = createKeyedLock();
  const stopped = new AbortController();
  const polls = new Set<Promise<void>>();
  /** When the next poll may go to a host. */
  const hosts = new Map<string, number>();
  const listTimeoutMs = options.listTimeoutMs ?? 15_000;
  const idleAfterMs = options.idleAfterMs ?? 600_000;
  const signIn = createSignIn({
    clock,
    timeoutMs: listTimeoutMs,
    authorities: options.authorities ?? (() => undefined),
    proxies: options.env ?? {},
    azureIdentity: options.azureIdentity,
  });
  const git = {
    home,
    path: options.path ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    extra: options.env ?? {},
    allowLocal: options.allowLocal ?? false,
  };
  const mirrors = join(options.dir, 'mirrors');
  const commits = createCommitTrees({
    program: options.program ?? 'git',
    mirrors,
    onRepair: (repository, why) =>
      logger.warn({ repository, reason: textOf(why) }, 'a broken mirror is made anew'),
    git,
    signIn,
    clock,
    network,
    listTimeoutMs,
    fetchTimeoutMs: options.timeoutMs,
    submodules: options.submodules ?? true,
    trustIn: (repoUrl) => options.access(repoUrl, ''),
    tree: {
      workDir: join(options.dir, 'work'),
      limits: { maxFiles: 100_000, maxBytes: options.maxMaterialisedBytes ?? 1_000_000_000 },
    },
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
  let prepared: Promise<void> | undefined;
  let spaceTimer: Disposable | undefined;

  /** What one project may read with its own credentials, another must not find in a shared mirror. */
  function repositoryOf(repoUrl: string, project = ''): Repository {
    const { scope } = options.access(repoUrl, project);
    const identity = repositoryIdentity(repoUrl);
    const key = scope === '' ? identity : `${identity} ${scope}`;
    let repository = repositories.get(key);
    if (repository === undefined) {
      repository = {
        key,
        url: repoUrl,
        spellings: new Set(),
        mirrored: commits.mirror(key, repoUrl, () => options.access(repoUrl, scope)),
        scope,
        connection: undefined,
        table: undefined,
        failure: undefined,
        listings: 0,
        pace: createPace({ clock, ...LISTING_REST }),
        lastUsedMs: 0,
        timer: undefined,
      };
      repositories.set(key, repository);
    }
    repository.spellings.add(repoUrl);
    repository.lastUsedMs = clock.monotonic();
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
    await makeRoom();
  }

  /** Removes what is too much, now and from time to time. What is in use stays, whatever its size. */
  async function makeRoom(): Promise<void> {
    const { maxMirrorBytes } = options;
    if (maxMirrorBytes === undefined || stopped.signal.aborted) return;
    const since = clock.monotonic() - idleAfterMs;
    const used = new Set(commits.usedSince(since));
    for (const { key, lastUsedMs } of repositories.values())
      if (lastUsedMs > since) used.add(mirrorName(key));
    for (const name of await mirrorsBeyond(mirrors, maxMirrorBytes, (one) => used.has(one))) {
      await commits.discard(name, stopped.signal);
      logger.info({ path: name }, 'a mirror that is not in use was removed to make room');
    }
    spaceTimer = clock.schedule(SPACE_MS, () => {
      const poll = makeRoom()
        .catch((error: unknown) => {
          if (!stopped.signal.aborted) logger.warn({ err: error }, 'mirrors could not be removed');
        })
        .finally(() => polls.delete(poll));
      polls.add(poll);
    });
  }

  /** Asks the server now. Callers that come while a listing is under way share the next one. */
  function list(repository: Repository, signal: AbortSignal): Promise<RefTable> {
    const turn = `${repository.key} ${repository.listings}`;
    return flights.run(
      turn,
      (stop) =>
        lock.run(repository.key, stop, async () => {
          const end = AbortSignal.any([stop, stopped.signal]);
          await repository.pace.ready(end); // whoever asks meanwhile shares this one
          repository.listings += 1;
          return await repository.pace.run(() => listOnce(repository, end));
        }),
      signal,
    );
  }

  async function listOnce(repository: Repository, signal: AbortSignal): Promise<RefTable> {
    try {
      const refs = await repository.mirrored.mirror.listRefs(signal);
      const before = repository.table?.refs;
      const freshMs = options.pollIntervalMs + options.random() * options.pollJitterMs;
      // The poll comes before the end, so that nobody finds the table too old while it is renewed.
      const untilMs = clock.monotonic() + freshMs + listTimeoutMs;
      repository.table = { refs, untilMs };
      repository.failure = undefined;
      note(repository, undefined);
      schedulePoll(repository, freshMs);
      if (before !== undefined && !refTablesEqual(before, refs)) announce(repository);
      return refs;
    } catch (error) {
      if (!signal.aborted) {
        const untilMs = clock.monotonic() + (options.failureMs ?? 10_000);
        repository.failure = { error, untilMs };
        note(repository, error);
        if (repository.table !== undefined) schedulePoll(repository, options.pollIntervalMs);
      }
      throw error;
    }
  }

  function note(repository: Repository, error: unknown): void {
    repository.connection = {
      url: withoutCredentials(repository.url),
      project: repository.scope,
      status: error === undefined ? 'Successful' : 'Failed',
      message: error === undefined ? '' : toTiphysError(error).message,
      attemptedAtMs: clock.now(),
    };
  }

  async function refsOf(
    repository: Repository,
    fresh: boolean,
    signal: AbortSignal,
  ): Promise<RefTable> {
    if (fresh) return await list(repository, signal);
    // Everybody who has no table waits for the one listing, then finds it here.
    const known = current(repository);
    if (known !== undefined) return known;
    return await flights.run(
      `${repository.key} first`,
      async (stop) => current(repository) ?? (await list(repository, stop)),
      signal,
    );
  }

  /** The table while it is young enough, the failure while it is. */
  function current(repository: Repository): RefTable | undefined {
    const now = clock.monotonic();
    if (repository.table !== undefined && now < repository.table.untilMs) {
      return repository.table.refs;
    }
    if (repository.failure !== undefined && now < repository.failure.untilMs) {
      throw repository.failure.error;
    }
    return undefined;
  }

  function schedulePoll(repository: Repository, delayMs: number): void {
    repository.timer?.[Symbol.dispose]();
    if (stopped.signal.aborted) return;
    repository.timer = clock.schedule(delayMs, () => {
      const waitMs = waitForHost(repository.url);
      if (waitMs > 0) return schedulePoll(repository, waitMs);
      const poll = pollOnce(repository).finally(() => polls.delete(poll));
      polls.add(poll);
    });
  }

  /** Polls of one host keep a distance; whoever waits for an answer is never held back. */
  function waitForHost(url: string): number {
    const host = hostOf(url);
    const now = clock.monotonic();
    const free = hosts.get(host) ?? now;
    if (free > now) return free - now;
    hosts.set(host, now + (options.pollSpacingMs ?? 100));
    return 0;
  }

  async function pollOnce(repository: Repository): Promise<void> {
    repository.timer = undefined;
    if (clock.monotonic() - repository.lastUsedMs > idleAfterMs) {
      repository.mirrored.mirror.rest(); // the next use lists again, and so begins to poll again
      return;
    }
    try {
      await list(repository, stopped.signal);
    } catch (error) {
      if (stopped.signal.aborted) return;
      // Whoever asks next gets the error with its hint; here nobody asked.
      const fields = { repository: withoutCredentials(repository.url), err: error };
      logger.warn(fields, 'repository poll failed');
    }
  }

  /** The annotated tag of this commit that one of the names means. */
  async function tagOf(
    repository: Repository,
    commit: string,
    revisions: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly name: string; readonly object: string } | undefined> {
    for (const revision of revisions.filter((text) => !isFullCommit(text))) {
      const refs = await refsOf(repository, false, signal);
      const resolved = resolveRevision(refs, revision);
      if (resolved.type !== 'commit' || resolved.commit !== commit) continue;
      const name = resolved.ref ?? '';
      const object = refs.tagObjects.get(name);
      if (object !== undefined) return { name: name.replace(/^refs\/tags\//, ''), object };
    }
    return undefined;
  }

  function announce(repository: Repository): void {
    for (const repoUrl of repository.spellings) {
      for (const listener of listeners) listener(repoUrl);
    }
  }

  return {
    async resolve(repoUrl, revision, { fresh, project }, signal) {
      await prepare(signal);
      const repository = repositoryOf(repoUrl, project);
      if (isFullCommit(revision)) return revision.toLowerCase();
      const resolved = resolveRevision(await refsOf(repository, fresh, signal), revision);
      switch (resolved.type) {
        case 'commit':
          return resolved.commit;
        case 'short-commit': {
          const commit = await repository.mirrored.mirror.expand(resolved.prefix, signal);
          if (commit === undefined) throw revisionNotFound(repoUrl, revision);
          return commit;
        }
        case 'not-found':
          throw revisionNotFound(repoUrl, revision);
      }
    },
    async tree(repoUrl, commit, { project }, signal) {
      await prepare(signal);
      return await commits.open(repositoryOf(repoUrl, project).mirrored, commit, signal);
    },
    async verify(repoUrl, { commit, revisions, criteria }, { project }, signal) {
      if (criteria.type === 'none' || options.verifySignatures === false) return [];
      if (criteria.type === 'contradiction') return [criteria.message];
      await prepare(signal);
      const repository = repositoryOf(repoUrl, project);
      const { mirror, access } = repository.mirrored;
      await mirror.tree(commit, signal);
      const tag = await tagOf(repository, commit, revisions, signal);
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
      await list(repositoryOf(repoUrl, project), signal);
    },
    connections: () =>
      Array.from(repositories.values()).flatMap(({ connection }) => connection ?? []),
    reconsider() {
      for (const repository of repositories.values()) {
        if (repository.failure === undefined) continue;
        repository.failure = undefined;
        announce(repository);
      }
    },
    async [Symbol.asyncDispose]() {
      stopped.abort(new TiphysError('Internal', 'git repositories: stopped'));
      spaceTimer?.[Symbol.dispose]();
      for (const repository of repositories.values()) repository.timer?.[Symbol.dispose]();
      await Promise.all(polls);
      const free = new AbortController().signal;
      await Promise.all(
        Array.from(repositories.keys(), (key) => lock.run(key, free, async () => {})),
      );
      await commits[Symbol.asyncDispose]();
    },
  };
}

/** An error as what it says: here nothing failed yet. */
function textOf(why: unknown): string {
  return why instanceof Error ? why.message : String(why);
}

function revisionNotFound(repoUrl: string, revision: string): TiphysError {
  const repository = withoutCredentials(repoUrl);
  return new TiphysError(
    'RevisionNotFound',
    `repository ${repository}: unable to resolve '${revision}' to a commit SHA: revision not found`,
    { fields: { repository, revision } },
  );
}
