import { fnv1a32 } from '../fnv.ts';
import { isJsonObject, type JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { MANAGED_BY, SECRET_TYPE_LABEL } from '../repository/repository-secret.ts';

/** A registered cluster as its Secret says. The configuration holds credentials. */
export interface ClusterRecord {
  readonly name: string;
  /** Without a slash at its end. */
  readonly server: string;
  readonly config: JsonObject;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly clusterResources: boolean;
  readonly shard: number | undefined;
  /** Empty: for all. */
  readonly project: string;
  /** Without those that make the Secret one of a cluster, and without what kubectl keeps of its content. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Labels and annotations that are ours, or that repeat what is in the Secret. */
const HIDDEN = new Set([
  SECRET_TYPE_LABEL,
  ...Object.keys(MANAGED_BY),
  'kubectl.kubernetes.io/last-applied-configuration',
]);

/** Reads a Secret labelled `cluster`. Never throws; a configuration that cannot be read is empty. */
export function parseClusterRecord(
  secret: KubeObject,
  decode: (base64: string) => string,
): ClusterRecord {
  const data = isJsonObject(secret['data']) ? secret['data'] : {};
  const text = (key: string): string => {
    const value = data[key];
    return typeof value === 'string' ? decode(value).trim() : '';
  };
  const server = trimmedServer(text('server'));
  const shard = text('shard');
  return {
    name: text('name') || server,
    server,
    config: parseConfig(text('config')),
    namespaces: text('namespaces')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    clusterResources: text('clusterResources') === 'true',
    shard: /^\d{1,6}$/.test(shard) ? Number(shard) : undefined,
    project: text('project'),
    labels: shown(secret.metadata.labels),
    annotations: shown(secret.metadata.annotations),
  };
}

/** URLs of servers are compared without a slash at their end. */
export function trimmedServer(server: string): string {
  return server.trim().replace(/\/+$/, '');
}

function shown(
  texts: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts ?? {}).filter(([name]) => !HIDDEN.has(name)));
}

function parseConfig(text: string): JsonObject {
  try {
    const parsed: unknown = JSON.parse(text === '' ? '{}' : text);
    return isJsonObject(parsed) ? parsed : {};
  } catch {
    return {}; // connecting says what is wrong with it
  }
}

/** The name that the Secret of a cluster gets. */
export function clusterSecretName(server: string): string {
  const host = /^[a-z]+:\/\/(\[[^\]]*\]|[^:/]*)/i.exec(server)?.[1] ?? '';
  const plain = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return `cluster-${plain}-${fnv1a32(server)}`;
}

/** The texts of the Secret of a cluster; what is empty is left out. */
export function clusterTexts(record: ClusterRecord): Readonly<Record<string, string>> {
  const texts = {
    name: record.name,
    server: record.server,
    config: JSON.stringify(record.config),
    namespaces: record.namespaces.join(','),
    clusterResources: record.clusterResources ? 'true' : '',
    shard: record.shard === undefined ? '' : String(record.shard),
    project: record.project,
  };
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ''));
}

/**
 * The Secret of a cluster; labels and annotations that are not shown stay as the existing one has them.
 */
export function clusterSecret(
  record: ClusterRecord,
  namespace: string,
  existing: KubeObject | undefined,
): KubeObject {
  const {
    labels = {},
    annotations = {},
    ...metadata
  } = existing?.metadata ?? {
    name: clusterSecretName(record.server),
    namespace,
    annotations: MANAGED_BY,
  };
  const kept = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).filter(([name]) => HIDDEN.has(name)));
  const { data: _old, ...rest }: JsonObject = { type: 'Opaque', ...existing };
  // What kubectl kept would hold the old credentials.
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...own } =
    kept(annotations);
  return {
    ...rest,
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...metadata,
      labels: { ...shown(record.labels), ...kept(labels), [SECRET_TYPE_LABEL]: 'cluster' },
      annotations: { ...shown(record.annotations), ...own },
    },
    stringData: clusterTexts(record),
  };
}

/** What may be told of how a cluster is reached: nothing that proves who we are. */
export function shownConfig({
  awsAuthConfig,
  proxyUrl,
  disableCompression,
  ...config
}: JsonObject): JsonObject {
  const tls = isJsonObject(config['tlsClientConfig']) ? config['tlsClientConfig'] : {};
  const { insecure, serverName } = tls;
  return {
    ...(isJsonObject(awsAuthConfig) && { awsAuthConfig }),
    tlsClientConfig: {
      insecure: insecure === true,
      ...(typeof serverName === 'string' && serverName !== '' && { serverName }),
    },
    ...(typeof proxyUrl === 'string' &&
      proxyUrl !== '' && { proxyUrl: proxyUrl.replace(/^([a-z0-9+]+:\/\/)[^/@]*@/i, '$1') }),
    ...(disableCompression === true && { disableCompression }),
  };
}
