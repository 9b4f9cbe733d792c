import type { Credential, RepositoryAccess } from '../../core/repository/access.ts';
import type { GitCredential } from './sign-in.ts';

/** Takes what we have sent out of what a server says: it may repeat it, and people read its words. */
export type Mask = (text: string) => string;

/** Out of the words of git: credentials and the password of a proxy, in every form in which they are sent. */
export function maskCredentials(
  credential: GitCredential | Credential,
  { proxy }: Pick<RepositoryAccess, 'proxy'>,
): Mask {
  const secrets: string[] = [];
  if (credential.type === 'basic')
    secrets.push(...formsOf(credential.username, credential.password));
  if (credential.type === 'bearer') secrets.push(credential.token);
  const [, user = '', password = ''] = /^\w+:\/\/([^/@:]*):([^/@]*)@/.exec(proxy?.url ?? '') ?? [];
  secrets.push(password, ...formsOf(decoded(user), decoded(password)));
  return maskOf(secrets);
}

/** Out of an answer: what the question proves with its header, and the longer values of its form. */
export function maskQuestion({
  headers,
  body = '',
}: {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}): Mask {
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== 'authorization') continue;
    const [kind = '', proof = ''] = value.split(' ');
    secrets.push(proof);
    if (kind.toLowerCase() !== 'basic') continue;
    const text = Buffer.from(proof, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    secrets.push(...formsOf(text.slice(0, colon), text.slice(colon + 1)));
  }
  for (const [, value] of new URLSearchParams(body))
    if (value.length >= MIN_FORM_VALUE) secrets.push(value, encodeURIComponent(value));
  return maskOf(secrets);
}

/** Shorter ones are names such as `grant_type`. */
const MIN_FORM_VALUE = 30;

function formsOf(username: string, password: string): readonly string[] {
  if (password === '') return [];
  const pair = Buffer.from(`${username}:${password}`).toString('base64');
  // git takes a text without a charset for Latin 1.
  const misread = Buffer.from(password).toString('latin1');
  return [password, encodeURIComponent(password), misread, pair];
}

/** Longest first, so that no part of one is left. */
function maskOf(secrets: readonly string[]): Mask {
  const longestFirst = [...new Set(secrets)]
    .filter((secret) => secret !== '')
    .sort((left, right) => right.length - left.length);
  return (text) => longestFirst.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not encoded, then
  }
}
