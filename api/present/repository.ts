import type { JsonObject } from '../../operator/index.ts';
import {
  type RepositoryRecord,
  type ShownRepository,
  shownUrl,
  type Written,
} from '../../operator/services/index.ts';

/** What of a registration may be told, besides its address: nothing that proves who we are. */
const SHOWN = [
  'username',
  'insecureIgnoreHostKey',
  'insecure',
  'enableLfs',
  'type',
  'name',
  'inheritedCreds',
  'enableOCI',
  'githubAppID',
  'githubAppInstallationID',
  'githubAppEnterpriseBaseUrl',
  'project',
  'forceHttpBasicAuth',
  'noProxy',
  'useAzureWorkloadIdentity',
  'insecureOCIForceHttp',
  'depth',
  'blobLimit',
  'webhookManifestCacheWarmDisabled',
  'azureServicePrincipalClientId',
  'azureServicePrincipalTenantId',
  'azureActiveDirectoryEndpoint',
] as const satisfies readonly (keyof RepositoryRecord)[];

/** A repository with the state of its connection. */
export function presentRepository({ record, connection }: ShownRepository): JsonObject {
  const { proxy } = record;
  return withoutEmpty({
    repo: shownUrl(record.url),
    ...Object.fromEntries(SHOWN.map((field) => [field, record[field]])),
    type: typeOf(record),
    proxy: proxy.replace(/^([a-z0-9+.-]+:\/\/)[^/@]*@/i, '$1'),
    connectionState: { ...connection },
  });
}

/** What a repository is called, and nothing of how it is reached. */
export function presentRepositoryName(record: RepositoryRecord): JsonObject {
  const { url, name, project } = record;
  const connectionState = { status: '', message: '', attemptedAt: null };
  const type = typeOf(record);
  return withoutEmpty({ repo: shownUrl(url), type, name, project, connectionState });
}

const typeOf = ({ type }: RepositoryRecord): string => (type === '' ? 'git' : type);

/** What is told of a repository that was written. */
export function presentWritten({ url, type, name, project }: Written): JsonObject {
  const connectionState = { status: '', message: '', attemptedAt: null };
  return withoutEmpty({ repo: url, type, name, project, connectionState });
}

/** A template of credentials. */
export function presentCredentials({
  url,
  username,
  type,
  enableOCI,
}: RepositoryRecord): JsonObject {
  return withoutEmpty({ url: shownUrl(url), username, type, enableOCI });
}

/** As Go leaves out what is zero. */
export function withoutEmpty(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(
      ([, value]) => value !== '' && value !== false && value !== 0 && value !== undefined,
    ),
  );
}
