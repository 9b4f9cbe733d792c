import { isJsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { normaliseRepoUrl } from '../repo-url.ts';
import { chooseCredential, type RepositoryAccess } from './access.ts';
import {
  bareRecord,
  parseRepositorySecret,
  TEMPLATE_TEXTS,
  type RepositoryRecord,
} from './repository-record.ts';

/** The part of the configuration in which repositories are registered. */
export interface RepositoryConfig {
  secretsOfType(type: string): readonly KubeObject[];
  configMap(name: string): KubeObject | undefined;
}

/**
 * What is registered for a repository, as an application of `project` sees it: the registration of
 * that project, else the one for all projects, else a bare record; without credentials of its own
 * it gets those of the `repo-creds` template whose URL is the longest prefix. An empty project sees
 * only what is registered for all.
 */
export function findRepository(
  url: string,
  project: string,
  config: Pick<RepositoryConfig, 'secretsOfType'>,
): RepositoryRecord {
  const wanted = normaliseRepoUrl(url);
  if (wanted === '') return bareRecord(url);
  const records = config
    .secretsOfType('repository')
    .map(parseRepositorySecret)
    .filter((record) => normaliseRepoUrl(record.url) === wanted);
  const own =
    records.find((record) => project !== '' && record.project === project) ??
    records.find((record) => record.project === '') ??
    bareRecord(url);
  return withInherited(own, config);
}

/** A registration with the credentials of the template that counts for it, unless it has its own. */
export function withInherited(
  own: RepositoryRecord,
  config: Pick<RepositoryConfig, 'secretsOfType'>,
): RepositoryRecord {
  if (hasCredentials(own)) return own;
  const template = findTemplate(own.url, config);
  return template === undefined ? own : withTemplate(own, template);
}

/** The template of credentials that counts for a URL. */
export function findTemplate(
  url: string,
  config: Pick<RepositoryConfig, 'secretsOfType'>,
): RepositoryRecord | undefined {
  const wanted = normaliseRepoUrl(url);
  let best: RepositoryRecord | undefined;
  let length = 0;
  for (const record of config.secretsOfType('repo-creds').map(parseRepositorySecret)) {
    const prefix = normaliseRepoUrl(record.url);
    if (prefix.length <= length || !wanted.startsWith(prefix)) continue;
    if (!sameHost(prefix, wanted)) continue;
    best = record;
    length = prefix.length;
  }
  return best;
}

/** URLs of the repositories that are registered for one project alone. */
export function repositoriesOfProject(
  project: string,
  config: Pick<RepositoryConfig, 'secretsOfType'>,
): readonly string[] {
  if (project === '') return [];
  return config
    .secretsOfType('repository')
    .map(parseRepositorySecret)
    .filter((record) => record.project === project && record.url !== '')
    .map((record) => record.url);
}

/** URL of the Helm repository of a name: the project's own, else one that is registered for all. */
export function findNamedRepository(
  name: string,
  project: string,
  config: Pick<RepositoryConfig, 'secretsOfType'>,
): string | undefined {
  const records = config
    .secretsOfType('repository')
    .map(parseRepositorySecret)
    .filter((record) => name !== '' && record.name === name && record.type === 'helm');
  const own = project !== '' && records.find((record) => record.project === project);
  return (own || records.find((record) => record.project === ''))?.url;
}

/** How to get to a repository: its registration, with what the ConfigMaps say about its server. */
export function accessTo(url: string, project: string, config: RepositoryConfig): RepositoryAccess {
  return accessOf(findRepository(url, project, config), config);
}

/** Types of Secrets that are for writing, by those for reading whose rules they follow. */
const FOR_WRITING: Readonly<Record<string, string>> = {
  repository: 'repository-write',
  'repo-creds': 'repo-write-creds',
};

/**
 * How to write to a repository: by registrations for writing alone, which are found as those for reading are.
 * `undefined` when there is none.
 */
export function writeAccessTo(
  url: string,
  project: string,
  config: RepositoryConfig,
): RepositoryAccess | undefined {
  const forWriting = {
    secretsOfType: (type: string) => config.secretsOfType(FOR_WRITING[type] ?? type),
  };
  const record = findRepository(url, project, forWriting);
  return record.secret === '' ? undefined : accessOf(record, config);
}

/** How to get to a repository by a registration, stored or not. */
export function accessOf(
  record: RepositoryRecord,
  config: Pick<RepositoryConfig, 'configMap'>,
): RepositoryAccess {
  const { tlsClientCertData: certificate, tlsClientCertKey: key } = record;
  const insecure = record.insecure || record.insecureIgnoreHostKey || record.insecureOCIForceHttp;
  const caData = textOf(config.configMap('argocd-tls-certs-cm'), hostOf(record.url));
  const sshKnownHosts = textOf(config.configMap('argocd-ssh-known-hosts-cm'), 'ssh_known_hosts');
  return {
    scope: record.project,
    credential: chooseCredential(record),
    insecure,
    ...(record.insecureOCIForceHttp && { plainHttp: true }),
    ...(caData !== undefined && !insecure && { caData }),
    ...(certificate !== '' && key !== '' && { clientCertificate: { certificate, key } }),
    ...(record.proxy !== '' && { proxy: { url: record.proxy, except: record.noProxy } }),
    ...(sshKnownHosts !== undefined && { sshKnownHosts }),
    lfs: record.enableLfs,
    depth: record.depth,
    ...(record.blobLimit > 0 && { blobLimit: record.blobLimit }),
    ...(record.problems.length > 0 && {
      problem: `Secret ${record.secret}: ${record.problems.join('; ')}`,
    }),
  };
}

/** The host of a URL or scp-like address, without user and port, in lower case. */
export function hostOf(url: string): string {
  const rest = url.trim().replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
  const authority = rest.split(/[/?#]/, 1)[0] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return (/^\[[^\]]*\]/.exec(host)?.[0] ?? host.split(':', 1)[0] ?? '').toLowerCase();
}

/** A Google key does not count: it is what Argo CD lets a template add to. */
function hasCredentials(record: RepositoryRecord): boolean {
  return (
    record.useAzureWorkloadIdentity ||
    [
      record.username,
      record.password,
      record.bearerToken,
      record.sshPrivateKey,
      record.tlsClientCertData,
      record.githubAppPrivateKey,
      record.azureServicePrincipalClientSecret,
    ].some((value) => value !== '')
  );
}

function withTemplate(own: RepositoryRecord, template: RepositoryRecord): RepositoryRecord {
  const texts = TEMPLATE_TEXTS.map(
    (key) => [key, own[key] === '' ? template[key] : own[key]] as const,
  );
  return {
    ...own,
    ...Object.fromEntries(texts),
    githubAppID: own.githubAppID || template.githubAppID,
    githubAppInstallationID: own.githubAppInstallationID || template.githubAppInstallationID,
    // These four are the template's, also when it says nothing.
    enableOCI: template.enableOCI,
    insecureOCIForceHttp: template.insecureOCIForceHttp,
    forceHttpBasicAuth: template.forceHttpBasicAuth,
    useAzureWorkloadIdentity: template.useAzureWorkloadIdentity,
    secret: own.secret === '' ? template.secret : own.secret,
    problems: [...own.problems, ...template.problems],
    inheritedCreds: true,
  };
}

/**
 * A prefix may end in the middle of a path, as Argo CD has it, but never in the middle of a host:
 * `https://git.example` must not hand its password to `https://git.example.evil.net`.
 */
function sameHost(prefix: string, url: string): boolean {
  const host = hostOf(prefix);
  return host === '' || host === hostOf(url);
}

function textOf(map: KubeObject | undefined, key: string): string | undefined {
  const data = map?.['data'];
  const value = isJsonObject(data) ? data[key] : undefined;
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
