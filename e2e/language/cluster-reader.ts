import { Client } from 'undici';

/** Any object of the cluster, as far as expectations look at it. */
export interface SeenObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
  };
  readonly [field: string]: unknown;
}

/** What `kubectl get` understands: `configmaps`, `deployments.apps`, `applications.argoproj.io`. */
export type ResourceName = string;

/** Reads objects often and cheaply: starting a kubectl for every look would slow what is looked at. */
export interface ClusterReader extends AsyncDisposable {
  /** `undefined` when the object, or its kind, does not exist. */
  get(
    resource: ResourceName,
    name: string,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<SeenObject | undefined>;
  list(
    resource: ResourceName,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly SeenObject[]>;
}

/** Reads through the Unix socket of a `kubectl proxy`, which knows every way to log in. */
export function createClusterReader(socketPath: string): ClusterReader {
  const client = new Client('http://localhost', { socketPath });
  const versions = new Map<string, string>();

  async function read(path: string, signal: AbortSignal): Promise<unknown> {
    const { statusCode, body } = await client.request({ method: 'GET', path, signal });
    const text = await body.text();
    if (statusCode === 404) return undefined;
    if (statusCode >= 400) throw new Error(`GET ${path}: ${statusCode} ${text.trim()}`);
    return JSON.parse(text);
  }

  /** `/apis/apps/v1`: the version that the API server prefers. */
  async function groupPath(group: string, signal: AbortSignal): Promise<string | undefined> {
    if (group === '') return '/api/v1';
    const known = versions.get(group);
    if (known !== undefined) return `/apis/${known}`;
    const found = (await read(`/apis/${group}`, signal)) as
      | { readonly preferredVersion: { readonly groupVersion: string } }
      | undefined;
    if (found === undefined) return undefined;
    versions.set(group, found.preferredVersion.groupVersion);
    return `/apis/${found.preferredVersion.groupVersion}`;
  }

  async function pathOf(
    resource: ResourceName,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const [plural = '', ...group] = resource.split('.');
    const prefix = await groupPath(group.join('.'), signal);
    if (prefix === undefined) return undefined;
    return `${prefix}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}`;
  }

  return {
    async get(resource, name, namespace, signal) {
      const path = await pathOf(resource, namespace, signal);
      if (path === undefined) return undefined;
      return (await read(`${path}/${name}`, signal)) as SeenObject | undefined;
    },
    async list(resource, namespace, signal) {
      const path = await pathOf(resource, namespace, signal);
      const list = path === undefined ? undefined : await read(path, signal);
      return (list as { readonly items: readonly SeenObject[] } | undefined)?.items ?? [];
    },
    [Symbol.asyncDispose]: () => client.destroy(),
  };
}
