import type { Requester } from '../../core/access/requester.ts';
import { clusterSecret, parseClusterRecord } from '../../core/cluster/cluster-record.ts';
import { TiphysError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KubeClient } from '../../ports/kube-client.ts';
import { withDeadline } from '../../runtime/deadline.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { decodeBase64, ownAddress, withData } from '../own-objects.ts';
import { type ClusterName, findCluster, versionOf } from './read-clusters.ts';

/** The service account behind a token, as the token says. */
export interface TokenOwner {
  readonly namespace: string;
  readonly name: string;
  /** The Secret that holds the token; empty when none does. */
  readonly secret: string;
}

const TOKEN_MS = 30_000;
const POLL_MS = 200;
const WRITE = { fieldManager: 'argocd-server' } as const;

/**
 * Gives a cluster a new token of the service account that its token belongs to, tries it, stores it, and
 * removes the old one. When anything fails before it is stored, the old one stays. Errors: as `findCluster`;
 * `NotPossibleNow` when there is no such token, `Timeout` when the cluster makes none; those of the cluster.
 */
export async function rotateClusterAuth(
  controlPlane: ControlPlane,
  requester: Requester,
  name: ClusterName,
  signal: AbortSignal,
): Promise<void> {
  const { ports, settings } = controlPlane;
  const { record, secret } = findCluster(controlPlane, requester, name, 'update');
  const { bearerToken } = record.config;
  const owner = typeof bearerToken === 'string' ? ownerOf(bearerToken) : undefined;
  if (secret === undefined || owner === undefined)
    throw new TiphysError(
      'NotPossibleNow',
      `cluster ${record.name}: is not reached with a token of a service account`,
      { hint: 'Write its new credentials with PUT /api/v1/clusters.' },
    );
  await using client = ports.connectCluster(secret);
  const made = await createToken(client, owner, ports, signal);
  try {
    const config = { ...record.config, bearerToken: made.token };
    const wanted = clusterSecret({ ...record, config }, settings.namespace, secret);
    await versionOf(controlPlane, withData(wanted), signal);
    const address = ownAddress('Secret', settings.namespace, secret.metadata.name ?? '');
    const stored = await ports.client.replace(address, wanted, WRITE, signal);
    ports.config.observe(stored);
    const what = `rotated the token of cluster ${parseClusterRecord(stored, decodeBase64).name}`;
    recordMutation(ports.events, requester, { reason: 'ResourceUpdated', object: stored, what });
  } catch (error) {
    // Also when the client has left: a token that nobody uses must not stay.
    using last = withDeadline(new AbortController().signal, TOKEN_MS, ports.clock);
    await client.delete(ownAddress('Secret', owner.namespace, made.secret), {}, last.signal);
    throw error;
  }
  if (owner.secret !== '')
    await client.delete(ownAddress('Secret', owner.namespace, owner.secret), {}, signal);
}

/** Asks the cluster for a token that does not expire, and waits until it is there. */
async function createToken(
  client: KubeClient,
  { namespace, name }: TokenOwner,
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
  signal: AbortSignal,
): Promise<{ readonly secret: string; readonly token: string }> {
  const secret = `${name}-token-${random().toString(36).slice(2, 7).padEnd(5, '0')}`;
  const address = ownAddress('Secret', namespace, secret);
  const annotations = { 'kubernetes.io/service-account.name': name };
  const wanted: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret, namespace, annotations },
    type: 'kubernetes.io/service-account-token',
  };
  await client.create(address, wanted, WRITE, signal);
  const untilMs = clock.monotonic() + TOKEN_MS;
  while (clock.monotonic() < untilMs) {
    const token = tokenIn(await client.get(address, signal));
    if (token !== '') return { secret, token };
    await clock.sleep(POLL_MS, signal);
  }
  await client.delete(address, {}, signal);
  throw new TiphysError(
    'Timeout',
    `Secret ${namespace}/${secret}: the cluster puts no token there`,
  );
}

function tokenIn(secret: KubeObject | undefined): string {
  const data: unknown = secret?.['data'];
  const token = isJsonObject(data) ? data['token'] : undefined;
  return typeof token === 'string' ? decodeBase64(token) : '';
}

/** Reads whose token it is; `undefined` when it is none of a service account. Not a check of the token. */
export function ownerOf(token: string): TokenOwner | undefined {
  const claims = claimsOf(token);
  const { sub } = claims;
  const parts =
    typeof sub === 'string' ? /^system:serviceaccount:([^:]+):([^:]+)$/.exec(sub) : null;
  if (parts === null) return undefined;
  const secret = claims['kubernetes.io/serviceaccount/secret.name'];
  const [, namespace = '', name = ''] = parts;
  return { namespace, name, secret: typeof secret === 'string' ? secret : '' };
}

function claimsOf(token: string): JsonObject {
  const payload = token.split('.')[1] ?? '';
  try {
    const text = decodeBase64(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const claims: unknown = JSON.parse(text);
    return isJsonObject(claims) ? claims : {};
  } catch {
    return {}; // no token of a service account
  }
}
