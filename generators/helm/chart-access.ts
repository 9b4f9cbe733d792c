import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../../operator/core/errors.ts';
import type { RepositoryAccess } from '../../operator/core/repository/access.ts';
import { proxyVariables } from '../process/proxy-variables.ts';

/** What helm needs to know about one repository, and how to name a chart of it. */
export interface PreparedRepository {
  /** Behind `helm show chart` and `helm pull`. */
  readonly chart: string;
  /** Flags of both. */
  readonly flags: readonly string[];
  /** Whether `helm repo update` must fetch an index before. */
  readonly hasIndex: boolean;
  /** Texts that must not be shown. */
  readonly secrets: readonly string[];
  /** Variables of the proxy. */
  readonly env: Readonly<Record<string, string>>;
}

const NAME = 'source';

/** True for a registry: a repository without a scheme. */
export function isRegistry(repoUrl: string): boolean {
  return !repoUrl.includes('://');
}

/**
 * Writes what helm reads about a repository into its private home, credentials among it: they are never
 * on a command line. Errors: `InvalidConfig` when the registration cannot be used for a chart.
 */
export async function prepareRepository(
  home: string,
  repoUrl: string,
  chart: string,
  access: RepositoryAccess,
  options: { readonly passCredentials: boolean },
): Promise<PreparedRepository> {
  if (access.problem !== undefined) throw new TiphysError('InvalidConfig', access.problem);
  const files = await writeCertificates(home, NAME, access);
  const { username, password } = basicCredentials(repoUrl, access);
  const secrets = [password, Buffer.from(`${username}:${password}`).toString('base64')];
  const common = {
    secrets: password === '' ? [] : secrets,
    env: proxyVariables(access),
  };

  if (isRegistry(repoUrl)) {
    const base = repoUrl.replace(/\/+$/, '');
    await writeRegistryLogins(
      home,
      new Map(password === '' ? [] : [[hostOf(base), secrets[1] ?? '']]),
    );
    const flags = [
      ...(files.ca === undefined ? [] : ['--ca-file', files.ca]),
      ...(files.cert === undefined ? [] : ['--cert-file', files.cert]),
      ...(files.key === undefined ? [] : ['--key-file', files.key]),
      ...tlsFlags(access),
    ];
    return { chart: `oci://${base}/${chart}`, flags, hasIndex: false, ...common };
  }
  const entry = { name: NAME, url: repoUrl, username, password };
  const { passCredentials } = options;
  await writeRepositories(home, [repositoryEntry(entry, files, access, passCredentials)]);
  // What is known of the repository counts for its index, but not for the archives of its charts.
  const flags = access.insecure ? ['--insecure-skip-tls-verify'] : [];
  return { chart: `${NAME}/${chart}`, flags, hasIndex: true, ...common };
}

/** Flags for a registry whose certificate is not checked, or that has none. */
export function tlsFlags({ insecure, plainHttp }: RepositoryAccess): readonly string[] {
  if (plainHttp === true) return ['--plain-http'];
  return insecure ? ['--insecure-skip-tls-verify'] : [];
}

/** The host, with its port, of a registry. */
export function hostOf(registry: string): string {
  return registry.split('/')[0] ?? '';
}

/** Signs in to registries: `auth` by host. */
export async function writeRegistryLogins(
  home: string,
  logins: ReadonlyMap<string, string>,
): Promise<void> {
  const auths = Object.fromEntries(Array.from(logins, ([host, auth]) => [host, { auth }]));
  await mkdir(join(home, 'config', 'registry'), { recursive: true });
  await writePrivate(join(home, 'config', 'registry', 'config.json'), { auths });
}

/** One repository in the words of helm. */
export function repositoryEntry(
  entry: {
    readonly name: string;
    readonly url: string;
    readonly username: string;
    readonly password: string;
  },
  files: CertificateFiles,
  access: RepositoryAccess,
  passCredentials: boolean,
): object {
  return {
    ...entry,
    caFile: files.ca ?? '',
    certFile: files.cert ?? '',
    keyFile: files.key ?? '',
    insecure_skip_tls_verify: access.insecure,
    pass_credentials_all: passCredentials,
  };
}

/** Makes repositories known to helm. */
export async function writeRepositories(
  home: string,
  repositories: readonly object[],
): Promise<void> {
  await mkdir(join(home, 'config'), { recursive: true });
  const list = { apiVersion: '', generated: '0001-01-01T00:00:00Z', repositories };
  await writePrivate(join(home, 'config', 'repositories.yaml'), list); // JSON is YAML
}

function basicCredentials(
  repoUrl: string,
  { credential }: RepositoryAccess,
): { readonly username: string; readonly password: string } {
  switch (credential.type) {
    case 'none':
      return { username: '', password: '' };
    case 'basic':
      return credential;
    default:
      throw new TiphysError(
        'InvalidConfig',
        `${repoUrl}: charts are fetched with username and password, not with ${credential.type}`,
      );
  }
}

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Writes the certificates of one repository, whose name is part of theirs. */
export async function writeCertificates(
  home: string,
  repository: string,
  { caData, clientCertificate }: RepositoryAccess,
): Promise<CertificateFiles> {
  const files: { ca?: string; cert?: string; key?: string } = {};
  const put = async (name: 'ca' | 'cert' | 'key', pem: string | undefined) => {
    if (pem === undefined) return;
    files[name] = join(home, `${repository}-${name}.pem`);
    await writeFile(files[name], pem, { mode: 0o600 });
  };
  await put('ca', caData);
  await put('cert', clientCertificate?.certificate);
  await put('key', clientCertificate?.key);
  return files;
}

async function writePrivate(file: string, content: object): Promise<void> {
  await writeFile(file, JSON.stringify(content), { mode: 0o600 });
}
