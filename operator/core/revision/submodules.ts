/** One entry of `.gitmodules` with a path and an address. */
export interface Submodule {
  /** Relative to the root of the repository. */
  readonly path: string;
  /** As written; may be relative to the address of the repository. */
  readonly url: string;
}

/** Reads what `git config --list -z` prints of `.gitmodules`: `key LF value NUL`. The last of several wins. */
export function parseSubmodules(listing: string): readonly Submodule[] {
  const found = new Map<string, { path?: string; url?: string }>();
  for (const entry of listing.split('\0')) {
    const [key = '', ...rest] = entry.split('\n');
    const match = /^submodule\.(.*)\.(path|url)$/s.exec(key);
    if (match === null) continue;
    const [, name = '', field = ''] = match;
    const module = found.get(name) ?? {};
    if (field === 'path') module.path = rest.join('\n');
    else module.url = rest.join('\n');
    found.set(name, module);
  }
  return [...found.values()].flatMap(({ path, url }) =>
    path === undefined || url === undefined ? [] : [{ path: path.replace(/\/+$/, ''), url }],
  );
}

/**
 * The address of a submodule, relative ones (`./x`, `../x`) seen from their repository. `undefined`
 * when it would lead out of the paths of the server.
 */
export function submoduleUrl(repoUrl: string, url: string): string | undefined {
  if (!/^\.\.?\//.test(url)) return url;
  const base = /^([a-z][a-z0-9+.-]*:\/\/[^/]*\/|[^/:]+@[^/:]+:|\/)(.*)$/is.exec(repoUrl.trim());
  if (base === null) return undefined;
  const [, root = '', path = ''] = base;
  const names = path.split('/').filter((name) => name !== '');
  for (const name of url.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names.length === 0 ? undefined : root + names.join('/');
}

/** Whether two addresses are of one server: the same scheme, host and port. */
export function sameServer(left: string, right: string): boolean {
  const server = serverOf(left);
  return server !== undefined && server === serverOf(right);
}

function serverOf(url: string): string | undefined {
  const text = url.trim();
  const scp = /^(?:[^/:@\s]+@)([^/:@\s]+):/.exec(text);
  if (scp !== null) return `ssh://${scp[1]?.toLowerCase()}:22`;
  const match =
    /^(https?|ssh|git|file):\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:@]*)(?::(\d+))?(?:\/|$)/i.exec(text);
  if (match === null) return undefined;
  const [, scheme = '', host = '', port] = match;
  return `${scheme}://${host}:${port ?? DEFAULT_PORTS[scheme.toLowerCase()] ?? ''}`.toLowerCase();
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  https: '443',
  http: '80',
  ssh: '22',
  git: '9418',
};
