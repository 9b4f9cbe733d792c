import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access as exists } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createServerCertificate } from '../../e2e/controlplane/certificates.ts';
import { type GitServer, startGitServer } from '../../e2e/controlplane/git-server.ts';
import { type SshServer, startSshServer } from '../../e2e/controlplane/ssh-server.ts';
import { hasCode } from '../core/errors.ts';
import { ANONYMOUS, type RepositoryAccess } from '../core/repository/access.ts';
import { openRepositories } from './testing/open-repositories.ts';

const signal = AbortSignal.timeout(120_000);

/** What a git that knows nothing of us lists with the variables. */
async function listWith(url: string, access: Partial<RepositoryAccess>): Promise<string> {
  await using opened = await openRepositories(access);
  await using session = await opened.repositories.signInVariables(url, {}, signal);
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...session.env };
  const { stdout } = await promisify(execFile)('git', ['ls-remote', url, 'HEAD'], { env, signal });
  return stdout.split('\t')[0] ?? '';
}

describe('variables for the git of somebody else', () => {
  const tls = createServerCertificate('127.0.0.1');
  const secrets = { username: 'bob', password: 'pä ss' };
  let git: GitServer;
  let ssh: SshServer;
  let [https, overSsh] = ['', ''];
  before(async () => {
    git = await startGitServer({ signal, tls });
    ssh = await startSshServer({ signal });
    https = await git.createRepository('private', { a: 'x' }, { credentials: secrets });
    overSsh = ssh.urlOf(git.folderOf('private'));
  });
  after(async () => {
    await ssh[Symbol.asyncDispose]();
    await git[Symbol.asyncDispose]();
  });

  test('sign in with a password, over an authority of its own', async () => {
    const credential = { type: 'basic', ...secrets } as const;
    const commit = await git.revision('private');
    assert.equal(await listWith(https, { caData: tls.certificate, credential }), commit);
    await assert.rejects(listWith(https, { caData: tls.certificate }));
    await assert.rejects(listWith(https, { credential }));
  });

  test('sign in with an SSH key, to a host that is known', async () => {
    const credential = { type: 'ssh', privateKey: ssh.privateKey } as const;
    const commit = await git.revision('private');
    assert.equal(await listWith(overSsh, { credential, sshKnownHosts: ssh.knownHosts }), commit);
    await assert.rejects(listWith(overSsh, { credential, sshKnownHosts: ssh.wrongKnownHosts }));
  });

  test('are bound to the server of the repository, and nothing of them stays on disk', async () => {
    const credential = { type: 'basic', ...secrets } as const;
    const caData = tls.certificate;
    await using opened = await openRepositories({ credential, caData });
    const session = await opened.repositories.signInVariables(https, {}, signal);
    assert.equal(session.env['GIT_CONFIG_COUNT'], '1');
    assert.equal(session.env['GIT_CONFIG_KEY_0'], `http.${new URL(https).origin}/.extraHeader`);
    const file = session.env['GIT_SSL_CAINFO'] ?? '';
    await exists(file);
    await session[Symbol.asyncDispose]();
    await assert.rejects(exists(file), { code: 'ENOENT' });
  });

  test('are those of the project, and a registration that is broken is told', async () => {
    const access = (_url: string, project: string): RepositoryAccess => ({
      ...ANONYMOUS,
      ...(project === 'a' && { scope: 'a', credential: { type: 'bearer', token: 'of-a' } }),
      ...(project === 'b' && { problem: 'Secret b: insecure: is neither true nor false' }),
    });
    await using opened = await openRepositories({}, { access });
    const variables = (project: string) =>
      opened.repositories.signInVariables(https, { project }, signal);
    assert.equal((await variables('a')).env['GIT_CONFIG_VALUE_0'], 'Authorization: Bearer of-a');
    assert.equal((await variables('')).env['GIT_CONFIG_VALUE_0'], undefined);
    await assert.rejects(variables('b'), (error) => hasCode(error, 'InvalidConfig'));
  });
});
