const SSH = /^(ssh:\/\/)?([^/:]*?)@[^@]+$/;

/**
 * The form of a repository URL in which two spellings of one repository are equal: trimmed, lower
 * case, scp-like addresses as `ssh` URLs, without `.git` and without `ssh://`. Empty when the text
 * is no URL. A trailing slash stays, and so does the port: those are other repositories.
 */
export function normaliseRepoUrl(url: string): string {
  const text = spellRepoUrl(url.trim().toLowerCase());
  return isReadable(text) ? withoutSshScheme(text).replaceAll(' ', '%20') : '';
}

/** The same with the case of the text kept; text that is no URL stays as it is. */
export function spellRepoUrlExactly(url: string): string {
  return withoutSshScheme(spellRepoUrl(url.trim()));
}

function spellRepoUrl(text: string): string {
  const url =
    SSH.test(text) && !text.startsWith('ssh://') ? `ssh://${text.replace(':', '/')}` : text;
  return url.endsWith('.git') ? url.slice(0, -'.git'.length) : url;
}

function withoutSshScheme(url: string): string {
  return url.startsWith('ssh://') ? url.slice('ssh://'.length) : url;
}

// `URL` would not do: it wants a scheme, and rewrites hosts, ports and dots in paths, so that
// patterns with `*` or `..` would no longer say what was written.
function isReadable(url: string): boolean {
  if (/\p{Cc}/u.test(url)) return false;
  const { path, authority, scheme } = split(url);
  if (/%(?![0-9a-f]{2})/i.test(path)) return false;
  if (authority === undefined)
    return scheme !== undefined || !(path.split('/', 1)[0] ?? '').includes(':');
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const port = host.slice(host.lastIndexOf(']') + 1);
  // Patterns pass here too: `*` may stand for a port, and braces for hosts.
  return !/[\s%]/.test(host) && /^[^:]*(:[0-9*]*)?$/.test(port);
}

interface UrlParts {
  readonly scheme: string | undefined;
  /** What stands between `//` and the path. */
  readonly authority: string | undefined;
  readonly path: string;
}

function split(url: string): UrlParts {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1];
  const rest =
    (scheme === undefined ? url : url.slice(scheme.length + 1)).split(/[?#]/, 1)[0] ?? '';
  if (!rest.startsWith('//')) return { scheme, authority: undefined, path: rest };
  const slash = rest.indexOf('/', 2);
  return slash < 0
    ? { scheme, authority: rest.slice(2), path: '' }
    : { scheme, authority: rest.slice(2, slash), path: rest.slice(slash) };
}
