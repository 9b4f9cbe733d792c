import { randomBytes, randomInt } from 'node:crypto';
import { accountKey, ADMIN, readAccounts } from '../core/access/accounts.ts';
import { hasCode, TiphysError } from '../core/errors.ts';
import type { JsonObject } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { secretsResource } from '../core/objects/core-resources.ts';
import { encodeText, textsOf } from '../core/objects/object-texts.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Passwords } from '../ports/identity.ts';
import type { KubeClient, ObjectAddress } from '../ports/kube-client.ts';
import type { Logger } from '../ports/telemetry.ts';
import { selfSigned } from './self-signed.ts';

export interface EnsureSecretsOptions {
  readonly client: KubeClient;
  readonly config: Pick<ConfigStore, 'configMap' | 'observe'>;
  /** Of the control plane. */
  readonly namespace: string;
  readonly passwords: Passwords;
  /** Whether TLS needs a certificate that there is none of yet. */
  readonly needsCertificate: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MAIN = 'argocd-secret';
const INITIAL = 'argocd-initial-admin-secret';
const PART_OF = { 'app.kubernetes.io/part-of': 'argocd' };
const CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-';
const PASSWORD_LENGTH = 16;
const ATTEMPTS = 20;
const FIELD_MANAGER = 'argocd-server';

/**
 * Makes what signing in cannot be without, where it is missing (`spec/api.md` 4.4): a key for tokens, a
 * certificate, and a password for `admin`, which then stands in `argocd-initial-admin-secret`. Several servers may do it at once,
 * and one may stop in the middle: the password is kept first, and who finds one takes it.
 *
 * Errors: what the API server says; `KubeConflict` when somebody else keeps writing.
 */
export async function ensureSecrets(
  options: EnsureSecretsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client, config, namespace, logger } = options;
  const address = addressOf(MAIN, namespace);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await client.get(address, signal);
    const missing = await missingOf(before, options, signal);
    if (before !== undefined && missing === undefined) {
      config.observe(before);
      return;
    }
    try {
      const after =
        before === undefined
          ? await client.create(address, mainSecret(namespace, missing ?? {}), writing, signal)
          : await client.patch(address, patchOf(before, missing ?? {}), patching, signal);
      config.observe(after);
      logger.info({ keys: Object.keys(missing ?? {}) }, 'argocd-secret was completed');
      return;
    } catch (error) {
      if (!hasCode(error, 'KubeConflict', 'KubeAlreadyExists')) throw error;
    }
  }
  throw new TiphysError('KubeConflict', `Secret ${namespace}/${MAIN}: others keep writing it`);
}

const writing = { fieldManager: FIELD_MANAGER };
const patching = { type: 'merge', fieldManager: FIELD_MANAGER } as const;

/** What is to be added, ready to be written; `undefined`: nothing, and the label is there. */
async function missingOf(
  secret: KubeObject | undefined,
  options: EnsureSecretsOptions,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>> | undefined> {
  const texts = textsOf(secret);
  const isEmpty = (key: string) => (texts.get(key) ?? '') === '';
  const missing: Record<string, string> = {};
  if (isEmpty('server.secretkey'))
    missing['server.secretkey'] = encodeText(randomBytes(32).toString('base64'));
  if (isEmpty('tls.crt') && isEmpty('tls.key') && options.needsCertificate()) {
    const pair = await selfSigned(options.namespace, options.clock.now());
    missing['tls.crt'] = encodeText(pair.certificate);
    missing['tls.key'] = encodeText(pair.key);
  }
  const admin = readAccounts(textsOf(options.config.configMap('argocd-cm')), texts).byName.get(
    ADMIN,
  );
  if (admin?.enabled === true && admin.passwordHash === '') {
    const password = await initialPassword(options, signal);
    const now = new Date(options.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    missing[accountKey(ADMIN, 'password')] = encodeText(
      await options.passwords.hash(password, signal),
    );
    missing[accountKey(ADMIN, 'passwordMtime')] = encodeText(now);
  }
  const isLabelled = secret?.metadata.labels?.['app.kubernetes.io/part-of'] === 'argocd';
  return Object.keys(missing).length === 0 && isLabelled ? undefined : missing;
}

/** The one that is kept already, else a new one that is kept from now on. */
async function initialPassword(
  { client, namespace, logger }: EnsureSecretsOptions,
  signal: AbortSignal,
): Promise<string> {
  const address = addressOf(INITIAL, namespace);
  const kept = async () => textsOf(await client.get(address, signal)).get('password');
  const there = await kept();
  if (there !== undefined && there !== '') return there;
  const password = Array.from({ length: PASSWORD_LENGTH }, () =>
    CHARACTERS.charAt(randomInt(CHARACTERS.length)),
  ).join('');
  try {
    await client.create(address, initialSecret(namespace, password), writing, signal);
    logger.info({ object: `Secret ${INITIAL}` }, 'admin has an initial password');
    return password;
  } catch (error) {
    if (!hasCode(error, 'KubeAlreadyExists')) throw error;
    const theirs = await kept();
    if (theirs !== undefined && theirs !== '') return theirs;
    throw new TiphysError(
      'InvalidConfig',
      `Secret ${namespace}/${INITIAL}: has no key password, and admin has none either`,
      { hint: 'Delete the Secret and start the server again.' },
    );
  }
}

function addressOf(name: string, namespace: string): ObjectAddress {
  return { resource: secretsResource, namespace, name };
}

function mainSecret(namespace: string, data: Readonly<Record<string, string>>): KubeObject {
  const labels = { ...PART_OF, 'app.kubernetes.io/name': MAIN };
  const metadata = { name: MAIN, namespace, labels };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
}

function initialSecret(namespace: string, password: string): KubeObject {
  const metadata = { name: INITIAL, namespace };
  const data = { password: encodeText(password) };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
}

/** Fails when somebody else wrote meanwhile. */
function patchOf(before: KubeObject, data: Readonly<Record<string, string>>): JsonObject {
  const { resourceVersion = '' } = before.metadata;
  return { metadata: { resourceVersion, labels: PART_OF }, data };
}
