import { createHmac } from 'node:crypto';

// What Git servers and registries send, in the shape in which they send it, and signed as they do.

/** Everything that the table of senders is believed by, as keys of `argocd-secret`. */
export const SECRETS = {
  'webhook.github.secret': 'known to GitHub',
  'webhook.gitlab.secret': 'known to GitLab',
  'webhook.gogs.secret': 'known to Gitea',
  'webhook.bitbucket.uuid': '{2a9b8a5e-5e1f-4b6e-8d43-8f0d1f1b3c11}',
  'webhook.bitbucketserver.secret': 'known to Bitbucket Server',
  'webhook.azuredevops.username': 'azure',
  'webhook.azuredevops.password': 'known to Azure DevOps',
  'webhook.harbor.secret': 'Bearer known to Harbor',
} as const;

/** A push to a repository whose page is its address for cloning without `.git`. */
export interface Push {
  readonly cloneUrl: string;
  /** `refs/heads/main` or `refs/tags/…`. */
  readonly ref: string;
  /** Full ids; zeros where there is none. */
  readonly before: string;
  readonly after: string;
  readonly files: readonly string[];
}

export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Sender {
  readonly name: string;
  /** Of the repository on the Git server, where it makes a difference. */
  readonly repository: string;
  /** Whether those who read none of the files that changed are left alone. */
  readonly namesFiles: boolean;
  /** `right`: as somebody does who knows the secret. */
  readonly send: (push: Push, right: boolean) => Sent;
}

const secretOf = (key: keyof typeof SECRETS, right: boolean) => (right ? SECRETS[key] : 'guessed');

function signed(key: keyof typeof SECRETS, right: boolean, body: string): string {
  return createHmac('sha256', secretOf(key, right)).update(body).digest('hex');
}

const pageOf = ({ cloneUrl }: Push) => cloneUrl.replace(/\.git$/, '');
const nameOf = ({ ref }: Push) => ref.split('/').slice(2).join('/');
const AUTHOR = { name: 'Tess Test', email: 'tess@example.com', username: 'tess' };

function commitsOf({ after, files }: Push): readonly object[] {
  const author = AUTHOR;
  const timestamp = '2026-01-02T03:04:05Z';
  const message = 'Change';
  const changes = { added: [], modified: files, removed: [] };
  return [{ id: after, message, timestamp, author, committer: author, ...changes }];
}

const GITHUB: Sender = {
  name: 'GitHub',
  repository: 'team/github',
  namesFiles: true,
  send(push, right) {
    const { ref, before, after } = push;
    const repository = {
      ...{ id: 1, name: 'github', full_name: 'team/github', private: true },
      ...{ html_url: pageOf(push), clone_url: push.cloneUrl, default_branch: 'main' },
    };
    const flags = { created: false, deleted: false, forced: false, base_ref: null };
    const sent = { ref, before, after, repository, ...flags, commits: commitsOf(push) };
    const body = JSON.stringify({ ...sent, pusher: AUTHOR, sender: { login: 'tess', id: 2 } });
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/044aadd',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${signed('webhook.github.secret', right, body)}`,
    };
    return { headers, body };
  },
};

const GITEA: Sender = {
  name: 'Gitea',
  repository: 'team/gitea',
  namesFiles: true,
  send(push, right) {
    const { ref, before, after } = push;
    const commits = commitsOf(push);
    const repository = {
      ...{ id: 1, name: 'gitea', full_name: 'team/gitea', default_branch: 'main' },
      ...{ html_url: pageOf(push), clone_url: push.cloneUrl, owner: { login: 'team' } },
    };
    const sent = { ref, before, after, repository, commits, total_commits: commits.length };
    const body = JSON.stringify({ ...sent, head_commit: commits[0], pusher: AUTHOR });
    const signature = signed('webhook.gogs.secret', right, body);
    const headers = {
      ...{ 'content-type': 'application/json', 'x-gitea-delivery': 'f6266f16-1bf3-46a5' },
      ...{ 'x-gitea-event': 'push', 'x-gogs-event': 'push', 'x-github-event': 'push' },
      ...{ 'x-gitea-signature': signature, 'x-gogs-signature': signature },
    };
    return { headers, body };
  },
};

/** The three events of GitLab that tell of a push. */
function gitLab(name: string, event: string, kind: 'push' | 'tag_push'): Sender {
  return {
    name: `GitLab, ${name}`,
    repository: `team/gitlab-${name.split(' ')[0]}`,
    namesFiles: kind === 'push',
    send(push, right) {
      const { ref, before, after } = push;
      const isSystem = event === 'System Hook';
      const commits = kind === 'push' ? commitsOf(push) : [];
      const web_url = pageOf(push);
      const project = {
        ...{ id: 15, name: 'web', web_url, git_http_url: push.cloneUrl, default_branch: 'main' },
        ...{ namespace: 'team', path_with_namespace: 'team/web' },
      };
      const body = JSON.stringify({
        ...(isSystem ? { event_name: kind } : { object_kind: kind, event_name: kind }),
        ...{ ref, before, after, checkout_sha: after, user_name: 'Tess Test', project_id: 15 },
        ...{ project, commits, total_commits_count: commits.length },
      });
      const token = secretOf('webhook.gitlab.secret', right);
      const headers = { 'content-type': 'application/json', 'x-gitlab-event': event };
      return { headers: { ...headers, 'x-gitlab-token': token }, body };
    },
  };
}

const AZURE: Sender = {
  name: 'Azure DevOps',
  repository: 'org/project/_git/azure',
  namesFiles: false,
  send(push, right) {
    const { ref: name, before: oldObjectId, after: newObjectId } = push;
    const commits = [{ commitId: newObjectId, author: AUTHOR, comment: 'Change' }];
    const repository = {
      ...{ id: '278d5cd2-584d-4b63', name: 'azure', remoteUrl: pageOf(push) },
      ...{ defaultBranch: 'refs/heads/main', project: { name: 'project', state: 'wellFormed' } },
    };
    const refUpdates = [{ name, oldObjectId, newObjectId }];
    const body = JSON.stringify({
      ...{ subscriptionId: '00000000-0000', notificationId: 1, publisherId: 'tfs' },
      ...{ eventType: 'git.push', resource: { commits, refUpdates, repository, pushId: 14 } },
    });
    const user = SECRETS['webhook.azuredevops.username'];
    const authorization = `Basic ${btoa(`${user}:${secretOf('webhook.azuredevops.password', right)}`)}`;
    const headers = { 'content-type': 'application/json', 'x-vss-activityid': '9c4e1c2a' };
    return { headers: { ...headers, authorization }, body };
  },
};

/** Its API, which says the rest, is `bitbucket-api.ts`. */
export const BITBUCKET_CLOUD: Sender = {
  name: 'Bitbucket Cloud',
  repository: 'team/cloud',
  namesFiles: true,
  send(push, right) {
    const side = (hash: string) => ({
      ...{ type: 'branch', name: nameOf(push) },
      target: { type: 'commit', hash, author: { raw: 'Tess Test <tess@example.com>' } },
    });
    const flags = { created: false, closed: false, forced: false, truncated: false };
    const change = { old: side(push.before), new: side(push.after), ...flags };
    // Whoever knows the UUID cannot lead the operator to a server of his own.
    const api = { href: 'http://127.0.0.1:9/2.0/repositories/team/cloud' };
    const links = { html: { href: pageOf(push) }, self: api };
    const body = JSON.stringify({
      actor: { type: 'user', display_name: 'Tess Test' },
      repository: { type: 'repository', name: 'cloud', full_name: 'team/cloud', links },
      push: { changes: [{ ...change, links: { html: api, diff: api, commits: api } }] },
    });
    const headers = { 'content-type': 'application/json', 'x-event-key': 'repo:push' };
    return {
      headers: { ...headers, 'x-hook-uuid': secretOf('webhook.bitbucket.uuid', right) },
      body,
    };
  },
};

const BITBUCKET_SERVER: Sender = {
  name: 'Bitbucket Server',
  repository: 'scm/team/server',
  namesFiles: false,
  send(push, right) {
    const { ref: id, before: fromHash, after: toHash } = push;
    const clone = [
      { href: push.cloneUrl, name: 'http' },
      { href: 'ssh://git@127.0.0.1:7999/team/server.git', name: 'ssh' },
    ];
    const ref = { id, displayId: nameOf(push), type: 'BRANCH' };
    const body = JSON.stringify({
      ...{ eventKey: 'repo:refs_changed', date: '2026-01-02T03:04:05+0000', actor: AUTHOR },
      repository: { slug: 'server', id: 84, name: 'server', scmId: 'git', links: { clone } },
      changes: [{ ref, refId: id, fromHash, toHash, type: 'UPDATE' }],
    });
    const signature = signed('webhook.bitbucketserver.secret', right, body);
    const headers = { 'content-type': 'application/json', 'x-event-key': 'repo:refs_changed' };
    return { headers: { ...headers, 'x-hub-signature': `sha256=${signature}` }, body };
  },
};

export const SENDERS: readonly Sender[] = [
  GITHUB,
  GITEA,
  gitLab('push', 'Push Hook', 'push'),
  gitLab('tag', 'Tag Push Hook', 'tag_push'),
  gitLab('system hook', 'System Hook', 'push'),
  AZURE,
  BITBUCKET_CLOUD,
  BITBUCKET_SERVER,
];

export interface RegistrySender {
  readonly name: string;
  /** Registry and name of the artifact; `host` is where it really is. */
  readonly artifact: (host: string) => string;
  readonly send: (artifact: string, tag: string, right: boolean) => Sent;
}

export const REGISTRIES: readonly RegistrySender[] = [
  {
    name: 'GHCR',
    artifact: () => 'ghcr.io/team/manifests',
    send(_, tag, right) {
      const body = JSON.stringify({
        action: 'published',
        package: {
          ...{ id: 10, name: 'manifests', namespace: 'Team', ecosystem: 'CONTAINER' },
          ...{ package_type: 'CONTAINER', owner: { login: 'Team', type: 'Organization' } },
          package_version: { id: 11, container_metadata: { tag: { name: tag } } },
        },
        sender: { login: 'tess' },
      });
      const signature = signed('webhook.github.secret', right, body);
      const headers = { 'content-type': 'application/json', 'x-github-event': 'package' };
      return { headers: { ...headers, 'x-hub-signature-256': `sha256=${signature}` }, body };
    },
  },
  {
    name: 'Harbor',
    artifact: (host) => `${host}/team/harbor`,
    send(artifact, tag, right) {
      const digest = `sha256:${'0'.repeat(64)}`;
      const resource_url = `${artifact}:${tag}`;
      const untagged = { digest, tag: '', resource_url: `${artifact}@${digest}` };
      const resources = [untagged, { digest, tag, resource_url }];
      const repository = { name: 'harbor', namespace: 'team', repo_full_name: 'team/harbor' };
      const event_data = { resources, repository };
      const sent = { type: 'PUSH_ARTIFACT', occur_at: 1_700_000_000, operator: 'admin' };
      const authorization = secretOf('webhook.harbor.secret', right);
      const headers = { 'content-type': 'application/json', authorization };
      return { headers, body: JSON.stringify({ ...sent, event_data }) };
    },
  },
];
