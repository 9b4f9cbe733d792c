import type { RepositoryRecord } from './repository-record.ts';

/** What proves who we are. Values are secrets: never logged, never on a command line. */
export type Credential =
  | { readonly type: 'none' }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'ssh'; readonly privateKey: string }
  | {
      readonly type: 'github-app';
      readonly appId: number;
      /** Looked up by the owner in the repository's URL when absent. */
      readonly installationId: number | undefined;
      /** PEM. */
      readonly privateKey: string;
      /** Of the REST API, without a slash at its end. */
      readonly apiUrl: string;
    }
  /** `key` is the JSON file of a Google service account. */
  | { readonly type: 'google'; readonly key: string }
  | { readonly type: 'azure-workload-identity' }
  | {
      readonly type: 'azure-service-principal';
      readonly clientId: string;
      readonly clientSecret: string;
      readonly tenantId: string;
      /** Of the directory, without a slash at its end. */
      readonly endpoint: string;
    };

/** How to get to one repository, whose registration was found for one project. */
export interface RepositoryAccess {
  /** The project that the repository is registered for; empty: all. Different scopes share no mirror. */
  readonly scope: string;
  readonly credential: Credential;
  /** Neither the certificate nor the ssh host key of the server is checked. */
  readonly insecure: boolean;
  /** The registry is spoken to without TLS. */
  readonly plainHttp?: boolean;
  /** PEM: the only authorities that are trusted for this host. Absent: those of the system. */
  readonly caData?: string;
  /** PEM. */
  readonly clientCertificate?: { readonly certificate: string; readonly key: string };
  /** URL of a proxy instead of those of the environment. */
  readonly proxy?: { readonly url: string; readonly except: string };
  /** Content of a `known_hosts` file; without it no ssh server is trusted. */
  readonly sshKnownHosts?: string;
  /** Fetch the files that Git LFS keeps beside the repository. */
  readonly lfs: boolean;
  /** How many commits a fetch brings; 0: the whole history. */
  readonly depth: number;
  /** Files of so many bytes and more are fetched when they are read; 0: never. Absent: as all repositories. */
  readonly blobLimit?: number;
  /** Why the registration cannot be used, with the name of the Secret. */
  readonly problem?: string;
}

/** Access to what everybody may read. */
export const ANONYMOUS: RepositoryAccess = {
  scope: '',
  credential: { type: 'none' },
  insecure: false,
  lfs: false,
  depth: 0,
};

const GITHUB_API = 'https://api.github.com';
const AZURE_LOGIN = 'https://login.microsoftonline.com';

/** The one credential of a registration that counts, when it has several. */
export function chooseCredential(record: RepositoryRecord): Credential {
  const { password, bearerToken, sshPrivateKey } = record;
  if (bearerToken !== '') return { type: 'bearer', token: bearerToken };
  if (password !== '') {
    const username = record.username === '' ? 'x-access-token' : record.username;
    return { type: 'basic', username, password };
  }
  if (sshPrivateKey !== '') return { type: 'ssh', privateKey: sshPrivateKey };
  if (record.githubAppPrivateKey !== '' && record.githubAppID !== 0) {
    return {
      type: 'github-app',
      appId: record.githubAppID,
      installationId:
        record.githubAppInstallationID === 0 ? undefined : record.githubAppInstallationID,
      privateKey: record.githubAppPrivateKey,
      apiUrl: trimmed(record.githubAppEnterpriseBaseUrl, GITHUB_API),
    };
  }
  if (record.gcpServiceAccountKey !== '')
    return { type: 'google', key: record.gcpServiceAccountKey };
  if (record.useAzureWorkloadIdentity) return { type: 'azure-workload-identity' };
  return azureServicePrincipal(record);
}

function azureServicePrincipal(record: RepositoryRecord): Credential {
  const clientId = record.azureServicePrincipalClientId;
  const clientSecret = record.azureServicePrincipalClientSecret;
  const tenantId = record.azureServicePrincipalTenantId;
  if (clientId === '' || clientSecret === '' || tenantId === '') return { type: 'none' };
  const endpoint = trimmed(record.azureActiveDirectoryEndpoint, AZURE_LOGIN);
  return { type: 'azure-service-principal', clientId, clientSecret, tenantId, endpoint };
}

function trimmed(url: string, whenEmpty: string): string {
  return (url === '' ? whenEmpty : url).replace(/\/+$/, '');
}
