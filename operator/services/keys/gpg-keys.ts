import type { Requester } from '../../core/access/requester.ts';
import { TiphysError, toTiphysError } from '../../core/errors.ts';
import { textsOf } from '../../core/objects/object-texts.ts';
import type { OpenPgpKey } from '../../ports/key-reader.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { editConfigMap } from './config-map.ts';

const MAP = 'argocd-gpg-keys-cm';
const MAX_KEY_BYTES = 500_000;

/** The public keys by which signatures of commits are checked. Errors: `PermissionDenied`. */
export async function listGpgKeys(
  { ports }: ControlPlane,
  requester: Requester,
  signal: AbortSignal,
): Promise<readonly OpenPgpKey[]> {
  enforce(requester, asked('get'), ports.access);
  const keys: OpenPgpKey[] = [];
  for (const [name, armored] of textsOf(ports.config.configMap(MAP))) {
    try {
      keys.push(...(await ports.keyReader.openPgp(armored, signal)));
    } catch (error) {
      signal.throwIfAborted();
      ports.logger.warn({ key: name, err: toTiphysError(error) }, 'a key cannot be read');
    }
  }
  return keys.sort((left, right) => (left.keyId < right.keyId ? -1 : 1));
}

/** Errors: `PermissionDenied`, `InvalidRequest` for what is no key id, `NotFound`. */
export async function getGpgKey(
  controlPlane: ControlPlane,
  requester: Requester,
  keyId: string,
  signal: AbortSignal,
): Promise<OpenPgpKey> {
  enforce(requester, asked('get'), controlPlane.ports.access);
  const id = shortId(keyId);
  const keys = await listGpgKeys(controlPlane, requester, signal);
  const found = keys.find((key) => key.keyId === id);
  if (found === undefined) throw missing(keyId);
  return found;
}

/**
 * Adds the keys of an armored text. Those that are there already are passed over; with `upsert` they are
 * replaced. Errors: `PermissionDenied`, `InvalidRequest`, `ToolMissing`.
 */
export async function createGpgKeys(
  controlPlane: ControlPlane,
  requester: Requester,
  { armored, upsert }: { readonly armored: string; readonly upsert: boolean },
  signal: AbortSignal,
): Promise<{ readonly created: readonly OpenPgpKey[]; readonly skipped: readonly string[] }> {
  const { ports } = controlPlane;
  enforce(requester, asked('create'), ports.access);
  if (armored.length > MAX_KEY_BYTES)
    throw new TiphysError('InvalidRequest', 'keyData: is too long');
  const keys = await ports.keyReader.openPgp(armored, signal);
  let created: readonly OpenPgpKey[] = [];
  const what = { reason: 'ResourceUpdated', what: 'created GnuPG keys' } as const;
  await editConfigMap(
    controlPlane,
    requester,
    MAP,
    what,
    (texts) => {
      created = keys.filter(({ keyId }) => upsert || !texts.has(keyId));
      return Object.fromEntries(created.map((key) => [key.keyId, key.armored]));
    },
    signal,
  );
  const skipped = keys.filter((key) => !created.includes(key)).map(({ keyId }) => keyId);
  return { created, skipped };
}

/** Errors: `PermissionDenied`, `InvalidRequest`, `NotFound`. */
export async function deleteGpgKey(
  controlPlane: ControlPlane,
  requester: Requester,
  keyId: string,
  signal: AbortSignal,
): Promise<void> {
  enforce(requester, asked('delete'), controlPlane.ports.access);
  const id = shortId(keyId);
  const what = { reason: 'ResourceUpdated', what: 'deleted a GnuPG key' } as const;
  await editConfigMap(
    controlPlane,
    requester,
    MAP,
    what,
    (texts) => {
      if (!texts.has(id)) throw missing(keyId);
      return { [id]: undefined };
    },
    signal,
  );
}

const asked = (action: string) => ({ resource: 'gpgkeys', action, object: '' });

/** Of a fingerprint the last 16 digits. */
function shortId(keyId: string): string {
  if (!/^[0-9a-f]{16,64}$/i.test(keyId))
    throw new TiphysError('InvalidRequest', 'keyID: is no id of a key');
  return keyId.slice(-16).toUpperCase();
}

function missing(keyId: string): TiphysError {
  return new TiphysError('NotFound', `No such key: ${keyId.slice(0, 64)}`);
}
