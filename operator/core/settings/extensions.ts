import { parseDuration } from '../app/duration.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';

/** A service that the API reaches for who may invoke it: `extension.config` of `argocd-cm`. */
export interface Extension {
  readonly name: string;
  /** At least one. */
  readonly services: readonly ExtensionService[];
  readonly connection: ExtensionConnection;
}

export interface ExtensionService {
  /** Where its paths begin; `http` or `https`. */
  readonly url: string;
  /** Values may be references to Secrets. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Whose Applications it is for; both empty when it does not say. */
  readonly cluster: { readonly name: string; readonly server: string };
}

export interface ExtensionConnection {
  readonly connectMs: number;
  readonly keepAliveMs: number;
  readonly idleMs: number;
}

export interface ReadExtensions {
  /** By name; of two with one name the first. */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** What cannot be used, and why. */
  readonly problems: readonly string[];
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const DEFAULTS: ExtensionConnection = { connectMs: 2_000, keepAliveMs: 15_000, idleMs: 60_000 };

/**
 * Reads `extension.config` (a list under `extensions`) and each `extension.config.NAME` (one backend). One that cannot
 * be used is left out, and the others stay. Never throws.
 */
export function readExtensions(
  list: JsonValue | undefined,
  single: ReadonlyMap<string, JsonValue | undefined>,
): ReadExtensions {
  const extensions = new Map<string, Extension>();
  const problems: string[] = [];
  const add = (name: JsonValue | undefined, backend: JsonValue | undefined): void => {
    const read = readExtension(name, backend, extensions);
    if (typeof read === 'string') problems.push(read);
    else extensions.set(read.name, read);
  };
  const listed = isJsonObject(list) ? list['extensions'] : undefined;
  if (list !== undefined && list !== null && !isJsonArray(listed))
    problems.push('extension.config: has no list "extensions"');
  for (const entry of isJsonArray(listed) ? listed : [])
    if (isJsonObject(entry)) add(entry['name'], entry['backend']);
    else problems.push('extension.config: an extension must be a map');
  for (const [name, backend] of single) add(name, backend);
  return { extensions, problems };
}

function readExtension(
  name: JsonValue | undefined,
  backend: JsonValue | undefined,
  there: ReadonlyMap<string, unknown>,
): Extension | string {
  if (typeof name !== 'string' || !NAME.test(name))
    return `extension ${JSON.stringify(name) ?? ''}: the name must be letters, digits, - and _`;
  if (there.has(name)) return `extension ${name}: is there twice`;
  if (!isJsonObject(backend)) return `extension ${name}: has no backend`;
  const listed = backend['services'];
  const services: ExtensionService[] = [];
  for (const [index, one] of (isJsonArray(listed) ? listed : []).entries()) {
    const read = readService(one);
    if (typeof read === 'string') return `extension ${name}: services.${index}: ${read}`;
    services.push(read);
  }
  if (services.length === 0) return `extension ${name}: has no services`;
  if (services.length > 1 && services.some(({ cluster }) => !cluster.name && !cluster.server))
    return `extension ${name}: of several services each must name its cluster`;
  const connection = readConnection(backend);
  if (typeof connection === 'string') return `extension ${name}: ${connection}`;
  return { name, services, connection };
}

function readService(one: JsonValue): ExtensionService | string {
  if (!isJsonObject(one)) return 'must be a map';
  const { url, cluster } = one;
  const parsed = typeof url === 'string' ? URL.parse(url) : null;
  if (typeof url !== 'string' || parsed === null || !/^https?:$/.test(parsed.protocol))
    return 'url must be an address of http or https';
  if (parsed.username !== '' || parsed.password !== '') return 'url must not hold credentials';
  const listed = one['headers'];
  const headers = (isJsonArray(listed) ? listed : []).flatMap((header) => {
    const { name, value } = isJsonObject(header) ? header : {};
    return typeof name === 'string' && HEADER.test(name) && typeof value === 'string'
      ? [{ name: name.toLowerCase(), value }]
      : [];
  });
  if (isJsonArray(listed) && headers.length !== listed.length)
    return 'each of headers must have a name and a value';
  return {
    url: parsed.href,
    headers,
    cluster: { name: textIn(cluster, 'name'), server: textIn(cluster, 'server') },
  };
}

function textIn(value: JsonValue | undefined, key: string): string {
  const text = isJsonObject(value) ? value[key] : undefined;
  return typeof text === 'string' ? text : '';
}

function readConnection(backend: JsonObject): ExtensionConnection | string {
  const values = { ...DEFAULTS };
  for (const [key, field] of [
    ['connectionTimeout', 'connectMs'],
    ['keepAlive', 'keepAliveMs'],
    ['idleConnectionTimeout', 'idleMs'],
  ] as const) {
    const written = backend[key];
    if (written === undefined || written === null) continue;
    const ms = typeof written === 'string' ? parseDuration(written) : undefined;
    if (ms === undefined || ms <= 0) return `${key} must be a duration, such as 2s`;
    values[field] = ms;
  }
  return values;
}

/** Which service is for Applications of a cluster; the only one is for all. */
export function serviceFor(
  { services }: Extension,
  destination: { readonly name: string; readonly server: string },
): ExtensionService | undefined {
  if (services.length === 1) return services[0];
  return services.find(
    ({ cluster: { name, server } }) =>
      (name !== '' && name === destination.name) ||
      (server !== '' && server.replace(/\/+$/, '') === destination.server),
  );
}
