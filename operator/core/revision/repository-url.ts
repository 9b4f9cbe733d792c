import { spellRepoUrlExactly } from '../repo-url.ts';

export { normaliseRepoUrl as normaliseRepositoryUrl } from '../repo-url.ts';

/**
 * The name of a repository with the case of the path kept: safe as the name of a mirror on any
 * server. Two repositories never share one, also those whose address is no URL.
 */
export function repositoryIdentity(url: string): string {
  const text = url.trim();
  const path = /^([^/@]*:\/\/)?([^/]*)(.*)$/s.exec(text);
  if (path === null) return spellRepoUrlExactly(text);
  const [, scheme = '', host = '', rest = ''] = path;
  return spellRepoUrlExactly(scheme.toLowerCase() + lowerHost(host) + rest);
}

/** In `git@Host:Org/repo` only the host is free of case. */
function lowerHost(authority: string): string {
  const colon = authority.indexOf(':', authority.lastIndexOf('@') + 1);
  if (colon < 0) return authority.toLowerCase();
  return authority.slice(0, colon).toLowerCase() + authority.slice(colon);
}

/** An artifact of an OCI registry, whatever else its source says. */
export function isArtifactUrl(url: string): boolean {
  return /^\s*oci:\/\//i.test(url);
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
