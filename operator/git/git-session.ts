import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../core/errors.ts';
import type { RepositoryAccess } from '../core/repository/access.ts';
import { transportOf } from '../core/revision/repository-url.ts';
import { type Mask, maskCredentials } from './sign-in/mask-sent.ts';
import type { GitCredential } from './sign-in/sign-in.ts';

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
  /** How long git may take to end when it is told to, before it is killed. Default 2 s. */
  readonly stopMs?: number;
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
  /** A text without the credentials of this session: a server may say to us what we have sent. */
  readonly masked: Mask;
}

/**
 * Turns credentials into environment variables and files only we can read. They never appear in
 * an argument, in a URL or in the configuration of the mirror. The header is bound to the
 * repository's own scheme, host and port.
 */
export async function openGitSession(
  git: GitEnvironment,
  repoUrl: string,
  access: RepositoryAccess,
  registered: GitCredential,
): Promise<GitSession> {
  const { url, credential } = separate(repoUrl.trim(), registered);
  const folder = join(git.home, `session-${randomUUID()}`);
  const close = () => rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const overSsh = transportOf(url) === 'ssh';
    const env = {
      ...localEnvironment(throughProxy(git, access), overSsh ? [] : headerConfig(url, credential)),
      ...(overSsh
        ? { GIT_SSH_COMMAND: await sshCommand(folder, access, credential) }
        : await tlsVariables(folder, access)),
    };
    const masked = maskCredentials(credential, access);
    return { url, env, masked, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * What of a session another `git` needs to sign in, without our own configuration.
 */
export async function openForeignSession(
  git: GitEnvironment,
  repoUrl: string,
  access: RepositoryAccess,
  registered: GitCredential,
): Promise<AsyncDisposable & { readonly env: Readonly<Record<string, string>> }> {
  const session = await openGitSession(git, repoUrl, access, registered);
  const { credential } = separate(repoUrl.trim(), registered);
  const header = transportOf(session.url) === 'ssh' ? [] : headerConfig(session.url, credential);
  const env: Record<string, string> = { GIT_TERMINAL_PROMPT: '0' };
  for (const [name, value] of Object.entries(session.env)) {
    if (FOREIGN_VARIABLES.test(name)) env[name] = value;
  }
  for (const [index, [key, value]] of header.entries()) {
    env['GIT_CONFIG_COUNT'] = String(header.length);
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return { env, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
}

const FOREIGN_VARIABLES = /^(?:GIT_SSH_COMMAND|GIT_SSL_\w+|https?_proxy|no_proxy)$/i;

/** Takes `user:password@` out of a URL; a registered credential wins over those. */
function separate(
  repoUrl: string,
  registered: GitCredential,
): { readonly url: string; readonly credential: GitCredential } {
  if (!/^https?:\/\/[^/]*@/i.test(repoUrl)) return { url: repoUrl, credential: registered };
  const parsed = new URL(repoUrl);
  const username = decodeURIComponent(parsed.username);
  const password = decodeURIComponent(parsed.password);
  parsed.username = '';
  parsed.password = '';
  const own: GitCredential =
    registered.type === 'none' && password !== ''
      ? { type: 'basic', username, password }
      : registered;
  return { url: parsed.href, credential: own };
}

const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];

/** The proxy of a repository takes the place of all those of the environment. */
function throughProxy(git: GitEnvironment, { proxy }: RepositoryAccess): GitEnvironment {
  if (proxy === undefined) return git;
  const others = Object.entries(git.extra).filter(
    ([name]) => !PROXY_VARIABLES.includes(name.toLowerCase()),
  );
  const extra = {
    ...Object.fromEntries(others),
    http_proxy: proxy.url,
    https_proxy: proxy.url,
    no_proxy: proxy.except,
  };
  return { ...git, extra };
}

function headerConfig(
  url: string,
  credential: GitCredential,
): readonly (readonly [string, string])[] {
  const header = authorization(credential);
  if (header === undefined) return [];
  const { protocol, host } = new URL(url);
  return [[`http.${protocol}//${host}/.extraHeader`, `Authorization: ${header}`]];
}

function authorization(credential: GitCredential): string | undefined {
  switch (credential.type) {
    case 'bearer':
      return `Bearer ${credential.token}`;
    case 'basic': {
      const { username, password } = credential;
      return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    }
    case 'none':
    case 'ssh':
      return undefined;
  }
}

async function tlsVariables(
  folder: string,
  { insecure, caData, clientCertificate }: RepositoryAccess,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  if (insecure) env['GIT_SSL_NO_VERIFY'] = '1';
  else if (caData !== undefined) env['GIT_SSL_CAINFO'] = await secretFile(folder, 'ca.pem', caData);
  if (clientCertificate !== undefined) {
    const { certificate, key } = clientCertificate;
    env['GIT_SSL_CERT'] = await secretFile(folder, 'client.pem', certificate);
    env['GIT_SSL_KEY'] = await secretFile(folder, 'client.key', key);
  }
  return env;
}

/** Only the key and the hosts of the configuration count, not those of whoever runs this process. */
async function sshCommand(
  folder: string,
  { insecure, sshKnownHosts, proxy }: RepositoryAccess,
  credential: GitCredential,
): Promise<string> {
  const options = ['BatchMode=yes', 'IdentitiesOnly=yes', 'GlobalKnownHostsFile=/dev/null'];
  if (credential.type === 'ssh') {
    const key = `${credential.privateKey}\n`; // ssh refuses a key without its last line end
    options.push(`IdentityFile=${quote(await secretFile(folder, 'id', key))}`);
  } else options.push('IdentityFile=/dev/null');
  if (insecure) options.push('StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null');
  else {
    const hosts = await secretFile(folder, 'known_hosts', sshKnownHosts ?? '');
    options.push('StrictHostKeyChecking=yes', `UserKnownHostsFile=${quote(hosts)}`);
  }
  if (proxy !== undefined) options.push(proxyCommand(proxy.url));
  return `ssh -F /dev/null ${options.map((option) => `-o ${option}`).join(' ')}`;
}

/** ssh itself knows no proxies: `connect-proxy` leads it through one that speaks SOCKS 5. */
function proxyCommand(url: string): string {
  const address = /^socks5h?:\/\/([\w.-]+:\d+)\/?$/i.exec(url)?.[1];
  if (address === undefined) {
    throw new TiphysError('InvalidConfig', 'proxy of an ssh repository: is no socks5://HOST:PORT', {
      retry: 'backoff', // the Secret is read anew each time
      hint: 'Correct the key proxy in the Secret; user names are not supported there.',
    });
  }
  return `ProxyCommand=${quote(`connect-proxy -5 -S ${address} %h %p`)}`;
}

async function secretFile(folder: string, name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content, { mode: 0o600 });
  return file;
}

/** GIT_SSH_COMMAND is the one text that git itself hands to a shell; it holds only what we made or checked. */
function quote(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
