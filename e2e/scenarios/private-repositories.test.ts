import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createClientAuthority } from '../controlplane/certificates.ts';
import { git } from '../controlplane/git-repository.ts';
import { startGitServer } from '../controlplane/git-server.ts';
import { startSshServer } from '../controlplane/ssh-server.ts';
import type { TestApplication } from '../language/application.ts';
import { type Expectation, met, pending, violated } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { appProject, configMap, registration, settingsMap } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);

describe('repositories that are registered in Secrets', () => {
  let world: World;
  let dataDir: string;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tiphys-private-'));
    world = await startWorld({ signal, operator: [`--data-dir=${dataDir}`] });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  const registered = (name: string, type: string, stringData: Readonly<Record<string, string>>) =>
    world.applied(registration(world.namespace, name, type, stringData));
  const credentials = { username: 'bot', password: 'sesame' };

  test('an Application is Synced as soon as the password is right', async () => {
    const url = await world.git.createRepository(
      'private',
      { 'a.yaml': configMap('a', '1') },
      { credentials },
    );
    const app = world.application('private', { repoURL: url, path: '.', syncPolicy: true });
    await world.given(registered('private', 'repository', { url, ...credentials, password: 'x' }));
    await world.when(app.created());
    await world.thenEventually(
      app.hasCondition('ComparisonError', /the server refused the credentials/),
    );
    await world.when(registered('private', 'repository', { url, ...credentials }));
    await world.thenEventually(app.isSynced(await world.git.revision('private')));
  });

  /** The mirror that holds a commit has so many of them, and no more. */
  const holdsCommits =
    (tip: string, expected: number): Expectation =>
    async () => {
      const mirrors = join(dataDir, '1/git/mirrors');
      const what = ['cat-file', '--batch-all-objects', '--batch-check=%(objecttype) %(objectname)'];
      for (const name of (await readdir(mirrors)).filter((one) => one.endsWith('.git'))) {
        const objects = (await git(join(mirrors, name), what)).trim().split('\n');
        const commits = objects.filter((one) => one.startsWith('commit '));
        if (!commits.includes(`commit ${tip}`)) continue;
        const found = `${commits.length} commits`;
        return commits.length === expected ? met(found) : violated(found);
      }
      return pending('no mirror has the commit');
    };

  test('of a repository with a depth no more commits are fetched than it says', async () => {
    const url = await world.git.createRepository('deep', { 'a.yaml': configMap('a', '0') });
    const push = (value: string) =>
      world.git.commit('deep', { files: { 'a.yaml': configMap('a', value) } });
    for (const value of ['1', '2', '3']) await push(value);
    const tip = await push('4');
    await world.given(registered('deep', 'repository', { url, depth: '2' }));
    const app = world.application('deep', { repoURL: url, path: '.', syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(tip), holdsCommits(tip, 2));
    await push('5');
    const later = await push('6');
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(later), holdsCommits(later, 4));
  });

  test('a repository of a project is permitted there, and only there', async () => {
    const url = await world.git.createRepository(
      'of-team',
      { 'a.yaml': configMap('a', '1') },
      { credentials },
    );
    const [team, others] = [world.name('team'), world.name('others')];
    const project = (name: string) =>
      appProject(world.namespace, name, {
        sourceRepos: ['https://nothing.example/'],
        clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
      });
    await world.given(
      world.applied(project(team), project(others)),
      registered('of-team', 'repository', { url, ...credentials, project: team }),
    );
    const source = { repoURL: url, path: '.', syncPolicy: true as const };
    const mine = world.application('mine', { ...source, project: team });
    const theirs = world.application('theirs', { ...source, project: others });
    await world.when(mine.created(), theirs.created());
    await world.thenEventually(
      mine.isSynced(await world.git.revision('of-team')),
      theirs.hasCondition('InvalidSpecError', /is not permitted in project/),
    );
  });

  /** As the other, of an Application that is refreshed again and again: the operator hears of ConfigMaps in its own time. */
  const onceRefreshed =
    (app: TestApplication, expected: Expectation): Expectation =>
    async (stop) => {
      await app.refreshed()();
      return await expected(stop);
    };

  /** An Application of a repository that anybody may read. */
  async function publicNeighbour(base: string) {
    const repoURL = await world.git.createRepository(base, { 'a.yaml': configMap('a', '1') });
    return world.application(base, { repoURL, syncPolicy: true });
  }

  test('an SSH server is talked to while argocd-ssh-known-hosts-cm has its key, without a restart', async () => {
    await using ssh = await startSshServer({ signal });
    await world.git.createRepository('over-ssh', { 'a.yaml': configMap('a', '1') });
    const url = ssh.urlOf(world.git.folderOf('over-ssh'));
    const neighbour = await publicNeighbour('beside-ssh');
    const app = world.application('over-ssh', { repoURL: url, syncPolicy: true });
    const known = (...lines: readonly string[]) =>
      world.applied(
        settingsMap(world.namespace, 'argocd-ssh-known-hosts-cm', {
          ssh_known_hosts: lines.join(''),
        }),
      );
    const isRefused = app.hasCondition(
      'ComparisonError',
      /repository ssh:.*over-ssh\.git: list refs: .*host key.*argocd-ssh-known-hosts-cm/is,
    );
    await world.given(
      registered('over-ssh', 'repository', { url, sshPrivateKey: ssh.privateKey }),
      known(ssh.wrongKnownHosts),
    );
    await world.when(app.created(), neighbour.created());
    await world.thenEventually(isRefused, neighbour.isSynced());
    await world.when(known(ssh.wrongKnownHosts, ssh.knownHosts));
    await world.thenEventually(app.isSynced(await world.git.revision('over-ssh')));
    await world.when(known());
    await world.thenEventually(
      onceRefreshed(app, isRefused),
      neighbour.isSynced(),
      neighbour.hasNoConditions(),
    );
  });

  test('an HTTPS server is talked to while argocd-tls-certs-cm has its authority, without a restart', async () => {
    const authority = createClientAuthority();
    await using server = await startGitServer({ signal, tls: authority.issueServer('127.0.0.1') });
    const url = await server.createRepository('over-tls', { 'a.yaml': configMap('a', '1') });
    const neighbour = await publicNeighbour('beside-tls');
    const app = world.application('over-tls', { repoURL: url, syncPolicy: true });
    const authorities = (data: Readonly<Record<string, string>>) =>
      world.applied(settingsMap(world.namespace, 'argocd-tls-certs-cm', data));
    const isRefused = app.hasCondition(
      'ComparisonError',
      /repository https:.*over-tls\.git: list refs: .*certificate.*argocd-tls-certs-cm/is,
    );
    await world.given(authorities({ 'other.example': authority.certificate }));
    await world.when(app.created(), neighbour.created());
    await world.thenEventually(isRefused, neighbour.isSynced());
    await world.when(authorities({ '127.0.0.1': authority.certificate }));
    await world.thenEventually(app.isSynced(await server.revision('over-tls')));
    await world.when(authorities({}));
    await world.thenEventually(
      onceRefreshed(app, isRefused),
      neighbour.isSynced(),
      neighbour.hasNoConditions(),
    );
  });
});
