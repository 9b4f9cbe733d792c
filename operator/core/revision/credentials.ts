import type { KubeObject } from '../objects/kube-object.ts';
import { isJsonObject } from '../objects/json.ts';
import { normaliseRepoUrl } from '../repo-url.ts';

/** The part of the configuration that credentials are looked up in. */
export interface RepositorySecrets {
  secretsOfType(type: string): readonly KubeObject[];
}

export interface LookedUpCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly sshPrivateKey?: string;
  readonly insecure?: boolean;
}

const FIELDS = ['username', 'password', 'bearerToken', 'sshPrivateKey'] as const;

/**
 * Credentials for a repository: those of its own `repository` secret, else of the `repo-creds`
 * secret whose URL is the longest prefix. `undefined` when neither has any.
 */
export function lookUpCredentials(
  url: string,
  secrets: RepositorySecrets,
): LookedUpCredentials | undefined {
  const wanted = normaliseRepoUrl(url);
  if (wanted === '') return undefined;
  const own = secrets
    .secretsOfType('repository')
    .find((secret) => normaliseRepoUrl(field(secret, 'url')) === wanted);
  const fromOwn = own === undefined ? {} : read(own);
  const insecure = own !== undefined && field(own, 'insecure') === 'true';
  if (Object.keys(fromOwn).length > 0) return { ...fromOwn, ...(insecure ? { insecure } : {}) };
  const template = secrets
    .secretsOfType('repo-creds')
    .map((secret) => ({ secret, prefix: normaliseRepoUrl(field(secret, 'url')) }))
    .filter(({ prefix }) => prefix !== '' && wanted.startsWith(prefix))
    .sort((a, b) => b.prefix.length - a.prefix.length)[0];
  const inherited = template === undefined ? {} : read(template.secret);
  const found = { ...inherited, ...(insecure ? { insecure } : {}) };
  return Object.keys(found).length === 0 ? undefined : found;
}

function read(secret: KubeObject): LookedUpCredentials {
  const found = FIELDS.map((name) => [name, field(secret, name)] as const).filter(
    ([, value]) => value !== '',
  );
  return Object.fromEntries(found);
}

function field(secret: KubeObject, name: string): string {
  const data = secret['data'];
  const value = isJsonObject(data) ? data[name] : undefined;
  if (typeof value !== 'string') return '';
  try {
    const bytes = Uint8Array.from(atob(value), (c) => c.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    return ''; // not base64: the API server does not store that
  }
}
