const SSH = /^(ssh:\/\/)?([^/:]*?)@[^@]+$/;

/**
 * The form of a repository URL in which two spellings of one repository are equal: trimmed, lower
 * case, scp-like addresses as `ssh` URLs, without `.git` and without `ssh://`. Empty when the text
 * is no URL. A trailing slash stays, and so does the port: those are other repositories.
 */
export function normaliseRepositoryUrl(url: string): string {
  return normalise(url.trim().toLowerCase());
}

/** The same, but with the case of the path kept: safe as the name of a mirror on any server. */
export function repositoryIdentity(url: string): string {
  const text = url.trim();
  const path = /^([^/@]*:\/\/)?([^/]*)(.*)$/s.exec(text);
  if (path === null) return normalise(text);
  const [, scheme = '', host = '', rest = ''] = path;
  return normalise(scheme.toLowerCase() + lowerHost(host) + rest);
}

/** In `git@Host:Org/repo` only the host is free of case. */
function lowerHost(authority: string): string {
  const colon = authority.indexOf(':', authority.lastIndexOf('@') + 1);
  if (colon < 0) return authority.toLowerCase();
  return authority.slice(0, colon).toLowerCase() + authority.slice(colon);
}

function normalise(text: string): string {
  let url = text;
  if (SSH.test(url) && !url.startsWith('ssh://')) url = `ssh://${url.replace(':', '/')}`;
  if (url.endsWith('.git')) url = url.slice(0, -'.git'.length);
  if (url.startsWith('ssh://')) return url.slice('ssh://'.length);
  return /\s/.test(url) ? '' : url;
}

/** A URL as it may be shown: without user information. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');
}

/** How Git gets to a repository; `undefined` for a transport that Tiphys does not use. */
export function transportOf(url: string): 'http' | 'https' | 'ssh' | 'git' | 'file' | undefined {
  const text = url.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'http':
    case 'https':
    case 'ssh':
    case 'git':
    case 'file':
      return scheme;
    case undefined:
      // `helper::address` would run a remote helper of that name.
      if (text.startsWith('/')) return 'file';
      return /^[^/:@\s-][^/:@\s]*@[^/:@\s-][^/:@\s]*:[^:]/.test(text) ? 'ssh' : undefined;
    default:
      return undefined;
  }
}
