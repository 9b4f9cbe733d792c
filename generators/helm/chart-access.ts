import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../../operator/core/errors.ts';
import type { RepositoryAccess } from '../../operator/core/repository/access.ts';

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
  const config = join(home, 'config');
  await mkdir(join(config, 'registry'), { recursive: true });
  const files = await writeCertificates(home, access);
  const { username, password } = basicCredentials(repoUrl, access);
  const secrets = [password, Buffer.from(`${username}:${password}`).toString('base64')];
  const common = {
    secrets: password === '' ? [] : secrets,
    env: proxyVariables(access),
  };

  if (isRegistry(repoUrl)) {
    const base = repoUrl.replace(/\/+$/, '');
    const host = base.split('/')[0] ?? '';
    const auths = password === '' ? {} : { [host]: { auth: secrets[1] } };
    await writePrivate(join(config, 'registry', 'config.json'), { auths });
    const flags = [
      ...(files.ca === undefined ? [] : ['--ca-file', files.ca]),
      ...(files.cert === undefined ? [] : ['--cert-file', files.cert]),
      ...(files.key === undefined ? [] : ['--key-file', files.key]),
      ...(access.insecure ? ['--insecure-skip-tls-verify'] : []),
    ];
    return { chart: `oci://${base}/${chart}`, flags, hasIndex: false, ...common };
  }
  const repository = {
    name: NAME,
    url: repoUrl,
    username,
    password,
    caFile: files.ca ?? '',
    certFile: files.cert ?? '',
    keyFile: files.key ?? '',
    insecure_skip_tls_verify: access.insecure,
    pass_credentials_all: options.passCredentials,
  };
  const list = { apiVersion: '', generated: '0001-01-01T00:00:00Z', repositories: [repository] };
  await writePrivate(join(config, 'repositories.yaml'), list); // JSON is YAML
  return { chart: `${NAME}/${chart}`, flags: [], hasIndex: true, ...common };
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

async function writeCertificates(
  home: string,
  { caData, clientCertificate }: RepositoryAccess,
): Promise<{ readonly ca?: string; readonly cert?: string; readonly key?: string }> {
  const files: { ca?: string; cert?: string; key?: string } = {};
  const put = async (name: 'ca' | 'cert' | 'key', pem: string | undefined) => {
    if (pem === undefined) return;
    files[name] = join(home, `${name}.pem`);
    await writeFile(files[name], pem, { mode: 0o600 });
  };
  await put('ca', caData);
  await put('cert', clientCertificate?.certificate);
  await put('key', clientCertificate?.key);
  return files;
}

function proxyVariables({ proxy }: RepositoryAccess): Record<string, string> {
  if (proxy === undefined) return {};
  return { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: proxy.except };
}

async function writePrivate(file: string, content: object): Promise<void> {
  await writeFile(file, JSON.stringify(content), { mode: 0o600 });
}
