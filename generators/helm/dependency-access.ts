import { TiphysError } from '../../operator/core/errors.ts';
import { ANONYMOUS, type RepositoryAccess } from '../../operator/core/repository/access.ts';
import type { SourceReach } from '../../operator/ports/source-repositories.ts';
import {
  hostOf,
  repositoryEntry,
  tlsFlags,
  writeCertificates,
  writeRegistryLogins,
  writeRepositories,
} from './chart-access.ts';
import { proxyVariables } from '../process/proxy-variables.ts';
import type { Dependencies } from './dependencies.ts';

/** On whose behalf dependencies are fetched. */
export interface DependencyReader {
  readonly project: string;
  /** Without it nothing signs in, and no repository has a name. */
  readonly reach: SourceReach | undefined;
  readonly passCredentials: boolean;
}

/** What `helm dependency build` needs besides its private home, in which the credentials stand. */
export interface PreparedDependencies {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Texts that must not be shown. */
  readonly secrets: readonly string[];
  /** Repositories that the project may not read: nothing signs in to them. */
  readonly refused: readonly string[];
}

interface Place {
  readonly url: string;
  readonly access: RepositoryAccess;
}

/**
 * Writes what is registered for the repositories of a chart's dependencies into helm's home. Credentials
 * count only where the project may read the repository; what everybody may read is fetched without.
 *
 * Errors: `InvalidSpec` for a name that is not registered, `InvalidConfig` for a registration that cannot
 * be used, `NotPermitted` for a name of a repository that the project may not read.
 */
export async function prepareDependencies(
  home: string,
  { repositories, registries, names }: Dependencies,
  reader: DependencyReader,
): Promise<PreparedDependencies> {
  const { passCredentials } = reader;
  const refused: string[] = [];
  const secrets = new Set<string>();
  const named = names.map((name) => ({ name, ...reachNamed(name, reader) }));
  const byUrl = repositories.map((url, index) => ({
    name: `dependency-${index + 1}`,
    ...reachUrl(url, url, reader, refused),
  }));
  const entries: object[] = [];
  for (const { name, url, access } of [...named, ...byUrl]) {
    const { username, password } = signIn(access, secrets);
    const files = await writeCertificates(home, `repository-${entries.length + 1}`, access);
    entries.push(
      repositoryEntry({ name, url, username, password }, files, access, passCredentials),
    );
  }
  await writeRepositories(home, entries);

  const logins = new Map<string, string>();
  const flags = new Set<string>();
  const places: Place[] = registries.map((registry) => reachRegistry(registry, reader, refused));
  for (const { url, access } of places) {
    const { auth } = signIn(access, secrets);
    if (auth !== '' && !logins.has(hostOf(url))) logins.set(hostOf(url), auth);
    const files = await writeCertificates(home, `registry-${hostOf(url)}`, access);
    // For all of them there is one of each flag.
    if (files.ca !== undefined) flags.add(`--ca-file=${files.ca}`);
    if (files.cert !== undefined) flags.add(`--cert-file=${files.cert}`);
    if (files.key !== undefined) flags.add(`--key-file=${files.key}`);
    for (const flag of tlsFlags(access)) flags.add(flag);
  }
  await writeRegistryLogins(home, logins);
  const proxied = [...named, ...byUrl, ...places].find(({ access }) => access.proxy !== undefined);
  const env = proxied === undefined ? {} : proxyVariables(proxied.access);
  return { flags: [...flags], env, secrets: [...secrets], refused };
}

function reachNamed(name: string, { reach, project }: DependencyReader): Place {
  const url = reach?.named(name, project);
  if (reach === undefined || url === undefined) {
    throw new TiphysError('InvalidSpec', `the dependency's repository @${name} is not registered`, {
      hint: 'Register a repository of type helm under that name, or name it by URL.',
    });
  }
  const why = reach.refusal(url, project);
  if (why !== undefined) throw new TiphysError('NotPermitted', `helm repos ${url}: ${why}`);
  return { url, access: usable(reach.access(url, project)) };
}

/** `asked` is what is looked for among the registrations. */
function reachUrl(
  url: string,
  asked: string,
  { reach, project }: DependencyReader,
  refused: string[],
): Place {
  if (reach === undefined) return { url, access: ANONYMOUS };
  const access = reach.access(asked, project);
  if (reach.refusal(asked, project) === undefined) return { url, access: usable(access) };
  refused.push(url);
  return { url, access: ANONYMOUS };
}

/** A registration counts for everything below its own folder. */
function reachRegistry(registry: string, reader: DependencyReader, refused: string[]): Place {
  const { reach, project } = reader;
  const names = registry.replace(/\/+$/, '').split('/');
  const folders = names.map((_name, index) => names.slice(0, names.length - index).join('/'));
  const registered = folders.find((folder) => {
    const access = reach?.access(folder, project);
    if (access === undefined) return false;
    const { credential, insecure, clientCertificate, proxy } = access;
    return credential.type !== 'none' || insecure || (clientCertificate ?? proxy) !== undefined;
  });
  const { access } = reachUrl(registry, registered ?? registry, reader, refused);
  return { url: registry, access };
}

function usable(access: RepositoryAccess): RepositoryAccess {
  if (access.problem !== undefined) throw new TiphysError('InvalidConfig', access.problem);
  return access;
}

/** Other kinds of credentials are for Git. */
function signIn({ credential }: RepositoryAccess, secrets: Set<string>) {
  if (credential.type !== 'basic') return { username: '', password: '', auth: '' };
  const { username, password } = credential;
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  for (const secret of [password, encodeURIComponent(password), auth]) secrets.add(secret);
  return { username, password, auth };
}
