import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';

/** The commits of a branch or tag before and after a push, in full; empty: there was or is none. */
export interface PushedRange {
  readonly before: string;
  readonly after: string;
}

/** What a webhook says has happened. */
export type WebhookEvent =
  | {
      readonly type: 'push';
      /** Addresses of the repository, of its page or for cloning. */
      readonly urls: readonly string[];
      /** Branch or tag, without `refs/heads/` or `refs/tags/`. */
      readonly revision: string;
      /** Whether HEAD may have moved. */
      readonly touchedHead: boolean;
      /** Empty: not known. */
      readonly changedFiles: readonly string[];
      /** What the server can be asked about for the rest: Bitbucket Cloud names neither files nor the main branch. */
      readonly unsaid?: PushedRange;
    }
  | {
      readonly type: 'artifact';
      /** `host/path`, without a scheme. */
      readonly repository: string;
      readonly tag: string;
    }
  /** Understood, and nothing to do. */
  | { readonly type: 'ignored'; readonly reason: string }
  /** Not what this provider sends. */
  | { readonly type: 'malformed'; readonly reason: string };

export type Provider =
  | 'azure-devops'
  | 'gogs'
  | 'ghcr'
  | 'github'
  | 'gitlab'
  | 'bitbucket-cloud'
  | 'bitbucket-server'
  | 'harbor';

/** Who sent it, by its headers in lower case; Gogs and Gitea send GitHub's header too. */
export function providerOf(headers: Readonly<Record<string, string>>): Provider | undefined {
  if (headers['x-vss-activityid'] !== undefined) return 'azure-devops';
  if (headers['x-gogs-event'] !== undefined) return 'gogs';
  if (headers['x-github-event'] !== undefined)
    return headers['x-github-event'] === 'package' ? 'ghcr' : 'github';
  if (headers['x-gitlab-event'] !== undefined) return 'gitlab';
  if (headers['x-hook-uuid'] !== undefined) return 'bitbucket-cloud';
  if (headers['x-event-key'] !== undefined) return 'bitbucket-server';
  return headers['authorization'] === undefined ? undefined : 'harbor';
}

const MAX_CHANGED_FILES = 100_000;

/** Reads a payload. Total: whatever is sent is answered. `name` is the event that the header names. */
export function parseEvent(provider: Provider, name: string, payload: JsonValue): WebhookEvent {
  if (!isJsonObject(payload)) return malformed('the payload is no object');
  return PARSERS[provider](payload, name);
}

const PARSERS: Readonly<Record<Provider, (payload: JsonObject, name: string) => WebhookEvent>> = {
  'azure-devops': parseAzure,
  gogs: (payload, name) => (name === 'push' ? parseGitHubPush(payload) : ignored(name)),
  github: (payload, name) => (name === 'push' ? parseGitHubPush(payload) : ignored(name)),
  ghcr: parseGitHubPackage,
  gitlab: parseGitLab,
  'bitbucket-cloud': parseBitbucketCloud,
  'bitbucket-server': parseBitbucketServer,
  harbor: parseHarbor,
};

function parseGitHubPush(payload: JsonObject): WebhookEvent {
  const repository = objectAt(payload, 'repository');
  return push({
    urls: [textAt(repository, 'html_url')],
    ref: textAt(payload, 'ref'),
    defaultBranch: textAt(repository, 'default_branch'),
    changedFiles: changedFiles(payload),
  });
}

const GITLAB_PUSHES: ReadonlySet<string> = new Set(['push', 'tag_push']);

function parseGitLab(payload: JsonObject): WebhookEvent {
  const kind = textAt(payload, 'object_kind') || textAt(payload, 'event_name');
  if (!GITLAB_PUSHES.has(kind)) return ignored(kind);
  const project = objectAt(payload, 'project');
  return push({
    urls: [textAt(project, 'web_url')],
    ref: textAt(payload, 'ref'),
    defaultBranch: textAt(project, 'default_branch'),
    changedFiles: changedFiles(payload),
  });
}

function parseAzure(payload: JsonObject): WebhookEvent {
  const kind = textAt(payload, 'eventType');
  if (kind !== 'git.push') return ignored(kind);
  const resource = objectAt(payload, 'resource');
  const repository = objectAt(resource, 'repository');
  return push({
    urls: [textAt(repository, 'remoteUrl')],
    ref: textAt(firstOf(resource, 'refUpdates'), 'name'),
    defaultBranch: shortRef(textAt(repository, 'defaultBranch')),
    changedFiles: [],
  });
}

/** Without the API of Bitbucket, nobody knows which branch is the main one, and which files changed. */
function parseBitbucketCloud(payload: JsonObject, name: string): WebhookEvent {
  if (name !== 'repo:push') return ignored(name);
  const change = firstOf(objectAt(payload, 'push'), 'changes');
  const branch = textAt(objectAt(change, 'new'), 'name') || textAt(objectAt(change, 'old'), 'name');
  const links = objectAt(objectAt(payload, 'repository'), 'links');
  const event = push({
    urls: [textAt(objectAt(links, 'html'), 'href')],
    ref: branch === '' ? '' : `refs/heads/${branch}`,
    defaultBranch: undefined,
    changedFiles: [],
  });
  const commitAt = (key: string) =>
    fullCommit(textAt(objectAt(objectAt(change, key), 'target'), 'hash'));
  if (event.type !== 'push') return event;
  return { ...event, unsaid: { before: commitAt('old'), after: commitAt('new') } };
}

/** What is sent goes into the URL of a question. */
function fullCommit(hash: string): string {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(hash) ? hash : '';
}

function parseBitbucketServer(payload: JsonObject, name: string): WebhookEvent {
  if (name !== 'repo:refs_changed') return ignored(name);
  const links = objectAt(objectAt(payload, 'repository'), 'links');
  const clones = arrayAt(links, 'clone')
    .filter(isJsonObject)
    .filter((link) => ['http', 'https', 'ssh'].includes(textAt(link, 'name')))
    .map((link) => textAt(link, 'href'));
  return push({
    urls: clones,
    ref: textAt(objectAt(firstOf(payload, 'changes'), 'ref'), 'id'),
    defaultBranch: undefined,
    changedFiles: [],
  });
}

function parseGitHubPackage(payload: JsonObject): WebhookEvent {
  const action = textAt(payload, 'action');
  const pack = objectAt(payload, 'package');
  if (action !== 'published' || textAt(pack, 'package_type').toLowerCase() !== 'container')
    return ignored(`package ${action}`);
  const owner = textAt(pack, 'namespace') || textAt(objectAt(pack, 'owner'), 'login');
  const container = objectAt(objectAt(pack, 'package_version'), 'container_metadata');
  const tag = textAt(objectAt(container, 'tag'), 'name');
  return artifact(`ghcr.io/${owner}/${textAt(pack, 'name')}`, owner, textAt(pack, 'name'), tag);
}

function parseHarbor(payload: JsonObject): WebhookEvent {
  const kind = textAt(payload, 'type');
  if (kind !== 'PUSH_ARTIFACT') return ignored(kind);
  const resources = arrayAt(objectAt(payload, 'event_data'), 'resources').filter(isJsonObject);
  const resource = resources.find((one) => textAt(one, 'tag') !== '');
  const tag = textAt(resource, 'tag');
  const url = textAt(resource, 'resource_url');
  if (url === '' || tag === '') return ignored('no tagged artifact');
  const repository = url.replace(/@sha256:[0-9a-f]+$/i, '').replace(/:[^/:]*$/, '');
  return artifact(repository, repository, tag);
}

function artifact(repository: string, ...parts: readonly string[]): WebhookEvent {
  if (parts.some((part) => part === '')) return malformed('a name or tag is missing');
  const plain = repository.toLowerCase().replace(/^[a-z]+:\/\//, '');
  return { type: 'artifact', repository: plain.replace(/\/+$/, ''), tag: parts.at(-1) ?? '' };
}

function push(found: {
  readonly urls: readonly string[];
  readonly ref: string;
  /** `undefined`: HEAD may always have moved. */
  readonly defaultBranch: string | undefined;
  readonly changedFiles: readonly string[];
}): WebhookEvent {
  const urls = found.urls.filter((url) => url !== '');
  const revision = shortRef(found.ref);
  if (urls.length === 0) return malformed('the address of the repository is missing');
  if (revision === '') return malformed('the ref is missing');
  const { defaultBranch, changedFiles: files } = found;
  const touchedHead = defaultBranch === undefined || defaultBranch === revision;
  return { type: 'push', urls, revision, touchedHead, changedFiles: files };
}

/** What stands after the second slash: `refs/heads/a/b` is `a/b`. */
function shortRef(ref: string): string {
  return ref.startsWith('refs/') ? ref.split('/').slice(2).join('/') : ref;
}

function changedFiles(payload: JsonObject): readonly string[] {
  const files = new Set<string>();
  const commits = arrayAt(payload, 'commits');
  if (isPartOnly(payload, commits.length)) return [];
  for (const commit of commits) {
    if (!isJsonObject(commit)) continue;
    for (const kind of ['added', 'modified', 'removed'])
      for (const file of arrayAt(commit, kind)) if (typeof file === 'string') files.add(file);
    if (files.size > MAX_CHANGED_FILES) return []; // as good as unknown
  }
  return [...files];
}

/**
 * Whether the commits that are named are not all that changed: GitLab names 20 at most, Gitea 5; a forced push takes
 * others away, and a branch that is new had none.
 */
function isPartOnly(payload: JsonObject, named: number): boolean {
  const total = payload['total_commits_count'] ?? payload['total_commits'];
  if (typeof total === 'number' && total > named) return true;
  if (payload['forced'] === true || payload['created'] === true) return true;
  return /^0{40,64}$/.test(textAt(payload, 'before'));
}

const ignored = (what: string): WebhookEvent => ({
  type: 'ignored',
  reason: `event "${what.slice(0, 100)}" is of no concern`,
});

const malformed = (reason: string): WebhookEvent => ({ type: 'malformed', reason });

function textAt(object: JsonObject | undefined, key: string): string {
  const value = object?.[key];
  return typeof value === 'string' ? value : '';
}

function objectAt(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = object?.[key];
  return value !== undefined && isJsonObject(value) ? value : undefined;
}

function arrayAt(object: JsonObject | undefined, key: string): readonly JsonValue[] {
  const value = object?.[key];
  return value !== undefined && isJsonArray(value) ? value : [];
}

function firstOf(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const [first] = arrayAt(object, key);
  return first !== undefined && isJsonObject(first) ? first : undefined;
}
