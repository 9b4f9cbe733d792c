import type { Requester } from '../../core/access/requester.ts';
import { hasCode, TiphysError } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { normaliseRepoUrl } from '../../core/repo-url.ts';
import { withInherited } from '../../core/repository/find-repository.ts';
import {
  parseRepositorySecret,
  type RepositoryRecord,
} from '../../core/repository/repository-record.ts';
import {
  MANAGED_BY,
  recordFrom,
  registrationSecret,
  registrationTexts,
  type RegistrationType,
} from '../../core/repository/repository-secret.ts';
import { transportOf } from '../../core/revision/repository-url.ts';
import { shownUrl } from '../../core/repository/shown-url.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { bareRefusal, enforce } from '../enforce.ts';
import { ownAddress } from '../own-objects.ts';
import { testRepository, typeOf } from './connection.ts';
import {
  findRegistration,
  isSame,
  kindsOf,
  type Registration,
  registrations,
  repositoryObject,
  type RepositoryName,
  templatesOf,
} from './registrations.ts';

/** A registration as somebody sends it, with the names of `spec/api.md` 7.4. Its values are secrets. */
export interface SentRegistration {
  readonly url: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What is told of a registration that was written. */
export type Written = Pick<RepositoryRecord, 'url' | 'type' | 'name' | 'project'>;

const WRITE = { fieldManager: 'argocd-server' } as const;

/**
 * Registers a repository after it was reached (not one of a project, nor with `withoutTest`). An equal
 * one that is there already is the answer. Errors: `PermissionDenied`, `InvalidRequest`, why it cannot be
 * reached, and `AlreadyExists` when there is another one for it and `upsert` is not set.
 */
export async function createRepository(
  controlPlane: ControlPlane,
  requester: Requester,
  sent: SentRegistration & { readonly upsert: boolean; readonly withoutTest: boolean },
  signal: AbortSignal,
): Promise<Written> {
  const record = wellFormed(recordFrom(sent.url, sent.fields));
  const object = repositoryObject(record);
  const { resource, repository } = kindsOf(controlPlane);
  enforce(requester, { resource, action: 'create', object }, controlPlane.ports.access);
  if (record.project === '' && !sent.withoutTest)
    await testRepository(withInherited(record, templatesOf(controlPlane)), controlPlane, signal);
  return await create(controlPlane, requester, repository, record, sent.upsert, signal);
}

/** Registers a template of credentials. Errors as `createRepository`; it is not tested. */
export async function createCredentials(
  controlPlane: ControlPlane,
  requester: Requester,
  sent: SentRegistration & { readonly upsert: boolean },
  signal: AbortSignal,
): Promise<Written> {
  const record = wellFormed({ ...recordFrom(sent.url, sent.fields), name: '', project: '' });
  const object = shownUrl(record.url);
  const { resource, template } = kindsOf(controlPlane);
  enforce(requester, { resource, action: 'create', object }, controlPlane.ports.access);
  return await create(controlPlane, requester, template, record, sent.upsert, signal);
}

/**
 * Replaces a registration. Moving it to another project takes the right there too. Errors: as
 * `findRegistration`, `PermissionDenied`, `InvalidRequest`.
 */
export async function updateRepository(
  controlPlane: ControlPlane,
  requester: Requester,
  sent: SentRegistration,
  signal: AbortSignal,
): Promise<Written> {
  const wanted = wellFormed(recordFrom(sent.url, sent.fields));
  const { project } = wanted;
  const { resource, repository } = kindsOf(controlPlane);
  const known = registrations(controlPlane, repository).some(
    ({ record }) => record.project === project && isSame(record.url, sent.url),
  );
  const name = { url: sent.url, project: known ? project : '' };
  const { secret } = findRegistration(controlPlane, requester, name, 'update');
  const object = repositoryObject(wanted);
  enforce(requester, { resource, action: 'update', object }, controlPlane.ports.access);
  return await replace(controlPlane, requester, repository, { secret, wanted }, signal);
}

/** Replaces a template of credentials. Errors as `updateRepository`. */
export async function updateCredentials(
  controlPlane: ControlPlane,
  requester: Requester,
  sent: SentRegistration,
  signal: AbortSignal,
): Promise<Written> {
  const wanted = wellFormed({ ...recordFrom(sent.url, sent.fields), name: '', project: '' });
  const { secret } = findCredentials(controlPlane, requester, sent.url, 'update');
  const { template } = kindsOf(controlPlane);
  return await replace(controlPlane, requester, template, { secret, wanted }, signal);
}

/** Errors as `findRegistration`. */
export async function deleteRepository(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: RepositoryName,
  signal: AbortSignal,
): Promise<void> {
  const { secret } = findRegistration(controlPlane, requester, wanted, 'delete');
  const what = wordsOf(kindsOf(controlPlane).repository);
  await remove(controlPlane, requester, secret, what, signal);
}

/** Errors as `findRegistration`. */
export async function deleteCredentials(
  controlPlane: ControlPlane,
  requester: Requester,
  url: string,
  signal: AbortSignal,
): Promise<void> {
  const { secret } = findCredentials(controlPlane, requester, url, 'delete');
  const what = wordsOf(kindsOf(controlPlane).template);
  await remove(controlPlane, requester, secret, what, signal);
}

/** The templates of credentials that somebody may see, by URL. */
export function listCredentials(
  controlPlane: ControlPlane,
  { caller }: Requester,
  url: string,
): readonly RepositoryRecord[] {
  const { access } = controlPlane.ports;
  const { resource, template } = kindsOf(controlPlane);
  return registrations(controlPlane, template)
    .map(({ record }) => record)
    .filter((record) => url === '' || isSame(record.url, url))
    .filter(({ url: object }) => {
      const asked = { resource, action: 'get', object: shownUrl(object) };
      return access.decide(caller, asked).allowed;
    })
    .sort((left, right) => (left.url < right.url ? -1 : 1));
}

function findCredentials(
  controlPlane: ControlPlane,
  { caller }: Requester,
  url: string,
  action: string,
): Registration {
  const { resource, template } = kindsOf(controlPlane);
  const found = registrations(controlPlane, template).find(({ record }) => isSame(record.url, url));
  const object = shownUrl(found?.record.url ?? url);
  const asked = { resource, action, object };
  const { allowed } = controlPlane.ports.access.decide(caller, asked);
  if (found === undefined || !allowed) throw bareRefusal();
  return found;
}

async function create(
  controlPlane: ControlPlane,
  requester: Requester,
  type: RegistrationType,
  record: RepositoryRecord,
  upsert: boolean,
  signal: AbortSignal,
): Promise<Written> {
  const { ports, settings } = controlPlane;
  const existing = registrations(controlPlane, type).find(
    (one) => one.record.project === record.project && isSame(one.record.url, record.url),
  );
  if (existing !== undefined) return await settle(existing.secret);
  const secret = registrationSecret(type, record, settings.namespace);
  const address = ownAddress('Secret', settings.namespace, secret.metadata.name ?? '');
  try {
    const created = await ports.client.create(address, secret, WRITE, signal);
    ports.config.observe(created);
    const what = `created ${wordsOf(type)}`;
    recordMutation(ports.events, requester, { reason: 'ResourceCreated', object: created, what });
    return writtenOf(record);
  } catch (error) {
    if (!hasCode(error, 'KubeAlreadyExists')) throw error;
  }
  // One that the watch has not told of yet, or a Secret of that name that is something else.
  const there = await ports.client.get(address, signal);
  if (there?.metadata.labels?.['argocd.argoproj.io/secret-type'] !== type) throw different();
  return await settle(there);

  async function settle(there: KubeObject): Promise<Written> {
    const stored = registrationTexts(type, parseRepositorySecret(there));
    if (sameTexts(stored, registrationTexts(type, record))) return writtenOf(record);
    if (!upsert) throw different();
    return await replace(controlPlane, requester, type, { secret: there, wanted: record }, signal);
  }

  function different(): TiphysError {
    return new TiphysError(
      'InvalidRequest',
      `existing ${wordsOf(type)} spec is different; use upsert flag to force update`,
    );
  }
}

async function replace(
  { ports, settings }: ControlPlane,
  requester: Requester,
  type: RegistrationType,
  { secret, wanted }: { readonly secret: KubeObject; readonly wanted: RepositoryRecord },
  signal: AbortSignal,
): Promise<Written> {
  const { data: _old, ...rest } = secret;
  const address = ownAddress('Secret', settings.namespace, secret.metadata.name ?? '');
  const object = { ...rest, stringData: registrationTexts(type, wanted) } as KubeObject;
  const stored = await ports.client.replace(address, object, WRITE, signal);
  ports.config.observe(stored);
  const what = `updated ${wordsOf(type)}`;
  recordMutation(ports.events, requester, { reason: 'ResourceUpdated', object: stored, what });
  return writtenOf(wanted);
}

/** One that somebody made by hand is not deleted: it only ceases to be a registration. */
export async function remove(
  { ports, settings }: ControlPlane,
  requester: Requester,
  secret: KubeObject,
  kind: string,
  signal: AbortSignal,
): Promise<void> {
  const { name = '', annotations = {}, uid } = secret.metadata;
  const address = ownAddress('Secret', settings.namespace, name);
  if (annotations['managed-by'] === MANAGED_BY['managed-by']) {
    await ports.client.delete(address, { ...(uid && { uid }) }, signal);
    ports.config.observeGone(secret);
  } else {
    const labels = { 'argocd.argoproj.io/secret-type': null };
    const options = { type: 'merge', ...WRITE } as const;
    const stored = await ports.client.patch(address, { metadata: { labels } }, options, signal);
    ports.config.observe(stored);
  }
  const what = `deleted ${kind}`;
  recordMutation(ports.events, requester, { reason: 'ResourceDeleted', object: secret, what });
}

/** Errors: `InvalidRequest` for what cannot be the address of a repository. */
export function wellFormed(record: RepositoryRecord): RepositoryRecord {
  const { url, depth, blobLimit, githubAppID, githubAppInstallationID } = record;
  const refuse = (what: string): never => {
    throw new TiphysError('InvalidRequest', what);
  };
  if (url === '' || normaliseRepoUrl(url) === '') refuse('repository: url is missing or is no URL');
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/@]*:[^/@]*@/i.test(url))
    refuse('repository: url holds a password: send it as password');
  if ([depth, blobLimit, githubAppID, githubAppInstallationID].some((number) => number < 0))
    refuse('repository: depth, blobLimit and GitHub ids cannot be negative');
  if (!['', 'git', 'helm', 'oci'].includes(record.type))
    refuse('repository: type is none of git, helm and oci');
  const transport = typeOf(record) === 'git' ? transportOf(url) : 'https';
  if (transport === undefined || transport === 'file')
    refuse(
      `repository ${shownUrl(url)}: is no address of a Git repository: https, http, ssh or git`,
    );
  return record;
}

function writtenOf({ url, type, name, project }: RepositoryRecord): Written {
  return { url: shownUrl(url), type, name, project };
}

const WORDS: Readonly<Record<RegistrationType, string>> = {
  repository: 'repository',
  'repo-creds': 'repository credentials',
  'repository-write': 'write repository',
  'repo-write-creds': 'write repository credentials',
};

function wordsOf(type: RegistrationType): string {
  return WORDS[type];
}

function sameTexts(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): boolean {
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => left[key] === right[key]);
}
