/** A folder of another repository, as a kustomization names it. */
export interface RemoteBase {
  readonly repoUrl: string;
  /** Empty: HEAD. */
  readonly revision: string;
  /** From the root of the repository. */
  readonly path: string;
}

/** True for an entry that kustomize would look for on another server when nothing local is there. */
export function isRemote(entry: string): boolean {
  return /:\/\/|^git::|^[\w.-]+@|\?(ref|version)=|^[\w-]+\.[\w.-]+\/|\.git(\/|$)/.test(entry);
}

/** True for a single file that is fetched by its URL. */
export function isRemoteFile(entry: string): boolean {
  if (!/^https?:\/\//i.test(entry)) return false;
  const [path = '', query] = entry.replace(/^https?:\/\//i, '').split('?');
  return (
    !path.includes('//') && !/[?&]?(ref|version)=/.test(query ?? '') && /\.(ya?ml|json)$/.test(path)
  );
}

/**
 * Reads `[git::]URL[//path][?ref=REVISION]`. Where the repository ends is said by `//`, `.git`, `_git/` or
 * else by the second name after the host, as kustomize has it. `undefined`: a kind of address that is not
 * read, among them `file://`.
 */
export function parseRemoteBase(entry: string): RemoteBase | undefined {
  const [address = '', query = ''] = entry.replace(/^git::/, '').split('?', 2);
  if (address.includes('::')) return undefined;
  const parameters = new URLSearchParams(query);
  const revision = parameters.get('ref') ?? parameters.get('version') ?? '';
  const withScheme = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(address);
  const [scheme, rest] = [withScheme?.[1]?.toLowerCase() ?? '', withScheme?.[2] ?? address];
  const isScp = scheme === '' && /^[\w.-]+@[^/:]+:/.test(rest);
  if (!['', 'https', 'http', 'ssh'].includes(scheme)) return undefined;
  const end = isScp ? rest.indexOf(':') : rest.indexOf('/');
  if (end <= 0) return undefined;
  const split = splitPath(rest.slice(end + 1));
  if (split === undefined || split.path.split('/').includes('..')) return undefined;
  const host = rest.slice(0, end + 1);
  const prefix = isScp ? '' : `${scheme === '' ? 'https' : scheme}://`;
  return { repoUrl: `${prefix}${host}${split.repository}`, revision, path: split.path };
}

function splitPath(
  text: string,
): { readonly repository: string; readonly path: string } | undefined {
  const path = text.replace(/^\/+/, '');
  const azure = /^(.*?_git\/[^/]+)(?:\/+(.*))?$/s.exec(path);
  if (azure !== null) return { repository: azure[1] ?? '', path: plain(azure[2]) };
  const ending = /^(.*?\.git)(?:\/+(.*))?$/s.exec(path);
  if (ending !== null) return { repository: ending[1] ?? '', path: plain(ending[2]) };
  const double = path.indexOf('//');
  if (double > 0)
    return { repository: `${path.slice(0, double)}.git`, path: plain(path.slice(double)) };
  const [owner, name, ...rest] = path.split('/').filter(Boolean);
  if (owner === undefined || name === undefined) return undefined;
  return { repository: `${owner}/${name}.git`, path: plain(rest.join('/')) };
}

function plain(path = ''): string {
  return path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/');
}
