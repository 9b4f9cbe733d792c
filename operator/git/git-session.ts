import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transportOf } from '../core/revision/repository-url.ts';
import type { RepositoryCredentials } from '../ports/source-repositories.ts';

/** What every `git` process of ours runs with, whatever it does. */
export interface GitEnvironment {
  /** Empty folder that stands for HOME. */
  readonly home: string;
  /** Where programs are found. */
  readonly path: string;
  /** Extra variables, such as proxies. */
  readonly extra: Readonly<Record<string, string>>;
  /** Local repositories are for tests and the command line: an Application must not read our disk. */
  readonly allowLocal: boolean;
}

/** Configuration that no repository and no user file may change. */
const FIXED_CONFIG: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  // A redirect would carry the credentials to whatever host it names.
  ['http.followRedirects', 'false'],
  ['protocol.ext.allow', 'never'],
  ['transfer.credentialsInUrl', 'die'],
  ['credential.helper', ''],
  ['safe.bareRepository', 'all'],
];

/** The environment of a `git` process that stays on this machine. */
export function localEnvironment(
  git: GitEnvironment,
  config: readonly (readonly [string, string])[] = [],
): Record<string, string> {
  const entries = [...FIXED_CONFIG, ...config];
  const variables: Record<string, string> = {
    ...git.extra,
    PATH: git.path,
    HOME: git.home,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_ALLOW_PROTOCOL: git.allowLocal ? 'https:http:ssh:git:file' : 'https:http:ssh:git',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_CONFIG_COUNT: String(entries.length),
  };
  for (const [index, [key, value]] of entries.entries()) {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return variables;
}

/** The environment of one `git` process that signs in somewhere; disposing removes its key files. */
export interface GitSession extends AsyncDisposable {
  /** The address to give to git: without user information, which would show in its arguments. */
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Turns credentials into environment variables and files only we can read. They never appear in
 * an argument, in a URL or in the configuration of the mirror. The header is bound to the
 * repository's own scheme, host and port.
 */
export async function openGitSession(
  git: GitEnvironment,
  repoUrl: string,
  registered: RepositoryCredentials | undefined,
  sshKnownHosts: string | undefined,
): Promise<GitSession> {
  const { url, credentials } = separate(repoUrl.trim(), registered);
  const folder = join(git.home, `session-${randomUUID()}`);
  const close = () => rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const transport = transportOf(url);
    const config = transport === 'ssh' ? [] : headerConfig(url, credentials);
    const env = localEnvironment(git, config);
    if (transport === 'ssh') {
      env['GIT_SSH_COMMAND'] = await sshCommand(folder, credentials, sshKnownHosts);
    }
    if (credentials?.insecure === true) env['GIT_SSL_NO_VERIFY'] = '1';
    else if (credentials?.caData !== undefined) {
      env['GIT_SSL_CAINFO'] = await secretFile(folder, 'ca.pem', credentials.caData);
    }
    return { url, env, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Takes `user:password@` out of a URL; registered credentials win over those. */
function separate(
  repoUrl: string,
  registered: RepositoryCredentials | undefined,
): { readonly url: string; readonly credentials: RepositoryCredentials | undefined } {
  if (!/^https?:\/\/[^/]*@/i.test(repoUrl)) return { url: repoUrl, credentials: registered };
  const parsed = new URL(repoUrl);
  const own = {
    ...(parsed.username !== '' && { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password !== '' && { password: decodeURIComponent(parsed.password) }),
  };
  parsed.username = '';
  parsed.password = '';
  return { url: parsed.href, credentials: { ...own, ...registered } };
}

function headerConfig(
  url: string,
  credentials: RepositoryCredentials | undefined,
): readonly (readonly [string, string])[] {
  const header = authorization(credentials);
  if (header === undefined) return [];
  const { protocol, host } = new URL(url);
  return [[`http.${protocol}//${host}/.extraHeader`, `Authorization: ${header}`]];
}

function authorization(credentials: RepositoryCredentials | undefined): string | undefined {
  if (credentials?.bearerToken !== undefined) return `Bearer ${credentials.bearerToken}`;
  if (credentials?.password === undefined) return undefined;
  const username = credentials.username ?? 'x-access-token';
  return `Basic ${Buffer.from(`${username}:${credentials.password}`).toString('base64')}`;
}

async function sshCommand(
  folder: string,
  credentials: RepositoryCredentials | undefined,
  sshKnownHosts: string | undefined,
): Promise<string> {
  const options = ['ssh', '-F', '/dev/null', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes'];
  if (credentials?.sshPrivateKey !== undefined) {
    const key = `${credentials.sshPrivateKey}\n`; // ssh refuses a key without its last line end
    options.push('-i', quote(await secretFile(folder, 'id', key)));
  }
  if (credentials?.insecure === true) {
    options.push('-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null');
  } else {
    const hosts = await secretFile(folder, 'known_hosts', sshKnownHosts ?? '');
    options.push('-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${quote(hosts)}`);
  }
  return options.join(' ');
}

async function secretFile(folder: string, name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content, { mode: 0o600 });
  return file;
}

/** GIT_SSH_COMMAND is the one text that git itself hands to a shell; it holds only paths of ours. */
function quote(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
