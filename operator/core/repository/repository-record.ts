import { isJsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';

/** What a repository without credentials of its own takes from a template where it says nothing. */
export const TEMPLATE_TEXTS = [
  'type',
  'username',
  'password',
  'bearerToken',
  'sshPrivateKey',
  'tlsClientCertData',
  'tlsClientCertKey',
  'githubAppPrivateKey',
  'githubAppEnterpriseBaseUrl',
  'gcpServiceAccountKey',
  'azureServicePrincipalClientId',
  'azureServicePrincipalClientSecret',
  'azureServicePrincipalTenantId',
  'azureActiveDirectoryEndpoint',
  'proxy',
  'noProxy',
] as const;

export const OWN_TEXTS = ['url', 'name', 'project'] as const;

export const FLAGS = [
  'insecure',
  'insecureIgnoreHostKey',
  'insecureOCIForceHttp',
  'enableLfs',
  'enableOCI',
  'forceHttpBasicAuth',
  'useAzureWorkloadIdentity',
  'webhookManifestCacheWarmDisabled',
] as const;

export const NUMBERS = ['githubAppID', 'githubAppInstallationID', 'depth', 'blobLimit'] as const;

type Text = (typeof OWN_TEXTS | typeof TEMPLATE_TEXTS)[number];
type Flag = (typeof FLAGS)[number];
type NumberField = (typeof NUMBERS)[number];

/**
 * A repository or a template of credentials as its Secret says: texts are empty, flags false and
 * numbers 0 when absent. Most texts are secrets.
 */
export interface RepositoryRecord
  extends Readonly<Record<Text, string>>,
    Readonly<Record<Flag, boolean>>,
    Readonly<Record<NumberField, number>> {
  /** Name of the Secret; empty for a repository that is not registered. */
  readonly secret: string;
  /** Keys whose value makes no sense, with the reason. The record must not be used then. */
  readonly problems: readonly string[];
  /** True when the credentials come from a template. */
  readonly inheritedCreds: boolean;
}

/** Templates spell two keys of Azure differently; both spellings are read everywhere. */
const OTHER_SPELLINGS: Partial<Record<Text, string>> = {
  azureServicePrincipalClientId: 'azureServicePrincipalClientID',
  azureServicePrincipalTenantId: 'azureServicePrincipalTenantID',
};

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Reads a Secret labelled `repository` or `repo-creds`. Never throws: what is wrong is in `problems`. */
export function parseRepositorySecret(secret: KubeObject): RepositoryRecord {
  const data = isJsonObject(secret['data']) ? secret['data'] : {};
  const problems: string[] = [];
  const read = (key: string): string | undefined => {
    const value = data[key];
    if (typeof value !== 'string') return undefined;
    const text = decode(value);
    if (text === undefined) problems.push(`${key}: is not text`);
    return text;
  };
  const text = (key: Text) => read(key) ?? read(OTHER_SPELLINGS[key] ?? key) ?? '';
  const flag = (key: Flag) => {
    const value = read(key);
    if (value === undefined || FALSE.has(value)) return false;
    if (!TRUE.has(value)) problems.push(`${key}: is neither true nor false`);
    return TRUE.has(value);
  };
  const number = (key: NumberField) => {
    const value = read(key);
    if (value === undefined) return 0;
    if (!/^[+-]?\d{1,15}$/.test(value)) problems.push(`${key}: is no whole number`);
    else if (value.startsWith('-')) problems.push(`${key}: is negative`);
    return /^\+?\d{1,15}$/.test(value) ? Number(value) : 0;
  };
  const record = {
    ...tabulate([...OWN_TEXTS, ...TEMPLATE_TEXTS], text),
    ...tabulate(FLAGS, flag),
    ...tabulate(NUMBERS, number),
  };
  return { ...record, secret: secret.metadata.name ?? '', problems, inheritedCreds: false };
}

/** A repository that nobody has registered. */
export function bareRecord(url: string): RepositoryRecord {
  return {
    ...tabulate(OWN_TEXTS, (key) => (key === 'url' ? url : '')),
    ...tabulate(TEMPLATE_TEXTS, () => ''),
    ...tabulate(FLAGS, () => false),
    ...tabulate(NUMBERS, () => 0),
    secret: '',
    problems: [],
    inheritedCreds: false,
  };
}

function tabulate<K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  const entries = keys.map((key) => [key, value(key)] as const);
  return Object.fromEntries(entries) as Record<K, V>; // every key is there, by construction
}

function decode(base64: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // told as a problem of the key
  }
}
